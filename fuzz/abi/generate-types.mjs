// Random types, with a bias to where calling conventions change their mind: up to 16 bytes, and just beyond.
import { integers, keysOf, names, scalars } from './scalars.mjs';
import { estimate, properties } from './types.mjs';

/** The kinds of scalars that the fields of a struct are drawn from. */
const palettes = {
  any: names,
  float: ['f32'],
  double: ['f64'],
  floats: ['f32', 'f64'],
  floatAndInt: ['f32', 'f32', 'i32', 'u32', 'f64', 'i64'],
  small: ['bool', 'i8', 'u8', 'i16', 'u16', 'f32'],
  wide: ['i64', 'u64', 'f64', 'ptr', 'size_t', 'bigint64', 'biguint64'],
};
const paletteWeights = { any: 35, float: 8, double: 6, floats: 10, floatAndInt: 16, small: 15, wide: 10 };

/** Names that plain objects have a meaning for, among ordinary ones. */
export const oddNames = [
  'constructor',
  'toString',
  'valueOf',
  'length',
  'name',
  'ptr',
  'then',
  'size',
  'prototype',
];

const mostFields = 14;

/** Makes the types of one signature. The names in C are unique by `prefix`. */
export class TypeGenerator {
  #rng;
  #prefix;
  #tags = 0;
  #aggregates = [];

  constructor(rng, prefix) {
    this.#rng = rng;
    this.#prefix = prefix;
  }

  #tag(letter) {
    return `${letter}${this.#prefix}_${this.#tags++}`;
  }

  scalar(palette = names) {
    return scalars.get(this.#rng.pick(keysOf(this.#rng.pick(palette))));
  }

  /** A scalar, an enumeration or a pointer. */
  simple(palette = names) {
    const kind = this.#rng.weighted({ scalar: 90, enum: 6, pointer: 4 });
    if (kind === 'enum') return this.enumeration();
    return kind === 'pointer' ? this.pointer() : this.scalar(palette);
  }

  /** A pointer that is only an address here. */
  pointer() {
    const flavour = this.#rng.weighted({ opaque: 2, fn: 2, scalar: 2 });
    return { kind: 'pointer', flavour: flavour === 'scalar' ? this.scalar(palettes.floatAndInt) : flavour };
  }

  /**
   * An enumeration as C has it (an int, or the first of unsigned, long and unsigned long that holds the
   * values), or a packed one, which is as narrow as its values allow.
   */
  enumeration() {
    const rng = this.#rng;
    const packed = rng.percent(30);
    const unsigned = rng.percent(50);
    const bits = rng.pick(packed ? [3, 7, 10, 15, 20] : [3, 8, 20, 31, 31, 32, 40]);
    const high = 2n ** BigInt(bits) - 1n;
    const values = new Map([['A', unsigned ? 0n : -high - 1n]]);
    for (let index = rng.below(4); index >= 0; index--) {
      values.set('BCDE'[index], BigInt.asUintN(bits, rng.u64()));
    }
    if (rng.percent(50)) values.set('Z', high);
    const numbers = [...values.values()];
    const choices = packed
      ? ['u8', 'i8', 'u16', 'i16', 'u32', 'i32'].filter((key) => (key[0] === 'u') === unsigned)
      : ['i32', 'u32', 'i64', 'u64'];
    const holds = (key) =>
      numbers.every((value) => value >= scalars.get(key).min && value <= scalars.get(key).max);
    const storage = scalars.get(choices.find(holds));
    return { kind: 'enum', tag: this.#tag('E'), values, storage, packed, unsigned };
  }

  array(element, length) {
    return { kind: 'array', element, length };
  }

  /** A size that a struct should not exceed. */
  targetSize() {
    const rng = this.#rng;
    const range = rng.weighted({ boundary: 40, small: 30, middle: 22, large: 8 });
    if (range === 'boundary') return rng.pick([1, 2, 4, 8, 9, 12, 16, 16, 17, 24]);
    if (range === 'small') return rng.between(1, 16);
    return range === 'middle' ? rng.between(17, 40) : rng.between(41, 200);
  }

  /** A struct or union, sometimes one that was made before. */
  aggregate(depth = 4) {
    const rng = this.#rng;
    if (this.#aggregates.length > 0 && rng.percent(25)) return rng.pick(this.#aggregates);
    const most = this.targetSize();
    const made = rng.percent(18) ? this.union(depth, most) : this.struct(depth, most);
    this.#aggregates.push(made);
    return made;
  }

  /** One to four floats or doubles, alone, in an array, or in structs of one. */
  uniform() {
    const rng = this.#rng;
    const scalar = this.scalar([rng.pick(['f32', 'f64'])]);
    const count = rng.between(1, 4);
    if (rng.percent(20)) return this.#finish('struct', [{ type: this.array(scalar, count) }]);
    const fields = Array.from({ length: count }, () => ({
      type: rng.percent(12) ? this.#finish('struct', [{ type: scalar }]) : scalar,
    }));
    return this.#finish('struct', fields);
  }

  struct(depth, most) {
    const rng = this.#rng;
    const kind = rng.weighted({ general: 54, uniform: 14, bits: 22, crooked: 10 });
    if (kind === 'uniform') return this.uniform();
    const palette = palettes[rng.weighted(paletteWeights)];
    if (kind === 'crooked') return this.#crooked(depth, Math.min(most, 16), palette);
    const pack = rng.percent(18) ? this.#pack() : undefined;
    const bitShare = kind === 'bits' ? 75 : rng.percent(15) ? 15 : 0;
    const fields = this.#fields('struct', { depth, most, palette, pack, bitShare });
    return this.#finish('struct', fields, pack);
  }

  /** Small, packed, with bit-fields and nested types: where compilers have rules of their own. */
  #crooked(depth, most, palette) {
    const pack = this.#pack();
    const fields = this.#fields('struct', { depth, most, palette, pack, bitShare: 25, nestedShare: 50 });
    return this.#finish('struct', fields, pack);
  }

  #pack() {
    return this.#rng.pick([1, 1, 2, 2, 4, 8, 16]);
  }

  union(depth, most) {
    const rng = this.#rng;
    const palette = palettes[rng.weighted(paletteWeights)];
    const pack = rng.percent(10) ? this.#pack() : undefined;
    const fields = this.#fields('union', { depth, most, palette, pack, bitShare: rng.percent(25) ? 50 : 0 });
    return this.#finish('union', fields, pack);
  }

  /** A struct that ends in an array of a length that its type does not tell. Only pointers to it are passed. */
  flexible() {
    const rng = this.#rng;
    const head = this.#fields('struct', { depth: 1, most: rng.between(1, 24), palette: names, bitShare: 10 });
    const length = rng.between(1, 9);
    const element = rng.percent(25) ? this.struct(1, 16) : this.scalar();
    const counted = rng.percent(60);
    if (counted) head.push({ type: this.scalar(integers.map(({ keys }) => keys[0])), counts: length });
    const tail = { ...this.array(element, length), flexible: true };
    const made = this.#finish('struct', [...head, { type: tail }]);
    if (counted) tail.counter = made.fields.at(-2).name;
    return made;
  }

  /** Fields until the struct is as large as it may be; at least one. */
  #fields(kind, { depth, most, palette, pack, bitShare, nestedShare = 14 }) {
    const rng = this.#rng;
    const fields = [];
    const size = (more) => estimate({ kind, fields: [...fields, ...more], pack }).size;
    // A union is never full.
    const count = kind === 'union' ? rng.between(1, 6) : mostFields;
    for (let attempt = 0; attempt < 24 && fields.length < count; attempt++) {
      const field = rng.percent(bitShare)
        ? this.#bitField()
        : { type: this.#member(depth, palette, most - size([]), nestedShare) };
      if (size([field]) <= most) fields.push(field);
      else if (fields.length > 0 && rng.percent(30)) break;
    }
    if (properties({ fields }).length === 0) fields.push({ type: this.scalar(['u8']) });
    return fields;
  }

  #member(depth, palette, room, nestedShare) {
    const rng = this.#rng;
    const nested = depth > 1 && room > 1 ? nestedShare : 0;
    const kind = rng.weighted({ simple: 70, array: room > 1 ? 12 : 1, struct: nested, union: nested >> 1 });
    if (kind === 'simple') return this.simple(palette);
    const most = Math.max(1, rng.between(1, Math.max(1, room)));
    if (kind === 'struct') return this.struct(depth - 1, most);
    if (kind === 'union') return this.union(depth - 1, most);
    const element =
      rng.percent(20) && nested ? this.struct(depth - 1, Math.min(most, 24)) : this.simple(palette);
    const length = rng.between(1, Math.max(1, Math.floor(most / estimate(element).size)));
    if (length > 3 && rng.percent(15)) return this.array(this.array(element, length >> 1), 2);
    return this.array(element, length);
  }

  #bitField() {
    const rng = this.#rng;
    if (rng.percent(6)) return { type: this.scalar(['i8', 'u16', 'i32', 'u32', 'u64', 'i64']), width: 0 };
    const kind = rng.weighted({ integer: 75, bool: 12, enum: 13 });
    if (kind === 'bool') return { type: this.scalar(['bool']), width: 1 };
    const type = kind === 'enum' ? this.enumeration() : this.scalar(integers.map(({ keys }) => keys[0]));
    const all = estimate(type).size * 8;
    const fast = type.read === 'fast' ? 53 : all;
    return {
      type,
      width: rng.percent(12) ? fast : rng.between(1, rng.percent(60) ? Math.min(fast, 9) : fast),
    };
  }

  #finish(kind, fields, pack) {
    const rng = this.#rng;
    const taken = new Set();
    const named = fields.map((field, index) => {
      const odd = rng.percent(3) ? rng.pick(oddNames) : `f${index}`;
      const name = taken.has(odd) ? `f${index}` : odd;
      taken.add(name);
      return { ...field, name };
    });
    const letter = kind === 'union' ? 'U' : 'S';
    const made = { kind, tag: this.#tag(letter), fields: named, pack };
    if (kind === 'union') made.active = rng.below(properties(made).length);
    return made;
  }
}
