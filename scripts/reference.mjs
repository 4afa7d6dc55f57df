// Makes docs/reference.md from the declarations: what is exported, as it is declared, with its comments.
// docs/architecture.md says why no common tool does it.
import { join } from 'node:path';
import ts from 'typescript';
import { sections } from './reference-sections.mjs';

/** The declarations whose exports are described, by the name of the entry point. */
const entries = { arkffi: 'index.d.ts', 'arkffi/jest': 'jest.d.ts' };

/** Types that stand for nothing at run time: what they say is said in words. */
const marks = ['HasValues', 'Schema'];

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();
const isOurs = (node) => !node.getSourceFile().fileName.includes('node_modules');

/** Whether a member is for the compiler alone: its name is a symbol, but none of JavaScript's own. */
const isMark = ({ name }) =>
  name && ts.isComputedPropertyName(name) && !name.getText().startsWith('[Symbol.');

/** A program of the declarations, of which some may be given as they are to be written. */
function programOf(root, given) {
  const options = { module: ts.ModuleKind.Node16, target: ts.ScriptTarget.ES2022, types: [] };
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  const texts = new Map(Object.entries(given).map(([file, text]) => [join(root, file), text]));
  host.readFile = (file) => texts.get(file) ?? readFile(file);
  const files = Object.values(entries).map((file) => join(root, file));
  return ts.createProgram(files, options, host);
}

/** A heading's anchor, as GitHub makes it; those that occur twice are numbered. */
function anchors() {
  const seen = new Map();
  return (heading) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  };
}

export function reference(root, given = {}) {
  const program = programOf(root, given);
  const checker = program.getTypeChecker();

  const exported = new Map();
  for (const [entry, file] of Object.entries(entries)) {
    const source = program.getSourceFile(join(root, file));
    for (const alias of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
      const symbol = alias.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(alias) : alias;
      exported.set(alias.name, { symbol, entry });
    }
  }
  const listed = sections.flatMap(({ names }) => names);
  const missing = [...exported.keys()].filter((name) => !listed.includes(name));
  const unknown = listed.filter((name) => !exported.has(name));
  if (missing.length + unknown.length > 0) {
    throw new Error(
      `scripts/reference-sections.mjs: lacks ${missing.join(', ') || 'nothing'}; has in vain ${unknown.join(', ') || 'nothing'}`,
    );
  }

  const anchorOf = anchors();
  anchorOf('Reference');
  const headings = sections.map(({ title, names }) => ({
    section: anchorOf(title),
    names: new Map(names.map((name) => [name, anchorOf(name)])),
  }));
  const anchorByName = new Map(headings.flatMap(({ names }) => [...names]));
  const link = (name) => `[\`${name}\`](#${anchorByName.get(name)})`;
  /** Names in backticks lead to their headings, but for those that the declaration gives a meaning of its own. */
  const linked = (text, own) =>
    text.replaceAll(/`([\w$]+)`/g, (code, name) =>
      anchorByName.has(name) && !own.has(name) ? link(name) : code,
    );

  /** The names that declarations have, with their parameters and members. */
  function namesIn(nodes) {
    const names = new Set();
    const visit = (node) => {
      if (node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
      ts.forEachChild(node, visit);
    };
    nodes.forEach(visit);
    return names;
  }

  /** Types that signatures use and that are not exported. */
  const helpers = new Map();

  /** The names of types in a declaration: those with a heading are given, the others noted. */
  function typesIn(node, found = new Set()) {
    const visit = (child) => {
      const name =
        child.typeName ?? child.exprName ?? (ts.isExpressionWithTypeArguments(child) && child.expression);
      const symbol = name && checker.getSymbolAtLocation(name);
      if (symbol) {
        const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        const ours = target.declarations?.some((one) => isOurs(one) && !ts.isTypeParameterDeclaration(one));
        if (ours && exported.get(target.name)?.symbol === target) found.add(target.name);
        else if (ours && !marks.includes(target.name)) helpers.set(target.name, target);
      }
      ts.forEachChild(child, visit);
    };
    visit(node);
    return found;
  }

  const textOf = (node) => {
    const printed = node.getText().replaceAll(/^\s*\/\*\*.*?\*\/\n/gms, '');
    return printed.replace(/^export /, '').replace(/^declare /, '');
  };
  const tagText = (tag) => oneLine(ts.getTextOfJSDocComment(tag.comment) ?? '');

  /** What the comment of a declaration says: its text, and its tags as sentences. */
  function said(node, symbol) {
    const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
    const text = comment
      ? (ts.getTextOfJSDocComment(comment.comment) ?? '')
      : ts.displayPartsToString(symbol?.getDocumentationComment(checker) ?? []);
    const tags = (comment?.tags ?? []).map((tag) => {
      if (ts.isJSDocParameterTag(tag)) return `- \`${tag.name.getText()}\`: ${tagText(tag)}`;
      if (ts.isJSDocThrowsTag(tag)) return `- Throws ${tagText(tag)}`;
      throw new Error(`the comment of ${symbol?.name} has @${tag.tagName.text}`);
    });
    return { text, tags };
  }

  const block = (code) => `\`\`\`typescript\n${code}\n\`\`\``;
  const paragraphs = ({ text, tags }, own) => [
    ...text.split('\n\n').map((one) => linked(oneLine(one), own)),
    ...(tags.length > 0 ? [tags.map((tag) => linked(tag, own)).join('\n')] : []),
  ];

  /** A member as an item of a list: its declaration, then its comment. */
  function member(node, symbol, own) {
    const { text, tags } = said(node, symbol);
    const words = [...text.split('\n\n'), ...tags.map((tag) => tag.slice(2))].map((one) =>
      linked(oneLine(one), own),
    );
    const code = oneLine(textOf(node))
      .replace(/;$/, '')
      .replace(/^readonly /, '')
      .replaceAll('( ', '(')
      .replaceAll(/, \)/g, ')');
    return `- \`${code}\`  \n  ${words.map((word) => word.replace(/([^.])$/, '$1.')).join(' ')}`;
  }

  /** The values of a type, which stand in a mark for the compiler. */
  function valuesOf(literal) {
    const names = {
      decoded: 'read from memory',
      input: 'written to memory',
      argument: 'as an argument',
      result: 'as a result',
    };
    return literal.members
      .filter((one) => one.name.getText() in names)
      .map((one) => `- ${names[one.name.getText()]}: \`${oneLine(one.type.getText())}\``);
  }

  /** A class that is not exported, and of which an exported one is made. */
  function baseOf(node) {
    const bases = (node.heritageClauses ?? []).flatMap(({ types }) =>
      types.map(({ expression }) => expression),
    );
    return bases
      .filter((name) => ts.isClassDeclaration(node) && marks.includes(name.getText()))
      .map((name) => checker.getSymbolAtLocation(name).declarations[0]);
  }

  function ofInterfaceOrClass(name, node, symbol, own) {
    const heritage = (node.heritageClauses ?? []).flatMap((clause) =>
      clause.types.map((type) => ({ clause, type })),
    );
    const shown = heritage.filter(({ type }) => !marks.includes(type.expression.getText()));
    const marked = heritage.find(({ type }) => type.expression.getText() === 'HasValues')?.type
      .typeArguments?.[0];
    const parameters = node.typeParameters?.map((one) => oneLine(one.getText())).join(', ');
    const extended = shown.map(({ type }) => oneLine(type.getText())).join(', ');
    const head = `${ts.isClassDeclaration(node) ? 'class' : 'interface'} ${name}${parameters ? `<${parameters}>` : ''}${extended && ` extends ${extended}`}`;
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const inherited =
      shown.length > 0 && !shown.some(({ type: base }) => base.expression.getText() === 'Error');
    const properties = type
      .getProperties()
      .filter((one) => one.declarations?.some(isOurs) && !isMark(one.declarations[0]))
      .filter((one) => !inherited || one.declarations.some(({ parent }) => parent === node));
    const calls = node.members.filter(
      (one) => ts.isCallSignatureDeclaration(one) || ts.isConstructorDeclaration(one),
    );
    const constructors =
      calls.length > 0
        ? calls
        : properties[0]?.declarations[0].parent.members?.filter(ts.isConstructorDeclaration);
    const isPublic = (one) => !(ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Private);
    const members = [
      ...(constructors ?? []).filter(isPublic).map((one) => [one]),
      ...properties.flatMap((one) =>
        one.declarations.filter(isOurs).map((declaration) => [declaration, one]),
      ),
    ];
    return {
      code: head,
      list: [
        ...(marked && ts.isTypeLiteralNode(marked) ? valuesOf(marked) : []),
        ...members.map(([one, of]) => member(one, of, own)),
      ],
      nodes: [
        ...shown.map(({ type: one }) => one),
        ...(node.typeParameters ?? []),
        ...(marked ? [marked] : []),
        ...members.map(([one]) => one),
      ],
    };
  }

  /** FFIType: the constants of a type in one row. */
  function constants(literal) {
    const rows = new Map();
    for (const one of literal.members) {
      const key = `${one.type.getText()} | ${said(one).text}`;
      rows.set(key, [...(rows.get(key) ?? []), `\`${one.name.getText()}\``]);
    }
    const lines = [...rows].map(
      ([key, names]) => `| ${names.join(', ')} | \`${key.split(' | ')[0]}\` | ${key.split(' | ')[1]} |`,
    );
    return ['| constants | value | C type |', '|---|---|---|', ...lines].join('\n');
  }

  function described(name) {
    const { symbol, entry } = exported.get(name);
    const nodes = symbol.declarations.filter(isOurs);
    const [used, parts] = [new Set(), []];
    const own = namesIn(nodes);
    for (const node of nodes) {
      if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
        const { code, list, nodes: shown } = ofInterfaceOrClass(name, node, symbol, own);
        shown.forEach((one) => typesIn(one, used));
        parts.push(
          block(code),
          ...paragraphs(said(node, symbol), own),
          ...baseOf(node).flatMap((base) => paragraphs(said(base), own)),
          ...(list.length > 0 ? [list.join('\n')] : []),
        );
      } else if (ts.isVariableDeclaration(node)) {
        const statement = node.parent.parent;
        typesIn(node, used);
        if (node.type && ts.isTypeLiteralNode(node.type)) {
          const members = node.type.members;
          const isTable = members.every((one) => one.type && ts.isLiteralTypeNode(one.type));
          const list = isTable
            ? constants(node.type)
            : members.map((one) => member(one, one.symbol, own)).join('\n');
          parts.push(block(`const ${name}`), ...paragraphs(said(statement), own), list);
        } else {
          parts.push(block(textOf(statement)), ...paragraphs(said(statement), own));
        }
      } else {
        // How the compiler finds a type is not what readers want to know of it.
        const isComputed = ts.isTypeAliasDeclaration(node) && ts.isConditionalTypeNode(node.type);
        if (!isComputed) typesIn(node, used);
        const code = isComputed ? textOf(node).replace(/ =\s.*/s, '') : textOf(node);
        parts.push(block(code), ...paragraphs(said(node, symbol), own));
      }
    }
    used.delete(name);
    const see = [...used].map(link).join(', ');
    return [
      `### \`${name}\``,
      ...(entry === 'arkffi' ? [] : [`From \`${entry}\`.`]),
      ...parts,
      ...(see ? [`Types: ${see}.`] : []),
    ].join('\n\n');
  }

  /** The first comment of a file. */
  function opening(file) {
    const { text } = program.getSourceFile(join(root, file));
    const [, comment] = /^\/\*\*(.+?)\*\//s.exec(text);
    const plain = comment.replaceAll(/^ *\* ?/gm, '').trim();
    return plain.split('\n\n').map((one) => linked(oneLine(one), new Set()));
  }

  const body = sections.map(({ title, guide, file, names }) =>
    [
      `## ${title}`,
      `Guide: ${guide.map((page) => `[${page}](${page})`).join(', ')}.`,
      ...(file ? opening(file) : []),
      ...names.map(described),
    ].join('\n\n'),
  );

  const rows = [];
  for (const [name, target] of helpers) {
    const text = oneLine(ts.displayPartsToString(target.getDocumentationComment(checker)));
    if (text === '') throw new Error(`${name} is used in a signature and has no comment`);
    rows.push(`| \`${name}\` | ${linked(text, new Set([name]))} |`);
  }

  const contents = sections.map(
    ({ title, names }, index) => `- [${title}](#${headings[index].section}): ${names.map(link).join(', ')}`,
  );
  return `<!-- Generated from the declarations (*.d.ts) by scripts/generate.mjs; do not edit. -->

# Reference

Everything that \`arkffi\` and \`arkffi/jest\` export, as it is declared. The guides say how it is used. Sizes, offsets and lengths are in bytes. Functions throw errors
with a stable \`code\`: [errors.md](errors.md). Handles, memory and callbacks belong to the thread that made them; a worker has its own.

${contents.join('\n')}

${body.join('\n\n')}

## Types within signatures

These are not exported: the compiler uses them to infer types.

| name | what it is |
|---|---|
${rows.sort().join('\n')}
`;
}
