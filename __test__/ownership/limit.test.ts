// The limit holds before anything is allocated, and takes nothing that is there.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  free,
  malloc,
  memoryUsage,
  realloc,
  releasePtr,
  setMemoryLimit,
  sharedAlloc,
  strdup,
  strndup,
} from 'arkffi';
import { expectError } from '../support/errors';
import { expectRejection } from '../support/rejections';
import { added, addedBytes, before, nothing } from './accounting';
import { library } from './library';

const { pair } = library.symbols;

describe('setMemoryLimit', () => {
  const arena = () => {
    const made = new Arena();
    return made;
  };
  test.each<[string, () => unknown]>([
    ['malloc', () => malloc(101)],
    ['calloc', () => calloc(101, 1)],
    ['realloc of none', () => realloc(0, 101)],
    ['strdup', () => strdup('x'.repeat(100))],
    ['strndup', () => strndup('x'.repeat(200), 100)],
    ['sharedAlloc', () => sharedAlloc(101)],
  ])('%s of one byte too many is refused, and nothing has changed', (_, run) => {
    setMemoryLimit(before().bytes + 100);
    expectError(run, 'ERR_FFI_MEMORY_LIMIT', /limit/);
    expect(memoryUsage()).toEqual({ ...before(), limit: before().bytes + 100, internal: expect.anything() });
  });

  test('holds in arenas, which can be used on', () => {
    const made = arena();
    setMemoryLimit(before().bytes + 100);
    expectError(() => made.alloc(101), 'ERR_FFI_MEMORY_LIMIT');
    const first = made.alloc(60);
    expectError(() => made.alloc(41), 'ERR_FFI_MEMORY_LIMIT');
    expectError(() => made.cstring('x'.repeat(40)), 'ERR_FFI_MEMORY_LIMIT');
    expectError(() => made.array('u8', new Uint8Array(41)), 'ERR_FFI_MEMORY_LIMIT');
    const second = made.alloc(40);
    expect(second).toBeGreaterThan(first);
    expect(added('arenas')).toEqual({ count: 1, bytes: 100 });
    made.close();
    expect(addedBytes()).toBe(0);
  });

  test('holds for struct results: the function is not called', () => {
    setMemoryLimit(before().bytes + 20);
    const kept = pair(1, 2);
    expectError(() => pair(3, 4), 'ERR_FFI_MEMORY_LIMIT');
    expect(added('structReturns')).toEqual({ count: 1, bytes: 16 });
    releasePtr(kept);
    releasePtr(pair(5, 6));
  });

  test('what is in use exactly fits', () => {
    setMemoryLimit(before().bytes + 100);
    const block = malloc(100);
    expectError(() => malloc(1), 'ERR_FFI_MEMORY_LIMIT');
    free(malloc(0));
    const smaller = realloc(block, 50);
    const grown = realloc(smaller, 100);
    expectError(() => realloc(grown, 101), 'ERR_FFI_MEMORY_LIMIT');
    expect(added('blocks')).toEqual({ count: 1, bytes: 100 });
    free(grown);
  });

  test('below present use takes nothing, and only refuses more', () => {
    const block = malloc(1000);
    setMemoryLimit(1);
    expect(added('blocks')).toEqual({ count: 1, bytes: 1000 });
    expectError(() => malloc(1), 'ERR_FFI_MEMORY_LIMIT');
    const smaller = realloc(block, 500);
    free(smaller);
    expect(added('blocks')).toEqual(nothing);
  });

  test('0 is none again', () => {
    setMemoryLimit(1);
    setMemoryLimit(0);
    expect(memoryUsage().limit).toBe(0);
    free(malloc(1 << 20));
  });

  test('holds for background calls with struct results and strings, which reject or run', async () => {
    setMemoryLimit(before().bytes + 8);
    await expectRejection(pair.async(1, 2), 'ERR_FFI_MEMORY_LIMIT');
    setMemoryLimit(0);
    const result = await pair.async(1, 2);
    expect(releasePtr(result)).toBe(true);
    expect(addedBytes()).toBe(0);
  });

  test.each<[unknown, Parameters<typeof expectError>[1]]>([
    [-1, 'ERR_FFI_OUT_OF_RANGE'],
    [0.5, 'ERR_FFI_OUT_OF_RANGE'],
    [NaN, 'ERR_FFI_OUT_OF_RANGE'],
    [Infinity, 'ERR_FFI_OUT_OF_RANGE'],
    ['1', 'ERR_FFI_INVALID_ARG_TYPE'],
    [1n, 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    [null, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('%p is no limit', (bytes, code) => {
    setMemoryLimit(before().bytes + 77);
    expectError(() => setMemoryLimit(bytes as number), code, 'setMemoryLimit');
    expect(memoryUsage().limit).toBe(before().bytes + 77);
  });
});
