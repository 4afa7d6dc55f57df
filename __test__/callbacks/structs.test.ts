// Structs and unions by value, as arguments and results of callbacks.
import { describe, expect, test } from '@jest/globals';
import { expectError } from '../support/errors';
import { array, bits, bytesOf, Struct, testUnions, Union, type Fields, type Schema } from '../structs/loose';
import { bind, withCallback } from './loose';

const Three = Struct({ a: array('u8', 3) });
const Int2 = Struct({ a: 'i64', b: 'u32', c: 'i8' });
const Memory = Struct({ a: 'i64', b: 'f64', c: 'u8' });
const range = (count: number, value: (index: number) => number) =>
  Array.from({ length: count }, (_, i) => value(i));

/** Name in C, schema, what C passes, what the callback returns. */
const cases: [string, Schema, Fields, Fields][] = [
  ['byte', Struct({ a: 'u8' }), { a: 255 }, { a: 128 }],
  ['three', Three, { a: [1, 2, 255] }, { a: [253, 254, 0] }],
  ['int1', Struct({ a: 'i32', b: 'i16' }), { a: -1, b: -32768 }, { a: 2 ** 31 - 1, b: 5 }],
  ['int2', Int2, { a: 2n ** 63n - 1n, b: 2 ** 32 - 1, c: -1 }, { a: -(2n ** 63n), b: 1, c: -128 }],
  ['sse1', Struct({ a: 'f32', b: 'f32' }), { a: 1.5, b: -2.5 }, { a: -0.25, b: 1024 }],
  ['sse2', Struct({ a: 'f64', b: 'f64' }), { a: Math.PI, b: -1e300 }, { a: 5e-324, b: -0.1 }],
  ['floats', Struct({ a: array('f32', 3) }), { a: [0.5, 1.5, 2.5] }, { a: [-0.5, -1.5, -2.5] }],
  ['mixed', Struct({ a: 'i64', b: 'f64' }), { a: -2, b: 0.1 }, { a: 2n ** 62n, b: -7.75 }],
  ['mixed2', Struct({ a: 'f32', b: 'f32', c: 'i32' }), { a: 1, b: 2, c: 3 }, { a: -4, b: -5, c: -6 }],
  ['memory', Memory, { a: 1, b: 2.5, c: 3 }, { a: -1, b: -2.5, c: 255 }],
  [
    'large',
    Struct({ a: array('i32', 50), b: array('f64', 5) }),
    { a: range(50, (i) => i - 25), b: range(5, (i) => i / 8) },
    { a: range(50, (i) => i * -1000 - 1), b: range(5, (i) => -i - 0.5) },
  ],
  [
    'nested',
    Struct({ a: Struct({ x: 'i16', y: 'i16' }), b: Struct({ c: 'bool', d: 'f64' }) }),
    { a: { x: -1, y: 2 }, b: { c: true, d: 0.5 } },
    { a: { x: 3, y: -4 }, b: { c: false, d: -0.125 } },
  ],
];

const before = ['i64', 'f64', 'i64', 'f64', 'i64', 'f64', 'i64', 'f64', 'i64', 'f64', 'f64', 'f64'];

describe.each(cases)('%s', (name, schema, given, returned) => {
  const def = { args: [schema], returns: schema };

  test('plain objects both ways', () => {
    const call = bind(`apply_${name}`, ['callback', schema], schema.object);
    const got: unknown[] = [];
    withCallback(
      (value: unknown) => (got.push(value), returned),
      def,
      (callback) => {
        expect(call(callback, given)).toEqual(returned);
        expect(call(callback, returned)).toEqual(returned);
      },
    );
    expect(got).toEqual([given, returned]);
  });

  test('a buffer, a view of one, and what was received, as results', () => {
    const call = bind(`apply_${name}`, ['callback', schema], schema.object);
    const buffer = schema.create(returned);
    const results: unknown[] = [buffer, Buffer.from(buffer), new DataView(buffer)];
    for (const result of results) {
      withCallback(
        () => result,
        def,
        (callback) => expect(call(callback, given)).toEqual(returned),
      );
    }
    withCallback(
      (value: unknown) => value,
      def,
      (callback) => expect(call(callback, given)).toEqual(given),
    );
  });

  test('by the types that .object stands for', () => {
    const call = bind(`apply_${name}`, ['callback', schema], schema.object);
    const types = { args: [schema.object], returns: schema.object };
    withCallback(
      () => returned,
      types,
      (callback) => expect(call(callback, given)).toEqual(returned),
    );
  });

  test('behind more arguments than there are registers', () => {
    const call = bind(`late_${name}`, ['callback', schema], schema.object);
    const got: unknown[][] = [];
    const types = { args: [...before, schema, 'i8', 'f32'], returns: schema };
    withCallback(
      (...args: unknown[]) => (got.push(args), returned),
      types,
      (callback) => {
        expect(call(callback, given)).toEqual(returned);
      },
    );
    expect(got).toEqual([[1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, given, -1, 0.5]]);
  });

  test('fields that are missing are zero, and after an error C gets zeros alone', () => {
    const store = bind(`store_${name}`, ['callback', 'ptr']);
    const zero = schema.fromBuffer(schema.create());
    const result = schema.create();
    withCallback(
      () => ({}),
      { returns: schema },
      (callback) => store(callback, result),
    );
    expect(schema.fromBuffer(result)).toEqual(zero);
    for (const wrong of [{ ...returned, unknown: 1 }, Buffer.alloc(schema.size + 1), null, 1, [], 'text']) {
      schema.write(result, returned);
      withCallback(
        () => wrong,
        { returns: schema },
        (callback) => {
          expectError(() => store(callback, result), 'ERR_FFI_CALLBACK');
        },
      );
      expect(schema.fromBuffer(result)).toEqual(zero);
    }
  });

  test('onError gives C a struct', () => {
    const store = bind(`store_${name}`, ['callback', 'ptr']);
    const result = schema.create();
    for (const onError of [returned, schema.create(returned), () => returned]) {
      schema.write(result, given);
      withCallback(
        () => null,
        { returns: schema, onError },
        (callback) => {
          expectError(() => store(callback, result), 'ERR_FFI_CALLBACK');
        },
      );
      expect(schema.fromBuffer(result)).toEqual(returned);
    }
  });
});

testUnions('a union arrives with all members, and is returned as one of them', () => {
  const Either = Union({ whole: 'i64', real: 'f64', bytes: array('u8', 8) });
  const call = bind('apply_union', ['callback', Either], Either.object);
  const got: Fields[] = [];
  const answers: unknown[] = [{ real: 0.5 }, { bytes: [1] }, Either.create({ whole: -1 })];
  const def = { args: [Either], returns: Either };
  withCallback(
    (value: Fields) => answers[got.push(value) - 1],
    def,
    (callback) => {
      const results = [1, 2, 3].map((whole) => call(callback, { whole }) as Fields);
      expect(results.map(({ whole }) => whole)).toEqual([0x3fe0n << 48n, 1, -1]);
      expect(got.map(({ whole }) => whole)).toEqual([1, 2, 3]);
      expect(got[0]!['bytes']).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    },
  );
  withCallback(
    (value: unknown) => value,
    def,
    (callback) => {
      expect((call(callback, { real: -0.25 }) as Fields)['real']).toBe(-0.25);
    },
  );
  withCallback(
    () => ({ whole: 1, real: 1 }),
    def,
    (callback) => {
      expectError(() => call(callback, { whole: 1 }), 'ERR_FFI_CALLBACK');
    },
  );
});

testUnions('bit-fields', () => {
  // In C: int32_t a; int16_t b. Here its bits.
  const Bits = Struct({ low: bits('i32', 4), high: bits('u32', 28), b: 'i16' });
  const call = bind('apply_int1', ['callback', Bits], Bits.object);
  const got: unknown[] = [];
  const returned = { low: -8, high: 2 ** 28 - 1, b: 1 };
  withCallback(
    (value: unknown) => (got.push(value), returned),
    { args: [Bits], returns: Bits },
    (callback) => {
      expect(call(callback, { low: -1, high: 5, b: -3 })).toEqual(returned);
    },
  );
  expect(got).toEqual([{ low: -1, high: 5, b: -3 }]);
});

test('a struct with strings and callbacks in its fields', () => {
  const Order = Struct({ compare: 'callback' });
  const compare = bind('compare_by', [Order, 'ptr', 'ptr'], 'i32');
  const numbers = Int32Array.of(3, 5);
  const def = { args: ['ptr', 'ptr'], returns: 'i32' };
  withCallback(
    (left: number, right: number) => Number(left < right),
    def,
    (callback) => {
      expect(compare({ compare: callback }, numbers, numbers.subarray(1))).toBe(1);
      expect(compare({ compare: callback.ptr }, numbers.subarray(1), numbers)).toBe(0);
      expect(bytesOf(Order.create({ compare: callback }))).toHaveLength(8);
    },
  );
});

test('fields that are user code may call C while the result is stored', () => {
  const call = bind(
    'apply_mixed',
    ['callback', Struct({ a: 'i64', b: 'f64' })],
    Struct({ a: 'i64', b: 'f64' }).object,
  );
  const other = bind('apply_f64', ['callback', 'f64'], 'f64');
  const Mixed = Struct({ a: 'i64', b: 'f64' });
  withCallback(
    (value: number) => -value,
    { args: ['f64'], returns: 'f64' },
    (negate) => {
      const result = {
        get a() {
          return other(negate, 12);
        },
        get b() {
          return other(negate, 0.5);
        },
      };
      withCallback(
        () => result,
        { args: [Mixed], returns: Mixed },
        (callback) => {
          expect(call(callback, { a: 1, b: 2 })).toEqual({ a: -12, b: -0.5 });
        },
      );
    },
  );
});
