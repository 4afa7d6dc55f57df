// Blocks: what is freed once stays freed, what is not a block is left alone, and ends where it was asked to.
import { describe, expect, test } from '@jest/globals';
import {
  calloc,
  copy,
  CString,
  free,
  isLive,
  malloc,
  memoryUsage,
  read,
  readMemory,
  realloc,
  strdup,
  strndup,
  Struct,
  toArrayBuffer,
  write,
} from 'arkffi';
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { expectError } from '../support/errors';
import { library, Pair } from './library';

const blocks = () => memoryUsage().blocks;

/** Runs a function and expects that it has changed no account. */
function unchanged(run: () => void): void {
  const before = memoryUsage();
  run();
  expect(memoryUsage()).toEqual({ ...before, internal: expect.anything(), peakBytes: expect.anything() });
}

describe('free', () => {
  test('twice: the second frees nothing, also where others were allocated in between', () => {
    const block = malloc(24);
    free(block);
    expectError(() => free(block), 'ERR_FFI_INVALID_POINTER', /^free: .*0x/);
    const next = Array.from({ length: 100 }, () => malloc(24)).filter((other) => other !== block);
    unchanged(() => expectError(() => free(block + 1), 'ERR_FFI_INVALID_POINTER'));
    next.forEach((other) => free(other));
  });

  test.each([1, 8, 15, 16, 63, 64])('of byte %d of a block frees nothing', (offset) => {
    const block = malloc(64);
    unchanged(() => expectError(() => free(block + offset), 'ERR_FFI_INVALID_POINTER'));
    expect(isLive(block)).toBe(true);
    free(block);
  });

  test('of what belongs to others frees nothing', () => {
    const { ow_make, ow_free, ow_times, pair } = library.symbols;
    const foreign = ow_make(32);
    const result = pair(1, 2);
    unchanged(() => {
      for (const stranger of [foreign, result, ow_make.ptr, 1, 4096, 2n ** 63n, -1]) {
        expectError(() => free(stranger), 'ERR_FFI_INVALID_POINTER');
        expectError(() => realloc(stranger, 8), 'ERR_FFI_INVALID_POINTER');
      }
    });
    expect(Pair.fromPtr(result)).toEqual({ first: 1, second: 2 });
    ow_free(foreign);
    expect(ow_times(foreign)).toBe(1);
  });

  test("of another thread's block frees nothing there", async () => {
    const block = malloc(16);
    write.u64(block, 0, 77n);
    const source = `
      const { parentPort, workerData: { entry, block } } = require('node:worker_threads');
      const { free, realloc, isLive, malloc } = require(entry);
      malloc(16);
      const codes = [() => free(block), () => realloc(block, 8)].map((run) => {
        try { run(); return 'freed'; } catch ({ code }) { return code; }
      });
      parentPort.postMessage([...codes, isLive(block)]);`;
    const entry = join(__dirname, '..', '..', 'dist', 'index.js');
    const worker = new Worker(source, { eval: true, workerData: { entry, block } });
    const answer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    expect(answer).toEqual(['ERR_FFI_INVALID_POINTER', 'ERR_FFI_INVALID_POINTER', false]);
    await worker.terminate();
    expect(read.u64(block)).toBe(77);
    free(block);
  });
});

describe('realloc', () => {
  test('a block that moves leaves no block behind', () => {
    const start = blocks();
    let block = malloc(16);
    const seen = new Set<number>();
    for (let bytes = 16; bytes <= 1 << 22; bytes *= 4) {
      const wall = malloc(16);
      const moved = realloc(block, bytes);
      if (moved !== block) {
        expect(isLive(block)).toBe(false);
        expectError(() => free(block), 'ERR_FFI_INVALID_POINTER');
        seen.add(block);
      }
      block = moved;
      expect(blocks()).toEqual({ count: start.count + 2, bytes: start.bytes + bytes + 16 });
      free(wall);
    }
    expect(seen.size).toBeGreaterThan(0);
    free(block);
    expect(blocks()).toEqual(start);
  });

  test('what fails leaves the block as it was', () => {
    const block = calloc(1, 32);
    unchanged(() => {
      expectError(() => realloc(block, 2 ** 52), 'ERR_FFI_OUT_OF_MEMORY', 'realloc');
      expectError(() => realloc(block, -1), 'ERR_FFI_OUT_OF_RANGE', 'realloc');
      expectError(() => realloc(block, '8' as never), 'ERR_FFI_INVALID_ARG_TYPE', 'realloc');
    });
    expect(read.u64(block, 24)).toBe(0);
    free(block);
  });

  test('a smaller block ends earlier', () => {
    const block = realloc(malloc(64), 8);
    expectError(() => write.u8(block, 8, 1), 'ERR_FFI_OUT_OF_BOUNDS');
    free(block);
  });
});

describe('bounds', () => {
  const Point = Struct({ x: 'f64', y: 'f64' });
  const block = calloc(1, 20);

  test.each<[string, () => unknown]>([
    ['a read over the end', () => read.u32(block, 17)],
    ['a read before the start', () => read.u8(block, -1)],
    ['a read from within over the end', () => read.u64(block + 16)],
    ['a read from within before the start', () => read.u8(block + 10, -11)],
    ['a write at the end', () => write.u8(block, 20, 1)],
    ['a copy into it', () => copy(block, Buffer.alloc(21), 21)],
    ['a copy out of it', () => copy(Buffer.alloc(21), block + 1, 20)],
    ['a copy of memory', () => readMemory(block + 4, 17)],
    ['a view', () => toArrayBuffer(block, 8, 13)],
    ['a struct', () => Point.fromPtr(block, 8)],
    ['a struct that is written', () => Point.write(block + 8, { x: 1, y: 2 })],
    ['a live struct', () => Point.view(block, 5)],
    ['a string of a known length', () => new CString(block, 0, 21).toString()],
  ])('%s is refused', (_, run) => {
    expectError(run, 'ERR_FFI_OUT_OF_BOUNDS');
    expect(new Uint8Array(readMemory(block, 20)).every((byte) => byte === 0)).toBe(true);
  });

  test('all that is within is not', () => {
    write.u32(block + 10, 6, 5);
    expect(read.u32(block, 16)).toBe(5);
    expect(read.u8(block + 19, -19)).toBe(0);
    expect(readMemory(block, 20).byteLength).toBe(20);
    Point.write(block, { x: 1, y: 2 }, 4);
    expect(Point.fromPtr(block + 2, 2)).toEqual({ x: 1, y: 2 });
    expect(readMemory(block + 20, 0).byteLength).toBe(0);
  });

  test('a string that no NUL ends within its block is refused', () => {
    const text = malloc(4);
    write.u32(text, 0, 0x61616161);
    expectError(() => new CString(text).toString(), 'ERR_FFI_OUT_OF_BOUNDS', 'NUL');
    free(text);
  });

  test('a block that was freed has none any more', () => {
    const gone = malloc(8);
    free(gone);
    const after = malloc(4);
    if (after === gone) expectError(() => read.u64(gone), 'ERR_FFI_OUT_OF_BOUNDS');
    free(after);
  });
});

describe('strdup and strndup', () => {
  test('are blocks of the bytes and a NUL', () => {
    const start = blocks();
    const text = strdup('grün €');
    expect(new CString(text).toString()).toBe('grün €');
    expect(blocks()).toEqual({ count: start.count + 1, bytes: start.bytes + 10 });
    free(text);
    expect(blocks()).toEqual(start);
    expectError(() => free(text), 'ERR_FFI_INVALID_POINTER');
  });

  test.each([
    [0, ''],
    [3, 'gr'],
    [4, 'grü'],
    [5, 'grün'],
    [8, 'grün '],
    [9, 'grün €'],
    [1000, 'grün €'],
  ])('at most %d bytes, whole characters: %p', (bytes, expected) => {
    const text = strndup('grün €', bytes);
    expect(new CString(text).toString()).toBe(expected);
    free(text);
  });

  test.each<[unknown]>([['a\0b'], [1], [null], [undefined], [Buffer.from('x')]])('%p is no text', (text) => {
    unchanged(() => {
      expectError(() => strdup(text as never), 'ERR_FFI_INVALID_ARG_TYPE', 'strdup');
      expectError(() => strndup(text as never, 1), 'ERR_FFI_INVALID_ARG_TYPE', 'strndup');
    });
  });
});
