// Allocators that the user sets, as C functions: all of arkffi's memory is theirs, and they get all of it back.
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  CString,
  dlopen,
  free,
  isLive,
  JSCallback,
  malloc,
  memoryUsage,
  read,
  realloc,
  releasePtr,
  setAllocator,
  setMemoryLimit,
  strdup,
  Struct,
  write,
  type AllocatorFunctions,
} from 'arkffi';
import { expectError } from '../support/errors';
import { testWith } from '../support/optional';
import { counting, libc, libcDefinitions, library, Pair } from './library';

const State = Struct({ live: 'i64', calls: 'i64', left: 'i64' });

afterEach(() => {
  setMemoryLimit(0);
  setAllocator(null);
});

/** Uses every kind of memory, and gives everything back. */
function useAll(): void {
  const zeroed = calloc(10, 10);
  for (let at = 0; at < 100; at++) if (read.u8(zeroed, at) !== 0) throw new Error('not zeroed');
  let block = malloc(8);
  write.u64(block, 0, 42n);
  block = realloc(block, 100_000);
  expect(read.u64(block)).toBe(42);
  const text = strdup('text');
  const results = [library.symbols.pair(1, 2), library.symbols.pair(3, 4)];
  const arena = new Arena();
  const parts = Array.from({ length: 100 }, (_, index) => arena.cstring(`part ${index}`));
  expect(new CString(parts[99]!).toString()).toBe('part 99');
  expect(new CString(text).toString()).toBe('text');
  expect(results.map((result) => Pair.fromPtr(result).first)).toEqual([1, 3]);
  arena.close();
  for (const start of [zeroed, block, text]) free(start);
  for (const result of results) expect(releasePtr(result)).toBe(true);
}

describe("libc's own functions", () => {
  test.each<[string, AllocatorFunctions]>([
    ['as symbols', libc],
    [
      'as addresses',
      {
        malloc: libc.malloc.ptr,
        calloc: libc.calloc.ptr,
        realloc: libc.realloc.ptr,
        free: libc.free.ptr,
      },
    ],
  ])('%s', (_, functions) => {
    const { malloc: get, calloc: zeroed, realloc: resize, free: release } = functions;
    setAllocator({ malloc: get, calloc: zeroed, realloc: resize, free: release });
    useAll();
    expect(memoryUsage()).toMatchObject({ bytes: 0, blocks: { count: 0 }, arenas: { count: 0 } });
  });
});

describe('with a state', () => {
  const state = State.create();
  const now = () => State.fromBuffer(state) as { live: number; calls: number; left: number };
  const start = (left = 1e9) => {
    State.write(state, { live: 0, calls: 0, left });
    setAllocator(counting, state);
  };

  test('all comes from it, and goes back to it', () => {
    start();
    useAll();
    const { live, calls } = now();
    expect(live).toBe(0);
    expect(calls).toBeGreaterThan(12);
    setAllocator(null);
    useAll();
    expect(now().calls).toBe(calls);
  });

  test('one block, one call each', () => {
    start();
    const block = malloc(16);
    expect(now()).toMatchObject({ live: 1, calls: 1 });
    const other = realloc(calloc(2, 8), 32);
    expect(now()).toMatchObject({ live: 2, calls: 3 });
    free(block);
    expectError(() => free(block), 'ERR_FFI_INVALID_POINTER');
    free(other);
    expect(now()).toMatchObject({ live: 0, calls: 5 });
  });

  test('when it has no more, that is said, and nothing is lost', () => {
    start(2);
    const [first, second] = [malloc(16), calloc(1, 16)];
    write.u8(first, 0, 5);
    const held = memoryUsage().blocks;
    const arena = new Arena();
    for (const run of [
      () => malloc(1),
      () => calloc(1, 1),
      () => realloc(first, 1000),
      () => strdup('x'),
      () => arena.alloc(1),
      () => library.symbols.pair(1, 2),
    ])
      expectError(run, 'ERR_FFI_OUT_OF_MEMORY');
    expect(memoryUsage().blocks).toEqual(held);
    expect(read.u8(first)).toBe(5);
    arena.close();
    free(first);
    free(second);
    expect(now().live).toBe(0);
  });

  test('what the limit refuses is not asked for', () => {
    start();
    setMemoryLimit(100);
    const arena = new Arena();
    for (const run of [
      () => malloc(101),
      () => calloc(101, 1),
      () => realloc(null, 101),
      () => arena.alloc(101),
      () => strdup('x'.repeat(100)),
    ])
      expectError(run, 'ERR_FFI_MEMORY_LIMIT');
    expect(now().calls).toBe(0);
    arena.close();
  });

  test('is exchanged only while nothing is allocated', () => {
    start();
    const block = malloc(1);
    expectError(() => setAllocator(null), 'ERR_FFI_BUSY');
    expectError(() => setAllocator(counting, state), 'ERR_FFI_BUSY');
    free(block);
    expect(now().live).toBe(0);
    setAllocator(null);
  });
});

describe('what is refused leaves the allocator as it was', () => {
  const callback = new JSCallback(() => 0, { args: ['usize'], returns: 'ptr' });
  const closed = new JSCallback(() => 0, { args: ['usize'], returns: 'ptr' });
  closed.close();
  const all = {
    malloc: libc.malloc,
    calloc: libc.calloc,
    realloc: libc.realloc,
    free: libc.free,
  };

  test.each<[string, unknown, unknown, Parameters<typeof expectError>[1]]>([
    ['nothing', undefined, undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a number', 1, undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an array', [], undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['no functions', {}, undefined, 'ERR_FFI_INVALID_POINTER'],
    ['one that is missing', { ...all, free: undefined }, undefined, 'ERR_FFI_INVALID_POINTER'],
    ['one that is NULL', { ...all, calloc: 0 }, undefined, 'ERR_FFI_INVALID_POINTER'],
    ['one that is no code', { ...all, malloc: 4096 }, undefined, 'ERR_FFI_INVALID_POINTER'],
    ['one that is data', { ...all, malloc: Buffer.alloc(8) }, undefined, 'ERR_FFI_INVALID_POINTER'],
    ['a plain function', { ...all, malloc: () => 0 }, undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a closed callback', { ...all, malloc: closed }, undefined, 'ERR_FFI_CLOSED'],
    ['an unknown name', { ...all, memalign: libc.malloc }, undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a usableSize that is no code', { ...all, usableSize: 16 }, undefined, 'ERR_FFI_INVALID_POINTER'],
    ['an opaque that is text', all, 'state', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an opaque that is a fraction', all, 0.5, 'ERR_FFI_OUT_OF_RANGE'],
  ])('%s', (_, functions, opaque, code) => {
    expectError(() => setAllocator(functions as never, opaque as never), code);
    const block = malloc(16);
    expect(isLive(block)).toBe(true);
    free(block);
    callback.close();
  });
});

const families: [string, Record<keyof typeof libcDefinitions, string>][] = [
  ['libmimalloc.so.2', { malloc: 'mi_malloc', calloc: 'mi_calloc', realloc: 'mi_realloc', free: 'mi_free' }],
  ['libjemalloc.so.2', { malloc: 'malloc', calloc: 'calloc', realloc: 'realloc', free: 'free' }],
  [
    'libtcmalloc_minimal.so.4',
    { malloc: 'tc_malloc', calloc: 'tc_calloc', realloc: 'tc_realloc', free: 'tc_free' },
  ],
];
for (const [name, names] of families) {
  testWith(name, 'serves everything', () => {
    const { symbols } = dlopen(name, {
      malloc: { ...libcDefinitions.malloc, symbol: names.malloc },
      calloc: { ...libcDefinitions.calloc, symbol: names.calloc },
      realloc: { ...libcDefinitions.realloc, symbol: names.realloc },
      free: { ...libcDefinitions.free, symbol: names.free },
    });
    setAllocator({
      malloc: symbols.malloc,
      calloc: symbols.calloc,
      realloc: symbols.realloc,
      free: symbols.free,
    });
    for (let round = 0; round < 10; round++) useAll();
    expect(memoryUsage().bytes).toBe(0);
  });
}
