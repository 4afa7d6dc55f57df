import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import ts from 'typescript';
import * as arkffi from 'arkffi';

const file = join(__dirname, '..', '..', 'index.d.ts');
const program = ts.createProgram([file], { module: ts.ModuleKind.Node16, target: ts.ScriptTarget.ES2022 });
const checker = program.getTypeChecker();

/** The values, not the types, that the declarations export, by name. */
const declared = new Map(
  checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!)
    .map(
      (symbol) =>
        [
          symbol.name,
          symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
        ] as const,
    )
    .filter(([, symbol]) => symbol.flags & ts.SymbolFlags.Value),
);

test('index.d.ts declares the exports, all of them and no others', () => {
  const actual = Object.keys(arkffi).filter((name) => !['default', '__esModule'].includes(name));
  expect(actual.length).toBeGreaterThan(20);
  expect([...declared.keys()].sort()).toEqual(actual.sort());
});

test.each(['read', 'write', 'ffi', 'FFIType'] as const)('the members of %s are those declared', (name) => {
  const members = checker
    .getTypeOfSymbol(declared.get(name)!)
    .getProperties()
    .map((member) => member.name);
  expect(members.sort()).toEqual(Object.keys(arkffi[name]).sort());
});

test('the declarations need no others: those of Node.js and of browsers are left out', () => {
  const options = {
    module: ts.ModuleKind.Node16,
    strict: true,
    lib: ['lib.es2022.d.ts'],
    types: [],
  };
  const problems = ts.getPreEmitDiagnostics(ts.createProgram([file], options));
  expect(problems.map(({ messageText }) => messageText)).toEqual([]);
});
