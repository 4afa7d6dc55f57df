/** From types of C to arkffi's types. */
import { array, bits, enumeration, fn, opaque, pointer } from '../composite/types';
import { Struct, StructSchema, Union } from '../schema/schema';
import type { ErrorCode } from '../errors';
import { alignof, resolveType, sizeof, type TypeInfo } from '../types';
import { bool, int, type IntegerType } from './integers';
import type { Measures } from './operands';
import type {
  CType,
  EnumDeclaration,
  Field,
  FunctionOf,
  StructDeclaration,
  SymbolDeclaration,
} from './syntax';
import { failAt, type Place } from './tokens';

/** Types that are made of others may be nested so deep. */
const maxDepth = 300;

/** A struct that is needed by value while it is being made. */
class Cyclic extends Error {
  constructor(readonly reason: Error) {
    super(reason.message);
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** What the types of one text are made by. */
export class Maker implements Measures {
  /** By the parameters, which all uses of a typedef share. */
  readonly #functions = new Map<FunctionOf['parameters'], unknown>();
  #depth = 0;
  /** How many functions are being made for fields that point to them. */
  #inField = 0;

  constructor(readonly owner: string) {}

  #fail(at: Place, message: string, code?: ErrorCode): Error {
    return failAt(this.owner, at, message, code);
  }

  /** Runs what makes a type; its error is told the place. */
  #at<T>(at: Place, make: () => T): T {
    try {
      return make();
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      if (typeof code !== 'string' || message.startsWith(`${this.owner}: line `)) throw error;
      throw failAt(this.owner, at, message, code as ErrorCode);
    }
  }

  /** Runs what makes a type of other types. */
  #deeper<T>(at: Place, make: () => T): T {
    if (this.#depth === maxDepth) throw this.#fail(at, `types nested deeper than ${maxDepth} levels`);
    this.#depth++;
    try {
      return make();
    } finally {
      this.#depth--;
    }
  }

  /** The type of a value: of a variable, a field, an element. */
  value(type: CType): unknown {
    switch (type.kind) {
      case 'named':
        if (type.type === 'void') throw this.#fail(type.at, 'void has no values');
        return type.type;
      case 'unsupported':
        throw this.#fail(type.at, `${type.what} is not supported`, 'ERR_FFI_UNSUPPORTED');
      case 'pointer':
        return this.#pointer(type.to, type.at);
      case 'array':
        return this.#deeper(type.at, () => {
          const element = this.value(type.of);
          return this.#at(type.at, () => array(element, type.length));
        });
      case 'function':
        throw this.#fail(type.at, 'a function is no value; write a pointer to it');
      case 'declared':
        return type.declaration.keyword === 'enum'
          ? this.enumeration(type.declaration, type.at)
          : this.struct(type.declaration, type.at);
    }
  }

  #pointer(to: CType, at: Place): unknown {
    switch (to.kind) {
      case 'named':
        if (to.text !== undefined && to.isConst) return to.text;
        return to.type === 'void' ? 'ptr' : this.#at(at, () => pointer(to.type));
      case 'function':
        return this.#function(to, at);
      case 'declared': {
        const { declaration } = to;
        if (declaration.keyword === 'enum')
          return declaration.values === undefined
            ? pointer('ptr')
            : pointer(this.enumeration(declaration, to.at));
        if (declaration.fields !== undefined) return pointer(() => declaration.made);
        declaration.opaque ??= opaque(declaration.tag);
        return declaration.opaque;
      }
      case 'array':
      case 'pointer':
      case 'unsupported':
        return pointer('ptr');
    }
  }

  /** A pointer to a function: made once, however often a typedef of it is used. */
  #function(to: FunctionOf, at: Place): unknown {
    const known = this.#functions.get(to.parameters);
    if (known !== undefined) return known;
    const made = this.#deeper(at, () => {
      const signature = this.#signature(to, true);
      return this.#at(at, () => fn(signature));
    });
    this.#functions.set(to.parameters, made);
    return made;
  }

  /**
   * The type of a field. A pointer to a function whose signature cannot be had, as it takes the struct itself by value
   * or a type that arkffi lacks, takes any function pointer.
   */
  #field(type: CType): unknown {
    if (type.kind === 'array') {
      return this.#deeper(type.at, () => {
        const element = this.#field(type.of);
        return this.#at(type.at, () => array(element, type.length));
      });
    }
    if (type.kind !== 'pointer' || type.to.kind !== 'function') return this.value(type);
    this.#inField++;
    try {
      return this.#pointer(type.to, type.at);
    } catch (error) {
      if (error instanceof Cyclic || codeOf(error) === 'ERR_FFI_UNSUPPORTED') return 'callback';
      throw error;
    } finally {
      this.#inField--;
    }
  }

  /** A parameter: what is declared as an array or a function is a pointer to its elements or to it. */
  #parameter(type: CType, inPointer: boolean): unknown {
    if (type.kind === 'function') return this.#pointer(type, type.at);
    if (type.kind === 'unsupported' && type.isList === true) return 'ptr';
    if (type.kind !== 'array') return this.value(type);
    const isText = type.of.kind === 'named' && type.of.text !== undefined && type.of.isConst;
    // A callback gets the address, as the function behind it does in C.
    if (isText || inPointer || isOpen(type.of)) return this.#pointer(type.of, type.at);
    return this.value(type);
  }

  #result(type: CType): unknown {
    if (type.kind === 'named' && type.type === 'void') return 'void';
    const made = this.value(type);
    return made instanceof StructSchema ? made.object : made;
  }

  #signature({ parameters, variadic, returns }: FunctionOf, inPointer: boolean) {
    const args = parameters.map(({ type }) => this.#parameter(type, inPointer));
    return { args: variadic ? [...args, '...'] : args, returns: this.#result(returns) };
  }

  enumeration(declaration: EnumDeclaration, at: Place): object {
    const { values, storage } = declaration;
    if (values === undefined) throw this.#fail(at, `'enum ${declaration.tag}' has not been declared`);
    return (declaration.made ??= this.#at(declaration.at, () =>
      enumeration(values, storage === undefined ? undefined : this.value(storage)),
    ));
  }

  struct(declaration: StructDeclaration, at: Place): object {
    const { keyword, tag, fields, made, refused } = declaration;
    if (refused !== undefined)
      throw this.#fail(declaration.at, `${refused} is not supported`, 'ERR_FFI_UNSUPPORTED');
    if (fields === undefined || made === 'making') {
      const what =
        made === 'making' ? 'contains itself; write a pointer' : 'has no fields yet; write a pointer to it';
      const error = this.#fail(at, `'${keyword} ${tag}' ${what}`);
      throw this.#inField > 0 ? new Cyclic(error) : error;
    }
    if (made !== undefined) return made;
    declaration.made = 'making';
    try {
      const schema = this.#deeper(at, () => this.#makeStruct(declaration, fields));
      return (declaration.made = schema);
    } finally {
      if (declaration.made === 'making') delete declaration.made;
    }
  }

  #makeStruct(declaration: StructDeclaration, fields: readonly Field[]): object {
    const { keyword, pack } = declaration;
    const made: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    const names = this.#namesOf(fields);
    declaration.names = names;
    fields.forEach((field, index) => {
      const name = names[index]!;
      if (name in made) throw this.#fail(field.at, `a second field '${name}'`);
      const type = this.#field(field.type);
      made[name] = field.width === undefined ? type : this.#at(field.at, () => bits(type, field.width));
    });
    this.#checkUnnamed(fields);
    const options = pack === undefined ? undefined : { pack };
    return this.#at(declaration.at, () =>
      keyword === 'struct' ? Struct(made, options) : Union(made, options),
    );
  }

  /** The names of fields; of those without one 'anonymous0' and so on. */
  #namesOf(fields: readonly Field[]): string[] {
    const given = new Set(fields.map(({ name }) => name));
    let unnamed = 0;
    return fields.map(({ name }) => {
      if (name !== undefined) return name;
      while (given.has(`anonymous${unnamed}`)) unnamed++;
      return `anonymous${unnamed++}`;
    });
  }

  /** In C an unnamed bit-field aligns nothing. It has a name here, so it must not be aligned more than the others. */
  #checkUnnamed(fields: readonly Field[]): void {
    const alignOf = (field: Field) => alignof(this.#field(field.type));
    const isUnnamed = ({ name, width }: Field) => name === undefined && width !== undefined && width > 0;
    const wider = fields.filter(isUnnamed);
    if (wider.length === 0) return;
    const most = Math.max(0, ...fields.filter((field) => !isUnnamed(field)).map(alignOf));
    const found = wider.find((field) => alignOf(field) > most);
    if (found === undefined) return;
    const message = 'an unnamed bit-field of a type that is aligned more than all named fields';
    throw this.#fail(found.at, `${message} is not supported`, 'ERR_FFI_UNSUPPORTED');
  }

  /** The definition of a symbol, for `dlopen`. */
  symbol({ type, symbol }: SymbolDeclaration): Record<string, unknown> {
    const renamed = symbol === undefined ? {} : { symbol };
    if (type.kind !== 'function') {
      // Of an array whose length is not told the first element is known, and the address.
      const isOpenArray = type.kind === 'array' && type.length === undefined;
      return { type: this.value(isOpenArray ? type.of : type), ...renamed };
    }
    const abi = type.abi === undefined ? {} : { abi: type.abi };
    return { ...this.#signature(type, false), ...abi, ...renamed };
  }

  sizeOf(type: CType): number {
    if (type.kind === 'named' && type.type === 'void') return 1;
    const made = this.value(type);
    return this.#at(type.at, () => sizeof(made));
  }

  alignOf(type: CType): number {
    const made = this.value(type);
    return this.#at(type.at, () => alignof(made));
  }

  offsetOf(type: CType, path: readonly (string | number)[]): number {
    const [step, ...rest] = path;
    if (step === undefined) return 0;
    if (typeof step === 'number')
      return type.kind === 'array' ? step * this.sizeOf(type.of) + this.offsetOf(type.of, rest) : 0;
    const { declaration } = type as Extract<CType, { kind: 'declared' }>;
    const { fields = [] } = declaration as StructDeclaration;
    const schema = this.value(type) as StructSchema;
    const direct = fields.findIndex(({ name }) => name === step);
    const index =
      direct === -1 ? fields.findIndex((field) => field.name === undefined && has(field.type, step)) : direct;
    const offset = schema.offsetOf((declaration as StructDeclaration).names![index]!);
    const { type: inner } = fields[index]!;
    return offset + this.offsetOf(inner, direct === -1 ? path : rest);
  }

  integerTypeOf(type: CType): IntegerType | undefined {
    if (type.kind === 'declared' && type.declaration.keyword === 'enum')
      return type.declaration.integer ?? int;
    if (type.kind !== 'named') return undefined;
    const info: TypeInfo = resolveType(type.type, this.owner);
    if (info.convert === 'bool') return bool;
    if (!['int', 'wide', 'fast', 'bigint', 'enum'].includes(info.convert)) return undefined;
    return { size: info.size, isUnsigned: info.min === 0n };
  }
}

/** Whether the elements of an array are arrays whose length is not known. */
function isOpen(type: CType): boolean {
  return type.kind === 'array' && (type.length === undefined || isOpen(type.of));
}

/** Whether a struct has a member of that name, also in members without one. */
function has(type: CType, name: string): boolean {
  if (type.kind !== 'declared' || type.declaration.keyword === 'enum') return false;
  const { fields = [] } = type.declaration;
  return fields.some((field) => (field.name === undefined ? has(field.type, name) : field.name === name));
}
