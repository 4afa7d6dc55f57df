// Allocators that are written as JSCallbacks: they serve blocks and arenas on the JavaScript thread, by name.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  CString,
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
  write,
  type AllocatorFunctions,
} from 'arkffi';
import { expectError } from '../support/errors';
import { libc, library } from './library';

const open: JSCallback[] = [];
const live = new Set<number>();
const asked: string[] = [];
const opaques: unknown[] = [];
/** What the allocator does instead of its work. */
let instead: (() => unknown) | undefined;

/** An allocator on top of libc's that notes what is asked of it. */
function allocator(withOpaque: boolean): AllocatorFunctions {
  const made = (
    name: string,
    args: readonly string[],
    returns: string,
    run: (...args: number[]) => unknown,
  ) => {
    const noting = (...given: number[]): unknown => {
      if (withOpaque) opaques.push(given.shift());
      asked.push(`${name}(${given.slice(name === 'free' || name === 'realloc' ? 1 : 0).join(', ')})`);
      return instead === undefined ? run(...given) : instead();
    };
    const def = { args: [...(withOpaque ? ['ptr'] : []), ...args], returns };
    const callback = new JSCallback(noting as never, def as never) as unknown as JSCallback;
    open.push(callback);
    return callback;
  };
  const taken = (block: number): number => {
    if (block !== 0) live.add(block);
    return block;
  };
  return {
    malloc: made('malloc', ['usize'], 'ptr', (bytes) => taken(libc.malloc(bytes!))),
    calloc: made('calloc', ['usize', 'usize'], 'ptr', (count, bytes) => taken(libc.calloc(count!, bytes!))),
    realloc: made('realloc', ['ptr', 'usize'], 'ptr', (block, bytes) => {
      live.delete(block!);
      return taken(libc.realloc(block!, bytes!));
    }),
    free: made('free', ['ptr'], 'void', (block) => {
      if (!live.delete(block!)) throw new Error('freed what was not given');
      libc.free(block!);
    }),
  };
}

beforeEach(() => {
  asked.length = opaques.length = 0;
  instead = undefined;
  setAllocator(null);
});
afterEach(() => {
  instead = undefined;
  setMemoryLimit(0);
  setAllocator(null);
  open.splice(0).forEach((callback) => callback.close());
});

test('serve blocks, with what was asked for', () => {
  setAllocator(allocator(false));
  const block = malloc(24);
  write.u8(block, 23, 7);
  const grown = realloc(block, 5000);
  expect(read.u8(grown, 23)).toBe(7);
  const zeroed = calloc(4, 8);
  expect(read.u64(zeroed, 24)).toBe(0);
  const text = strdup('text');
  expect(new CString(text).toString()).toBe('text');
  expect(memoryUsage().blocks).toEqual({ count: 3, bytes: 5037 });
  expectError(() => write.u8(grown, 5000, 1), 'ERR_FFI_OUT_OF_BOUNDS');
  for (const start of [grown, zeroed, text]) free(start);
  expect(asked).toEqual([
    'malloc(24)',
    'realloc(5000)',
    'calloc(1, 32)',
    'malloc(5)',
    'free()',
    'free()',
    'free()',
  ]);
  expect([live.size, memoryUsage().bytes]).toEqual([0, 0]);
});

test('serve arenas, in pieces', () => {
  setAllocator(allocator(false));
  const arena = new Arena();
  const parts = Array.from({ length: 500 }, (_, index) => arena.alloc(100 + (index % 3)));
  parts.forEach((part) => write.u8(part, 99, 1));
  expect(asked.every((name) => name.startsWith('malloc'))).toBe(true);
  expect(asked.length).toBeLessThan(50);
  arena.close();
  expect([live.size, memoryUsage().bytes]).toEqual([0, 0]);
});

test('serve no struct results, which no call asks JavaScript for', () => {
  setAllocator(allocator(false));
  const result = library.symbols.pair(1, 2);
  expect(asked).toEqual([]);
  expect(releasePtr(result)).toBe(true);
});

test('get the opaque pointer first', () => {
  const state = Buffer.alloc(8);
  setAllocator(allocator(true), state);
  const block = malloc(8);
  free(realloc(block, 16));
  free(calloc(1, 1));
  const arena = new Arena();
  arena.alloc(1);
  arena.close();
  expect(asked.slice(0, 5)).toEqual(['malloc(8)', 'realloc(16)', 'free()', 'calloc(1, 1)', 'free()']);
  expect(new Set(opaques).size).toBe(1);
  expect(opaques[0]).toBeGreaterThan(0);
});

test('may be JavaScript’s in part', () => {
  setAllocator({ ...allocator(false), malloc: libc.malloc, free: libc.free });
  const block = malloc(8);
  free(block);
  expect(asked).toEqual([]);
  free(calloc(1, 8));
  expect(asked).toEqual(['calloc(1, 8)']);
  live.clear();
});

describe('what is not given', () => {
  test('NULL is no memory, and nothing is lost', () => {
    setAllocator(allocator(false));
    const block = malloc(8);
    write.u8(block, 0, 3);
    instead = () => 0;
    const arena = new Arena();
    for (const run of [() => malloc(1), () => calloc(1, 1), () => realloc(block, 99), () => arena.alloc(1)])
      expectError(run, 'ERR_FFI_OUT_OF_MEMORY');
    instead = undefined;
    expect([isLive(block), read.u8(block)]).toEqual([true, 3]);
    expect(memoryUsage().blocks).toEqual({ count: 1, bytes: 8 });
    free(block);
    arena.close();
    expect(live.size).toBe(0);
  });

  test('an error that is thrown is the error, and nothing is lost', () => {
    setAllocator(allocator(false));
    const block = malloc(8);
    const error = new Error('on purpose');
    instead = () => {
      throw error;
    };
    const arena = new Arena();
    for (const run of [() => malloc(1), () => calloc(1, 1), () => realloc(block, 99), () => arena.alloc(1)])
      expect(run).toThrow(error);
    instead = undefined;
    expect(memoryUsage().blocks).toEqual({ count: 1, bytes: 8 });
    free(block);
    arena.close();
    expect(live.size).toBe(0);
  });

  test('an error in free is the error; the block is gone', () => {
    setAllocator(allocator(false));
    const block = malloc(8);
    instead = () => {
      throw new Error('on purpose');
    };
    expect(() => free(block)).toThrow('on purpose');
    instead = undefined;
    expectError(() => free(block), 'ERR_FFI_INVALID_POINTER');
    expect(memoryUsage().blocks.count).toBe(0);
    live.clear();
    libc.free(block);
  });

  test('a value that is no address is an error', () => {
    setAllocator(allocator(false));
    for (const wrong of ['text', {}, 0.5, Promise.resolve(1)]) {
      instead = () => wrong;
      expectError(() => malloc(1), 'ERR_FFI_CALLBACK');
    }
    expect(memoryUsage().blocks.count).toBe(0);
  });

  test('an address that is in use already is refused', () => {
    setAllocator(allocator(false));
    const block = malloc(8);
    instead = () => block;
    expectError(() => malloc(8), 'ERR_FFI_INVALID_POINTER');
    instead = undefined;
    expect(memoryUsage().blocks).toEqual({ count: 1, bytes: 8 });
    free(block);
  });

  test('what goes over the limit is not asked for; what is above it can shrink', () => {
    setAllocator(allocator(false));
    const block = malloc(1000);
    setMemoryLimit(1);
    asked.length = 0;
    expectError(() => malloc(1), 'ERR_FFI_MEMORY_LIMIT');
    expectError(() => realloc(block, 1001), 'ERR_FFI_MEMORY_LIMIT');
    expect(asked).toEqual([]);
    const smaller = realloc(block, 10);
    expect(memoryUsage().blocks).toEqual({ count: 1, bytes: 10 });
    free(smaller);
    expect(live.size).toBe(0);
  });
});

test('blocks in use are not asked to be freed', async () => {
  setAllocator(allocator(false));
  const block = calloc(1, 8);
  const call = library.symbols.ow_sum_late.async(block, 8, 30);
  expectError(() => free(block), 'ERR_FFI_BUSY');
  expectError(() => realloc(block, 100), 'ERR_FFI_BUSY');
  expect(asked).toEqual(['calloc(1, 8)']);
  await call;
  free(block);
});

test('an allocator that allocates serves itself', () => {
  const functions = allocator(false);
  setAllocator(functions);
  let depth = 0;
  instead = () => {
    instead = undefined;
    depth++;
    const inner = malloc(16);
    free(inner);
    const block = libc.malloc(8);
    live.add(block);
    return block;
  };
  free(malloc(8));
  expect([depth, live.size, memoryUsage().bytes]).toEqual([1, 0, 0]);
});

test('an allocator that allocates does not pass the limit: what it is asked for counts already', () => {
  setAllocator(allocator(false));
  setMemoryLimit(100);
  const codes: unknown[] = [];
  const inner: number[] = [];
  const nest = (bytes: number) => {
    instead = () => {
      instead = undefined;
      try {
        inner.push(malloc(bytes));
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
      const block = libc.malloc(60);
      live.add(block);
      return block;
    };
  };
  nest(41);
  const block = malloc(60);
  expect([codes, memoryUsage().bytes]).toEqual([['ERR_FFI_MEMORY_LIMIT'], 60]);
  free(block);
  nest(40);
  const other = malloc(60);
  expect([codes.length, memoryUsage().bytes]).toEqual([1, 100]);
  [other, ...inner].forEach(free);
  const [first, left] = [malloc(30), malloc(20)];
  nest(50);
  const grown = realloc(first, 31);
  expect([codes.length, memoryUsage().bytes]).toEqual([2, 51]);
  [grown, left].forEach(free);
});
