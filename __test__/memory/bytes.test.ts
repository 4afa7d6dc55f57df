import { describe, expect, test } from '@jest/globals';
import { copy, CString, dlopen, free, malloc, ptr, read, readMemory, strdup, strndup, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

const { fill_bytes } = dlopen(fixture, { fill_bytes: { args: ['buffer', 'size_t', 'u8'] } }).symbols;
const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyz');
const text = (memory: number, bytes: number) => Buffer.from(readMemory(memory, bytes)).toString('latin1');

describe('copy', () => {
  test('between addresses and buffers of every kind', () => {
    const block = malloc(26);
    expect(copy(block, alphabet, 26)).toBeUndefined();
    expect(text(block, 26)).toBe(alphabet.toString());
    for (const make of [
      () => new Uint8Array(26),
      () => new DataView(new ArrayBuffer(40), 7, 30),
      () => new ArrayBuffer(26),
      () => new SharedArrayBuffer(26),
      () => Buffer.alloc(26),
    ]) {
      const target = make();
      copy(target, block, 26);
      expect(read.u8(target, 25)).toBe(122);
      expect(Buffer.from(readMemory(target, 26)).equals(alphabet)).toBe(true);
    }
    free(block);
  });

  test.each([
    [0, 0, 26],
    [1, 0, 25],
    [0, 1, 25],
    [13, 0, 13],
    [0, 13, 13],
    [5, 3, 20],
    [3, 5, 20],
  ])('ranges that overlap: to %d from %d, %d bytes', (to, from, bytes) => {
    const expected = Buffer.from(alphabet);
    expected.copyWithin(to, from, from + bytes);
    const block = malloc(26);
    copy(block, alphabet, 26);
    copy(block + to, block + from, bytes);
    expect(text(block, 26)).toBe(expected.toString());
    const buffer = Buffer.from(alphabet);
    copy(buffer.subarray(to), buffer.subarray(from), bytes);
    expect(buffer).toEqual(expected);
    free(block);
  });

  test('large ranges that overlap', () => {
    const buffer = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    for (const [to, from] of [
      [1, 0],
      [0, 1],
      [5000, 0],
      [0, 5000],
    ] as const) {
      const [actual, expected] = [Buffer.from(buffer), Buffer.from(buffer)];
      expected.copyWithin(to, from, from + 90_000);
      copy(actual.subarray(to), actual.subarray(from), 90_000);
      expect(actual.equals(expected)).toBe(true);
    }
  });

  test('no bytes', () => {
    const buffer = Buffer.from('same');
    copy(buffer, alphabet, 0);
    copy(buffer.subarray(4), alphabet, 0);
    expect(buffer.toString()).toBe('same');
  });

  test('bounds of buffers', () => {
    const buffer = Buffer.alloc(16);
    expectError(() => copy(buffer, alphabet, 17), 'ERR_FFI_OUT_OF_BOUNDS', 'copy');
    expectError(() => copy(alphabet, buffer, 17), 'ERR_FFI_OUT_OF_BOUNDS', 'copy');
    expectError(() => copy(new ArrayBuffer(0), alphabet, 1), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => copy(buffer, alphabet, Number.MAX_SAFE_INTEGER), 'ERR_FFI_OUT_OF_BOUNDS');
    expect(buffer.equals(Buffer.alloc(16))).toBe(true);
  });

  test('bounds of live blocks', () => {
    const block = malloc(16);
    expectError(() => copy(Buffer.alloc(32), block, 17), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => readMemory(block, 17), 'ERR_FFI_OUT_OF_BOUNDS');
    free(block);
  });
});

describe('lengths', () => {
  const block = malloc(16);
  const uses: [string, (length: never) => unknown][] = [
    ['copy', (length) => copy(block, alphabet, length)],
    ['readMemory', (length) => readMemory(block, length)],
    ['CString', (length) => new CString(block, 0, length)],
    ['malloc', (length) => malloc(length)],
    ['strndup', (length) => strndup('text', length)],
  ];

  test.each(uses)('%s', (name, use) => {
    for (const length of ['1', 1n, true, {}, null]) {
      expectError(() => use(length as never), 'ERR_FFI_INVALID_ARG_TYPE', name);
    }
    for (const length of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
      expectError(() => use(length as never), 'ERR_FFI_OUT_OF_RANGE', name);
    }
  });
});

describe('readMemory', () => {
  test('is a copy', () => {
    const block = malloc(8);
    write.u64(block, 0, 0x0807060504030201n);
    const memory = readMemory(block, 8);
    expect([...new Uint8Array(memory)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    write.u8(block, 0, 99);
    expect(new Uint8Array(memory)[0]).toBe(1);
    free(block);
  });

  test('of buffers, within their bounds', () => {
    const memory = readMemory(alphabet.subarray(3, 6), 3);
    expect(Buffer.from(memory).toString()).toBe('def');
    expectError(() => readMemory(alphabet.subarray(3, 6), 4), 'ERR_FFI_OUT_OF_BOUNDS');
    expect(readMemory(alphabet, 0).byteLength).toBe(0);
  });

  test.each([2 ** 40, Number.MAX_SAFE_INTEGER])('a length of %d is refused at once', (length) => {
    const block = malloc(8);
    const start = performance.now();
    expect(() => readMemory(block, length)).toThrow();
    expect(() => new CString(block, 0, length)).toThrow();
    expect(performance.now() - start).toBeLessThan(2000);
    free(block);
  });
});

describe('ptr', () => {
  test('is the address of the first byte, the offset of a view included', () => {
    const memory = new ArrayBuffer(32);
    const start = ptr(memory);
    expect(start).toBeGreaterThan(0);
    expect(ptr(new Uint8Array(memory))).toBe(start);
    expect(ptr(new Uint16Array(memory, 6))).toBe(start + 6);
    expect(ptr(new DataView(memory, 3))).toBe(start + 3);
    expect(ptr(Buffer.from(memory, 5))).toBe(start + 5);
    new Uint8Array(memory)[9] = 77;
    expect(read.u8(start, 9)).toBe(77);
  });

  test('of shared memory', () => {
    const shared = new SharedArrayBuffer(16);
    expect(ptr(new Uint8Array(shared, 4))).toBe(ptr(shared) + 4);
    fill_bytes(new Uint8Array(shared, 4, 4), 4, 7);
    expect([...new Uint8Array(shared)].slice(2, 10)).toEqual([0, 0, 7, 7, 7, 7, 0, 0]);
  });

  test('of what has one', () => {
    expect(ptr({ ptr: 4096 })).toBe(4096);
    const block = strdup('text');
    expect(ptr(new CString(block))).toBe(block);
    free(block);
  });

  test.each([1, 1n, null, undefined, 'text', true, {}, [], Symbol('s'), { ptr: 'text' }])(
    'refuses %p',
    (value) => {
      expectError(() => ptr(value as never), 'ERR_FFI_INVALID_ARG_TYPE', 'ptr');
    },
  );

  test('a buffer without bytes has an address that C may take', () => {
    for (const empty of [new ArrayBuffer(0), Buffer.alloc(0), new Uint8Array(new ArrayBuffer(8), 8)]) {
      expect(() => fill_bytes(empty, 0, 1)).not.toThrow();
      expect(ptr(empty)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('strdup and strndup', () => {
  test.each(['', 'plain', 'ünï €', '😀'])('%p', (value) => {
    const block = strdup(value);
    expect(read.cstring(block)).toBe(value);
    free(block);
  });

  test.each<[string, number, string]>([
    ['plain', 3, 'pla'],
    ['plain', 0, ''],
    ['plain', 5, 'plain'],
    ['plain', 500, 'plain'],
    ['aü', 2, 'a'],
    ['aü', 3, 'aü'],
    ['€uro', 2, ''],
    ['x😀', 4, 'x'],
  ])('strndup(%p, %d) is %p: characters stay whole', (value, bytes, expected) => {
    const block = strndup(value, bytes);
    expect(read.cstring(block)).toBe(expected);
    free(block);
  });

  test.each(['a\0b', 1, null, undefined, Buffer.from('x')])('refuses %p', (value) => {
    expectError(() => strdup(value as never), 'ERR_FFI_INVALID_ARG_TYPE', 'strdup');
    expectError(() => strndup(value as never, 1), 'ERR_FFI_INVALID_ARG_TYPE', 'strndup');
  });
});
