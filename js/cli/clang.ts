/** Headers read by libclang, which arkffi itself calls. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cdef } from '../cdef/cdef';
import { ffiError } from '../errors';
import { dlopen, suffix } from '../library';
import { ref } from '../ref';

/** A struct of libclang's: a cursor or a type. */
export type Value = Readonly<Record<string, unknown>>;
type Symbols = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const api = `
  typedef struct { const void *data; unsigned flags; } CXString;
  typedef struct { int kind; int xdata; const void *data[3]; } CXCursor;
  typedef struct { int kind; void *data[2]; } CXType;
  typedef struct { const void *data[2]; unsigned at; } CXSourceLocation;
  void *clang_createIndex(int, int);
  void clang_disposeIndex(void *);
  int clang_parseTranslationUnit2(void *index, const char *file, const char *const flags[], int count, void *files,
    unsigned fileCount, unsigned options, void **unit);
  void clang_disposeTranslationUnit(void *);
  unsigned clang_getNumDiagnostics(void *);
  void *clang_getDiagnostic(void *, unsigned);
  int clang_getDiagnosticSeverity(void *);
  CXString clang_formatDiagnostic(void *, unsigned);
  const char *clang_getCString(CXString);
  void clang_disposeString(CXString);
  CXCursor clang_getTranslationUnitCursor(void *);
  unsigned clang_visitChildren(CXCursor, int (*)(CXCursor cursor, CXCursor parent, void *), void *);
  CXString clang_getCursorSpelling(CXCursor);
  CXSourceLocation clang_getCursorLocation(CXCursor);
  void clang_getExpansionLocation(CXSourceLocation, void **file, unsigned *line, unsigned *column, unsigned *offset);
  void *clang_Cursor_getTranslationUnit(CXCursor);
  CXSourceLocation clang_getLocationForOffset(void *unit, void *file, unsigned offset);
  int clang_Location_isFromMainFile(CXSourceLocation);
  int clang_Location_isInSystemHeader(CXSourceLocation);
  unsigned clang_isCursorDefinition(CXCursor);
  int clang_Cursor_getStorageClass(CXCursor);
  CXType clang_getCursorType(CXCursor);
  CXType clang_getTypedefDeclUnderlyingType(CXCursor);
  CXCursor clang_getTypeDeclaration(CXType);
  CXString clang_getTypeSpelling(CXType);
  CXType clang_getCanonicalType(CXType);
  CXType clang_getPointeeType(CXType);
  CXType clang_getArrayElementType(CXType);
  long long clang_getArraySize(CXType);
  CXType clang_Type_getNamedType(CXType);
  CXType clang_Type_getModifiedType(CXType);
  unsigned clang_isConstQualifiedType(CXType);
  long long clang_Type_getSizeOf(CXType);
  long long clang_Type_getAlignOf(CXType);
  long long clang_Type_getOffsetOf(CXType, const char *);
  long long clang_Cursor_getOffsetOfField(CXCursor);
  unsigned clang_Cursor_isAnonymousRecordDecl(CXCursor);
  unsigned clang_Cursor_isFunctionInlined(CXCursor);
  CXCursor clang_getCursorDefinition(CXCursor);
  CXString clang_getCursorUSR(CXCursor);
  CXType clang_getEnumDeclIntegerType(CXCursor);
  unsigned long long clang_getEnumConstantDeclUnsignedValue(CXCursor);
  CXType clang_getResultType(CXType);
  int clang_getNumArgTypes(CXType);
  CXType clang_getArgType(CXType, unsigned);
  unsigned clang_isFunctionTypeVariadic(CXType);
  int clang_getFieldDeclBitWidth(CXCursor);
  long long clang_getEnumConstantDeclValue(CXCursor);
`;

const isError = 3;

const wanted = `libclang was not found; install it (Debian: libclang1), or name its file in ARKFFI_LIBCLANG`;

/** Where libclang is looked for: of whichever version there is. */
function candidates(): readonly string[] {
  const given = process.env.ARKFFI_LIBCLANG;
  if (given !== undefined && given !== '') return [given];
  const versions = Array.from({ length: 15 }, (_, index) => 25 - index);
  return [
    'clang',
    ...['libclang.so.1', 'libclang.so.13'],
    ...versions.flatMap((version) => [`libclang-${version}.so.1`, `libclang-${version}.so.13`]),
    ...versions.map((version) => `/usr/lib/llvm-${version}/lib/libclang.${suffix}.1`),
    ...versions.map((version) => `/usr/lib/llvm-${version}/lib/libclang-${version}.${suffix}.1`),
    '/Library/Developer/CommandLineTools/usr/lib/libclang.dylib',
  ];
}

/** The first candidate that loads, with those definitions. */
function first(defs: object): ReturnType<typeof dlopen> | undefined {
  for (const file of candidates()) {
    try {
      return dlopen(file, defs);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    }
  }
  return undefined;
}

/** The file of libclang; undefined where there is none. */
export function libclang(): string | undefined {
  return first({})?.path;
}

function load(): Symbols {
  const library = first(cdef(api));
  if (library === undefined) throw ffiError('ERR_FFI_LIBRARY_LOAD', wanted);
  return library.symbols as Symbols;
}

/** libclang's functions, by their names without the prefix. */
export class Clang {
  readonly #symbols: Symbols;

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  call(name: string, ...args: unknown[]): unknown {
    return this.#symbols[`clang_${name}`]!(...args);
  }

  /** A cursor or a type. */
  value(name: string, ...args: unknown[]): Value {
    return this.call(name, ...args) as Value;
  }

  number(name: string, ...args: unknown[]): number {
    return Number(this.call(name, ...args));
  }

  text(name: string, ...args: unknown[]): string {
    const string = this.call(name, ...args);
    const text = this.call('getCString', string) as string | null;
    this.call('disposeString', string);
    return text ?? '';
  }

  /** Whether a declaration stands in the header itself: where a macro makes it, it is the macro's use that counts. */
  isInMainFile(cursor: Value): boolean {
    const [file, offset] = [ref('ptr'), ref('uint')];
    this.call('getExpansionLocation', this.call('getCursorLocation', cursor), file, null, null, offset);
    const unit = this.call('Cursor_getTranslationUnit', cursor);
    const location = this.call('getLocationForOffset', unit, file.value, offset.value);
    return this.call('Location_isFromMainFile', location) !== 0;
  }

  isInSystemHeader(cursor: Value): boolean {
    return this.call('Location_isInSystemHeader', this.call('getCursorLocation', cursor)) !== 0;
  }

  children(cursor: Value): Value[] {
    const found: Value[] = [];
    // 1: go on with the next one.
    this.call('visitChildren', cursor, (child: Value) => (found.push(child), 1), null);
    return found;
  }
}

/** Where the C compiler has `stddef.h` and the like, for a libclang that is installed without them. */
function compilerHeaders(): string[] {
  try {
    const path = execFileSync(process.env.CC ?? 'cc', ['-print-file-name=include'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return existsSync(path) ? ['-idirafter', path] : [];
  } catch {
    return [];
  }
}

/** Has libclang read a header, for as long as `read` runs. `flags` are the compiler's. */
export function withHeader<T>(
  header: string,
  flags: readonly string[],
  read: (clang: Clang, root: Value) => T,
): T {
  if (!existsSync(header)) throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `there is no header '${header}'`);
  const clang = new Clang(load());
  const index = clang.call('createIndex', 0, 0);
  const out = ref('ptr');
  const given = ['-x', 'c', ...flags, ...compilerHeaders()];
  try {
    const status = clang.call('parseTranslationUnit2', index, header, given, given.length, null, 0, 0, out);
    if (status !== 0)
      throw ffiError('ERR_FFI_INVALID_TYPE', `libclang cannot read '${header}' (error ${String(status)})`);
    const unit = out.value;
    try {
      checkDiagnostics(clang, unit);
      return read(clang, clang.value('getTranslationUnitCursor', unit));
    } finally {
      clang.call('disposeTranslationUnit', unit);
    }
  } finally {
    clang.call('disposeIndex', index);
  }
}

/** Throws the first error that the compiler has found. */
function checkDiagnostics(clang: Clang, unit: unknown): void {
  const count = clang.number('getNumDiagnostics', unit);
  for (let at = 0; at < count; at++) {
    const diagnostic = clang.call('getDiagnostic', unit, at);
    if (clang.number('getDiagnosticSeverity', diagnostic) < isError) continue;
    throw ffiError('ERR_FFI_INVALID_TYPE', clang.text('formatDiagnostic', diagnostic, 3));
  }
}
