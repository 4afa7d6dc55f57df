// Arrays: as fields, as arguments (which C takes by address), as variables and out-parameters.
import { describe, expect, test } from '@jest/globals';
import { calloc, free, ptr } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';
import { labelled } from '../types/refusal';
import { alignof, array, functions, ref, sizeof, Struct, type Call } from './loose';

const Complex = Struct({ real: 'f64', imag: 'f64' });
const Person = Struct({ name: 'CString', age: 'i32', mail: 'CString' });
const table = array(array('i32', 3), 2);

const { complex_sum, complex_scale, sum_of_three, table_sum, table_double, ...others } = functions(fixture, {
  complex_sum: { args: [array(Complex), 'size_t'], returns: Complex.object },
  complex_scale: { args: [array(Complex, 2), 'size_t', 'f64'] },
  sum_of_three: { symbol: 'sum_f64', args: [array('f64', 3), 'size_t'], returns: 'f64' },
  table_sum: { args: [table], returns: 'i32' },
  table_double: { args: [table] },
  people_age: { args: [array(Person, 2)], returns: 'i64' },
  address: { symbol: 'echo_ptr', args: [array('i16', 2)], returns: 'ptr' },
  any_address: { symbol: 'echo_ptr', args: [array('i16')], returns: 'ptr' },
}).symbols as Record<'complex_sum' | 'complex_scale' | 'sum_of_three' | 'table_sum' | 'table_double', Call> &
  Record<'people_age' | 'address' | 'any_address', Call>;
const { people_age, address, any_address } = others;

describe('the type', () => {
  test('has the size of its elements', () => {
    expect([sizeof(array('i16', 3)), alignof(array('i16', 3))]).toEqual([6, 2]);
    expect([sizeof(table), alignof(table)]).toEqual([24, 4]);
    expect([sizeof(array(Complex, 5)), alignof(array(Complex, 5))]).toEqual([80, 8]);
    expect(sizeof(array('u8', 2 ** 31 - 1))).toBe(2 ** 31 - 1);
  });

  test.each<[string, unknown[]]>([
    ['bool', [true, false, true]],
    ['i8', [-128, 127, 0]],
    ['u8', [255, 0, 1]],
    ['i16', [-32768, 32767, 0]],
    ['u16', [65535, 0, 1]],
    ['i32', [-(2 ** 31), 2 ** 31 - 1, 0]],
    ['u32', [2 ** 32 - 1, 0, 1]],
    ['i64', [-(2n ** 63n), 2n ** 63n - 1n, 5]],
    ['u64', [2n ** 64n - 1n, 0, 2 ** 53 - 1]],
    ['i64_fast', [-(2 ** 53) + 1, 2 ** 53 - 1, 0]],
    ['u64_fast', [2 ** 53 - 1, 0, 1]],
    ['bigint64', [-(2n ** 63n), 0n, 1n]],
    ['biguint64', [2n ** 64n - 1n, 0n, 1n]],
    ['f32', [0.5, -Infinity, NaN]],
    ['f64', [0.1, -0, NaN]],
    ['ptr', [0, 4096, 2n ** 64n - 1n]],
    ['callback', [0, 4096, 1]],
    ['CString', [0, 4096, 1]],
  ])('of %s: all values', (type, values) => {
    const One = Struct({ before: 'i8', list: array(type, 3), after: 'i8' });
    const value = { before: -1, list: values, after: -2 };
    expect(One.fromBuffer(One.create(value))).toEqual(value);
    const Many = Struct({ list: array(type, 40) });
    const list = Array.from({ length: 40 }, (_, index) => values[index % 3]);
    expect(Many.fromBuffer(Many.create({ list }))).toEqual({ list });
    const cell = ref(array(type, 3), values);
    expect(cell.value).toEqual(values);
    expect(Array.isArray(cell.value)).toBe(true);
  });

  test('decodes to an Array of its own', () => {
    const One = Struct({ list: array('i32', 3) });
    const buffer = One.create({ list: [1, 2, 3] });
    const first = One.fromBuffer(buffer)['list'] as number[];
    first.push(4);
    first[0] = 9;
    expect(One.fromBuffer(buffer)).toEqual({ list: [1, 2, 3] });
  });

  test('of large structs and of thousands', () => {
    const Large = Struct({ id: 'i32', list: array('f32', 100) });
    const All = Struct({ all: array(Large, 50), count: 'i32' });
    const all = Array.from({ length: 50 }, (_, id) => ({
      id,
      list: Array.from({ length: 100 }, (_, n) => n + id),
    }));
    expect(All.fromBuffer(All.create({ all, count: 50 }))).toEqual({ all, count: 50 });
    const Bytes = Struct({ list: array('u8', 1_000_000) });
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 256);
    const decoded = Bytes.fromBuffer(Bytes.create({ list: bytes }))['list'] as number[];
    expect(Buffer.from(decoded).equals(bytes)).toBe(true);
  });
});

describe('more elements than an Array of JavaScript can have', () => {
  test.each<[string, string]>([
    ['create', 'Large.create({ list: bytes })'],
    ['fromBuffer', 'Large.fromBuffer(bytes)'],
    ['get', "Large.get(bytes, 'list')"],
    ['a flexible array', 'Counted.create({ list: bytes })'],
    ['a Proxy that lies about its length', 'Counted.create({ list: new Proxy([], lying) })'],
    ['an argument', 'list(new Proxy([], lying))'],
    ['a flexible array that is read', 'Counted.fromBuffer(counted)'],
    ['a flexible array at an address', 'Counted.fromPtr(ptr(counted))'],
    ['a view as a value', 'Large.create(Large.view(bytes))'],
  ])('%s', (_, expression) => {
    const program = `
      const { dlopen, Struct, array, ptr } = require(entry);
      const count = 150_000_000;
      const Large = Struct({ list: array('u8', count) });
      const Counted = Struct({ count: 'u32', list: array('u8', 'count') });
      const { list } = dlopen(fixture, { list: { symbol: 'echo_ptr', args: [array('u8')], returns: 'ptr' } }).symbols;
      const bytes = new Uint8Array(count);
      const counted = new Uint8Array(count + 4);
      new Uint32Array(counted.buffer, 0, 1)[0] = count;
      const lying = { get: (_, key) => (key === 'length' ? 1e9 : 1) };
      try {
        void ${expression};
      } catch (error) {
        assert.match(error.code, /^ERR_FFI_/);
      }
      console.log('alive');`;
    expect(outputOf(program)).toBe('alive');
  });
});

describe('an argument', () => {
  const pair = [
    { real: 1, imag: 2 },
    { real: 3, imag: 4 },
  ];

  test('an Array is put into memory for the call', () => {
    for (let round = 0; round < 3; round++) {
      expect(complex_sum(pair, 2)).toEqual({ real: 4, imag: 6 });
      expect(complex_sum([], 0)).toEqual({ real: 0, imag: 0 });
      expect(complex_sum([...pair, Complex.create({ real: 5 })], 3)).toEqual({ real: 9, imag: 6 });
      expect(sum_of_three([1, 2, 3], 3)).toBe(6);
      expect(
        table_sum([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ).toBe(91);
      expect(table_sum([[1], [0, 5]])).toBe(26);
      expect(people_age([{ name: 'Ada', age: 36 }, { age: 2 }])).toBe(40);
    }
    const many = Array.from({ length: 10_000 }, (_, real) => ({ real, imag: 1 }));
    expect(complex_sum(many, many.length)).toEqual({ real: 49_995_000, imag: 10_000 });
  });

  test('what is missing of it is zero', () => {
    sum_of_three([7, 7, 7], 3);
    expect(sum_of_three([1], 3)).toBe(1);
    expect(sum_of_three([], 3)).toBe(0);
    expect(complex_sum([{}, { imag: 1 }], 2)).toEqual({ real: 0, imag: 1 });
  });

  test('what C writes to an Array does not come back; to memory it does', () => {
    const list = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    table_double(list);
    expect(list).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const numbers = Int32Array.of(1, 2, 3, 4, 5, 6);
    table_double(numbers);
    expect([...numbers]).toEqual([2, 4, 6, 8, 10, 12]);
    const cell = ref(table, list);
    table_double(cell);
    expect(cell.value).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ]);
    const values = new Float64Array([1, 2, 3, 4]);
    complex_scale(values, 2, 10);
    expect([...values]).toEqual([10, 20, 30, 40]);
  });

  test('a buffer, an address or NULL goes as it is', () => {
    const bytes = new Int16Array(4);
    const block = calloc(2, 2);
    const views = [
      bytes,
      bytes.buffer,
      new DataView(bytes.buffer),
      bytes.subarray(1),
      Buffer.from(bytes.buffer, 2),
    ];
    for (const view of [...views, new SharedArrayBuffer(4)]) {
      expect([address(view), any_address(view)]).toEqual([ptr(view), ptr(view)]);
    }
    for (const call of [address, any_address]) {
      expect([
        call(block),
        call(BigInt(block)),
        call({ ptr: block }),
        (call(ref('i64')) as number) > 0,
      ]).toEqual([...[block, block, block], true]);
      expect([call(null), call(undefined), call(0)]).toEqual([0, 0, 0]);
    }
    free(block);
  });

  test('a buffer that is too short', () => {
    for (const short of [
      new Int16Array(1),
      new ArrayBuffer(3),
      Buffer.alloc(0),
      new DataView(new ArrayBuffer(3)),
    ]) {
      expectError(() => address(short), 'ERR_FFI_OUT_OF_BOUNDS', 'args[0]');
      expect(any_address(short)).toEqual(expect.any(Number));
    }
    expectError(() => table_double(new Int32Array(5)), 'ERR_FFI_OUT_OF_BOUNDS', '24');
  });

  test('an Array that is too long', () => {
    expectError(() => sum_of_three([1, 2, 3, 4], 3), 'ERR_FFI_OUT_OF_RANGE', 'args[0]');
    expectError(() => table_sum([[], [], []]), 'ERR_FFI_OUT_OF_RANGE', 'args[0]');
    expectError(() => table_sum([[1, 2, 3, 4]]), 'ERR_FFI_OUT_OF_RANGE', 'args[0][0]');
  });

  test('wrong elements are named by their place', () => {
    expectError(() => sum_of_three([1, '2'], 3), 'ERR_FFI_INVALID_ARG_TYPE', 'args[0][1] (double)');
    expectError(() => sum_of_three([1, undefined], 3), 'ERR_FFI_INVALID_ARG_TYPE', 'args[0][1]');
    expectError(() => table_sum([[1], [2, 0.5]]), 'ERR_FFI_OUT_OF_RANGE', 'args[0][1][1] (int32_t)');
    expectError(() => complex_sum([{}, { real: null }], 2), 'ERR_FFI_INVALID_ARG_TYPE', 'args[0][1].real');
    expectError(() => complex_sum([{ rael: 1 }], 1), 'ERR_FFI_INVALID_ARG_TYPE', "'real'");
    expectError(
      () => people_age([{ name: 'a\0b' }]),
      'ERR_FFI_INVALID_ARG_TYPE',
      /args\[0\]\[0\]\.name.*NUL/,
    );
    expect(sum_of_three([1, 2, 3], 3)).toBe(6);
  });

  test.each(labelled('text', true, {}, () => 1, Symbol('s'), new Map(), { length: 2, 0: 1 }, new Set([1])))(
    '%s is no array',
    (_, value) => {
      expectError(() => address(value), 'ERR_FFI_INVALID_ARG_TYPE', 'args[0]');
      expectError(() => any_address(value), 'ERR_FFI_INVALID_ARG_TYPE', 'args[0]');
    },
  );

  test('a typed array is memory, not a list of values', () => {
    expect(sum_of_three(new Uint8Array(Float64Array.of(1, 2, 3).buffer), 3)).toBe(6);
    expectError(() => sum_of_three(Uint8Array.of(1, 2, 3), 3), 'ERR_FFI_OUT_OF_BOUNDS', '24');
  });
});
