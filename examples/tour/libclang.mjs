// A library of which nearly every function takes or returns a struct by value, callbacks included. It reads a C header, and what
// it says of the structs in it is compared with what arkffi computes.
import { array, bits, dlopen, fn, opaque, ref, Struct, Union } from '../../dist/index.js';
import { refuse, say, show } from './print.mjs';

export const title = 'libclang: structs by value, and the layout that a C compiler gives them';

const header = `
struct point { double x, y; };

struct sample {
  char tag;
  long long when;
  short levels[3];
  unsigned kind : 3, flags : 7;
  struct point at;
  union { int whole; double real; } value;
  const char *name;
};

double distance(struct point from, struct point to);
const char *describe(const struct sample *sample, int verbose);
`;

/** The structs of the header, said to arkffi. */
const point = Struct({ x: 'double', y: 'double' });
const sample = Struct({
  tag: 'char',
  when: 'longlong',
  levels: array('short', 3),
  kind: bits('uint', 3),
  flags: bits('uint', 7),
  at: point,
  value: Union({ whole: 'int', real: 'double' }),
  name: 'CString',
});

// The structs of clang-c/Index.h. CXString has 16 bytes and travels in registers, the larger ones in memory.
const CXString = Struct({ data: 'ptr', private_flags: 'uint' });
const CXCursor = Struct({ kind: 'int', xdata: 'int', data: array('ptr', 3) });
const CXType = Struct({ kind: 'int', data: array('ptr', 2) });
const CXSourceLocation = Struct({ ptr_data: array('ptr', 2), int_data: 'uint' });
const CXSourceRange = Struct({ ptr_data: array('ptr', 2), begin_int_data: 'uint', end_int_data: 'uint' });
const CXToken = Struct({ int_data: array('uint', 4), ptr_data: 'ptr' });
const CXUnsavedFile = Struct({ filename: 'CString', contents: 'CString', length: 'ulong' });
const CXIndex = opaque('CXIndex');
const CXTranslationUnit = opaque('CXTranslationUnit');

/** Values of enum CXCursorKind and enum CXTokenKind. */
const STRUCT = 2;
const FIELD = 6;
const FUNCTION = 8;
const IDENTIFIER = 2;
/** What a visitor tells clang: to go on with the next cursor, or with those inside this one. */
const CONTINUE = 1;
const RECURSE = 2;

/** The keys are C names without `clang_`. With `.object` a result is a plain object at once. */
const definitions = {
  getClangVersion: { returns: CXString.object },
  getCString: { args: [CXString], returns: 'CString' },
  disposeString: { args: [CXString] },
  createIndex: { args: ['int', 'int'], returns: CXIndex },
  disposeIndex: { args: [CXIndex] },
  parseTranslationUnit: {
    args: [CXIndex, 'CString', array('CString'), 'int', array(CXUnsavedFile), 'uint', 'uint'],
    returns: CXTranslationUnit,
  },
  disposeTranslationUnit: { args: [CXTranslationUnit] },
  getTranslationUnitCursor: { args: [CXTranslationUnit], returns: CXCursor.object },
  visitChildren: {
    args: [CXCursor, fn({ args: [CXCursor, CXCursor, 'ptr'], returns: 'int' }), 'ptr'],
    returns: 'uint',
  },
  getCursorExtent: { args: [CXCursor], returns: CXSourceRange.object },
  tokenize: { args: [CXTranslationUnit, CXSourceRange, 'ptr', 'ptr'] },
  disposeTokens: { args: [CXTranslationUnit, 'ptr', 'uint'] },
  getTokenKind: { args: [CXToken], returns: 'int' },
  getTokenLocation: { args: [CXTranslationUnit, CXToken], returns: CXSourceLocation.object },
  getCursor: { args: [CXTranslationUnit, CXSourceLocation], returns: CXCursor.object },
  getCursorSemanticParent: { args: [CXCursor], returns: CXCursor.object },
  equalCursors: { args: [CXCursor, CXCursor], returns: 'uint' },
  getCursorSpelling: { args: [CXCursor], returns: CXString.object },
  getCursorType: { args: [CXCursor], returns: CXType.object },
  getResultType: { args: [CXType], returns: CXType.object },
  getTypeSpelling: { args: [CXType], returns: CXString.object },
  Cursor_getNumArguments: { args: [CXCursor], returns: 'int' },
  Cursor_getArgument: { args: [CXCursor, 'uint'], returns: CXCursor.object },
  Type_getSizeOf: { args: [CXType], returns: 'longlong' },
  Type_getAlignOf: { args: [CXType], returns: 'longlong' },
  Type_getOffsetOf: { args: [CXType, 'CString'], returns: 'longlong' },
};

/** The library, under one of the names that distributions have for it. */
function load() {
  const ofC = Object.entries(definitions).map(([name, def]) => [name, { symbol: `clang_${name}`, ...def }]);
  const versions = Array.from({ length: 12 }, (_, index) => `libclang-${24 - index}.so.1`);
  for (const name of [...versions, 'libclang.so.13', 'libclang.so.1']) {
    try {
      return dlopen(name, Object.fromEntries(ofC));
    } catch (error) {
      if (error.code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    }
  }
  return dlopen('clang', Object.fromEntries(ofC));
}

/** The cursors of all declarations: each identifier of the text is asked what stands there. */
function declarationsOf(clang, unit) {
  const range = clang.getCursorExtent(clang.getTranslationUnitCursor(unit));
  const tokens = ref('ptr');
  const count = ref('uint');
  clang.tokenize(unit, range, tokens, count);
  const found = [];
  for (let index = 0; index < count.value; index++) {
    const token = CXToken.fromPtr(tokens.value, index * CXToken.size);
    if (clang.getTokenKind(token) !== IDENTIFIER) continue;
    const cursor = clang.getCursor(unit, clang.getTokenLocation(unit, token));
    if ([STRUCT, FIELD, FUNCTION].includes(cursor.kind)) found.push(cursor);
  }
  clang.disposeTokens(unit, tokens.value, count.value);
  return found;
}

export function run() {
  const lib = load();
  const clang = lib.symbols;
  // Else libclang would take over SIGSEGV, by which arkffi notices bad addresses.
  process.env.LIBCLANG_DISABLE_CRASH_RECOVERY = '1';

  say('CXString is { const void *data; unsigned private_flags; }, and a result by value:');
  const version = show(() => clang.getClangVersion());
  show(() => clang.getCString(version));
  clang.disposeString(version);

  say('What C keeps to itself is opaque. A pointer to one such type is none to another:');
  const index = show(() => clang.createIndex(0, 0));
  refuse(() => clang.disposeTranslationUnit(index));

  say('The file exists in memory only: an array of structs, whose strings live for the call:');
  const file = { filename: 'sample.h', contents: header, length: Buffer.byteLength(header) };
  const unit = show(() => clang.parseTranslationUnit(index, 'sample.h', ['-x', 'c'], 2, [file], 1, 0));

  say('The tokens are an array that C allocated. A cursor tells what stands at a token:');
  const declarations = declarationsOf(clang, unit);
  show(() => declarations[0]);

  const text = (string) => {
    const copy = clang.getCString(string);
    clang.disposeString(string);
    return copy;
  };
  const nameOf = (cursor) => text(clang.getCursorSpelling(cursor));
  const declared = (cursor) =>
    `${text(clang.getTypeSpelling(clang.getCursorType(cursor)))} ${nameOf(cursor)}`;
  const signatureOf = (cursor) => {
    const result = text(clang.getTypeSpelling(clang.getResultType(clang.getCursorType(cursor))));
    const count = clang.Cursor_getNumArguments(cursor);
    const args = Array.from({ length: count }, (_, at) => declared(clang.Cursor_getArgument(cursor, at)));
    return `${result} ${nameOf(cursor)}(${args.join(', ')})`;
  };
  say('The functions of the header:');
  const [distance, describe] = declarations.filter(({ kind }) => kind === FUNCTION);
  show(() => signatureOf(distance));
  show(() => signatureOf(describe));

  say('clang_visitChildren calls a function with two cursors, structs of 32 bytes by value:');
  const visited = [];
  const visit = (cursor, parent) => {
    if ([STRUCT, FIELD].includes(cursor.kind)) visited.push(`${nameOf(parent)} > ${nameOf(cursor)}`);
    return cursor.kind === STRUCT ? RECURSE : CONTINUE;
  };
  show(() => clang.visitChildren(clang.getTranslationUnitCursor(unit), visit, null), 0);
  show(() => visited.slice(0, 4), ['sample.h > point', 'point > x', 'point > y', 'sample.h > sample']);

  const compare = (struct, schema) => {
    const isOurs = (cursor) =>
      cursor.kind === FIELD && clang.equalCursors(clang.getCursorSemanticParent(cursor), struct) !== 0;
    const type = clang.getCursorType(struct);
    // clang counts in bits; a schema has the byte of a bit-field's first bit.
    const offset = (field) => Math.floor(clang.Type_getOffsetOf(type, field) / 8);
    const rows = [
      ['size', clang.Type_getSizeOf(type), schema.size],
      ['alignment', clang.Type_getAlignOf(type), schema.align],
      ...declarations.filter(isOurs).map((cursor) => {
        const field = nameOf(cursor);
        return [declared(cursor), offset(field), schema.offsetOf(field)];
      }),
    ];
    for (const [what, ...numbers] of [[`struct ${nameOf(struct)}`, 'clang', 'arkffi'], ...rows]) {
      console.log(`    ${what.padEnd(46)} ${numbers.map((number) => `${number}`.padStart(6)).join(' ')}`);
    }
    return rows.every(([, byClang, byArkffi]) => byClang === byArkffi);
  };
  say('The layout of its structs, in bytes, by the compiler and by arkffi:');
  const structs = declarations.filter(({ kind }) => kind === STRUCT);
  show(() => compare(structs[0], point));
  show(() => compare(structs[1], sample));

  clang.disposeTranslationUnit(unit);
  clang.disposeIndex(index);
  lib.close();
}
