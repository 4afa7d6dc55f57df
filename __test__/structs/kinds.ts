/** The structs of `structs_kinds.c`, one for each way in which they travel. */
import { array, bits, isPassed, Struct, Union, type Schema } from './loose';

export interface Kind {
  readonly name: string;
  readonly schema: Schema;
  readonly value: object;
  /** Another value of it. */
  readonly other: object;
}

function kind(name: string, schema: Schema, value: object, other: object): Kind {
  return { name, schema, value, other };
}

/** Fields a, b, c… of those types, with those values. */
function fields(
  name: string,
  types: readonly unknown[],
  values: readonly unknown[],
  other: readonly unknown[],
): Kind {
  const named = (list: readonly unknown[]) =>
    Object.fromEntries(list.map((item, index) => [String.fromCharCode(97 + index), item]));
  return kind(name, Struct(named(types)), named(values), named(other));
}

/** One field of that many elements, of which the values are counted up from a first. */
function list(name: string, type: string, count: number, first: number, step = 1): Kind {
  const counted = (from: number) => ({ a: Array.from({ length: count }, (_, index) => from + index * step) });
  return kind(name, Struct({ a: array(type, count) }), counted(first), counted(-first));
}

const Nested = Struct({ a: Struct({ x: 'f32', y: 'f32' }), b: Struct({ z: 'u8' }) });
const Grid = Struct({ a: array(Struct({ x: array('i16', 2), y: 'f32' }), 2) });
const FloatUnion = Struct({ a: Union({ x: 'f32', y: array('f32', 2) }), b: 'f64' });
const MixedUnion = Struct({ a: Union({ x: 'f64', y: 'i32' }), b: 'f64' });
const Bits = Struct({ a: bits('u32', 3), b: bits('i32', 7), c: bits('u32', 22) });
const BitsDouble = Struct({ a: bits('u64', 40), b: bits('i64', 24), c: 'f64' });
const BitsAcross = Struct({ a: bits('i32', 20), b: bits('i32', 20), c: bits('i64', 50) });

const all: readonly Kind[] = [
  fields('I8', ['i8'], [-128], [127]),
  fields('U16', ['u16'], [65535], [1]),
  fields('Bool', ['bool'], [true], [false]),
  fields('I8x3', ['i8', 'i8', 'i8'], [1, -2, 3], [-128, 127, -1]),
  list('I8x5', 'i8', 5, -3),
  fields('I16x3', ['i16', 'i16', 'i16'], [-32768, 32767, 5], [7, 8, 9]),
  fields('I32x2', ['i32', 'i32'], [-5, 2 ** 31 - 1], [6, -(2 ** 31)]),
  fields('I64', ['i64'], [-(2 ** 40)], [2 ** 53 - 1]),
  fields('I32x3', ['i32', 'i32', 'i32'], [-5, 6, 2 ** 30], [1, 2, -3]),
  fields('I64x2', ['i64', 'i64'], [2 ** 40, -7], [8, 9]),
  fields('I64x3', ['i64', 'i64', 'i64'], [1, 2 ** 33, -3], [4, 5, 6]),
  list('I8x16', 'i8', 16, -8),
  list('I8x17', 'i8', 17, 100),
  fields('F32', ['f32'], [0.5], [-1.25]),
  fields('F32x2', ['f32', 'f32'], [0.5, 1.25], [-0.25, 3]),
  fields('F32x3', ['f32', 'f32', 'f32'], [0.5, 1.25, -2], [1, 2, 3.5]),
  list('F32x4', 'f32', 4, 0.5, 0.25),
  list('F32x5', 'f32', 5, 0.5, 0.25),
  fields('F64', ['f64'], [0.125], [1e10]),
  fields('F64x2', ['f64', 'f64'], [1.5, -2.5], [3, 4]),
  fields('F64x3', ['f64', 'f64', 'f64'], [1.5, -2.5, 8], [3, 4, 5]),
  list('F64x4', 'f64', 4, 0.5),
  fields('IntDouble', ['i64', 'f64'], [-5, 0.5], [6, 1.5]),
  fields('DoubleInt', ['f64', 'i64'], [0.5, -5], [1.5, 6]),
  fields('CharDouble', ['i8', 'f64'], [-5, 0.5], [6, 1.5]),
  fields('DoubleChar', ['f64', 'i8'], [0.5, -5], [1.5, 6]),
  fields('FloatInt', ['f32', 'i32'], [0.5, -5], [1.5, 6]),
  fields('IntFloat', ['i32', 'f32'], [-5, 0.5], [6, 1.5]),
  fields('FloatsInt', ['f32', 'f32', 'i32'], [0.5, 1.5, -5], [2.5, 3.5, 6]),
  fields('IntFloats', ['i32', 'i32', 'f32', 'f32'], [-5, 6, 0.5, 1.5], [7, 8, 2.5, 3.5]),
  fields('FloatDouble', ['f32', 'f64'], [0.5, 0.1], [-1.5, 1e10]),
  fields('Small', ['i16', 'f32', 'bool'], [-5, 0.5, true], [6, 1.5, false]),
  fields('PointerChar', ['ptr', 'i8'], [4096, -5], [8192, 6]),
  kind('Nested', Nested, { a: { x: 0.5, y: 1.5 }, b: { z: 255 } }, { a: { x: -1, y: 2 }, b: { z: 1 } }),
  kind(
    'Grid',
    Grid,
    {
      a: [
        { x: [1, -2], y: 0.5 },
        { x: [3, 4], y: 1.5 },
      ],
    },
    {
      a: [
        { x: [-1, 2], y: 2.5 },
        { x: [30000, 5], y: -1.5 },
      ],
    },
  ),
  kind('FloatUnion', FloatUnion, { a: { x: 0.5 }, b: 2.5 }, { a: { x: -1.5 }, b: 1 }),
  kind('MixedUnion', MixedUnion, { a: { x: 0.5 }, b: 2.5 }, { a: { x: -1.5 }, b: 1 }),
  kind('Bits', Bits, { a: 7, b: -64, c: 2 ** 22 - 1 }, { a: 1, b: 63, c: 0 }),
  kind('BitsDouble', BitsDouble, { a: 2 ** 40 - 1, b: -(2 ** 23), c: 0.5 }, { a: 1, b: 5, c: 1.5 }),
  kind('BitsAcross', BitsAcross, { a: -(2 ** 19), b: 2 ** 19 - 1, c: -(2 ** 49) }, { a: 5, b: -6, c: 7 }),
  kind('PackedMemory', Struct({ a: 'i8', b: 'f64' }, { pack: 1 }), { a: -5, b: 0.5 }, { a: 6, b: 1.5 }),
  kind('PackedShorts', Struct({ a: 'i16', b: 'i8' }, { pack: 1 }), { a: -500, b: 5 }, { a: 600, b: -6 }),
  kind('PackedAligned', Struct({ a: 'f64', b: 'i32' }, { pack: 1 }), { a: 0.5, b: -5 }, { a: 1.5, b: 6 }),
  list('I32x25', 'i32', 25, 1000),
  list('F64x200', 'f64', 200, 0.5),
  fields(
    'Wide',
    ['i8', 'f32', 'f64', 'i16', 'i64', 'bool'],
    [-1, 0.5, 0.1, -300, 2 ** 40, true],
    [1, 2, 3, 4, 5, false],
  ),
];

/** Those that are passed by value here. */
export const kinds: readonly Kind[] = all.filter(({ schema }) => isPassed(schema));

/** What C makes of a value: its fields in order, with the weights 1, 2, 3… */
export function weigh({ name }: Kind, value: object): number {
  const flatten = (part: unknown): number[] =>
    typeof part === 'object' && part !== null ? Object.values(part).flatMap(flatten) : [Number(part)];
  const numbers = flatten(value);
  // Of long arrays C takes the first three elements and the last.
  const isLong = numbers.length > 8 && name !== 'Grid';
  return numbers.reduce(
    (sum, number, index) =>
      isLong && index > 2 && index < numbers.length - 1 ? sum : sum + (index + 1) * number,
    0,
  );
}
