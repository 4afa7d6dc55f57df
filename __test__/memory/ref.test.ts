import { describe, expect, test } from '@jest/globals';
import { alignof, dlopen, free, read, ref, sizeof, strdup, type Ref } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';

const sizes: Record<number, readonly string[]> = {
  1: ['bool', 'b', 'i8', 'int8', 'int8_t', 'char', 'c', 'u8', 'uint8', 'uint8_t', 'uchar'],
  2: ['i16', 'int16', 'int16_t', 'short', 'u16', 'uint16', 'uint16_t', 'ushort'],
  4: ['i32', 'int32', 'int32_t', 'int', 'i', 'u32', 'uint32', 'uint32_t', 'uint', 'f32', 'float', 'f'],
  8: [
    ...[
      'i64',
      'int64_t',
      'longlong',
      'l',
      'u64',
      'ulonglong',
      'i64_fast',
      'u64_fast',
      'bigint64',
      'biguint64',
    ],
    ...[
      'f64',
      'double',
      'd',
      'long',
      'ulong',
      'size_t',
      'usize',
      'ssize_t',
      'isize',
      'intptr_t',
      'uintptr_t',
    ],
    ...['CString', 'cstring', 's', 'string16', 'string32', 'wstring', 'ptr', 'pointer', 'buffer', 'p'],
    ...['callback', 'function', 'k'],
  ],
};
const table = Object.entries(sizes).flatMap(([size, names]) =>
  names.map((name) => [name, Number(size)] as const),
);

describe('sizeof and alignof', () => {
  test.each(table)('%s: %d', (name, size) => {
    expect(sizeof(name as 'i32')).toBe(size);
    expect(alignof(name as 'i32')).toBe(size);
  });

  test.each(['void', 'v', 'napi_env', 'napi_value', 'int3', '', '...', undefined, null, 4, {}])(
    'refuse %p',
    (type) => {
      for (const use of [sizeof, alignof, ref]) expectError(() => use(type as never), 'ERR_FFI_INVALID_TYPE');
    },
  );

  test('near names are offered', () => {
    expectError(() => sizeof('duoble' as never), 'ERR_FFI_INVALID_TYPE', "'double'");
  });
});

describe('ref', () => {
  test.each<[type: string, values: unknown[]]>([
    ['bool', [true, false]],
    ['i8', [-128, 127]],
    ['u8', [255, 0]],
    ['i16', [-32768, 32767]],
    ['u16', [65535]],
    ['int', [-(2 ** 31), 2 ** 31 - 1]],
    ['u32', [2 ** 32 - 1]],
    ['i64', [-1, -(2n ** 63n), 2n ** 63n - 1n, 2 ** 53 - 1]],
    ['u64', [1, 2n ** 64n - 1n]],
    ['i64_fast', [-(2 ** 53) + 1, 2 ** 53 - 1]],
    ['u64_fast', [2 ** 53 - 1]],
    ['bigint64', [0n, -1n, -(2n ** 63n)]],
    ['biguint64', [0n, 2n ** 64n - 1n]],
    ['long', [-1, 2n ** 63n - 1n]],
    ['size_t', [1, 2n ** 64n - 1n]],
    ['f32', [0.5, -Infinity, NaN]],
    ['f64', [0.1, -0, NaN]],
    ['ptr', [0, 4096, 2n ** 64n - 1n]],
    ['callback', [0, 4096]],
  ])('%s', (type, values) => {
    const empty = ref(type as 'ptr') as unknown as Ref<'ptr'> & { value: unknown };
    expect(Number(empty.value)).toBe(0);
    for (const value of values) {
      expect(ref(type as 'ptr', value as never).value).toBe(value);
      empty.value = value as never;
      expect(empty.value).toBe(value);
    }
    expect(empty.ptr % sizeof(type as 'ptr')).toBe(0);
  });

  test('text: null, and what stands at the address', () => {
    const text = ref('CString');
    expect(text.value).toBeNull();
    const block = strdup('ünï');
    text.value = block;
    expect(text.value).toBe('ünï');
    expectError(() => (text.value = 'no memory'), 'ERR_FFI_INVALID_ARG_TYPE', 'strdup');
    text.value = null;
    expect(text.value).toBeNull();
    free(block);
  });

  test('is what C writes its results to', () => {
    const { store_results } = dlopen(fixture, { store_results: { args: ['ptr', 'ptr', 'ptr'] } }).symbols;
    const [number, real, text] = [ref('i32', -1), ref('f64'), ref('CString')];
    store_results(number, real, text);
    expect([number.value, real.value, text.value]).toEqual([42, 2.5, 'stored']);
    number.value = 0;
    store_results(number.ptr, null, undefined);
    expect([number.value, read.i32(number)]).toEqual([42, 42]);
  });

  test.each<[string, unknown, 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE']>([
    ['i8', 128, 'ERR_FFI_OUT_OF_RANGE'],
    ['i32', '1', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['i32', null, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['u64', -1, 'ERR_FFI_OUT_OF_RANGE'],
    ['f64', 1n, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['CString', 'text', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['ptr', 'text', 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('ref(%p, %p) is refused', (type, value, code) => {
    expectError(() => ref(type as 'i32', value as never), code, 'ref');
  });

  test('close: it refuses, and may be called again', () => {
    const { echo_ptr } = dlopen(fixture, { echo_ptr: { args: ['ptr'], returns: 'ptr' } }).symbols;
    const number = ref('i32', 7);
    expect(echo_ptr(number)).toBe(number.ptr);
    number.close();
    number.close();
    number[Symbol.dispose]();
    expectError(() => number.value, 'ERR_FFI_CLOSED');
    expectError(() => (number.value = 1), 'ERR_FFI_CLOSED');
    expectError(() => number.ptr, 'ERR_FFI_CLOSED');
    expectError(() => echo_ptr(number), 'ERR_FFI_CLOSED');
  });

  test('a value that closes it is not written', () => {
    const address = ref('ptr');
    const closing = {
      get ptr() {
        address.close();
        return 1;
      },
    };
    expectError(() => (address.value = closing), 'ERR_FFI_CLOSED');
  });

  test('its memory stays while C uses it, however often the collector runs', () => {
    const program = `
      const { dlopen, ref } = require(entry);
      const { store_results } = dlopen(fixture, { store_results: { args: ['ptr', 'ptr', 'ptr'] } }).symbols;
      for (let round = 0; round < 200; round++) {
        const refs = Array.from({ length: 50 }, () => [ref('i32'), ref('f64'), ref('CString')]);
        gc();
        for (const each of refs) store_results(...each);
        gc();
        for (const [number, real, text] of refs) assert.deepStrictEqual([number.value, real.value, text.value], [42, 2.5, 'stored']);
      }
      console.log('kept');`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('kept');
  });
});
