// What is live, what the engine is told, when it collects, and how deep calls may go.
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  CFunction,
  dlopen,
  free,
  getGCThreshold,
  isLive,
  JSCallback,
  malloc,
  own,
  ptr,
  realloc,
  releasePtr,
  runGC,
  setGCThreshold,
  setMaxStackSize,
  type PointerLike,
} from 'arkffi';
import { fixture } from '../support/fixture';
import { expectError } from '../support/errors';
import { outputOf } from '../support/subprocess';
import { library, prelude } from './library';

describe('isLive', () => {
  test.each<[string, number]>([
    ['small blocks', 24],
    ['blocks of pages', 9000],
    ['large blocks', 1 << 22],
  ])('%s: from the first byte to the last', (_, bytes) => {
    const block = malloc(bytes);
    expect([0, 1, bytes / 2, bytes - 1].map((at) => isLive(block + at))).toEqual([true, true, true, true]);
    expect(isLive(block + bytes)).toBe(false);
    expect(isLive(block - 1)).toBe(false);
    expect(isLive(BigInt(block))).toBe(true);
    expect(isLive({ ptr: block })).toBe(true);
    free(block);
    expect(isLive(block)).toBe(false);
  });

  test('all that arkffi holds', () => {
    const block = realloc(calloc(1, 1), 100);
    const result = library.symbols.pair(1, 2);
    const arena = new Arena();
    const [part, empty] = [arena.cstring('text'), arena.alloc(0)];
    const callback = new JSCallback(() => undefined);
    const held = own(library.symbols.ow_make(8), library.symbols.ow_free);
    const address = held.ptr;
    const all = [block, result, part, part + 4, empty, callback.ptr, callback, held];
    expect(all.map((thing) => isLive(thing))).toEqual(all.map(() => true));
    free(block);
    releasePtr(result);
    arena.close();
    callback.close();
    held.close();
    expect([block, result, part, empty, address].map((thing) => isLive(thing))).toEqual(Array(5).fill(false));
  });

  test('nothing else', () => {
    const { ow_make, ow_free } = library.symbols;
    const foreign = ow_make(8);
    const buffer = new Uint8Array(8);
    const others = [0, null, undefined, 1, -1, 2n ** 63n, foreign, ow_make, ow_make.ptr, buffer, ptr(buffer)];
    expect(others.filter((thing) => isLive(thing))).toEqual([]);
    ow_free(foreign);
    for (const wrong of ['text', {}, Symbol('s'), true])
      expectError(() => isLive(wrong as unknown as PointerLike), 'ERR_FFI_INVALID_ARG_TYPE', 'isLive');
    expectError(() => isLive(0.5), 'ERR_FFI_OUT_OF_RANGE');
  });
});

describe('the threshold of reports to the engine', () => {
  afterEach(() => {
    setGCThreshold(2 ** 20);
  });

  test('is read and set', () => {
    expect(getGCThreshold()).toBe(2 ** 20);
    for (const bytes of [0, 1, 4096, 2 ** 40]) {
      setGCThreshold(bytes);
      expect(getGCThreshold()).toBe(bytes);
    }
  });

  test.each<[unknown, Parameters<typeof expectError>[1]]>([
    [-1, 'ERR_FFI_OUT_OF_RANGE'],
    [0.5, 'ERR_FFI_OUT_OF_RANGE'],
    ['1', 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('%p is none', (bytes, code) => {
    expectError(() => setGCThreshold(bytes as number), code, 'setGCThreshold');
    expect(getGCThreshold()).toBe(2 ** 20);
  });

  test.each([
    ['makes the engine collect', 'setGCThreshold(2 ** 20);', true],
    ['does not, where a report is not due', 'setGCThreshold(2 ** 40);', false],
  ])('much memory %s', (_, threshold, collects) => {
    const program = `
      const { malloc, free, setGCThreshold } = require(entry);
      const { PerformanceObserver } = require('node:perf_hooks');
      let collections = 0;
      setTimeout(() => {
        // No collection is due by itself.
        gc();
        new PerformanceObserver((list) => { collections += list.getEntries().length; }).observe({ entryTypes: ['gc'] });
        ${threshold}
        const blocks = Array.from({ length: 40 }, () => malloc(1 << 25));
        setTimeout(() => {
          blocks.forEach((block) => free(block));
          console.log(collections > 0);
        }, 50);
      }, 50);`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe(String(collects));
  });

  test('memory that is owned makes the engine collect', () => {
    const program = `${prelude}
      (async () => {
        for (let round = 0; round < 400 && ow.ow_recorded() === 0; round++) {
          for (let n = 0; n < 50; n++) ffi.own(ow.ow_make(8), ow.ow_free, { size: 1 << 22 });
          await new Promise((resolve) => setImmediate(resolve));
        }
        console.log(ow.ow_recorded() > 0);
      })();`;
    expect(outputOf(program)).toBe('true');
  });
});

test('runGC collects, or says what it takes', () => {
  const program = `
    const { runGC } = require(entry);
    let weak = new WeakRef({});
    setTimeout(() => { try { runGC(); } catch ({ code, message }) { console.log(code, message.includes('--expose-gc')); return; }
      console.log(weak.deref() === undefined); }, 5);`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('true');
  expect(outputOf(program)).toBe('ERR_FFI_UNSUPPORTED true');
  if (typeof (globalThis as { gc?: unknown }).gc !== 'function') expectError(runGC, 'ERR_FFI_UNSUPPORTED');
});

describe('setMaxStackSize', () => {
  afterEach(() => {
    setMaxStackSize(0);
  });

  /** How deep C and JavaScript call each other before that is too deep. */
  function depth(): number {
    let deepest = 0;
    const { ow_during } = dlopen(fixture, {
      ow_during: { args: ['ptr', 'callback'], returns: 'i32' },
    }).symbols;
    const callback: JSCallback = new JSCallback(
      () => {
        deepest++;
        return ow_during(null, callback);
      },
      { args: [], returns: 'i32' },
    );
    try {
      expect(() => ow_during(null, callback)).toThrow(RangeError);
    } finally {
      callback.close();
    }
    return deepest;
  }

  test('a smaller stack is used up earlier, and 0 is the default again', () => {
    const before = depth();
    setMaxStackSize(131_072);
    const small = depth();
    setMaxStackSize(0);
    expect(small).toBeLessThan(before / 2);
    expect(small).toBeGreaterThan(1);
    expect(depth()).toBeGreaterThan(before / 2);
    expect(CFunction({ returns: 'i32', ptr: library.symbols.ow_recorded.ptr })()).toBeGreaterThanOrEqual(0);
  });

  test.each<[unknown, Parameters<typeof expectError>[1]]>([
    [-1, 'ERR_FFI_OUT_OF_RANGE'],
    [1.5, 'ERR_FFI_OUT_OF_RANGE'],
    [1000, 'ERR_FFI_OUT_OF_RANGE'],
    [2 ** 33, 'ERR_FFI_OUT_OF_RANGE'],
    ['1', 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('%p is refused', (bytes, code) => {
    expectError(() => setMaxStackSize(bytes as number), code, 'setMaxStackSize');
  });
});
