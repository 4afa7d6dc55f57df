/** What the types export is documented: by a comment, in the reference that is made of the comments, and in a guide. */
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

const { exports } = JSON.parse(text('package.json')) as { exports: Record<string, { types?: string }> };
const entries = [
  ...new Set(Object.values(exports).flatMap(({ types }) => (types ? [join(root, types)] : []))),
];
const program = ts.createProgram(entries, { module: ts.ModuleKind.Node16, target: ts.ScriptTarget.ES2022 });
const checker = program.getTypeChecker();

interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
}

/** The names of all entry points, and what they stand for. */
const exported: readonly Exported[] = entries.flatMap((entry) =>
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  })),
);

const isOurs = (node: ts.Node) => !node.getSourceFile().fileName.includes('node_modules');

/** The type whose members users see: of a class or interface its instances', of a constant its own. */
function typeOf(symbol: ts.Symbol): ts.Type | undefined {
  if (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))
    return checker.getDeclaredTypeOfSymbol(symbol);
  return symbol.flags & ts.SymbolFlags.Variable ? checker.getTypeOfSymbol(symbol) : undefined;
}

/** The members that are declared here: not those of Array, nor those whose names only the compiler knows. */
function membersOf({ name, symbol }: Exported): Exported[] {
  const properties = typeOf(symbol)?.getProperties() ?? [];
  return properties
    .filter((member) => member.declarations?.some(isOurs) === true)
    .filter((member) => !/^__@(values|tag|general)/.test(member.name))
    .map((member) => ({
      name: `${name}.${member.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')}`,
      symbol: member,
    }));
}

const said = (parts: readonly ts.SymbolDisplayPart[]) => ts.displayPartsToString([...parts]).trim();

/** What can be called: overloads have a comment each. */
function signaturesOf({ name, symbol }: Exported) {
  const calls = typeOf(symbol)?.getCallSignatures() ?? [];
  const overloads =
    symbol.flags & ts.SymbolFlags.Function ? checker.getTypeOfSymbol(symbol).getCallSignatures() : [];
  return [...calls, ...overloads].map((signature, index) => ({
    name: `${name}(), ${index + 1}`,
    comment: said(signature.getDocumentationComment(checker)),
  }));
}

const members = exported.flatMap(membersOf);

test('there are entry points, names and members', () => {
  expect(entries.map((entry) => entry.slice(root.length + 1))).toEqual(['index.d.ts', 'jest.d.ts']);
  expect(exported.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['dlopen', 'FFIType', 'Arena', 'Infer', 'checkLeaks']),
  );
  expect(members.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['StructSchema.offsetOf', 'ffi.load', 'FFIType.u8', 'Library.[Symbol.dispose]']),
  );
});

describe('a comment', () => {
  test('each exported name has one, and each member', () => {
    const without = [...exported, ...members].filter(({ symbol }) => {
      const mapped = symbol.declarations === undefined;
      return !mapped && said(symbol.getDocumentationComment(checker)) === '';
    });
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test('each overload of a function has one', () => {
    const without = exported.flatMap(signaturesOf).filter(({ comment }) => comment === '');
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});

test('the codes that comments and guides name are codes of errors', () => {
  const union = exported.find(({ name }) => name === 'ErrorCode')!.symbol;
  const codes = (checker.getDeclaredTypeOfSymbol(union) as ts.UnionType).types.map(
    (type) => (type as ts.StringLiteralType).value,
  );
  const texts = readdirSync(root)
    .filter((file) => file.endsWith('.d.ts'))
    .concat(
      readdirSync(join(root, 'docs')).flatMap((file) => (file.endsWith('.md') ? [join('docs', file)] : [])),
    );
  const named = texts.flatMap((file) => text(file).match(/\bERR_FFI_\w+/g) ?? []);
  expect(codes).toEqual(expect.arrayContaining([...new Set(named)]));
});

describe('the reference', () => {
  test('has a heading for each exported name, and no others of that kind', () => {
    const headings = Array.from(text('docs/reference.md').matchAll(/^### `?([\w$]+)/gm), ([, name]) => name!);
    expect(headings.toSorted()).toEqual(exported.map(({ name }) => name).toSorted());
  });

  test('has each member', () => {
    const page = text('docs/reference.md');
    const names = members.map(({ name }) => name.split('.').slice(1).join('.'));
    expect(names.filter((name) => !page.includes(name))).toEqual([]);
  });
});

describe('the guides', () => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((file) => join('docs', file))].filter(
    (file) => file.endsWith('.md') && !/(reference|architecture|unsafe)\.md$/.test(file),
  );
  /** Everything in them that is code: blocks, and what stands between backticks. */
  const code = pages
    .flatMap((file) => [...text(file).matchAll(/^```.*?^```$|``.+?``|`[^`\n]+`/gms)].map(([match]) => match))
    .join('\n');
  const isNamed = (name: string) => new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(code);

  test('name each function, class and constant', () => {
    const values = exported
      .filter(({ symbol }) => symbol.flags & ts.SymbolFlags.Value)
      .map(({ name }) => name);
    expect(values.length).toBeGreaterThan(60);
    expect(values.filter((name) => !isNamed(name))).toEqual([]);
  });

  test('name each member', () => {
    const names = members.map(({ name }) => name.split('.')).filter(([owner]) => owner !== 'AbortSignalLike');
    expect(
      names.filter(([, member]) => /^\w+$/.test(member!) && !isNamed(member!)).map((name) => name.join('.')),
    ).toEqual([]);
  });

  test('name each environment variable that the package reads', () => {
    const sources = ['js', 'src'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(ts|rs)$/.test(file))
        .map((file) => text(join(folder, file))),
    );
    const variables = new Set(sources.join('\n').match(/\bARKFFI_[A-Z_]+/g));
    expect(variables.size).toBeGreaterThan(8);
    expect([...variables].filter((name) => !isNamed(name))).toEqual([]);
  });
});
