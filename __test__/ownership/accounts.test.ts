// The accounts are exact, byte for byte.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  dlopen,
  dumpMemoryUsage,
  free,
  JSCallback,
  malloc,
  memoryUsage,
  own,
  realloc,
  releasePtr,
  setMemoryLimit,
  sharedAlloc,
  strdup,
  strndup,
  Struct,
} from 'arkffi';
import { fixture } from '../support/fixture';
import { expectError } from '../support/errors';
import { added, addedBytes, before, nothing } from './accounting';
import { library } from './library';

const { ow_make, ow_free, ow_length_late, pair } = library.symbols;
const Named = Struct({ name: 'CString', number: 'i32' });

describe('memoryUsage', () => {
  test('has what is documented, all of it whole numbers', () => {
    const { limit, bytes, peakBytes, ...named } = before();
    expect(Object.keys(named).sort()).toEqual(
      'arenas blocks callbacks internal libraries owned shared strings structReturns views'.split(' '),
    );
    for (const number of [
      limit,
      bytes,
      peakBytes,
      ...Object.values(named).flatMap(({ count, bytes: size }) => [count, size]),
    ])
      expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
  });

  test('blocks, by what was asked for', () => {
    const blocks = [
      malloc(100),
      calloc(3, 7),
      malloc(0),
      strdup('four'),
      strndup('four', 2),
      realloc(null, 9),
    ];
    expect(added('blocks')).toEqual({ count: 6, bytes: 100 + 21 + 0 + 5 + 3 + 9 });
    expect(addedBytes()).toBe(138);
    blocks[0] = realloc(blocks[0], 4000);
    expect(added('blocks')).toEqual({ count: 6, bytes: 138 + 3900 });
    blocks.forEach((block) => free(block));
    expect(added('blocks')).toEqual(nothing);
    expect(addedBytes()).toBe(0);
  });

  test('struct results, until they are released', () => {
    const results = Array.from({ length: 10 }, () => pair(1, 2));
    expect(added('structReturns')).toEqual({ count: 10, bytes: 160 });
    expect(addedBytes()).toBe(160);
    expect(results.map((result) => releasePtr(result))).toEqual(results.map(() => true));
    expect(results.map((result) => releasePtr(result))).toEqual(results.map(() => false));
    expect(added('structReturns')).toEqual(nothing);
  });

  test('arenas, by what is in them', () => {
    const arenas = [new Arena(), new Arena()];
    arenas[0]!.alloc(100);
    arenas[0]!.cstring('1234');
    arenas[1]!.struct(Named, { name: 'kept' });
    arenas[1]!.array('u16', [1, 2, 3]);
    expect(added('arenas')).toEqual({ count: 2, bytes: 100 + 5 + 16 + 6 });
    arenas.forEach((arena) => arena.close());
    expect(added('arenas')).toEqual(nothing);
  });

  test('what is not arkffi’s own does not count against the limit', () => {
    setMemoryLimit(before().bytes + 10);
    const held = own(ow_make(1000), ow_free, { size: 1000 });
    expect(added('owned')).toEqual({ count: 1, bytes: 1000 });
    expect(addedBytes()).toBe(0);
    held.close();
    expect(added('owned')).toEqual(nothing);
  });

  test('shared memory, callbacks, libraries', () => {
    const memory = sharedAlloc(4096);
    const callback = new JSCallback(() => undefined);
    const other = dlopen(fixture, {});
    expect(added('shared')).toEqual({ count: 1, bytes: 4096 });
    expect(addedBytes()).toBe(4096);
    expect([added('callbacks').count, added('libraries').count]).toEqual([1, 1]);
    memory.close();
    callback.close();
    other.close();
    for (const name of ['shared', 'callbacks', 'libraries'] as const) expect(added(name)).toEqual(nothing);
    expect(addedBytes()).toBe(0);
  });

  test('strings of a background call, while it runs', async () => {
    const calls = Array.from({ length: 3 }, () => ow_length_late.async('twelve bytes', 20));
    const { count, bytes } = added('strings');
    expect(count).toBe(3);
    expect(bytes).toBeGreaterThanOrEqual(36);
    expect(addedBytes()).toBe(bytes);
    expect(await Promise.all(calls)).toEqual([12, 12, 12]);
    expect(added('strings')).toEqual(nothing);
  });

  test('the peak is the most there was at once', () => {
    const start = Math.max(0, before().peakBytes - before().bytes);
    const first = malloc(start + 1000);
    expect(memoryUsage().peakBytes).toBe(before().bytes + start + 1000);
    free(first);
    const second = malloc(start + 500);
    expect(memoryUsage().peakBytes).toBe(before().bytes + start + 1000);
    const moved = realloc(second, start + 2000);
    expect(memoryUsage().peakBytes).toBe(before().bytes + start + 2000);
    free(moved);
    expect(memoryUsage().bytes).toBe(before().bytes);
  });

  test('dumpMemoryUsage writes a line for each account', () => {
    const block = malloc(12_345);
    let text = '';
    dumpMemoryUsage({ write: (part: string) => (text += part) });
    expect(text).toMatch(/^arkffi: \d+ bytes in use/);
    for (const name of Object.keys(before())) if (!/limit|ytes/.test(name)) expect(text).toContain(name);
    const { count, bytes } = memoryUsage().blocks;
    expect(text).toMatch(new RegExp(`blocks +${count} +${bytes}\n`));
    free(block);
    for (const stream of [null, 1, {}, 'stderr'])
      expectError(() => dumpMemoryUsage(stream as never), 'ERR_FFI_INVALID_ARG_TYPE', 'stream');
  });
});
