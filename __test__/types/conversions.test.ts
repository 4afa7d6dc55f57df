import { describe, expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, outOfRange, wrongType } from './refusal';
import { echoLibrary, integerBounds, rows, spellingsOf } from './table';

const noNumbers = [
  ...labelled(null, undefined, '1', '', 'x', Symbol('s'), {}, [], [1], () => 1, new Date(0)),
  ...labelled(Object(1), Object(1n), { valueOf: () => 1 }, /1/, new Map(), new Uint8Array(1)),
];

const fractions = labelled(0.5, -0.5, 1.0000000000000002, 5e-324, NaN, Infinity, -Infinity);

const small = rows.filter(({ convert }) => convert === 'int');
const large = rows.filter(({ convert }) => ['wide', 'fast', 'bigint'].includes(convert));
const integers = [...small, ...large];
const echo = echoLibrary([
  ...integers,
  ...rows.filter(({ convert }) => convert === 'float' || convert === 'bool'),
]);

const spellings = (from: typeof rows) =>
  from.flatMap((row) => spellingsOf(row).map((key) => [key, row] as const));

/** What a result of the type is, by the rules of the table. */
function resultOf(convert: string, value: bigint): number | bigint {
  const safe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return convert === 'bigint' || !safe ? value : Number(value);
}

describe('the table', () => {
  test('has every integer type', () => {
    expect(small.map(({ name }) => name)).toEqual(['i8', 'u8', 'i16', 'u16', 'i32', 'u32']);
    expect(large.length).toBe(14);
  });
});

describe.each(spellings(small))('%s', (key, row) => {
  const [min, max] = [Number(integerBounds(row).min), Number(integerBounds(row).max)];
  const call = echo[key]!;

  test('bounds and values between round-trip', () => {
    for (const value of [min, min + 1, 0, 1, 42, max - 1, max]) expect(call(value)).toBe(value);
  });

  test('-0 is 0', () => expect(call(-0)).toBe(0));

  test('beyond the bounds', () => {
    const beyond = labelled(
      min - 1,
      max + 1,
      min - 256,
      max + 256,
      2 ** 32 + 1,
      -(2 ** 32) - 1,
      2 ** 53,
      1e300,
    );
    expectAll(beyond, call, outOfRange);
  });

  test('fractions, NaN and infinities', () => expectAll(fractions, call, outOfRange));

  test('values that are no numbers', () => {
    expectAll([...noNumbers, ...labelled(true, false, 0n, 1n)], call, wrongType);
  });
});

describe.each(spellings(large))('%s', (key, row) => {
  const { min, max } = integerBounds(row);
  const call = echo[key]!;
  const { convert } = row;
  const safe = [0n, 1n, 42n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, -1n, -(2n ** 31n) - 1n, -(2n ** 53n) + 1n];
  const unsafe = [
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    max - 1n,
    max,
    -(2n ** 53n),
    -(2n ** 53n) - 1n,
    min,
  ];
  const inRange = (value: bigint) => value >= min && value <= max;

  test('safe integers round-trip as numbers and bigints', () => {
    for (const value of safe.filter(inRange)) {
      expect(call(Number(value))).toBe(resultOf(convert, value));
      expect(call(value)).toBe(resultOf(convert, value));
    }
  });

  test('-0 is 0', () => expect(call(-0)).toBe(resultOf(convert, 0n)));

  test('bigints beyond the safe integers keep every bit', () => {
    const beyond = unsafe.filter(inRange).filter((value) => typeof resultOf('wide', value) === 'bigint');
    if (convert === 'fast') expectAll(labelled(...beyond), call, outOfRange);
    else for (const value of beyond) expect(call(value)).toBe(value);
  });

  test('beyond the bounds', () => {
    expectAll(labelled(min - 1n, max + 1n, min - 2n ** 64n, max + 2n ** 64n, 2n ** 200n), call, outOfRange);
    if (min === 0n) expectAll(labelled(-1, -1n, -(2 ** 31)), call, outOfRange);
  });

  test('unsafe integers given as numbers', () => {
    const numbers = labelled(2 ** 53, -(2 ** 53), 2 ** 53 + 2, 2 ** 63, -(2 ** 63), 2 ** 64, 1e300);
    expectAll(numbers, call, outOfRange);
  });

  test('fractions, NaN and infinities', () => expectAll(fractions, call, outOfRange));

  test('values that are no numbers', () =>
    expectAll([...noNumbers, ...labelled(true, false)], call, wrongType));
});

describe('bool', () => {
  test.each([true, false, 0, 1])('%p', (value) => {
    expect([echo['bool']!(value), echo['b']!(value)]).toEqual([Boolean(value), Boolean(value)]);
  });

  test('-0 is false', () => expect(echo['bool']!(-0)).toBe(false));

  test('other numbers', () => expectAll([...fractions, ...labelled(2, -1, 256)], echo['bool']!, outOfRange));

  test('other values', () => expectAll([...noNumbers, ...labelled(0n, 1n)], echo['bool']!, wrongType));
});

const floats = [
  0,
  -0,
  1,
  -1,
  0.1,
  1 / 3,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  1e-40,
  3.4028235e38,
  3.5e38,
  1e300,
];
const moreFloats = [16777217, 2 ** 53 + 2, Number.MAX_VALUE, Number.MIN_VALUE, -1.5];

describe.each(['f32', 'float', 'f'])('%s', (key) => {
  test('rounds as Math.fround does', () => {
    for (const value of [...floats, ...moreFloats]) expect(echo[key]!(value)).toBe(Math.fround(value));
  });

  test('values that are no numbers', () => {
    expectAll([...noNumbers, ...labelled(true, false, 1n)], echo[key]!, wrongType);
  });
});

describe.each(['f64', 'double', 'd'])('%s', (key) => {
  test('round-trips', () => {
    for (const value of [...floats, ...moreFloats]) expect(echo[key]!(value)).toBe(value);
  });

  test('values that are no numbers', () => {
    expectAll([...noNumbers, ...labelled(true, false, 1n)], echo[key]!, wrongType);
  });
});

describe('messages', () => {
  const { symbols } = dlopen(fixture, {
    add_i32: { args: ['i32', 'i32'], returns: 'i32' },
    total: { symbol: 'sum8', args: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], returns: 'i32' },
    echo_f64: { args: ['f64'], returns: 'f64' },
    wide: { symbol: 'add_i64', args: ['u64', 'i64'], returns: 'i64_fast' },
  });
  const { add_i32, total, echo_f64, wide } = symbols;

  test.each([
    ['a string', () => add_i32(1, '2' as never), ['add_i32', 'args[1]', 'int32_t', "'2'"]],
    ['null', () => add_i32(null as never, 2), ['add_i32', 'args[0]', 'int32_t', 'null']],
    ['undefined', () => add_i32(1, undefined as never), ['add_i32', 'args[1]', 'int32_t', 'undefined']],
    ['a bigint', () => add_i32(1, 2n as never), ['add_i32', 'args[1]', 'int32_t', '2n']],
    [
      'a value out of range',
      () => add_i32(1, 2 ** 31),
      ['args[1]', '2147483648', '-2147483648', '2147483647'],
    ],
    ['the key, not the C name', () => total(1, 2, 3, 4, 5, 6, 7, 0.5), ['total', 'args[7]', '0.5']],
    ['a symbol', () => echo_f64(Symbol('x') as never), ['echo_f64', 'args[0]', 'double', 'symbol']],
    [
      'an unsafe integer',
      () => wide(2 ** 53, 0),
      ['wide', 'args[0]', 'uint64_t', '9007199254740992', 'bigint'],
    ],
    ['a bigint out of range', () => wide(0, 2n ** 63n), ['args[1]', 'int64_t', '9223372036854775808n']],
    ['a result that is not safe', () => wide(2n ** 53n, 1), ['wide', 'value', 'int64_t', '9007199254740993']],
  ] as const)('%s', (_, call, parts) => expectMessage(call, ...parts));

  test('a revoked proxy, which refuses every question', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(outcome(() => add_i32(1, proxy as never))).toBe(wrongType);
  });

  test('a function that refused works on', () => {
    expect(outcome(() => add_i32(1, {} as never))).toBe(wrongType);
    expect(outcome(() => wide(2n ** 60n, -(2n ** 70n)))).toBe(outOfRange);
    expect([add_i32(20, 22), wide(40n, 2)]).toEqual([42, 42]);
  });
});
