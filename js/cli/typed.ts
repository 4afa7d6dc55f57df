/** Definitions as types of TypeScript, for texts of C that are too large for the compiler to read. */
import { defineSymbol } from '../define';
import type { Signature } from '../signature';
import { isAggregate, isRow, type Member, type TypeInfo } from '../types';

const isIdentifier = /^[A-Za-z_]\w*$/;

/** A property that may be read only. */
function property(name: string, type: string): string {
  return `readonly ${isIdentifier.test(name) ? name : JSON.stringify(name)}: ${type};`;
}

/** Writes types down. Structs and unions get names, as they may be used often. */
class Writer {
  readonly #names = new Map<number, string>();
  readonly #taken = new Set<string>();
  /** The declarations of those names. */
  readonly declared: string[] = [];
  /** The types of the package that are used. */
  readonly used = new Set<string>();

  #use(name: string, ...parameters: readonly string[]): string {
    this.used.add(name);
    return parameters.length === 0 ? name : `${name}<${parameters.join(', ')}>`;
  }

  #nameOf(type: TypeInfo): string {
    const known = this.#names.get(type.id);
    if (known !== undefined) return known;
    const wanted = `C_${type.c.replace(/^(struct|union) /, '').replaceAll(/\W+/g, '_')}`;
    let name = wanted;
    for (let count = 2; this.#taken.has(name); count++) name = `${wanted}_${count}`;
    this.#taken.add(name);
    this.#names.set(type.id, name);
    const fields = type.members!.map((member) => `  ${property(member.name, this.#field(member))}\n`);
    const schema = type.convert === 'union' ? 'UnionSchema' : 'StructSchema';
    this.declared.push(`type ${name} = ${this.#use(schema, `{\n${fields.join('')}}`)};`);
    return name;
  }

  #field({ type, bits }: Member): string {
    return bits === undefined ? this.typeOf(type) : this.#use('BitField', this.typeOf(type));
  }

  typeOf(type: TypeInfo): string {
    if (isRow(type)) return `'${type.name}'`;
    switch (type.convert) {
      case 'struct':
      case 'union':
        return this.#nameOf(type);
      case 'array':
        return this.#use('ArrayType', this.typeOf(type.elements!.type));
      case 'enum': {
        const names = Array.from(type.values!.keys(), (name) => JSON.stringify(name));
        const values = type.size > 4 ? 'number | bigint' : 'number';
        return this.#use('EnumerationType', names.length === 0 ? 'never' : names.join(' | '), values);
      }
      case 'code':
        return this.#use('FunctionPointerType', this.signatureOf(type.signature!));
      case 'opaque':
        return this.#use('OpaqueType', JSON.stringify(type.name));
      default:
        return this.#use('PointerType');
    }
  }

  /** The type of a definition with that signature, and more properties. */
  signatureOf({ args, variadic, result, holds }: Signature, ...more: readonly string[]): string {
    const types = [...args.map((type) => this.typeOf(type)), ...(variadic ? ["'...'"] : [])];
    const isObject = isAggregate(result) && !holds;
    const returns = isObject ? this.#use('ObjectType', this.typeOf(result)) : this.typeOf(result);
    const properties = [property('args', `readonly [${types.join(', ')}]`), property('returns', returns)];
    return `{ ${[...properties, ...more].join(' ')} }`;
  }
}

/**
 * The type `Definitions` of what `cdef` has made, with the names that it needs from the package. Those that are
 * `optional` may be null.
 */
export function typed(
  defs: Readonly<Record<string, unknown>>,
  optional: readonly string[],
): { readonly lines: readonly string[]; readonly used: readonly string[] } {
  const writer = new Writer();
  const lines = Object.keys(defs).map((name) => {
    const { what } = defineSymbol(name, defs[name]);
    const more = optional.includes(name) ? [property('optional', 'true')] : [];
    const type =
      what.kind === 'data'
        ? `{ ${[property('type', writer.typeOf(what.type)), ...more].join(' ')} }`
        : writer.signatureOf(what, ...more);
    return `  ${property(name, type)}`;
  });
  return {
    lines: [...writer.declared, 'type Definitions = {', ...lines, '};'],
    used: [...writer.used].sort(),
  };
}
