/** What a header declares, as declarations of C that cdef reads with the same layouts. */
import { c, cdef } from '../cdef/cdef';
import { named } from '../cdef/names';
import { alignof, resolveType, sizeof, type TypeInfo } from '../types';
import type { Clang, Value } from './clang';

/** The kinds of cursors and types, as libclang numbers them. */
const cursors = {
  struct: 2,
  union: 3,
  enum: 5,
  field: 6,
  constant: 7,
  function: 8,
  variable: 9,
  typedef: 20,
  label: 407,
};
const types = {
  ...{
    unexposed: 1,
    void: 2,
    unsignedChar: 5,
    unsignedShort: 8,
    unsigned: 9,
    unsignedLong: 10,
    unsignedLongLong: 11,
  },
  ...{ pointer: 101, record: 105, enum: 106, typedef: 107, noPrototype: 110, prototype: 111 },
  ...{ array: 112, openArray: 114, variableArray: 115, elaborated: 119, attributed: 163 },
};
const keywords: Readonly<Record<number, string>> = { 2: 'struct', 3: 'union', 5: 'enum' };
const unsignedTypes: readonly number[] = [
  types.unsignedChar,
  types.unsignedShort,
  types.unsigned,
  types.unsignedLong,
  types.unsignedLongLong,
];
const isStatic = 3;

/** How a struct may be packed; the first way that gives the compiler's layout is taken. */
interface Packing {
  readonly byAttribute?: boolean;
  readonly byPragma?: number;
}
const packings: readonly Packing[] = [
  {},
  { byAttribute: true },
  ...[1, 2, 4, 8].map((byPragma) => ({ byPragma })),
];

/** A declaration of a struct, packed; with the pragma's end where more follows. */
function packed(text: string, { byAttribute, byPragma }: Packing, isLast = false): string {
  if (byAttribute === true) return text.replace(/\b(?:struct|union)\b/, '$& __attribute__((packed))');
  if (byPragma === undefined) return text;
  return `#pragma pack(push, ${byPragma})\n  ${text}${isLast ? '' : '\n  #pragma pack(pop)'}`;
}

/** A declarator with what follows it: `*x` needs parentheses before `[2]`. */
const suffixed = (inner: string, suffix: string): string =>
  inner.startsWith('*') ? `(${inner})${suffix}` : `${inner}${suffix}`;

/** Collects the declarations of a header, and those of other headers that they need. */
export class Header {
  /** What cdef can read, in an order in which each stands behind what it needs. */
  readonly taken: string[] = [];
  readonly left: string[] = [];
  /** How many functions and variables there are. */
  count = 0;
  readonly #clang: Clang;
  readonly #withIncluded: boolean;
  #known = cdef('');
  /** What has been declared, or is being, by its key. */
  readonly #done = new Set<string>();
  /** The typedefs of structs and enumerations without a tag. */
  readonly #typedefs = new Map<string, string>();

  /** `withIncluded`: what the headers that it includes declare is its own too, but for the system's. */
  constructor(clang: Clang, root: Value, withIncluded: boolean) {
    this.#clang = clang;
    this.#withIncluded = withIncluded;
    for (const cursor of clang.children(root)) if (this.#isOwn(cursor)) this.#declare(cursor);
  }

  /** Whether a declaration is one of the header's own and is seen outside of it. */
  #isOwn(cursor: Value): boolean {
    const clang = this.#clang;
    const isHere = this.#withIncluded ? !clang.isInSystemHeader(cursor) : clang.isInMainFile(cursor);
    return isHere && this.#clang.call('Cursor_getStorageClass', cursor) !== isStatic;
  }

  #declare(cursor: Value): void {
    const kind = Number(cursor.kind);
    if (kind in keywords) this.#tagged(cursor);
    else if (kind === cursors.typedef) this.#typedef(cursor);
    else if (kind === cursors.function) this.#function(cursor);
    else if (kind === cursors.variable) this.#variable(cursor);
  }

  /** Keeps a declaration that cdef can read; else says why not. */
  #take(name: string, text: string): boolean {
    try {
      this.#known = cdef(text, this.#known);
    } catch (error) {
      this.#leave(name, error);
      return false;
    }
    this.taken.push(text);
    return true;
  }

  #leave(name: string, reason: unknown): void {
    const text =
      reason instanceof Error
        ? reason.message.replace(/^(?:cdef|c): line \d+, column \d+: /, '')
        : String(reason);
    this.left.push(`${name}: ${text}`);
  }

  /** Whether this is the first time that it is asked for. */
  #isNew(key: string): boolean {
    const isNew = !this.#done.has(key);
    this.#done.add(key);
    return isNew;
  }

  #nameOf(cursor: Value): string {
    return this.#clang.text('getCursorSpelling', cursor);
  }

  /** The tag of a struct, union or enumeration; undefined where it has none. */
  #tagOf(cursor: Value): string | undefined {
    const spelling = this.#clang.text('getTypeSpelling', this.#clang.call('getCursorType', cursor));
    return /^(?:struct|union|enum) ([\w$]+)$/.exec(spelling)?.[1];
  }

  /** Declares a struct, union or enumeration that has a tag and is complete. */
  #tagged(cursor: Value): void {
    const tag = this.#tagOf(cursor);
    const definition = this.#clang.value('getCursorDefinition', cursor);
    if (tag === undefined || !(Number(definition.kind) in keywords)) return;
    const head = `${keywords[Number(definition.kind)]} ${tag}`;
    if (this.#isNew(head)) this.#complete(definition, head, (body) => `${body};`, `${head};`);
  }

  /**
   * Declares a struct, union or enumeration with its contents. `around` makes a declaration of it; `incomplete` is one
   * without contents, for one that arkffi lacks.
   */
  #complete(cursor: Value, head: string, around: (body: string) => string, incomplete: string): void {
    const type = this.#clang.call('getCursorType', cursor);
    const [size, align] = ['Type_getSizeOf', 'Type_getAlignOf'].map((name) => this.#clang.number(name, type));
    const contents = cursor.kind === cursors.enum ? this.#values(cursor) : this.#fields(cursor);
    const keyword = keywords[Number(cursor.kind)]!;
    let reason: unknown;
    for (const packing of cursor.kind === cursors.enum ? packings.slice(0, 1) : packings) {
      try {
        const made = c(packed(`${keyword} ${contents}`, packing, true), this.#known);
        if (!this.#isAsInC(resolveType(made, 'bindgen'), cursor, type)) continue;
        this.#take(head, packed(around(`${head} ${contents}`), packing));
        return;
      } catch (error) {
        reason ??= error;
      }
    }
    this.#leave(
      head,
      reason ?? `in C it has ${size} bytes aligned to ${align}, in a layout that arkffi lacks`,
    );
    this.#take(head, incomplete);
  }

  /** Whether arkffi lays a type out as the compiler does. */
  #isAsInC(info: TypeInfo, cursor: Value, type: unknown): boolean {
    const clang = this.#clang;
    if (clang.number('Type_getSizeOf', type) !== info.size) return false;
    if (cursor.kind === cursors.enum) return true;
    if (clang.number('Type_getAlignOf', type) !== info.align) return false;
    const parts = this.#partsOf(cursor).filter((part) => clang.number('getFieldDeclBitWidth', part) !== 0);
    const { members = [] } = info;
    return (
      parts.length === members.length &&
      parts.every((part, index) => {
        const { type: inner, offset, bits } = members[index]!;
        const first = bits?.first ?? offset * 8;
        if (part.kind === cursors.field) return clang.number('Cursor_getOffsetOfField', part) === first;
        const named = this.#partsOf(part).find(
          (each) => each.kind === cursors.field && this.#nameOf(each) !== '',
        );
        const at =
          named === undefined
            ? first
            : clang.number('Type_getOffsetOf', type, this.#nameOf(named)) -
              clang.number('Cursor_getOffsetOfField', named);
        return at === first && this.#isAsInC(inner, part, clang.call('getCursorType', part));
      })
    );
  }

  /** The members of a struct: fields, and structs and unions without a name. */
  #partsOf(cursor: Value): Value[] {
    return this.#clang
      .children(cursor)
      .filter(
        (child) =>
          child.kind === cursors.field || this.#clang.call('Cursor_isAnonymousRecordDecl', child) === 1,
      );
  }

  #fields(cursor: Value): string {
    for (const child of this.#clang.children(cursor)) if (Number(child.kind) in keywords) this.#tagged(child);
    const parts = this.#partsOf(cursor).map((part) =>
      part.kind === cursors.field
        ? this.#field(part)
        : `${keywords[Number(part.kind)]} ${this.#fields(part)}`,
    );
    return `{ ${parts.map((part) => `${part}; `).join('')}}`;
  }

  #field(cursor: Value): string {
    const declared = this.#write(this.#clang.value('getCursorType', cursor), this.#nameOf(cursor));
    const width = this.#clang.number('getFieldDeclBitWidth', cursor);
    return width < 0 ? declared : `${declared} : ${width}`;
  }

  /** The values of an enumeration, and its type where that is not the one which cdef gives it. */
  #values(cursor: Value): string {
    const clang = this.#clang;
    const integer = clang.value('getEnumDeclIntegerType', cursor);
    const isUnsigned = unsignedTypes.includes(Number(clang.value('getCanonicalType', integer).kind));
    const read = isUnsigned ? 'getEnumConstantDeclUnsignedValue' : 'getEnumConstantDeclValue';
    const values = clang
      .children(cursor)
      .filter(({ kind }) => kind === cursors.constant)
      .map((child) => [this.#nameOf(child), BigInt(clang.call(read, child) as number | bigint)] as const);
    const text = (value: bigint): string => {
      if (value === -(2n ** 63n)) return '-9223372036854775807 - 1';
      return value >= 2n ** 63n ? `${value}u` : String(value);
    };
    const list = `{ ${values.map(([name, value]) => `${name} = ${text(value)}`).join(', ')} }`;
    const size = clang.number('Type_getSizeOf', integer);
    const natural = values.every(([, value]) => value >= -(2n ** 31n) && value < 2n ** 32n) ? 4 : 8;
    const isFixed = size !== natural;
    return isFixed ? `: ${this.#write(clang.value('getCanonicalType', integer), '')} ${list}` : list;
  }

  #typedef(cursor: Value): void {
    const clang = this.#clang;
    const name = this.#nameOf(cursor);
    if (!this.#isNew(name)) return;
    const type = clang.value('getTypedefDeclUnderlyingType', cursor);
    const declaration = clang.value('getTypeDeclaration', type);
    const isTag =
      Number(declaration.kind) in keywords && clang.value('getCanonicalType', type).kind !== types.pointer;
    const usr = clang.text('getCursorUSR', declaration);
    if (isTag && this.#tagOf(declaration) === undefined && !this.#typedefs.has(usr)) {
      const keyword = keywords[Number(declaration.kind)]!;
      this.#typedefs.set(usr, name);
      const around = (body: string) => `typedef ${body} ${name};`;
      this.#complete(declaration, keyword, around, `typedef ${keyword} ${name} ${name};`);
      return;
    }
    const text = `typedef ${this.#write(type, name, true)};`;
    if (!this.#hasOtherSize(clang.value('getCursorType', cursor), text, name)) this.#take(name, text);
    else this.#leave(name, 'its size or alignment is another one than arkffi would have it');
  }

  /** Whether a value of a typedef has another size or alignment than arkffi would give it. */
  #hasOtherSize(type: Value, text: string, name: string): boolean {
    const kind = this.#clang.value('getCanonicalType', type).kind;
    if ([types.void, types.prototype, types.noPrototype, types.openArray].includes(Number(kind)))
      return false;
    try {
      const made = c(name, cdef(text, this.#known));
      const isSame =
        sizeof(made) === this.#clang.number('Type_getSizeOf', type) &&
        alignof(made) === this.#clang.number('Type_getAlignOf', type);
      return !isSame;
    } catch {
      return false;
    }
  }

  #function(cursor: Value): void {
    const clang = this.#clang;
    const isBody =
      clang.call('Cursor_isFunctionInlined', cursor) === 1 && clang.call('isCursorDefinition', cursor) === 1;
    if (isBody) return;
    const name = this.#nameOf(cursor);
    const prototype = this.#writeFunction(clang.value('getCursorType', cursor), name);
    this.#symbol(cursor, name, prototype);
  }

  #variable(cursor: Value): void {
    const name = this.#nameOf(cursor);
    this.#symbol(cursor, name, `extern ${this.#write(this.#clang.value('getCursorType', cursor), name)}`);
  }

  #symbol(cursor: Value, name: string, text: string): void {
    const label = this.#clang.children(cursor).find(({ kind }) => kind === cursors.label);
    const symbol = label === undefined ? '' : this.#nameOf(label);
    const plain = process.platform === 'darwin' ? symbol.replace(/^_/, '') : symbol;
    const declaration = `${text}${plain === '' ? '' : ` __asm__("${plain}")`};`;
    // A second declaration counts where it names the symbol.
    const isFirst = this.#isNew(`symbol ${name}`);
    if (!isFirst && plain === '') return;
    if (this.#take(name, declaration) && isFirst) this.count++;
  }

  /** A type and what it declares, as C writes them. `isPointed`: only pointers to it are wanted. */
  #write(type: Value, inner: string, isPointed = false): string {
    const clang = this.#clang;
    const isConst = clang.call('isConstQualifiedType', type) === 1 ? 'const ' : '';
    const behind = inner === '' ? '' : ` ${inner}`;
    switch (type.kind) {
      case types.pointer:
        return this.#write(clang.value('getPointeeType', type), `*${isConst}${inner}`, true);
      case types.prototype:
      case types.noPrototype:
        return this.#writeFunction(type, inner);
      case types.array:
      case types.openArray:
      case types.variableArray: {
        const size = clang.number('getArraySize', type);
        const length = type.kind === types.array ? String(size) : type.kind === types.openArray ? '' : '*';
        return this.#write(clang.value('getArrayElementType', type), suffixed(inner, `[${length}]`));
      }
      case types.elaborated:
        return `${isConst}${this.#write(clang.value('Type_getNamedType', type), inner, isPointed)}`;
      case types.record:
      case types.enum:
        return `${isConst}${this.#writeTag(clang.value('getTypeDeclaration', type), isPointed)}${behind}`;
      case types.typedef:
        return `${isConst}${this.#writeTypedef(clang.value('getTypeDeclaration', type), isPointed)}${behind}`;
      case types.attributed:
        return this.#write(clang.value('Type_getModifiedType', type), inner, isPointed);
      case types.unexposed: {
        if (clang.number('getNumArgTypes', type) >= 0) return this.#writeFunction(type, inner);
        const canonical = clang.value('getCanonicalType', type);
        if (canonical.kind !== types.unexposed) return this.#write(canonical, inner, isPointed);
      }
    }
    return `${clang.text('getTypeSpelling', type)}${behind}`;
  }

  #writeFunction(type: Value, name: string): string {
    const clang = this.#clang;
    const count = clang.number('getNumArgTypes', type);
    const args = Array.from({ length: Math.max(count, 0) }, (_, index) =>
      this.#write(clang.value('getArgType', type, index), ''),
    );
    const isOpen = clang.value('getCanonicalType', type).kind === types.noPrototype;
    if (clang.call('isFunctionTypeVariadic', type) === 1 && !isOpen) args.push('...');
    const list = args.length === 0 ? (isOpen ? '' : 'void') : args.join(', ');
    return this.#write(clang.value('getResultType', type), suffixed(name, `(${list})`));
  }

  /** A struct, union or enumeration: by its tag, by its typedef, or with its contents. */
  #writeTag(declaration: Value, isPointed: boolean): string {
    const keyword = keywords[Number(declaration.kind)]!;
    const tag = this.#tagOf(declaration);
    if (tag !== undefined) {
      if (!isPointed || keyword === 'enum') this.#tagged(declaration);
      return `${keyword} ${tag}`;
    }
    const typedef = this.#typedefs.get(this.#clang.text('getCursorUSR', declaration));
    if (typedef !== undefined) return typedef;
    const contents = keyword === 'enum' ? this.#values(declaration) : this.#fields(declaration);
    return `${keyword} ${contents}`;
  }

  /** A typedef, which is declared before where cdef does not know it. */
  #writeTypedef(declaration: Value, isPointed: boolean): string {
    const clang = this.#clang;
    const name = this.#nameOf(declaration);
    if (['va_list', '__gnuc_va_list', '__builtin_va_list'].includes(name)) return 'va_list';
    const known = named(name);
    const type = clang.value('getCursorType', declaration);
    const isKnown = known !== undefined && sizeof(known.type) === clang.number('Type_getSizeOf', type);
    if ((isKnown || name === 'FILE') && !this.#done.has(name)) return name;
    this.#typedef(declaration);
    const record = clang.value('getTypeDeclaration', clang.value('getCanonicalType', type));
    if (!isPointed && Number(record.kind) in keywords && this.#tagOf(record) !== undefined)
      this.#tagged(record);
    return name;
  }
}
