// Structs by value, as arguments and as results, of every kind of travel and on every call path.
import { describe, expect, test } from '@jest/globals';
import { fixture } from '../support/fixture';
import { kinds, weigh } from './kinds';
import { array, functions, releasePtr, Struct, testUnions, Union, type Call } from './loose';

/** Misaligned fields make a small struct travel in memory, which cannot be said to libffi. */
const unknownToLibffi = ['PackedMemory'];
const isLibffi = (name: string) => process.env['ARKFFI_PATH'] === 'libffi' && !unknownToLibffi.includes(name);
const ints = (count: number) => Array.from({ length: count }, () => 'i64');
const doubles = (count: number) => Array.from({ length: count }, () => 'f64');

describe.each(kinds)('$name', (kind) => {
  const { name, schema, value, other } = kind;
  const { symbols } = functions(fixture, {
    echo: { symbol: `echo_${name}`, args: [schema], returns: schema.object },
    held: { symbol: `echo_${name}`, args: [schema], returns: schema },
    sum: { symbol: `sum_${name}`, args: [schema], returns: 'f64' },
    around: { symbol: `around_${name}`, args: ['i32', schema, 'f64', schema, 'f32'], returns: 'f64' },
    stack: {
      symbol: `stack_${name}`,
      args: [...ints(6), ...doubles(8), schema, 'i32'],
      returns: schema.object,
    },
    edge: {
      symbol: `edge_${name}`,
      args: [...ints(5), ...doubles(7), schema, 'i64', 'f64', schema],
      returns: 'f64',
    },
  });
  const { echo, held, sum, around, stack, edge } = symbols as Record<string, Call> & Record<'echo', Call>;
  const [weight, otherWeight] = [weigh(kind, value), weigh(kind, other)];
  const given = [value, schema.create(value), new Uint8Array(schema.create(value))];

  test('goes to C', () => {
    for (let round = 0; round < 3; round++) {
      for (const form of given) expect(sum!(form)).toBe(weight);
      expect(sum!(other)).toBe(otherWeight);
    }
    expect(sum!(given[1])).toBe(weight);
    expect(sum!({})).toBe(0);
  });

  test('comes back as an object', () => {
    for (const form of given) expect(echo(form)).toMatchObject(value);
    expect(echo(other)).toMatchObject(other);
    expect(schema.create(echo(value))).toEqual(schema.create(value));
  });

  test('comes back as memory that is kept', () => {
    const first = held!(value) as number;
    const second = held!(schema.create(other)) as number;
    expect(first).not.toBe(second);
    expect([schema.fromPtr(first), schema.fromPtr(second)]).toMatchObject([value, other]);
    expect([releasePtr(first), releasePtr(second), releasePtr(first)]).toEqual([true, true, false]);
  });

  test('between other arguments', () => {
    const wanted = -3 + 10 * weight + 100 * 0.5 + 1000 * otherWeight + 10000 * 0.25;
    expect(around!(-3, value, 0.5, other, 0.25)).toBe(wanted);
    expect(around!(-3, schema.create(value), 0.5, other, 0.25)).toBe(wanted);
    expect(around!(-3, value, 0.5, schema.create(other), 0.25)).toBe(wanted);
  });

  test('behind all registers', () => {
    const counted = [...[1, 2, 3, 4, 5, 6], ...[1, 2, 3, 4, 5, 6, 7, 8]];
    expect(stack!(...counted, value, -7)).toMatchObject(value);
    expect(stack!(...counted, schema.create(other), -7)).toMatchObject(other);
    expect(
      stack!(...counted.map((number, index) => (index < 6 ? BigInt(number) : number)), other, -7),
    ).toMatchObject(other);
  });

  test('where one register of each kind is left', () => {
    const before = [1, 2, 3, 4, 5, 0.5, 1, 1, 1, 1, 1, 1];
    const wanted = 15 + 6.5 + 100 * weight + 7 + 0.25 + 10000 * otherWeight;
    expect(edge!(...before, value, 7, 0.25, other)).toBe(wanted);
    expect(edge!(...before, schema.create(value), 7n, 0.25, schema.create(other))).toBe(wanted);
  });

  test('on the path that the switches ask for', () => {
    for (const call of [echo, held!, sum!, around!, stack!, edge!]) {
      expect(call.path).toBe(isLibffi(name) ? 'libffi' : 'slots');
    }
  });
});

describe('a union by itself', () => {
  const Real = Union({ x: 'f32', y: 'f64' });
  const Numbers = Union({ i: 'i64', d: 'f64', f: Struct({ x: 'f32', y: 'f32' }) });
  const Pairs = Union({ pair: Struct({ a: 'f64', b: 'i64' }), f: array('f32', 4) });
  const Triple = Union({ a: array('i64', 3), d: 'f64' });
  const { symbols } = functions(fixture, {
    number_of_int: { args: ['i64'], returns: Numbers.object },
    number_of_double: { args: ['f64'], returns: Numbers },
    number_double: { args: ['i32', Numbers, 'f64'], returns: 'f64' },
    number_int: { args: ['f64', Numbers, 'i32'], returns: 'i64' },
    real_half: { args: [Real], returns: Real.object },
    pairs_next: { args: ['i32', Pairs, 'f64'], returns: Pairs.object },
    triple_next: { args: ['i32', Triple, 'f64'], returns: Triple.object },
    triple_held: { symbol: 'triple_next', args: ['i32', Triple, 'f64'], returns: Triple },
  });
  const { pairs_next, triple_next, triple_held } = symbols;
  const { number_of_int, number_of_double, number_double, number_int, real_half } = symbols;

  testUnions('in a register of integers', () => {
    expect(number_of_int!(-(2n ** 62n))).toMatchObject({ i: -(2n ** 62n), d: -2 });
    const address = number_of_double!(1.5) as number;
    expect(Numbers.fromPtr(address)).toMatchObject({ d: 1.5 });
    expect(releasePtr(address)).toBe(true);
    expect(number_double!(1, { d: 2.5 }, 4)).toBe(7.5);
    expect(number_int!(1, { i: 2n ** 60n }, 4)).toBe(2n ** 60n + 5n);
    expect(number_int!(1, { f: { x: 1, y: 0 } }, 4)).toBe(0x3f800000 + 5);
  });

  testUnions('in registers of both kinds, and in memory', () => {
    const pair = pairs_next!(1, { pair: { a: 0.5, b: 2n ** 60n } }, 0.25) as { pair: object; f: number[] };
    expect(pair).toMatchObject({ pair: { a: 0.75, b: 2n ** 60n + 1n } });
    expect(pairs_next!(-1, pair, 0.25)).toMatchObject({ pair: { a: 1, b: 2n ** 60n } });
    expect(pairs_next!(0, { f: [0, 1.875, 1, 0] }, 0)).toMatchObject({
      f: [0, 1.875, 1, 0],
      pair: { a: 1, b: 0x3f800000 },
    });
    expect(pairs_next!(0, Pairs.create({ f: [0, 1.875, 1, 0] }), 0)).toMatchObject({ pair: { a: 1 } });
    expect(triple_next!(1, { a: [10, 20, 30] }, 2)).toMatchObject({ a: [11, 22, 31] });
    const held = triple_held!(1, { d: 0 }, 2);
    expect([Triple.fromPtr(held), releasePtr(held)]).toMatchObject([{ a: [1, 2, 1] }, true]);
  });

  testUnions('in a register of floats', () => {
    expect(real_half!({ y: 5 })).toMatchObject({ y: 2.5 });
    expect(real_half!(real_half!({ y: 5 }))).toMatchObject({ y: 1.25 });
  });
});

describe('what one type is declared as stays apart', () => {
  const Pair = Struct({ a: 'f64', b: 'f64' });
  const Same = Struct({ b: 'f64', a: 'f64' });
  const { symbols } = functions(fixture, {
    pair: { symbol: 'echo_F64x2', args: [Pair], returns: Pair.object },
    same: { symbol: 'echo_F64x2', args: [Same], returns: Same.object },
    across: { symbol: 'echo_F64x2', args: [Pair], returns: Same.object },
  });

  test('by its own names', () => {
    expect(symbols['pair']!({ a: 1, b: 2 })).toEqual({ a: 1, b: 2 });
    expect(symbols['same']!({ a: 1, b: 2 })).toEqual({ b: 2, a: 1 });
    expect(symbols['across']!({ a: 1, b: 2 })).toEqual({ b: 1, a: 2 });
    expect(Object.keys(symbols['same']!({}) as object)).toEqual(['b', 'a']);
  });

  test('each result is an object of its own', () => {
    const [first, second] = [symbols['pair']!({ a: 1 }), symbols['pair']!({ a: 2 })];
    expect([first, second]).toEqual([
      { a: 1, b: 0 },
      { a: 2, b: 0 },
    ]);
  });
});
