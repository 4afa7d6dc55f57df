// The outline of a C header: what it declares, as libclang, a C compiler, understands it.
//   node examples/outline.mjs [file.h] [flags of the compiler …]            without a file: of examples/fft.c
import { fileURLToPath } from 'node:url';
import { array, fn, opaque, ref, Struct } from 'arkffi';
import { open } from './open.mjs';

// The structs of clang-c/Index.h, all passed by value.
const CXString = Struct({ data: 'ptr', private_flags: 'uint' });
const CXCursor = Struct({ kind: 'int', xdata: 'int', data: array('ptr', 3) });
const CXType = Struct({ kind: 'int', data: array('ptr', 2) });
const CXSourceLocation = Struct({ ptr_data: array('ptr', 2), int_data: 'uint' });
const CXIndex = opaque('CXIndex');
const CXDiagnostic = opaque('CXDiagnostic');

const Visitor = fn({ args: [CXCursor, CXCursor, 'ptr'], returns: 'int' });
const CONTINUE = 1;
const ERROR = 3;
const WITH_LOCATION = 1;
const WITH_COLUMN = 2;
/** Values of enum CXCursorKind, and what they are called here. */
const kinds = {
  2: 'struct',
  3: 'union',
  5: 'enum',
  6: 'field',
  7: 'constant',
  8: 'function',
  9: 'variable',
  20: 'typedef',
};
const isContainer = (kind) => ['struct', 'union', 'enum'].includes(kind);

// Else libclang would take over SIGSEGV, by which arkffi notices bad addresses.
process.env.LIBCLANG_DISABLE_CRASH_RECOVERY = '1';
const versions = Array.from({ length: 14 }, (_, index) => `libclang-${24 - index}.so.1`);
const names = ['libclang.so.1', ...versions, ...versions.map((name) => name.replace(/1$/, '13')), 'clang'];
/** The keys are C names without `clang_`. */
const definitions = {
  createIndex: { args: ['int', 'int'], returns: CXIndex },
  disposeIndex: { args: [CXIndex] },
  parseTranslationUnit2: {
    args: [CXIndex, 'CString', array('CString'), 'int', 'ptr', 'uint', 'uint', 'ptr'],
    returns: 'int',
  },
  disposeTranslationUnit: { args: ['ptr'] },
  getNumDiagnostics: { args: ['ptr'], returns: 'uint' },
  getDiagnostic: { args: ['ptr', 'uint'], returns: CXDiagnostic },
  getDiagnosticSeverity: { args: [CXDiagnostic], returns: 'int' },
  formatDiagnostic: { args: [CXDiagnostic, 'uint'], returns: CXString.object },
  disposeDiagnostic: { args: [CXDiagnostic] },
  getTranslationUnitCursor: { args: ['ptr'], returns: CXCursor.object },
  visitChildren: { args: [CXCursor, Visitor, 'ptr'], returns: 'uint' },
  getCursorLocation: { args: [CXCursor], returns: CXSourceLocation.object },
  Location_isFromMainFile: { args: [CXSourceLocation], returns: 'int' },
  getSpellingLocation: { args: [CXSourceLocation, 'ptr', 'ptr', 'ptr', 'ptr'] },
  getCursorSpelling: { args: [CXCursor], returns: CXString.object },
  getCursorType: { args: [CXCursor], returns: CXType.object },
  getTypedefDeclUnderlyingType: { args: [CXCursor], returns: CXType.object },
  getTypeSpelling: { args: [CXType], returns: CXString.object },
  Type_getSizeOf: { args: [CXType], returns: 'longlong' },
  getEnumConstantDeclValue: { args: [CXCursor], returns: 'longlong' },
  getCString: { args: [CXString], returns: 'CString' },
  disposeString: { args: [CXString] },
};
const ofC = Object.entries(definitions).map(([name, def]) => [name, { symbol: `clang_${name}`, ...def }]);
const lib = open(names, Object.fromEntries(ofC));
const clang = lib.symbols;

/** The text of a CXString, which is given back. */
function text(string) {
  const copy = clang.getCString(string) ?? '';
  clang.disposeString(string);
  return copy;
}

function lineOf(location) {
  const line = ref('uint');
  clang.getSpellingLocation(location, null, line, null, null);
  return line.value;
}

const typeName = (type) => text(clang.getTypeSpelling(type));

/** What the outline says of a declaration. */
function describe(cursor, kind) {
  const name = text(clang.getCursorSpelling(cursor)) || '(no name)';
  const type = clang.getCursorType(cursor);
  if (kind === 'constant') return `${name} = ${clang.getEnumConstantDeclValue(cursor)}`;
  if (kind === 'typedef') return `typedef ${name}: ${typeName(clang.getTypedefDeclUnderlyingType(cursor))}`;
  if (!isContainer(kind)) return `${kind} ${name}: ${typeName(type)}`;
  const size = clang.Type_getSizeOf(type);
  return size < 0 ? `${kind} ${name}` : `${kind} ${name}, ${size} bytes`; // below 0: only announced
}

/** Prints what is in a cursor. clang calls the function with each child; for what is in that, it asks clang again. */
function print(parent, depth) {
  clang.visitChildren(
    parent,
    (cursor) => {
      const kind = kinds[cursor.kind];
      const location = clang.getCursorLocation(cursor);
      if (kind === undefined || clang.Location_isFromMainFile(location) === 0) return CONTINUE;
      console.log(`${`${lineOf(location)}`.padStart(5)}  ${'  '.repeat(depth)}${describe(cursor, kind)}`);
      if (isContainer(kind)) print(cursor, depth + 1);
      return CONTINUE;
    },
    null,
  );
}

/** The errors that the compiler has found. */
function errors(unit) {
  return Array.from({ length: clang.getNumDiagnostics(unit) }, (_, index) => {
    const diagnostic = clang.getDiagnostic(unit, index);
    const severity = clang.getDiagnosticSeverity(diagnostic);
    const message = text(clang.formatDiagnostic(diagnostic, WITH_LOCATION | WITH_COLUMN));
    clang.disposeDiagnostic(diagnostic);
    return severity >= ERROR ? message : '';
  }).filter((message) => message !== '');
}

const [file = fileURLToPath(new URL('fft.c', import.meta.url)), ...flags] = process.argv.slice(2);
const index = clang.createIndex(0, 0);
const unit = ref('ptr');
const code = clang.parseTranslationUnit2(index, file, ['-xc', ...flags], flags.length + 1, null, 0, 0, unit);
if (code === 0) {
  print(clang.getTranslationUnitCursor(unit.value), 0);
  for (const message of errors(unit.value)) {
    console.error(message);
    process.exitCode = 1;
  }
  clang.disposeTranslationUnit(unit.value);
} else {
  console.error(`${file} cannot be read (${code})`);
  process.exitCode = 1;
}
clang.disposeIndex(index);
lib.close();
