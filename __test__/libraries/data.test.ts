import { describe, expect, test } from '@jest/globals';
import { dlopen, free, read, strdup, write, type DataSymbol } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

const { symbols } = dlopen(fixture, {
  data_bool: { type: 'bool' },
  data_i8: { type: 'i8' },
  data_u8: { type: 'u8' },
  data_i16: { type: 'i16' },
  data_u16: { type: 'u16' },
  data_i32: { type: 'i32' },
  data_u32: { type: 'u32' },
  data_i64: { type: 'i64' },
  data_u64: { type: 'u64' },
  data_long: { type: 'long' },
  data_size: { type: 'size_t' },
  data_f32: { type: 'f32' },
  data_f64: { type: 'f64' },
  data_text: { type: 'CString' },
  data_wide: { type: 'wstring' },
  data_pointer: { type: 'ptr' },
  data_function: { type: 'callback' },
  data_constant: { type: 'i32' },
  exact: { symbol: 'data_i64', type: 'bigint64' },
  fast: { symbol: 'data_i64', type: 'i64_fast' },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  data_i32_seen: { returns: 'i32' },
  data_f64_seen: { returns: 'f64' },
  data_bool_seen: { returns: 'bool' },
  data_text_seen: { returns: 'CString' },
});

type Cell = DataSymbol<'ptr'> & { value: unknown };
const cell = (name: string): Cell => (symbols as unknown as Record<string, Cell>)[name]!;

describe('data symbols', () => {
  test.each<[name: string, initial: unknown, values: unknown[]]>([
    ['data_bool', true, [false, true]],
    ['data_i8', -8, [127, -128, 0]],
    ['data_u8', 200, [255, 0]],
    ['data_i16', -1600, [32767, -32768]],
    ['data_u16', 60000, [65535, 0]],
    ['data_i32', -320000, [2147483647, -2147483648]],
    ['data_u32', 4000000000, [4294967295, 0]],
    ['data_i64', -(2n ** 63n), [2n ** 63n - 1n, -1, 2 ** 53 - 1]],
    ['data_u64', 2n ** 64n - 1n, [2n ** 63n, 0, 2 ** 53 - 1]],
    ['data_long', -5, [2n ** 63n - 1n, 7]],
    ['data_size', 77, [2n ** 64n - 1n, 7]],
    ['data_f32', 1.5, [-0.25, Infinity, NaN]],
    ['data_f64', 0.1, [Math.PI, -0, NaN]],
    ['exact', -(2n ** 63n), [5n, -(2n ** 63n)]],
  ])('%s', (name, initial, values) => {
    const symbol = cell(name);
    expect(symbol.name).toBe(name);
    expect(symbol.ptr).toBeGreaterThan(0);
    expect(symbol.value).toBe(initial);
    for (const value of [...values, initial]) {
      symbol.value = value as never;
      expect(symbol.value).toBe(value);
    }
  });

  test('a write is what C sees', () => {
    symbols.data_i32.value = 1;
    symbols.data_f64.value = 2.5;
    symbols.data_bool.value = false;
    expect([symbols.data_i32_seen(), symbols.data_f64_seen(), symbols.data_bool_seen()]).toEqual([
      1,
      2.5,
      false,
    ]);
    symbols.data_i32.value = -320000;
    symbols.data_f64.value = 0.1;
    symbols.data_bool.value = 1;
    expect(symbols.data_bool_seen()).toBe(true);
  });

  test('ptr is the address of the variable', () => {
    expect(read.i32(symbols.data_i32)).toBe(-320000);
    expect(symbols.data_pointer.value).toBe(symbols.data_i32.ptr);
    write.i16(symbols.data_i16.ptr, 0, -1);
    expect(symbols.data_i16.value).toBe(-1);
    symbols.data_i16.value = -1600;
  });

  test('a string is read through the pointer; an address is written', () => {
    const { data_text } = symbols;
    expect(data_text.value).toBe('text of C');
    expect(symbols.data_wide.value).toBe('wide €');
    const original = read.ptr(data_text);
    const text = strdup('ünlike');
    data_text.value = text;
    expect([data_text.value, symbols.data_text_seen()]).toEqual(['ünlike', 'ünlike']);
    data_text.value = null;
    expect([data_text.value, symbols.data_text_seen()]).toEqual([null, null]);
    expectError(() => (data_text.value = 'no memory'), 'ERR_FFI_INVALID_ARG_TYPE', 'strdup');
    data_text.value = original;
    free(text);
  });

  test('pointers and functions', () => {
    const { data_pointer, data_function, data_i32 } = symbols;
    const buffer = Buffer.alloc(4);
    data_pointer.value = buffer;
    expect(data_pointer.value).toBeGreaterThan(0);
    data_pointer.value = -1;
    expect(data_pointer.value).toBe(2n ** 64n - 1n);
    data_pointer.value = data_i32;
    expect(data_pointer.value).toBe(data_i32.ptr);
    expect(data_function.value).toBe(0);
    data_function.value = symbols.add_i32;
    expect(data_function.value).toBe(symbols.add_i32.ptr);
    data_function.value = null;
    expect(data_function.value).toBe(0);
  });

  test('a constant is read, and writing it is refused', () => {
    expect(symbols.data_constant.value).toBe(1234);
    expectError(() => (symbols.data_constant.value = 1), 'ERR_FFI_INVALID_POINTER', 'data_constant');
    expect(symbols.data_constant.value).toBe(1234);
  });

  test.each<[name: string, value: unknown, code: 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE']>([
    ['data_bool', 'true', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['data_bool', 2, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_i8', 128, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_u8', -1, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_i32', 1n, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['data_i32', 1.5, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_i32', NaN, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_i64', 2 ** 53, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_i64', 2n ** 63n, 'ERR_FFI_OUT_OF_RANGE'],
    ['data_f64', '1', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['data_f64', null, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['data_f64', undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['data_pointer', 'text', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['data_pointer', -2, 'ERR_FFI_OUT_OF_RANGE'],
  ])('%s = %p is refused and changes nothing', (name, value, code) => {
    const before = cell(name).value;
    expectError(() => (cell(name).value = value as never), code, name);
    expect(cell(name).value).toBe(before);
  });

  test('a fast type refuses what is no safe integer', () => {
    expectError(() => symbols.fast.value, 'ERR_FFI_OUT_OF_RANGE', 'fast');
  });

  test.each(['void', 'v', 'napi_env', 'napi_value', 'nothing', undefined, 1, {}])(
    'type %p is refused',
    (type) => {
      expectError(() => dlopen(fixture, { data_i32: { type } } as never), 'ERR_FFI_INVALID_TYPE');
    },
  );

  test('a definition is a function or a variable, not both', () => {
    expectError(
      () => dlopen(fixture, { data_i32: { type: 'i32', args: [] } } as never),
      'ERR_FFI_INVALID_TYPE',
      'args',
    );
  });
});

describe('variables of the C library, through null', () => {
  test('environ', () => {
    const { environ } = dlopen(null, { environ: { type: 'ptr' } }).symbols;
    const variables = [];
    for (let index = 0; ; index++) {
      const text = read.ptr(environ.value, index * 8);
      if (text === 0) break;
      variables.push(read.cstring(text));
    }
    expect(variables).toContain(`PATH=${process.env['PATH']}`);
  });

  test('stdout', () => {
    const { stdout, fileno } = dlopen(null, {
      stdout: { type: 'ptr' },
      fileno: { args: ['ptr'], returns: 'int' },
    }).symbols;
    expect(fileno(stdout.value)).toBe(1);
  });
});
