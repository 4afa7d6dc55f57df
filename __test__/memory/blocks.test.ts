import { describe, expect, test } from '@jest/globals';
import { calloc, dlopen, free, malloc, read, realloc, write } from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf } from '../support/subprocess';

describe('malloc', () => {
  test.each([1, 7, 16, 4096, 1 << 20])('%d bytes, all usable', (bytes) => {
    const block = malloc(bytes);
    expect(block % 16).toBe(0);
    write.u8(block, 0, 1);
    write.u8(block, bytes - 1, 2);
    expect(read.u8(block, bytes - 1)).toBe(2);
    free(block);
  });

  test('0 bytes give a block of its own', () => {
    const blocks = Array.from({ length: 10 }, () => malloc(0));
    expect(new Set(blocks).size).toBe(10);
    expect(blocks).not.toContain(0);
    blocks.forEach((block) => free(block));
  });

  test('what cannot be had is told, and nothing else changes', () => {
    const block = malloc(8);
    write.f64(block, 0, 1.5);
    expectError(() => malloc(Number.MAX_SAFE_INTEGER), 'ERR_FFI_OUT_OF_MEMORY');
    expectError(() => malloc(2 ** 50), 'ERR_FFI_OUT_OF_MEMORY');
    expectError(() => calloc(2 ** 25, 2 ** 25), 'ERR_FFI_OUT_OF_MEMORY');
    expectError(() => realloc(block, Number.MAX_SAFE_INTEGER), 'ERR_FFI_OUT_OF_MEMORY');
    expect(read.f64(block)).toBe(1.5);
    free(block);
  });

  test('an undefined size is no size', () => {
    expectError(() => (malloc as () => number)(), 'ERR_FFI_INVALID_ARG_TYPE', 'malloc');
  });
});

describe('calloc', () => {
  test('is zeroed, also where memory was used before', () => {
    for (let round = 0; round < 20; round++) {
      const used = malloc(256);
      for (let at = 0; at < 256; at += 8) write.i64(used, at, -1);
      free(used);
      const block = calloc(16, 16);
      for (let at = 0; at < 256; at += 8) expect(read.u64(block, at)).toBe(0);
      free(block);
    }
  });

  test('no bytes give a block of its own', () => {
    const blocks = [calloc(0, 8), calloc(8, 0), calloc(0, 0)];
    expect(new Set(blocks).size).toBe(3);
    blocks.forEach((block) => free(block));
  });

  test.each<[unknown, unknown, 'ERR_FFI_OUT_OF_RANGE' | 'ERR_FFI_INVALID_ARG_TYPE']>([
    [2 ** 30, 2 ** 30, 'ERR_FFI_OUT_OF_RANGE'],
    [-1, 8, 'ERR_FFI_OUT_OF_RANGE'],
    [8, -1, 'ERR_FFI_OUT_OF_RANGE'],
    [-4, -4, 'ERR_FFI_OUT_OF_RANGE'],
    [1.5, 2, 'ERR_FFI_OUT_OF_RANGE'],
    ['8', 1, 'ERR_FFI_INVALID_ARG_TYPE'],
    [8, undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('calloc(%p, %p) is refused', (count, size, code) => {
    expectError(() => calloc(count as never, size as never), code, 'calloc');
  });
});

describe('realloc', () => {
  test('keeps the content, wherever the block goes', () => {
    let block = malloc(8);
    write.f64(block, 0, Math.PI);
    for (const bytes of [16, 4096, 1 << 20, 8]) {
      block = realloc(block, bytes);
      expect(read.f64(block)).toBe(Math.PI);
    }
    free(block);
  });

  test('the old address is no block any more where it has moved', () => {
    const old = malloc(8);
    const moved = realloc(old, 1 << 22);
    if (moved !== old) expectError(() => free(old), 'ERR_FFI_INVALID_POINTER');
    free(moved);
  });

  test('NULL gives a new block, 0 bytes keep one', () => {
    for (const none of [0, null, undefined]) {
      const block = realloc(none, 16);
      expect(block).toBeGreaterThan(0);
      const small = realloc(block, 0);
      expect(small).toBeGreaterThan(0);
      free(small);
    }
  });

  test('bigint addresses are addresses', () => {
    const block = realloc(BigInt(malloc(8)), 16);
    expect(free(BigInt(block))).toBeUndefined();
  });
});

describe('what is no block', () => {
  const libc = dlopen(null, {
    malloc: { args: ['size_t'], returns: 'ptr' },
    free: { args: ['ptr'] },
  }).symbols;
  const block = malloc(64);
  const stranger = libc.malloc(64);
  const freed = malloc(64);
  free(freed);

  test.each<[string, unknown]>([
    ['a block freed before', freed],
    ['memory of C', stranger],
    ['the middle of a block', block + 16],
    ['the byte before a block', block - 1],
    ['the end of a block', block + 64],
    ['16', 16],
    ['-1', -1],
    ['2^60', 2n ** 60n],
    ['a function', libc.free],
    ['a buffer', Buffer.alloc(64)],
  ])('%s: nothing is freed', (_, address) => {
    write.u64(block, 0, 123);
    expectError(() => free(address as never), 'ERR_FFI_INVALID_POINTER');
    expectError(() => realloc(address as never, 128), 'ERR_FFI_INVALID_POINTER');
    expect(read.u64(block)).toBe(123);
  });

  test.each<[unknown, 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE']>([
    ['text', 'ERR_FFI_INVALID_ARG_TYPE'],
    [true, 'ERR_FFI_INVALID_ARG_TYPE'],
    [{}, 'ERR_FFI_INVALID_ARG_TYPE'],
    [Symbol('s'), 'ERR_FFI_INVALID_ARG_TYPE'],
    [1.5, 'ERR_FFI_OUT_OF_RANGE'],
    [-2, 'ERR_FFI_OUT_OF_RANGE'],
  ])('%p is no address', (address, code) => {
    expectError(() => free(address as never), code, 'free');
    expectError(() => realloc(address as never, 1), code, 'realloc');
  });

  test.each([0, 0n, null, undefined])('free(%p) does nothing', (none) => {
    expect(free(none)).toBeUndefined();
  });

  test('twice', () => {
    const once = malloc(8);
    free(once);
    expectError(() => free(once), 'ERR_FFI_INVALID_POINTER');
  });
});

test('many blocks, freed in another order', () => {
  const blocks = Array.from({ length: 10_000 }, (_, index) => {
    const block = malloc(8);
    write.u32(block, 0, index);
    return block;
  });
  expect(new Set(blocks).size).toBe(blocks.length);
  expect(blocks.every((block, index) => read.u32(block) === index)).toBe(true);
  blocks.reverse().forEach((block) => free(block));
});

test('blocks that are never freed do not keep a process from ending', () => {
  expect(
    outputOf(
      `const { malloc } = require(entry); for (let i = 0; i < 1000; i++) malloc(1000); console.log('end');`,
    ),
  ).toBe('end');
});
