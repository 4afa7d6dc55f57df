// Do the C compiler and arkffi agree on where fields are?
import { bitFields } from '../emit-c.mjs';
import { boundsOf, isAggregate, properties } from '../types.mjs';

/**
 * What C says of every struct and union of the signatures: { size, align, offsets, ones }, the last two by the
 * fields' names. `sourceOf` wrote the tables, in the same order.
 */
export function readLayouts({ read, readMemory }, { abi_layouts: numbers, abi_ones: ones }, signatures) {
  let [at, next] = [numbers.ptr, ones.ptr];
  const number = () => read.u32((at += 4) - 4);
  const bytes = (count) => new Uint8Array(readMemory(read.ptr((next += 8) - 8), count));
  const layouts = new Map();
  for (const type of signatures.flatMap(({ definitions }) => definitions.filter(isAggregate))) {
    const [size, align] = [number(), number()];
    const plain = properties(type).filter(({ width }) => width === undefined);
    const offsets = new Map(plain.map(({ name }) => [name, number()]));
    layouts.set(type, {
      size,
      align,
      offsets,
      ones: new Map(bitFields(type).map(({ name }) => [name, bytes(size)])),
    });
  }
  return layouts;
}

/** The value of a bit-field whose bits are all ones. */
function allOnes({ type, width }) {
  if (type.kind === 'scalar' && type.read === 'bool') return true;
  const { min, max } = boundsOf(type, width);
  const ones = min < 0n ? -1n : type.kind === 'enum' ? 2n ** BigInt(width) - 1n : max;
  return ones <= Number.MAX_SAFE_INTEGER ? Number(ones) : ones;
}

function* compare(api, type, schema, layout) {
  const differs = (what, wanted, got) => ({ what: `layout: ${what}`, wanted, got });
  const where = type.tag;
  if (schema.size !== layout.size) yield differs(`sizeof(${where})`, layout.size, schema.size);
  if (schema.align !== layout.align) yield differs(`_Alignof(${where})`, layout.align, schema.align);
  // A struct that ends in an array of any length has no size as a type.
  if (!type.fields.at(-1).type.flexible && api.sizeof(schema) !== layout.size) {
    yield differs(`api.sizeof(${where})`, layout.size, api.sizeof(schema));
  }
  if (api.alignof(schema) !== layout.align)
    yield differs(`api.alignof(${where})`, layout.align, api.alignof(schema));
  const names = properties(type).map(({ name }) => name);
  if (schema.fieldNames.join() !== names.join()) yield differs(`names of ${where}`, names, schema.fieldNames);
  for (const [name, offset] of layout.offsets) {
    const got = [schema.offsetOf(name), schema.fieldOffsets[names.indexOf(name)], api.offsetof(schema, name)];
    if (got.some((one) => one !== offset)) yield differs(`offsetof(${where}, ${name})`, offset, got);
  }
  for (const field of bitFields(type)) {
    const value = allOnes(field);
    const got = new Uint8Array(schema.create({ [field.name]: value }));
    const wanted = layout.ones.get(field.name);
    if (Buffer.compare(got.subarray(0, wanted.length), wanted) !== 0) {
      yield differs(`bytes of ${where} { ${field.name} = ${value} }`, hex(wanted), hex(got));
    }
  }
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** Checks every struct and union of a signature: yields { what, wanted, got }. */
export function* checkLayouts(api, signature, builder, layouts) {
  for (const type of signature.definitions.filter(isAggregate)) {
    yield* compare(api, type, builder.type(type), layouts.get(type));
  }
}
