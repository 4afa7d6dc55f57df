/** From types of C to arkffi's types. */
import { array, bits, enumeration, fn, opaque, pointer } from '../composite/types';
import { Struct, StructSchema, Union } from '../schema/schema';
import type { ErrorCode } from '../errors';
import { alignof, sizeof } from '../types';
import type {
  CType,
  EnumDeclaration,
  Field,
  FunctionOf,
  StructDeclaration,
  SymbolDeclaration,
} from './syntax';
import { failAt, type Place } from './tokens';

/** What the types of one text are made by. */
export class Maker {
  readonly #functions = new Map<FunctionOf, unknown>();

  constructor(readonly owner: string) {}

  #fail(at: Place, message: string): Error {
    return failAt(this.owner, at, message);
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

  /** The type of a value: of a variable, a field, an element. */
  value(type: CType): unknown {
    switch (type.kind) {
      case 'named':
        if (type.type === 'void') throw this.#fail(type.at, 'void has no values');
        return type.type;
      case 'pointer':
        return this.#pointer(type.to, type.at);
      case 'array':
        return this.#at(type.at, () => array(this.value(type.of), type.length));
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
        if (declaration.keyword === 'enum') return pointer(this.enumeration(declaration, to.at));
        if (declaration.fields !== undefined) return pointer(() => declaration.made);
        declaration.opaque ??= opaque(declaration.tag);
        return declaration.opaque;
      }
      case 'array':
      case 'pointer':
        return pointer('ptr');
    }
  }

  /** A pointer to a function: made once, however often a typedef of it is used. */
  #function(to: FunctionOf, at: Place): unknown {
    const known = this.#functions.get(to);
    if (known !== undefined) return known;
    const made = this.#at(at, () => fn(this.#signature(to, true)));
    this.#functions.set(to, made);
    return made;
  }

  /** A parameter: what is declared as an array or a function is a pointer to its elements or to it. */
  #parameter(type: CType, inPointer: boolean): unknown {
    if (type.kind === 'function') return this.#pointer(type, type.at);
    if (type.kind !== 'array') return this.value(type);
    const isText = type.of.kind === 'named' && type.of.text !== undefined && type.of.isConst;
    // A callback gets the address, as the function behind it does in C.
    return isText || inPointer ? this.#pointer(type.of, type.at) : this.value(type);
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
    const { values } = declaration;
    if (values === undefined) throw this.#fail(at, `'enum ${declaration.tag}' has not been declared`);
    return (declaration.made ??= this.#at(declaration.at, () => enumeration(values)));
  }

  struct(declaration: StructDeclaration, at: Place): object {
    const { keyword, tag, fields, made } = declaration;
    if (fields === undefined || made === 'making') {
      const what =
        made === 'making' ? 'contains itself; write a pointer' : 'has no fields yet; write a pointer to it';
      throw this.#fail(at, `'${keyword} ${tag}' ${what}`);
    }
    if (made !== undefined) return made;
    declaration.made = 'making';
    try {
      return (declaration.made = this.#at(declaration.at, () => this.#makeStruct(declaration, fields)));
    } finally {
      if (declaration.made === 'making') delete declaration.made;
    }
  }

  #makeStruct({ keyword, pack }: StructDeclaration, fields: readonly Field[]): object {
    const made: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    let unnamed = 0;
    for (const field of fields) {
      const name = field.name ?? `anonymous${unnamed++}`;
      if (name in made) throw this.#fail(field.at, `a second field '${name}'`);
      const type = this.value(field.type);
      made[name] = field.width === undefined ? type : this.#at(field.at, () => bits(type, field.width));
    }
    this.#checkUnnamed(fields);
    const options = pack === undefined ? undefined : { pack };
    return keyword === 'struct' ? Struct(made, options) : Union(made, options);
  }

  /** In C an unnamed bit-field aligns nothing. It has a name here, so it must not be aligned more than the others. */
  #checkUnnamed(fields: readonly Field[]): void {
    const alignOf = (field: Field) => alignof(this.value(field.type));
    const isUnnamed = ({ name, width }: Field) => name === undefined && width !== undefined && width > 0;
    const most = Math.max(0, ...fields.filter((field) => !isUnnamed(field)).map(alignOf));
    const wider = fields.find((field) => isUnnamed(field) && alignOf(field) > most);
    if (wider === undefined) return;
    const message = 'an unnamed bit-field of a type that is aligned more than all named fields';
    throw failAt(this.owner, wider.at, `${message} is not supported`, 'ERR_FFI_UNSUPPORTED');
  }

  /** The definition of a symbol, for `dlopen`. */
  symbol({ name, type, symbol, at }: SymbolDeclaration): Record<string, unknown> {
    const renamed = symbol === undefined ? {} : { symbol };
    if (type.kind !== 'function') {
      if (type.kind === 'array' && type.length === undefined)
        throw this.#fail(at, `'${name}' is an array without a length`);
      return { type: this.value(type), ...renamed };
    }
    const abi = type.abi === undefined ? {} : { abi: type.abi };
    return { ...this.#signature(type, false), ...abi, ...renamed };
  }

  sizeOf(type: CType): number {
    const made = this.value(type);
    return this.#at(type.at, () => sizeof(made));
  }
}
