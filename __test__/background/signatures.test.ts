// `.async` of every kind of signature gives what the plain call gives.
import { describe, expect, test } from '@jest/globals';
import {
  array,
  CString,
  disposable,
  dlopen,
  enumeration,
  errno,
  fn,
  JSCallback,
  malloc,
  pointer,
  read,
  ref,
  releasePtr,
  Struct,
  Union,
  free,
} from 'arkffi';
import { fixture } from '../support/fixture';
import { testUnions } from '../structs/loose';

const { string_delete } = dlopen(fixture, { string_delete: { args: ['ptr'] } }).symbols;
const Small = Struct({ a: 'f64', b: 'i8' });
const Large = Struct({ values: array('i64', 6) });
const Number16 = Union({ a: 'u16', b: array('u8', 2) });
const Color = enumeration({ RED: 0, GREEN: 1, BLUE: 7 });
const i32s = (count: number) => Array.from({ length: count }, () => 'i32' as const);

const { symbols } = dlopen(fixture, {
  noop: {},
  echo_bool: { args: ['bool'], returns: 'bool' },
  echo_i8: { args: ['i8'], returns: 'i8' },
  echo_u8: { args: ['u8'], returns: 'u8' },
  echo_i16: { args: ['i16'], returns: 'i16' },
  echo_u16: { args: ['u16'], returns: 'u16' },
  echo_i32: { args: ['i32'], returns: 'i32' },
  echo_u32: { args: ['u32'], returns: 'u32' },
  echo_i64: { args: ['i64'], returns: 'i64' },
  echo_u64: { args: ['u64'], returns: 'u64' },
  fast: { symbol: 'echo_i64', args: ['i64_fast'], returns: 'i64_fast' },
  big: { symbol: 'echo_i64', args: ['bigint64'], returns: 'bigint64' },
  ubig: { symbol: 'echo_u64', args: ['biguint64'], returns: 'biguint64' },
  echo_f32: { args: ['f32'], returns: 'f32' },
  echo_f64: { args: ['f64'], returns: 'f64' },
  address: { symbol: 'echo_u64', args: ['ptr'], returns: 'ptr' },
  code: { symbol: 'echo_u64', args: ['callback'], returns: 'callback' },
  color: { symbol: 'echo_i32', args: [Color], returns: Color },
  echo_string: { args: ['CString'], returns: 'CString' },
  string_upper: { args: ['CString'], returns: 'CString' },
  string_join: { args: ['CString', 'CString'], returns: 'CString' },
  string_length: { args: ['CString'], returns: 'size_t' },
  echo_string16: { args: ['string16'], returns: 'string16' },
  echo_string32: { args: ['string32'], returns: 'string32' },
  echo_wstring: { args: ['wstring'], returns: 'wstring' },
  string_new: { args: ['CString'], returns: disposable('CString', string_delete) },
  string_new_null: { returns: disposable('CString', string_delete) },
  string_live: { returns: 'i32' },
  small: { symbol: 'echo_DoubleChar', args: [Small], returns: Small.object },
  smallHeld: { symbol: 'echo_DoubleChar', args: [Small], returns: Small },
  large: { symbol: 'th_large_echo', args: [Large], returns: Large.object },
  largeHeld: { symbol: 'th_large_echo', args: [Large], returns: Large },
  largeLate: { symbol: 'th_large_late', args: [Large, 'i32'], returns: 'i64' },
  union: { symbol: 'echo_U16', args: [Number16], returns: Number16.object },
  sum8: { args: i32s(8), returns: 'i32' },
  mixed: {
    args: [
      ...([
        'i8',
        'f64',
        'u64',
        'f32',
        'i16',
        'f64',
        'u32',
        'f32',
        'i64',
        'f64',
        'u8',
        'f64',
        'i32',
        'f32',
      ] as const),
      ...(['u16', 'f64', 'f64', 'f64', 'i64', 'f32'] as const),
    ],
    returns: 'f64',
  },
  ints: { symbol: 'variadic_ints', args: ['i32', '...'], returns: 'i64' },
  doubles: { symbol: 'variadic_doubles', args: ['f64', 'i32', '...'], returns: 'f64' },
  sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
  sumOf: { symbol: 'sum_f64', args: [pointer('f64'), 'size_t'], returns: 'f64' },
  fill_bytes: { args: ['ptr', 'size_t', 'u8'] },
  call: { symbol: 'th_call', args: ['callback', 'i32'], returns: 'i32' },
  withFunction: {
    symbol: 'th_call_late',
    args: [fn({ args: ['i32'], returns: 'i32' }), 'i32', 'i32'],
    returns: 'i32',
  },
});

describe('scalars', () => {
  test.each([
    ['echo_bool', true],
    ['echo_i8', -128],
    ['echo_u8', 255],
    ['echo_i16', -32768],
    ['echo_u16', 65535],
    ['echo_i32', -(2 ** 31)],
    ['echo_u32', 2 ** 32 - 1],
    ['echo_i64', -(2 ** 53) + 1],
    ['echo_i64', -(2n ** 63n)],
    ['echo_u64', 2n ** 64n - 1n],
    ['fast', -5],
    ['big', -(2n ** 63n)],
    ['ubig', 5n],
    ['echo_f32', 0.5],
    ['echo_f64', -0],
    ['address', 2 ** 47],
    ['code', 0],
    ['color', 7],
  ] as const)('%s of %s', async (name, value) => {
    const call = symbols[name] as unknown as { async: (value: unknown) => Promise<unknown> };
    expect(await call.async(value)).toBe(value);
  });

  test('nothing in, nothing out', async () => {
    expect(await symbols.noop.async()).toBe(undefined);
  });

  test('a function as a function pointer', async () => {
    expect(await symbols.code.async(symbols.noop)).toBe(symbols.noop.ptr);
  });

  test('beyond the registers', async () => {
    expect(await symbols.sum8.async(1, 2, 3, 4, 5, 6, 7, 8)).toBe(204);
    const values = [-1, 2, 3n, 4, -5, 6, 7, 8, -9, 10, 11, 12, -13, 14, 15, 16, 17, 18, -19, 20] as const;
    expect(await symbols.mixed.async(...values)).toBe(symbols.mixed(...values));
    expect(symbols.mixed(...values)).toBe(1596);
  });

  test('variadic', async () => {
    expect(await symbols.ints.async(3, ['i32', 1], ['i32', 20], ['i32', 300])).toBe(941);
    expect(await symbols.ints.async(0)).toBe(0);
    expect(await symbols.doubles.async(0.5, 2, ['f64', 1.5], ['f32', 0.25])).toBe(
      symbols.doubles(0.5, 2, ['f64', 1.5], ['f32', 0.25]),
    );
  });
});

describe('strings', () => {
  const long = 'ü🎈'.repeat(5000);

  test.each<[string, string | null]>([
    ['empty', ''],
    ['short', 'text'],
    ['of many bytes', 'ü🎈'],
    ['long', long],
    ['NULL', null],
  ])('%s, in and out', async (_, text) => {
    expect(await symbols.echo_string.async(text)).toBe(text);
    expect(await symbols.echo_string16.async(text)).toBe(text);
    expect(await symbols.echo_string32.async(text)).toBe(text);
    expect(await symbols.echo_wstring.async(text)).toBe(text);
  });

  test('two of them, one that C writes to, and other things that strings accept', async () => {
    expect(await symbols.string_upper.async('straße')).toBe('STRAßE');
    const strings = [symbols.string_length.async(Buffer.from('abc\0')), symbols.string_length.async('12')];
    using block = ref('u64', 0x6162n);
    const given = new CString(block.ptr);
    expect(await Promise.all([...strings, symbols.string_length.async(given)])).toEqual([3, 2, 2]);
    expect(await symbols.string_join.async('left ', 'right')).toBe(symbols.string_join('left ', 'right'));
  });

  test('disposable ones are copied and freed once', async () => {
    const before = symbols.string_live();
    const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);
    expect(await Promise.all(texts.map((text) => symbols.string_new.async(text)))).toEqual(texts);
    expect(await symbols.string_new_null.async()).toBe(null);
    expect(symbols.string_live()).toBe(before);
  });
});

describe('structs', () => {
  const values = [1, -2, 3, 2n ** 60n, 5, 6];

  test('objects and buffers go in, objects come out', async () => {
    expect(await symbols.small.async({ a: 0.5, b: -3 })).toEqual({ a: 0.5, b: -3 });
    expect(await symbols.small.async(Small.create({ a: 1.5, b: 3 }))).toEqual({ a: 1.5, b: 3 });
    expect(await symbols.large.async({ values })).toEqual({ values });
    expect(await symbols.large.async(Large.create({ values }))).toEqual({ values });
  });

  testUnions('unions', async () => {
    expect(await symbols.union.async({ a: 0x1234 })).toMatchObject({ a: 0x1234 });
  });

  test('held until releasePtr', async () => {
    const calls = Array.from({ length: 20 }, (_, b) => symbols.smallHeld.async({ a: b / 2, b }));
    const addresses = await Promise.all(calls);
    expect(new Set(addresses).size).toBe(20);
    addresses.forEach((address, b) => expect(Small.fromPtr(address)).toEqual({ a: b / 2, b }));
    expect(addresses.map(releasePtr)).toEqual(Array(20).fill(true));
    expect(addresses.map(releasePtr)).toEqual(Array(20).fill(false));
    const large = await symbols.largeHeld.async({ values });
    expect(Large.fromPtr(large)).toEqual({ values });
    expect(releasePtr(large)).toBe(true);
  });

  test('are read before the call is started', async () => {
    const given = { values: [1, 1, 1, 1, 1, 1] };
    const buffer = Large.create({ values: [2, 2, 2, 2, 2, 2] });
    const calls = [symbols.largeLate.async(given, 20), symbols.largeLate.async(buffer, 20)];
    given.values.fill(9);
    new Uint8Array(buffer).fill(0);
    expect(await Promise.all(calls)).toEqual([21, 42]);
  });
});

describe('memory', () => {
  test('buffers of every kind are read and written in place', async () => {
    const values = Float64Array.of(1, 2, 0.25);
    expect(await symbols.sum_f64.async(values, 3)).toBe(3.25);
    expect(await symbols.sumOf.async(values, 3)).toBe(3.25);
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    const plain = new Uint8Array(16);
    const block = malloc(8);
    await Promise.all([
      symbols.fill_bytes.async(shared, 8, 7),
      symbols.fill_bytes.async(plain.subarray(4, 12), 8, 9),
      symbols.fill_bytes.async(block, 8, 1),
    ]);
    expect([...shared]).toEqual(Array(8).fill(7));
    expect(plain.join('')).toBe('0000999999990000');
    expect(read.u64(block)).toBe(0x0101010101010101n);
    free(block);
  });
});

describe('callbacks', () => {
  test('as arguments run on this thread', async () => {
    using callback = new JSCallback((value) => value * 2, { args: ['i32'], returns: 'i32' });
    expect(await symbols.call.async(callback, 21)).toBe(42);
    expect(await symbols.call.async(callback.ptr, 4)).toBe(8);
  });

  test('plain functions as arguments live until the call has settled', async () => {
    const calls = Array.from({ length: 20 }, (_, index) =>
      symbols.withFunction.async((value) => value + index, 100, index % 5),
    );
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, index) => 100 + index));
  });
});

test('errno() of this thread stays as it is', async () => {
  errno(5);
  await symbols.echo_i32.async(1);
  expect(errno()).toBe(5);
});
