/** Headers read by libclang, which arkffi itself calls. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cdef } from '../cdef/cdef';
import { ffiError } from '../errors';
import { dlopen, suffix } from '../library';
import { ref } from '../ref';

/** A declaration of C. */
export interface Declaration {
  readonly name: string;
  readonly text: string;
}

/** What a header declares, in its order. */
export interface Declarations {
  /** Structs, unions, enumerations and typedefs. */
  readonly types: readonly Declaration[];
  /** Functions and variables. */
  readonly symbols: readonly Declaration[];
}

type Value = Readonly<Record<string, unknown>>;
type Clang = Readonly<Record<string, (...args: unknown[]) => unknown>>;

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
  int clang_Location_isFromMainFile(CXSourceLocation);
  unsigned clang_isCursorDefinition(CXCursor);
  unsigned clang_Cursor_isAnonymous(CXCursor);
  int clang_Cursor_getStorageClass(CXCursor);
  CXType clang_getCursorType(CXCursor);
  CXType clang_getTypedefDeclUnderlyingType(CXCursor);
  CXCursor clang_getTypeDeclaration(CXType);
  CXString clang_getTypeSpelling(CXType);
  CXType clang_getResultType(CXType);
  int clang_getNumArgTypes(CXType);
  CXType clang_getArgType(CXType, unsigned);
  unsigned clang_isFunctionTypeVariadic(CXType);
  int clang_getFieldDeclBitWidth(CXCursor);
  long long clang_getEnumConstantDeclValue(CXCursor);
`;

/** The kinds of cursors, as libclang numbers them. */
const kinds = { struct: 2, union: 3, enum: 5, field: 6, constant: 7, function: 8, variable: 9, typedef: 20 };
const keywords: Readonly<Record<number, string>> = { 2: 'struct', 3: 'union', 5: 'enum' };
const isStatic = 3;
const isError = 3;

const wanted = `libclang was not found; install it (Debian: libclang1), or name its file in ARKFFI_LIBCLANG`;

/** Loads libclang, of whichever version there is. */
function load(): Clang {
  const given = process.env.ARKFFI_LIBCLANG;
  const versions = Array.from({ length: 15 }, (_, index) => 25 - index);
  const files = [
    'clang',
    ...['libclang.so.1', 'libclang.so.13'],
    ...versions.flatMap((version) => [`libclang-${version}.so.1`, `libclang-${version}.so.13`]),
    ...versions.map((version) => `/usr/lib/llvm-${version}/lib/libclang.${suffix}.1`),
    ...versions.map((version) => `/usr/lib/llvm-${version}/lib/libclang-${version}.${suffix}.1`),
    '/Library/Developer/CommandLineTools/usr/lib/libclang.dylib',
  ];
  for (const file of given === undefined || given === '' ? files : [given]) {
    try {
      return dlopen(file, cdef(api)).symbols as Clang;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    }
  }
  throw ffiError('ERR_FFI_LIBRARY_LOAD', wanted);
}

/** A type with the name that it declares, as C writes them. */
function declared(type: string, name: string): string {
  if (type.includes('(*')) return type.replace('(*', `(*${name}`);
  const bracket = type.indexOf('[');
  return bracket === -1 ? `${type} ${name}` : `${type.slice(0, bracket)} ${name}${type.slice(bracket)}`;
}

class Reader {
  readonly #clang: Clang;

  constructor(clang: Clang) {
    this.#clang = clang;
  }

  call(name: string, ...args: unknown[]): unknown {
    return this.#clang[`clang_${name}`]!(...args);
  }

  text(name: string, ...args: unknown[]): string {
    const string = this.call(name, ...args);
    const text = this.call('getCString', string) as string | null;
    this.call('disposeString', string);
    return text ?? '';
  }

  children(cursor: unknown): Value[] {
    const found: Value[] = [];
    // 1: go on with the next one.
    this.call('visitChildren', cursor, (child: Value) => (found.push(child), 1), null);
    return found;
  }

  /** The struct, union or enumeration without a name that a type is. */
  #unnamed(type: unknown): Value | undefined {
    const cursor = this.call('getTypeDeclaration', type) as Value;
    if (!(Number(cursor.kind) in keywords)) return undefined;
    const name = this.text('getCursorSpelling', cursor);
    return name === '' || name.includes('(') || this.call('Cursor_isAnonymous', cursor) === 1
      ? cursor
      : undefined;
  }

  #spelling(type: unknown): string {
    return this.text('getTypeSpelling', type);
  }

  /** A struct, union or enumeration with its contents. */
  body(cursor: Value, tag: string): string {
    const children = this.children(cursor);
    const head = `${keywords[Number(cursor.kind)]}${tag === '' ? '' : ` ${tag}`}`;
    const values = children
      .filter(({ kind }) => kind === kinds.constant)
      .map(
        (child) =>
          `${this.text('getCursorSpelling', child)} = ${String(this.call('getEnumConstantDeclValue', child))}`,
      );
    if (cursor.kind === kinds.enum) return `${head} { ${values.join(', ')} }`;
    const fields = children.filter(({ kind }) => kind === kinds.field).map((child) => this.#field(child));
    return `${head} { ${fields.map((field) => `${field}; `).join('')}}`;
  }

  #field(cursor: Value): string {
    const type = this.call('getCursorType', cursor);
    const name = this.text('getCursorSpelling', cursor);
    const unnamed = this.#unnamed(type);
    const spelling = unnamed === undefined ? this.#spelling(type) : this.body(unnamed, '');
    const width = this.call('getFieldDeclBitWidth', cursor) as number;
    const field = unnamed === undefined ? declared(spelling, name) : `${spelling} ${name}`;
    return width < 0 ? field : `${field} : ${width}`;
  }

  typedef(cursor: Value, name: string): string {
    const type = this.call('getTypedefDeclUnderlyingType', cursor);
    const unnamed = this.#unnamed(type);
    if (unnamed !== undefined) return `typedef ${this.body(unnamed, '')} ${name};`;
    const spelling = this.#spelling(type);
    return `typedef ${spelling === name ? `${this.body(this.call('getTypeDeclaration', type) as Value, '')} ${name}` : declared(spelling, name)};`;
  }

  prototype(cursor: Value, name: string): string {
    const type = this.call('getCursorType', cursor);
    const count = this.call('getNumArgTypes', type) as number;
    const args = Array.from({ length: count }, (_, index) =>
      this.#spelling(this.call('getArgType', type, index)),
    );
    if (this.call('isFunctionTypeVariadic', type) === 1 && count > 0) args.push('...');
    const list = args.length === 0 ? 'void' : args.join(', ');
    const result = this.#spelling(this.call('getResultType', type));
    return result.includes('(*')
      ? `${result.replace('(*', `(*${name}(${list})`)};`
      : `${result} ${name}(${list});`;
  }

  variable(cursor: Value, name: string): string {
    return `extern ${declared(this.#spelling(this.call('getCursorType', cursor)), name)};`;
  }

  /** Whether a declaration stands in the header itself and is seen outside of it. */
  isOwn(cursor: Value): boolean {
    const location = this.call('getCursorLocation', cursor);
    if (this.call('Location_isFromMainFile', location) === 0) return false;
    return this.call('Cursor_getStorageClass', cursor) !== isStatic;
  }
}

function read(reader: Reader, unit: unknown): Declarations {
  const types = new Map<string, Declaration>();
  const symbols = new Map<string, Declaration>();
  for (const cursor of reader.children(reader.call('getTranslationUnitCursor', unit))) {
    if (!reader.isOwn(cursor)) continue;
    const name = reader.text('getCursorSpelling', cursor);
    const { kind } = cursor;
    const isTag = Number(kind) in keywords && name !== '' && !name.includes('(');
    if (isTag && reader.call('Cursor_isAnonymous', cursor) === 0) {
      const isDefinition = reader.call('isCursorDefinition', cursor) === 1;
      if (isDefinition) types.set(`tag ${name}`, { name, text: `${reader.body(cursor, name)};` });
    } else if (kind === kinds.typedef) types.set(name, { name, text: reader.typedef(cursor, name) });
    else if (kind === kinds.function) symbols.set(name, { name, text: reader.prototype(cursor, name) });
    else if (kind === kinds.variable) symbols.set(name, { name, text: reader.variable(cursor, name) });
  }
  return { types: [...types.values()], symbols: [...symbols.values()] };
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

/** What a header declares. `flags` are the compiler's. */
export function declarationsOf(header: string, flags: readonly string[]): Declarations {
  if (!existsSync(header)) throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `there is no header '${header}'`);
  const reader = new Reader(load());
  const index = reader.call('createIndex', 0, 0);
  const out = ref('ptr');
  const given = ['-x', 'c', ...flags, ...compilerHeaders()];
  const status = reader.call('parseTranslationUnit2', index, header, given, given.length, null, 0, 0, out);
  try {
    if (status !== 0)
      throw ffiError('ERR_FFI_INVALID_TYPE', `libclang cannot read '${header}' (error ${String(status)})`);
    const unit = out.value;
    const count = reader.call('getNumDiagnostics', unit) as number;
    for (let at = 0; at < count; at++) {
      const diagnostic = reader.call('getDiagnostic', unit, at);
      if (Number(reader.call('getDiagnosticSeverity', diagnostic)) < isError) continue;
      throw ffiError('ERR_FFI_INVALID_TYPE', reader.text('formatDiagnostic', diagnostic, 3));
    }
    const declarations = read(reader, unit);
    reader.call('disposeTranslationUnit', unit);
    return declarations;
  } finally {
    reader.call('disposeIndex', index);
  }
}
