// Every scalar type as a callback's argument and as its result.
import { describe, expect, test } from '@jest/globals';
import { sizeof } from 'arkffi';
import { expectError } from '../support/errors';
import { badResult, labelled, outcome } from '../types/refusal';
import { integerBounds, rows, spellingsOf } from '../types/table';
import { bind, JSCallback, withCallback } from './loose';

const spellings = (...kinds: string[]) =>
  rows
    .filter(({ convert }) => kinds.includes(convert))
    .flatMap((row) => spellingsOf(row).map((key) => [key, row] as const));

/** Has C call the callback with each value; what the callback got, and what C returned of its results. */
function exchange(type: unknown, machine: string, given: readonly unknown[], returned: readonly unknown[]) {
  const call = bind(`apply_${machine}`, ['callback', type], type);
  const got: unknown[] = [];
  const answer = (value: unknown) => returned[got.push(value) - 1];
  const results = withCallback(answer, { args: [type], returns: type }, (callback) =>
    given.map((value) => call(callback, value)),
  );
  return { got, results };
}

describe.each(spellings('int'))('%s', (key, row) => {
  const [min, max] = [Number(integerBounds(row).min), Number(integerBounds(row).max)];

  test('bounds and values between', () => {
    const values = [min, min + 1, 0, 1, 42, max - 1, max];
    const returned = [...values].reverse();
    expect(exchange(key, row.machine, values, returned)).toEqual({ got: values, results: returned });
  });

  test('-0 is 0', () => expect(exchange(key, row.machine, [1], [-0]).results).toEqual([0]));

  test('results out of range or of another kind', () => {
    const call = bind(`apply_${row.machine}`, ['callback', key], key);
    for (const [label, wrong] of labelled(
      min - 1,
      max + 1,
      0.5,
      NaN,
      2 ** 40,
      1n,
      '1',
      null,
      undefined,
      true,
    )) {
      const run = () =>
        withCallback(
          () => wrong,
          { args: [key], returns: key },
          (callback) => call(callback, 1),
        );
      expect(`${label}: ${outcome(run)}`).toBe(`${label}: ${badResult}`);
    }
  });
});

describe.each(spellings('wide', 'bigint', 'fast'))('%s', (key, { machine, convert, name }) => {
  const bits = BigInt(sizeof(name as never) * 8);
  const signed = machine.startsWith('i') || machine === 'long';
  const [min, max] = signed ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  const present = (value: bigint) =>
    convert !== 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  const safe = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n + 5n, -(2n ** 32n) - 5n, 2n ** 53n - 1n, 1n - 2n ** 53n];
  const unsafe = [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 63n + 1n, min, max - 1n, max];
  const inRange = (value: bigint) => value >= min && value <= max;
  const values = safe.filter(inRange);

  test('safe integers, returned as numbers and as bigints', () => {
    const shown = values.map(present);
    expect(exchange(key, machine, values, values)).toEqual({ got: shown, results: shown });
    expect(exchange(key, machine, values, values.map(Number))).toEqual({ got: shown, results: shown });
  });

  test('integers beyond keep every bit, or throw', () => {
    const beyond = unsafe.filter(inRange).filter((value) => !Number.isSafeInteger(Number(value)));
    const returned = [...beyond].reverse();
    if (convert !== 'fast') {
      expect(exchange(key, machine, beyond, returned)).toEqual({ got: beyond, results: returned });
      return;
    }
    const call = bind(`apply_${machine}`, ['callback', machine], machine);
    let calls = 0;
    withCallback(
      () => ++calls,
      { args: [key], returns: key },
      (callback) => {
        for (const value of beyond)
          expectError(() => call(callback, value), 'ERR_FFI_OUT_OF_RANGE', String(value));
        expect(calls).toBe(0);
        expect(call(callback, 1)).toBe(1);
      },
    );
  });

  test('results out of range or of another kind', () => {
    const call = bind(`apply_${machine}`, ['callback', key], key);
    for (const [label, wrong] of labelled(
      min - 1n,
      max + 1n,
      0.5,
      NaN,
      2 ** 53,
      2 ** 64,
      '1',
      null,
      undefined,
    )) {
      const run = () =>
        withCallback(
          () => wrong,
          { args: [key], returns: key },
          (callback) => call(callback, 1),
        );
      expect(`${label}: ${outcome(run)}`).toBe(`${label}: ${badResult}`);
    }
  });
});

describe.each(['bool', 'b'])('%s', (key) => {
  test('true and false, and 0 and 1 as results', () => {
    const results = [true, false, true, false];
    const given = [true, false, 1, 0];
    expect(exchange(key, 'bool', given, [1, 0, true, false])).toEqual({ got: results, results });
  });

  test('results that are neither', () => {
    for (const wrong of [2, -1, 0.5, NaN, 1n, 'true', null, undefined, {}]) {
      expect(outcome(() => exchange(key, 'bool', [true], [wrong]))).toBe(badResult);
    }
  });
});

describe.each(spellings('float'))('%s', (key, { machine }) => {
  test('edges', () => {
    const edges = [0, -0, 1.5, -2.25, Infinity, -Infinity, NaN];
    const own = machine === 'f32' ? [2 ** -149, 3.4028234663852886e38] : [5e-324, Number.MAX_VALUE, Math.PI];
    const values = [...edges, ...own];
    const returned = [...values].reverse();
    expect(exchange(key, machine, values, returned)).toEqual({ got: values, results: returned });
  });

  test('values between floats are rounded as C does, others are refused', () => {
    const rounded = machine === 'f32' ? Math.fround(0.1) : 0.1;
    expect(exchange(key, machine, [0.1], [0.1])).toEqual({ got: [rounded], results: [rounded] });
    for (const wrong of [1n, '1', null, undefined, true, {}]) {
      expect(outcome(() => exchange(key, machine, [1], [wrong]))).toBe(badResult);
    }
  });
});

test('what lies above a narrow argument in its register is not looked at', () => {
  const seen: unknown[] = [];
  const def = { args: ['u8', 'i8', 'u16', 'i16', 'i32'], returns: 'u64' };
  withCallback(
    (...args: unknown[]) => (seen.push(...args), 7),
    def,
    (callback) => {
      expect(bind('dirty', ['callback'], 'u64')(callback)).toBe(7);
    },
  );
  expect(seen).toEqual([0x80, -0x80, 0x8000, -0x8000, -(2 ** 31)]);
});

test('more arguments than there are registers, of all kinds', () => {
  const types = 'i8 f32 u64 f64 u16 i64 f32 bool f64 u8 i32 f64 f32 CString f64 f32 f64 i16 f32 f64 u32 i64';
  const def = { args: types.split(' '), returns: 'f64' };
  const seen: unknown[][] = [];
  withCallback(
    (...args: unknown[]) => (seen.push(args), -1e-300),
    def,
    (callback) => {
      const call = bind('scattered', ['callback'], 'f64');
      expect([call(callback), call(callback)]).toEqual([-1e-300, -1e-300]);
    },
  );
  const wanted = [
    ...[
      -128,
      1.5,
      2n ** 64n - 1n,
      -2.25,
      65535,
      -(2n ** 63n),
      -0.5,
      true,
      1e300,
      255,
      -1,
      0.125,
      3.5,
      'text',
    ],
    ...[5, 6, 7, -32768, 8, 9, 4000000000, -9],
  ];
  expect(seen).toEqual([wanted, wanted]);
});

test.each([1, 6, 7, 8, 9, 20, 127])('%i arguments of every register class', (count) => {
  const args = Array.from(
    { length: count },
    (_, index) => ['i64', 'f64', 'u8', 'f32', 'i16', 'ptr'][index % 6],
  );
  const values = args.map((type, index) => (type === 'ptr' ? 4096 + index : index + 1));
  withCallback(
    (...given: unknown[]) => given.length,
    { args, returns: 'i32' },
    (callback) => {
      expect(callback.call(...values)).toBe(count);
    },
  );
  withCallback(
    (...given: number[]) => given.reduce((sum, one) => sum + one, 0),
    { args, returns: 'f64' },
    (it) => {
      expect(it.call(...values)).toBe(values.reduce((sum, one) => sum + one, 0));
    },
  );
});

test('no arguments and no result', () => {
  const seen: unknown[][] = [];
  withCallback(
    (...args: unknown[]) => seen.push(args),
    {},
    (callback) => {
      expect(bind('run', ['callback'])(callback)).toBeUndefined();
    },
  );
  expect(seen).toEqual([[]]);
});

test('Node-API types are for calls of C alone', () => {
  for (const [args, returns] of [
    [['napi_env'], 'void'],
    [['napi_value'], 'void'],
    [[], 'napi_value'],
  ]) {
    expectError(() => new JSCallback(() => 0, { args, returns }), 'ERR_FFI_UNSUPPORTED', 'napi_');
  }
});

test('the function is called without this', () => {
  const seen: unknown[] = [];
  const callback = new JSCallback(function (this: unknown) {
    seen.push(this);
  });
  callback.call();
  callback.close();
  expect(seen).toEqual([undefined]);
});
