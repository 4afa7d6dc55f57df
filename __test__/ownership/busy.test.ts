// What a running call uses is not freed under it: ERR_FFI_BUSY, nothing changed, and all is well when it has returned.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  free,
  isLive,
  JSCallback,
  malloc,
  memoryUsage,
  own,
  read,
  realloc,
  releasePtr,
  setAllocator,
  sharedAlloc,
  strdup,
  write,
} from 'arkffi';
import { expectError } from '../support/errors';
import { library } from './library';

const {
  ow_during,
  ow_during_struct,
  ow_length_late,
  ow_sum_late,
  ow_sum_when,
  ow_make,
  ow_free,
  ow_times,
  pair,
} = library.symbols;

/** Something that can be given to a call, and every way of getting rid of it. */
interface Thing {
  readonly ptr: number;
  readonly release: readonly (() => unknown)[];
}

function owned(): Thing {
  const held = own(ow_make(16), ow_free, { size: 16 });
  return { ptr: held.ptr as number, release: [() => held.close(), () => held[Symbol.dispose]()] };
}

function inArena(offset: number): Thing {
  const arena = new Arena();
  arena.alloc(100);
  const part = arena.alloc(16);
  arena.alloc(100);
  return { ptr: part + offset, release: [() => arena.close(), () => arena[Symbol.dispose]()] };
}

function block(offset: number): Thing {
  const start = calloc(16, 1);
  return { ptr: start + offset, release: [() => realloc(start, 1 << 20), () => free(start)] };
}

function result(): Thing {
  const ptr = pair(1, 2);
  return { ptr, release: [() => releasePtr(ptr)] };
}

function shared(): Thing {
  const memory = sharedAlloc(16);
  return { ptr: memory.ptr, release: [() => memory.close()] };
}

function text(): Thing {
  const ptr = strdup('0123456789abcdef');
  return { ptr, release: [() => free(ptr)] };
}

const things: [string, () => Thing][] = [
  ['a block', () => block(0)],
  ['a block, by an address inside', () => block(8)],
  ['a duplicated string', text],
  ['an arena', () => inArena(0)],
  ['an arena, by an address inside', () => inArena(5)],
  ['owned memory', owned],
  ['a struct result', result],
  ['shared memory', shared],
];

describe.each(things)('%s', (_, make) => {
  const usage = () => ({ ...memoryUsage(), internal: undefined, peakBytes: undefined, callbacks: undefined });

  test.each<[string, (ptr: number, callback: JSCallback) => unknown]>([
    ['in a call that calls back', (ptr, callback) => ow_during(ptr, callback)],
    [
      'as a member of a struct by value',
      (block_, callback) => ow_during_struct({ tag: 1, block: block_ }, callback),
    ],
    ['as an object that has an address', (ptr, callback) => ow_during({ ptr }, callback)],
  ])('%s stays until the call has returned', (__, call) => {
    const { ptr, release } = make();
    let refused = 0;
    const callback = new JSCallback(
      () => {
        const before = usage();
        for (const run of release) {
          expectError(run, 'ERR_FFI_BUSY');
          refused++;
        }
        expect(usage()).toEqual(before);
        expect(isLive(ptr)).toBe(true);
        return 7;
      },
      { args: [], returns: 'i32' },
    );
    expect(call(ptr, callback)).toBe(7);
    expect(refused).toBe(release.length);
    release.at(-1)!();
    expect(isLive(ptr)).toBe(false);
    callback.close();
  });

  test('in a background call stays until that has settled', async () => {
    const { ptr, release } = make();
    const gate = Int32Array.of(0);
    const calls = [ow_sum_when.async(ptr, 8, gate), ow_sum_late.async(ptr, 8, 1)];
    await calls[1];
    for (const run of release) expectError(run, 'ERR_FFI_BUSY');
    gate[0] = 1;
    await calls[0];
    release.at(-1)!();
    expect(isLive(ptr)).toBe(false);
  });
});

test('a call that throws, or whose callback does, lets go as well', async () => {
  const start = malloc(8);
  const callback = new JSCallback(
    () => {
      expectError(() => free(start), 'ERR_FFI_BUSY');
      throw new Error('of the callback');
    },
    { args: [], returns: 'i32' },
  );
  expect(() => ow_during(start, callback)).toThrow('of the callback');
  await expect(
    (ow_sum_late.async as (...args: unknown[]) => Promise<unknown>)(start, 8, 'x'),
  ).rejects.toThrow();
  free(start);
  callback.close();
});

test('memory given for a string is held too', async () => {
  const start = strdup('sixteen letters!');
  const call = ow_length_late.async(start, 40);
  expectError(() => free(start), 'ERR_FFI_BUSY');
  expect(await call).toBe(16);
  free(start);
});

test('a call given up before it started lets go', async () => {
  const start = malloc(8);
  const aborter = new AbortController();
  const others = Array.from({ length: 64 }, () => ow_sum_late.async(Buffer.alloc(1), 1, 20));
  const call = ow_sum_late.async.with({ signal: aborter.signal })(start, 8, 1);
  expectError(() => free(start), 'ERR_FFI_BUSY');
  aborter.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  free(start);
  await Promise.all(others);
});

test('nested calls each hold their own', () => {
  const blocks = Array.from({ length: 20 }, () => malloc(8));
  const held: number[] = [];
  const callback: JSCallback = new JSCallback(
    () => {
      const depth = held.length;
      for (const start of held) expectError(() => free(start), 'ERR_FFI_BUSY');
      if (depth === blocks.length) return 0;
      held.push(blocks[depth]!);
      const below = ow_during(blocks[depth]!, callback);
      held.pop();
      free(blocks[depth]!);
      return below + 1;
    },
    { args: [], returns: 'i32' },
  );
  expect(ow_during(null, callback)).toBe(20);
  expect(blocks.some((start) => isLive(start))).toBe(false);
  callback.close();
});

test('memory of C that a call uses twice is held twice', async () => {
  const held = own(ow_make(8), ow_free);
  const address = held.ptr;
  // C may give an address that has been freed before.
  const before = ow_times(address);
  const gate = Int32Array.of(0);
  const first = ow_sum_late.async(held, 1, 5);
  const second = ow_sum_when.async(held, 1, gate);
  await first;
  expectError(() => held.close(), 'ERR_FFI_BUSY');
  expect(ow_times(address)).toBe(before);
  gate[0] = 1;
  await second;
  held.close();
  expect(ow_times(address)).toBe(before + 1);
});

test('what another call does not use can be freed in it', () => {
  const [used, other] = [malloc(8), malloc(8)];
  const callback = new JSCallback(
    () => {
      free(other);
      return 1;
    },
    { args: [], returns: 'i32' },
  );
  expect(ow_during(used, callback)).toBe(1);
  expect(isLive(other)).toBe(false);
  free(used);
  callback.close();
});

test('a block that was made and freed within a call is not that of the call', () => {
  const callback = new JSCallback(
    () => {
      const inner = malloc(8);
      write.u8(inner, 0, 9);
      const value = read.u8(inner);
      free(inner);
      return value;
    },
    { args: [], returns: 'i32' },
  );
  expect(ow_during(null, callback)).toBe(9);
  callback.close();
});

test('the allocator stays while anything is allocated', () => {
  const arena = new Arena();
  expectError(() => setAllocator(null), 'ERR_FFI_BUSY');
  arena.close();
  const start = malloc(1);
  expectError(() => setAllocator(null), 'ERR_FFI_BUSY');
  free(start);
  const kept = pair(1, 2);
  expectError(() => setAllocator(null), 'ERR_FFI_BUSY');
  releasePtr(kept);
  setAllocator(null);
});
