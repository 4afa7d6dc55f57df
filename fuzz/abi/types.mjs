// The model from which both the C source and arkffi's types derive, and the ways through it. A type is one of
//   { kind: 'scalar', key, c, size, read, min, max }         scalars.mjs
//   { kind: 'enum', tag, values, storage, packed, unsigned }  storage: the scalar type that holds it
//   { kind: 'pointer', flavour }                              'opaque', 'fn', or a type that is pointed to
//   { kind: 'array', element, length, flexible, counter }     counter: the field that counts a flexible tail
//   { kind: 'struct' | 'union', tag, fields, pack, active }   active: the member of a union that is given
// and a field is { name, type, width, counts }: `width` of a bit-field, `counts` the length of the tail that the
// field tells.

export const isAggregate = ({ kind }) => kind === 'struct' || kind === 'union';

/** The fields that are properties: all but bit-fields of zero width. */
export const properties = ({ fields }) => fields.filter(({ width }) => width !== 0);

/** The fields whose values C and JavaScript exchange: of a union, one. */
export const exchanged = (type) =>
  type.kind === 'union' ? [properties(type)[type.active]] : properties(type);

/** The structs, unions and enumerations in a type, each after those that it is made of. */
export function definitionsIn(type, found = new Set()) {
  if (type.kind === 'array') definitionsIn(type.element, found);
  if (type.kind === 'pointer' && typeof type.flavour === 'object') definitionsIn(type.flavour, found);
  if (isAggregate(type)) for (const field of type.fields) definitionsIn(field.type, found);
  if (isAggregate(type) || type.kind === 'enum') found.add(type);
  return found;
}

/** Bytes, roughly: bit-fields are taken for packed tight. Only chooses what is generated. */
export function estimate(type) {
  if (type.kind === 'scalar') return { size: type.size, align: type.size };
  if (type.kind === 'enum') return estimate(type.storage);
  if (type.kind === 'pointer') return { size: 8, align: 8 };
  if (type.kind === 'array') {
    const { size, align } = estimate(type.element);
    return { size: type.flexible ? 0 : size * type.length, align };
  }
  let [end, most] = [0, 1];
  for (const { type: inner, width } of type.fields) {
    const natural = estimate(inner);
    const align = Math.min(natural.align, type.pack ?? 16);
    most = Math.max(most, align);
    const start = width !== undefined || type.kind === 'union' ? end : Math.ceil(end / align) * align;
    const bytes = width === undefined ? natural.size : width / 8;
    end = type.kind === 'union' ? Math.max(end, bytes) : start + bytes;
  }
  return { size: Math.ceil(Math.ceil(end) / most) * most, align: most };
}

/** Arrays of scalars from this length on are one leaf, and a loop in C. */
const longRun = 5;

/**
 * The scalars in a type whose values are exchanged, in order: `steps` lead to one from the outside, `c` is how C
 * writes them, and `count` says how many elements a leaf stands for that is a whole array.
 */
export function leaves(type, steps = [], c = '', width = undefined) {
  if (type.kind === 'array') {
    const plain = type.element.kind !== 'array' && !isAggregate(type.element);
    if (plain && type.length >= longRun)
      return [{ type: type.element, array: type, steps, c, count: type.length }];
    return Array.from({ length: type.length }, (_, index) =>
      leaves(type.element, [...steps, index], `${c}[${index}]`),
    ).flat();
  }
  if (!isAggregate(type)) return [{ type, steps, c, width, count: undefined }];
  return exchanged(type).flatMap((field) =>
    leaves(field.type, [...steps, field.name], `${c}.${field.name}`, field.width),
  );
}

/** How many words the values of a type take on the way between C and the fuzzer. */
export const wordsIn = (type) => leaves(type).reduce((sum, { count = 1 }) => sum + count, 0);

/** How a scalar leaf travels between C and the fuzzer: as a double or as a 64-bit integer. */
export const isFloat = (type) => type.kind === 'scalar' && type.read === 'float';
export const isText = (type) => type.kind === 'scalar' && type.read === 'text';
export const isAddress = (type) =>
  type.kind === 'pointer' || isText(type) || (type.kind === 'scalar' && type.read === 'pointer');

/** The bounds of a bit-field, or of a field that is none. */
export function boundsOf(type, width) {
  const { min, max } = type.kind === 'enum' ? type.storage : type;
  if (width === undefined) return { min, max };
  const isUnsigned = type.kind === 'enum' ? type.unsigned : min === 0n;
  const bits = BigInt(width);
  const low = isUnsigned ? 0n : -(2n ** (bits - 1n));
  const high = isUnsigned ? 2n ** bits - 1n : 2n ** (bits - 1n) - 1n;
  return { min: low < min ? min : low, max: high > max ? max : high };
}
