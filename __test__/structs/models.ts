/** Random types with random values, for property tests. */
import fc from 'fast-check';
import { array, bits, enumeration, pointer, Struct, Union, type Schema } from './loose';

/** A value as it is given, and what decoding is to give. */
export type Given = readonly [given: unknown, decoded: unknown];

/** A type with its values. */
export interface Model {
  readonly spec: unknown;
  readonly values: fc.Arbitrary<Given>;
  /** What decoding gives where nothing was given. */
  readonly zero: unknown;
  /** Only as a member of a struct or union. */
  readonly isBits?: boolean;
}

export interface StructModel extends Model {
  readonly spec: Schema;
}

const same = <T>(values: fc.Arbitrary<T>) => values.map((value): Given => [value, value]);
const narrowed = (value: bigint) =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
/** Integers of up to 64 bits: decoded to numbers where that is exact. */
const integers = (min: bigint, max: bigint) =>
  fc.bigInt({ min, max }).map((value): Given => [narrowed(value), narrowed(value)]);
const wide = (min: bigint, max: bigint) =>
  fc
    .tuple(fc.bigInt({ min, max }), fc.boolean())
    .map(([value, asBigint]): Given => [asBigint ? value : narrowed(value), narrowed(value)]);
const bounds = (width: number, signed: boolean): [bigint, bigint] =>
  signed ? [-(2n ** BigInt(width - 1)), 2n ** BigInt(width - 1) - 1n] : [0n, 2n ** BigInt(width) - 1n];

const int64 = bounds(64, true);
const uint64 = bounds(64, false);
const flags = fc.oneof(
  fc.boolean().map((value): Given => [value, value]),
  fc.constantFrom<Given>([0, false], [1, true]),
);

const scalars: readonly Model[] = [
  ...[8, 16, 32].flatMap((width): Model[] => [
    { spec: `i${width}`, values: integers(...bounds(width, true)), zero: 0 },
    { spec: `u${width}`, values: integers(...bounds(width, false)), zero: 0 },
  ]),
  { spec: 'i64', values: wide(...int64), zero: 0 },
  { spec: 'u64', values: wide(...uint64), zero: 0 },
  { spec: 'size_t', values: wide(...uint64), zero: 0 },
  { spec: 'i64_fast', values: same(fc.maxSafeInteger().map((value) => value + 0)), zero: 0 },
  { spec: 'u64_fast', values: same(fc.maxSafeNat()), zero: 0 },
  { spec: 'bigint64', values: same(fc.bigInt({ min: int64[0], max: int64[1] })), zero: 0n },
  { spec: 'biguint64', values: same(fc.bigInt({ min: 0n, max: uint64[1] })), zero: 0n },
  { spec: 'f64', values: same(fc.double()), zero: 0 },
  { spec: 'f32', values: same(fc.float()), zero: 0 },
  { spec: 'bool', values: flags, zero: false },
  ...['ptr', 'callback', 'CString', pointer('i32')].map((spec): Model => {
    const none = fc.constantFrom<Given>([null, 0], [0n, 0]);
    return { spec, values: fc.oneof(wide(0n, uint64[1]), none), zero: 0 };
  }),
  {
    spec: enumeration({ A: 0, B: 7, C: -3 }),
    values: fc.oneof(fc.constantFrom<Given>(['A', 0], ['B', 7], ['C', -3]), integers(...bounds(32, true))),
    zero: 0,
  },
];

const bitFields = fc
  .tuple(fc.constantFrom(8, 16, 32, 64), fc.boolean(), fc.integer({ min: 1, max: 64 }))
  .map(([size, signed, number]): Model => {
    const width = 1 + (number % size);
    const spec = bits(`${signed ? 'i' : 'u'}${size}`, width);
    return { spec, values: integers(...bounds(width, signed)), zero: 0, isBits: true };
  });
const flagBits: Model = { spec: bits('bool', 1), values: flags, zero: false, isBits: true };

function arrays(item: Model, count: number): Model {
  return {
    spec: array(item.spec, count),
    values: fc.array(item.values, { maxLength: count }).map((list): Given => {
      const rest = Array.from({ length: count - list.length }, () => item.zero);
      return [list.map(([given]) => given), [...list.map(([, decoded]) => decoded), ...rest]];
    }),
    zero: Array.from({ length: count }, () => item.zero),
  };
}

const nameOf = (index: number) => ['a', 'beta', '__proto__', 'd', 'constructor', 'f g', 'π', 'h'][index]!;
const named = <T>(entries: readonly (readonly [number, T])[]) =>
  Object.fromEntries(entries.map(([index, value]) => [nameOf(index), value]));

function structs(members: readonly Model[], pack: number | undefined): StructModel {
  const spec = Struct(named(members.map(({ spec }, index) => [index, spec])), { pack });
  // Each field is given or not.
  const values = fc.tuple(...members.map((member) => fc.option(member.values, { nil: undefined })));
  return {
    spec,
    values: values.map((list): Given => [
      named(list.flatMap((value, index) => (value === undefined ? [] : [[index, value[0]] as const]))),
      named(
        list.map((value, index) => [index, value === undefined ? members[index]!.zero : value[1]] as const),
      ),
    ]),
    zero: named(members.map(({ zero }, index) => [index, zero])),
  };
}

function unions(members: readonly Model[]): Model {
  const one = fc.oneof(
    ...members.map(({ values }, index) =>
      values.map(([given, decoded]): Given => [{ [nameOf(index)]: given }, named([[index, decoded]])]),
    ),
  );
  return {
    spec: Union(named(members.map(({ spec }, index) => [index, spec]))),
    values: one,
    zero: named(members.map(({ zero }, index) => [index, zero])),
  };
}

const packs = fc.option(fc.constantFrom(1, 2, 4, 8, 16), { nil: undefined, freq: 2 });

const { struct } = fc.letrec<{ type: Model; member: Model; struct: StructModel }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...scalars),
    fc.tuple(tie('type'), fc.integer({ min: 1, max: 20 })).map(([item, count]) => arrays(item, count)),
    tie('struct'),
    fc.array(tie('member'), { minLength: 1, maxLength: 4 }).map(unions),
  ),
  member: fc.oneof(
    { weight: 3, arbitrary: tie('type') },
    { weight: 1, arbitrary: bitFields },
    fc.constant(flagBits),
  ),
  struct: fc
    .tuple(fc.array(tie('member'), { minLength: 1, maxLength: 8 }), packs)
    .map(([members, pack]) => structs(members, pack)),
}));

/** In bytes: arrays in arrays could be larger than the blocks of the tests. It is beyond what passes through the slots. */
const most = 512 * 1024;

/** Any struct with a value of it. */
export const anyStruct = struct
  .filter(({ spec }) => spec.size <= most)
  .chain((model) =>
    model.values.map(([given, decoded]) => ({ schema: model.spec, given, decoded: decoded as object })),
  );
