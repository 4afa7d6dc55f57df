// The JavaScript side of signatures: arkffi's types, and the same as text to read.
import { inspect } from 'node:util';

/** Makes arkffi's types of the types of the model, each once. `make` says how the parts are made. */
class Builder {
  #made = new Map();
  #make;

  constructor(make) {
    this.#make = make;
  }

  type(type) {
    if (!this.#made.has(type)) this.#made.set(type, this.#new(type));
    return this.#made.get(type);
  }

  #new(type) {
    const make = this.#make;
    if (type.kind === 'scalar') return make.scalar(type.key);
    if (type.kind === 'enum')
      return make.enumeration(type.tag, type.values, type.packed ? type.storage.key : undefined);
    if (type.kind === 'array') {
      return make.array(this.type(type.element), type.flexible ? type.counter : type.length);
    }
    if (type.kind === 'pointer') {
      return typeof type.flavour === 'string' ? make[type.flavour]() : make.pointer(this.type(type.flavour));
    }
    const fields = type.fields.map(({ name, type: inner, width }) => {
      const made = this.type(inner);
      return [name, width === undefined ? made : make.bits(made, width)];
    });
    return make.aggregate(type.kind, type.tag, fields, type.pack);
  }

  /** A definition as `dlopen` takes it: lists and objects of what `make` made. */
  definition({ args, fixed, result: { form, type }, leaf }) {
    const parameters = args.slice(0, fixed).map(({ type: inner }) => this.type(inner));
    if (fixed !== undefined) parameters.push(this.#make.scalar('...'));
    const result = form === 'void' ? this.#make.scalar('void') : this.type(type);
    return { args: parameters, returns: form === 'object' ? this.#make.objectOf(result) : result, leaf };
  }

  /** The same for a callback, which is neither variadic nor leaf. */
  callback({ args, result }) {
    const { args: parameters, returns } = this.definition({ args, result });
    return { args: parameters, returns };
  }
}

/** Real types. */
export function builderFor({ Struct, Union, array, bits, enumeration, fn, opaque, pointer }) {
  return new Builder({
    scalar: (key) => key,
    enumeration: (tag, values, storage) =>
      // Numbers where they can be, as users write them.
      enumeration(Object.fromEntries([...values].map(([name, value]) => [name, Number(value)])), storage),
    array,
    bits,
    opaque: () => opaque('abi_opaque'),
    fn: () => fn({ args: [], returns: 'void' }),
    pointer,
    aggregate: (kind, _, fields, pack) => {
      const named = Object.fromEntries(fields);
      const make = kind === 'union' ? Union : Struct;
      return pack === undefined ? make(named) : make(named, { pack });
    },
    objectOf: (schema) => schema.object,
  });
}

/** The definition of a signature as JavaScript, with the types it needs before it. */
export function definitionSource(signature) {
  const lines = [];
  const list = (fields) => fields.map(([name, type]) => `${name}: ${type}`).join(', ');
  const builder = new Builder({
    scalar: (key) => inspect(key),
    enumeration: (tag, values, storage) => {
      const more = storage === undefined ? '' : `, ${inspect(storage)}`;
      lines.push(`const ${tag} = enumeration({ ${list([...values])} }${more});`);
      return tag;
    },
    array: (element, length) => `array(${element}${length === undefined ? '' : `, ${inspect(length)}`})`,
    bits: (type, width) => `bits(${type}, ${width})`,
    opaque: () => "opaque('abi_opaque')",
    fn: () => "fn({ args: [], returns: 'void' })",
    pointer: (target) => `pointer(${target})`,
    aggregate: (kind, tag, fields, pack) => {
      const more = pack === undefined ? '' : `, { pack: ${pack} }`;
      lines.push(`const ${tag} = ${kind === 'union' ? 'Union' : 'Struct'}({ ${list(fields)} }${more});`);
      return tag;
    },
    objectOf: (schema) => `${schema}.object`,
  });
  const { args, returns, leaf } = builder.definition(signature);
  const more = leaf ? ', leaf: true' : '';
  return [...lines, `f${signature.index}: { args: [${args.join(', ')}], returns: ${returns}${more} }`].join(
    '\n',
  );
}
