// Values of a type: at the bounds and random; what JavaScript gives for them, what it should get back, and the words
// in which C and the fuzzer exchange them.
//
// A value in the model: a bigint for integers, enumerations and addresses; a number for floats; true or false; a string
// for text that is given as such; an array; an object of the fields, of a union only of the one that is exchanged.
import {
  boundsOf,
  exchanged,
  isAddress,
  isAggregate,
  isFloat,
  isText,
  leaves,
  properties,
} from './types.mjs';

const floatBounds = [
  ...[0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN],
  ...[
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    Math.PI,
    2 ** 24 + 1,
    1e-40,
    -3.4028234663852886e38,
  ],
];
const addressBounds = [0n, 1n, 2n ** 47n - 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const strings = [null, '', 'a', 'é€💥', 'seven..', 'eight...', 'x'.repeat(63), 'y'.repeat(200)];
const safe = BigInt(Number.MAX_SAFE_INTEGER);

const scratch = new DataView(new ArrayBuffer(8));

function float(rng, size) {
  if (rng.percent(30)) return size === 4 ? Math.fround(rng.pick(floatBounds)) : rng.pick(floatBounds);
  if (rng.percent(40)) return rng.between(-1000, 1000) / 8;
  scratch.setBigUint64(0, rng.u64());
  const value = size === 4 ? scratch.getFloat32(0) : scratch.getFloat64(0);
  // Engines may or may not keep the payload of a NaN.
  return Number.isNaN(value) ? NaN : value;
}

function integer(rng, { min, max }) {
  const range = max - min;
  const kind = rng.weighted({ low: 10, high: 10, zero: 8, minusOne: 8, one: 6, any: 58 });
  if (kind === 'low') return min;
  if (kind === 'high') return max;
  const small = { zero: 0n, minusOne: -1n, one: 1n }[kind] ?? min + (rng.u64() % (range + 1n));
  return small < min || small > max ? max : small;
}

function simple(rng, type, width, { code, texts }) {
  if (isFloat(type)) return float(rng, type.size);
  if (type.kind === 'pointer' && type.flavour === 'fn') return rng.percent(20) ? 0n : code;
  if (texts && isText(type)) return rng.pick(strings) ?? 0n;
  if (isAddress(type)) return rng.percent(40) ? rng.pick(addressBounds) : rng.u64() >> BigInt(rng.below(48));
  if (type.kind === 'scalar' && type.read === 'bool') return rng.percent(50);
  const { min, max } = boundsOf(type, width);
  if (type.kind !== 'enum') return integer(rng, { min, max });
  const named = [...type.values.values()].filter((value) => value >= min && value <= max);
  if (named.length > 0 && rng.percent(60)) return rng.pick(named);
  return integer(rng, { min: min < -safe ? -safe : min, max: max > safe ? safe : max });
}

/** A random value. `code` is the address of a C function; with `texts`, strings are given and not addresses of them. */
export function randomValue(rng, type, given, { width, counts } = {}) {
  if (counts !== undefined) return BigInt(counts);
  if (type.kind === 'array') {
    const filled = rng.percent(15) ? rng.below(type.length + 1) : type.length;
    return Array.from({ length: type.length }, (_, index) =>
      index < filled || type.flexible ? randomValue(rng, type.element, given) : zero(type.element),
    );
  }
  if (!isAggregate(type)) return simple(rng, type, width, given);
  return Object.fromEntries(
    exchanged(type).map((field) => [
      field.name,
      field.counts === undefined && rng.percent(8)
        ? zero(field.type)
        : randomValue(rng, field.type, given, field),
    ]),
  );
}

/** A string or null. */
export const randomText = (rng) => rng.pick(strings);

function zero(type) {
  if (type.kind === 'array') return Array.from({ length: type.length }, () => zero(type.element));
  if (isAggregate(type))
    return Object.fromEntries(exchanged(type).map((field) => [field.name, zero(field.type)]));
  if (isFloat(type)) return 0;
  return type.kind === 'scalar' && type.read === 'bool' ? false : 0n;
}

function isZero(value) {
  if (Array.isArray(value)) return value.every(isZero);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isZero);
  return Object.is(value, 0) || value === 0n || value === false;
}

const isSafe = (value) => value >= -safe && value <= safe;

function scalarInput(rng, type, value) {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return rng.percent(70) ? value : Number(value);
  if (isAddress(type)) {
    if (value === 0n) return rng.pick([0, 0n, null]);
    if (value === 2n ** 64n - 1n) return rng.pick([-1, -1n, value]);
    return isSafe(value) && rng.percent(80) ? Number(value) : value;
  }
  if (type.kind === 'enum') {
    const name = [...type.values].find(([, number]) => number === value)?.[0];
    if (name !== undefined && rng.percent(60)) return name;
    return isSafe(value) ? Number(value) : value;
  }
  if (type.read === 'int' || (isSafe(value) && rng.percent(80))) return Number(value);
  return value;
}

const typedArrays = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  bigint64: BigInt64Array,
  biguint64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** A union takes exactly one member, whatever its value; a flexible array is as long as what is given. */
const mayBeMissing = ({ kind }, { counts, type }) =>
  kind === 'struct' && counts === undefined && !type.flexible;

/** A plain value as a user would write it: fields that are zero may be missing, arrays may be short or typed. */
export function inputOf(rng, type, value) {
  if (type.kind === 'array') {
    let used = value;
    if (!type.flexible && rng.percent(40))
      used = value.slice(0, value.findLastIndex((item) => !isZero(item)) + 1);
    const Typed = type.element.kind === 'scalar' ? typedArrays[type.element.name] : undefined;
    const input = used.map((item) => inputOf(rng, type.element, item));
    if (Typed === undefined || rng.percent(60)) return input;
    return Typed.from(used, Typed.name.startsWith('Big') ? undefined : Number);
  }
  if (!isAggregate(type)) return scalarInput(rng, type, value);
  const input = {};
  for (const field of exchanged(type)) {
    const item = value[field.name];
    if (mayBeMissing(type, field) && isZero(item) && rng.percent(25)) continue;
    input[field.name] = inputOf(rng, field.type, item);
  }
  return input;
}

/** What decoding should give for a scalar. */
export function decodedScalar(type, value) {
  if (typeof value !== 'bigint') return value;
  if (type.kind === 'scalar' && type.read === 'bigint') return value;
  return isSafe(value) ? Number(value) : value;
}

/** The value at the end of a leaf's steps, in a value of the model or in what was decoded. */
export const valueAt = (value, steps) => steps.reduce((inner, step) => inner[step], value);

/** What `hash` in C gives for a string (FNV-1a). */
function hashOf(text) {
  let sum = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  return sum;
}

/** What C stores in a word for a scalar value, as a bigint or, for floats, a number. */
export function wordOf(value) {
  if (typeof value === 'string') return hashOf(value);
  if (typeof value === 'boolean') return BigInt(value);
  return typeof value === 'bigint' ? BigInt.asUintN(64, value) : value;
}

/** The words of a value, in the order of the leaves of its type. */
export function wordsOf(type, value) {
  return leaves(type).flatMap(({ steps, count }) => {
    const item = valueAt(value, steps);
    return count === undefined ? [wordOf(item)] : item.map(wordOf);
  });
}

/** How a path is written: `pos.x[2]`. */
export const pathOf = (steps) =>
  steps
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index > 0 ? `.${step}` : step))
    .join('');

/** The first difference between a value and what was decoded: { path, wanted, got }; undefined for none. */
export function difference(type, value, got, steps = []) {
  const differs = (wanted, found) => ({ path: pathOf(steps), wanted, got: found });
  if (type.kind === 'array') {
    if (!Array.isArray(got)) return differs('an Array', got);
    // A tail that nothing counts is as long as the bytes behind it, which may be the struct's last padding.
    const padding = type.flexible && type.counter === undefined;
    if (padding ? got.length < value.length : got.length !== value.length) {
      return differs(`${value.length} elements`, got);
    }
    for (let index = 0; index < value.length; index++) {
      const found = difference(type.element, value[index], got[index], [...steps, index]);
      if (found) return found;
    }
    return undefined;
  }
  if (!isAggregate(type)) {
    const wanted = decodedScalar(type, value);
    return Object.is(wanted, got) ? undefined : differs(wanted, got);
  }
  const names = properties(type).map(({ name }) => name);
  if (typeof got !== 'object' || got === null) return differs('an object', got);
  if (Object.keys(got).join() !== names.join()) return differs(`the fields ${names}`, Object.keys(got));
  for (const field of exchanged(type)) {
    const found = difference(field.type, value[field.name], got[field.name], [...steps, field.name]);
    if (found) return found;
  }
  return undefined;
}
