// Arenas: all that is made in one is there until it is closed, and goes at once then.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  array,
  CString,
  isLive,
  JSCallback,
  memoryUsage,
  read,
  sizeof,
  Struct,
  toArrayBuffer,
  Union,
  write,
} from 'arkffi';
import { expectError } from '../support/errors';
import { library } from './library';

const Point = Struct({ x: 'f64', y: 'f64' });
const Named = Struct({ name: 'CString', at: Point, next: 'ptr', tags: array('u8', 3) });
const Word = Union({ word: 'u64', bytes: array('u8', 8) });
const arenas = () => memoryUsage().arenas;

/** Runs something with an arena that is closed after it. */
function within<T>(run: (arena: Arena) => T): T {
  const arena = new Arena();
  try {
    return run(arena);
  } finally {
    arena.close();
  }
}

describe('alloc', () => {
  test('gives memory that can be used and does not overlap', () => {
    within((arena) => {
      const sizes = Array.from({ length: 2000 }, (_, index) => (index * 37) % 301);
      const parts = sizes.map((size) => ({ start: arena.alloc(size), size }));
      for (const { start, size } of parts) for (let at = 0; at < size; at++) write.u8(start, at, start % 251);
      for (const { start, size } of parts)
        for (let at = 0; at < size; at++)
          if (read.u8(start, at) !== start % 251) throw new Error('overwritten');
      expect(new Set(parts.map(({ start }) => start)).size).toBe(sizes.length);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(arenas().bytes).toBe(total);
    });
  });

  test.each([1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096])('aligned to %d', (align) => {
    within((arena) => {
      for (const size of [1, 3, 8, 100, 5000, 70_000]) {
        const start = arena.alloc(size, align);
        expect(start % align).toBe(0);
        write.u8(start, size - 1, 1);
        arena.alloc(1, 1);
      }
    });
  });

  test('is aligned as malloc does by default', () => {
    within((arena) => {
      for (let size = 0; size < 40; size++) expect(arena.alloc(size) % 16).toBe(0);
    });
  });

  test('no bytes have an address of their own', () => {
    within((arena) => {
      const parts = Array.from({ length: 100 }, () => arena.alloc(0, 1));
      expect(new Set(parts).size).toBe(100);
      expect(parts.every((part) => isLive(part))).toBe(true);
      expectError(() => read.u8(parts[0]!), 'ERR_FFI_OUT_OF_BOUNDS');
    });
  });

  test('ends where it was asked to, also where the arena goes on', () => {
    within((arena) => {
      const first = arena.alloc(24, 8);
      const second = arena.alloc(8, 8);
      expect(read.u64(first, 16)).toEqual(expect.anything());
      expectError(() => read.u64(first, 17), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => write.u8(second, 8, 1), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => write.u8(second, -1, 1), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => toArrayBuffer(first, 0, 25), 'ERR_FFI_OUT_OF_BOUNDS');
    });
  });

  test.each<
    [unknown, unknown, 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE' | 'ERR_FFI_OUT_OF_MEMORY']
  >([
    ['8', 8, 'ERR_FFI_INVALID_ARG_TYPE'],
    [8n, 8, 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 8, 'ERR_FFI_INVALID_ARG_TYPE'],
    [-1, 8, 'ERR_FFI_OUT_OF_RANGE'],
    [1.5, 8, 'ERR_FFI_OUT_OF_RANGE'],
    [NaN, 8, 'ERR_FFI_OUT_OF_RANGE'],
    [8, 3, 'ERR_FFI_OUT_OF_RANGE'],
    [8, 0, 'ERR_FFI_OUT_OF_RANGE'],
    [8, -8, 'ERR_FFI_OUT_OF_RANGE'],
    [8, 8192, 'ERR_FFI_OUT_OF_RANGE'],
    [8, 1.5, 'ERR_FFI_OUT_OF_RANGE'],
    [8, '8', 'ERR_FFI_INVALID_ARG_TYPE'],
    [8, null, 'ERR_FFI_INVALID_ARG_TYPE'],
    [2 ** 52, 8, 'ERR_FFI_OUT_OF_MEMORY'],
    [Number.MAX_SAFE_INTEGER, 4096, 'ERR_FFI_OUT_OF_MEMORY'],
  ])('alloc(%p, %p) is refused, and the arena is as it was', (size, align, code) => {
    within((arena) => {
      const before = arena.alloc(4, 4);
      const held = arenas();
      expectError(() => arena.alloc(size as number, align as number), code, 'alloc');
      expect(arenas()).toEqual(held);
      expect(arena.alloc(4, 4)).toBe(before + 4);
    });
  });
});

describe('what is made in it', () => {
  test('strings', () => {
    within((arena) => {
      const texts = ['', 'plain', 'grün €uro 🎉', 'x'.repeat(100_000)];
      const starts = texts.map((text) => arena.cstring(text));
      expect(starts.map((start) => new CString(start).toString())).toEqual(texts);
      expect(read.u8(starts[1]!, 5)).toBe(0);
      expectError(() => read.u8(starts[1]!, 6), 'ERR_FFI_OUT_OF_BOUNDS');
    });
  });

  test.each<[unknown]>([['a\0b'], [1], [null], [undefined], [Buffer.from('x')]])(
    '%p is no string',
    (text) => {
      within((arena) => {
        expectError(() => arena.cstring(text as string), 'ERR_FFI_INVALID_ARG_TYPE', 'cstring');
        expect(arenas().bytes).toBe(0);
      });
    },
  );

  test('structs, with what they point to', () => {
    within((arena) => {
      const next = arena.struct(Point, { x: 3, y: 4 });
      const start = arena.struct(Named, { name: 'first', at: { y: 2 }, next, tags: [1] });
      const value = Named.fromPtr(start);
      expect(value).toEqual({ name: expect.any(Number), at: { x: 0, y: 2 }, next, tags: [1, 0, 0] });
      expect(new CString(value.name).toString()).toBe('first');
      expect(Point.fromPtr(value.next)).toEqual({ x: 3, y: 4 });
      const zero = arena.struct(Named);
      expect(Named.fromPtr(zero)).toEqual({ name: 0, at: { x: 0, y: 0 }, next: 0, tags: [0, 0, 0] });
      expect(start % Named.align).toBe(0);
    });
  });

  test('unions', () => {
    within((arena) => {
      const start = arena.struct(Word, { word: 0x0102030405060708n });
      expect(Word.fromPtr(start).bytes).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
      expect(Word.fromPtr(arena.struct(Word)).word).toBe(0);
    });
  });

  test('arrays, of numbers, structs and strings', () => {
    within((arena) => {
      const numbers = arena.array('i32', [1, -2, 3]);
      expect([0, 4, 8].map((at) => read.i32(numbers, at))).toEqual([1, -2, 3]);
      const doubles = arena.array('f64', Float64Array.of(0.5, 1.5));
      expect(read.f64(doubles, 8)).toBe(1.5);
      const points = arena.array(Point, [{ x: 1 }, { y: 2 }]);
      expect(Point.fromPtr(points, sizeof(Point))).toEqual({ x: 0, y: 2 });
      const names = arena.array('CString', ['one', 'two', null]);
      expect(new CString(read.ptr(names, 8) as number).toString()).toBe('two');
      expect(read.ptr(names, 16)).toBe(0);
      const none = arena.array('u64', []);
      expect(isLive(none)).toBe(true);
      expectError(() => read.u8(none), 'ERR_FFI_OUT_OF_BOUNDS');
    });
  });

  test('callbacks', () => {
    const arena = new Arena();
    const callback = arena.callback(() => 5, { args: [], returns: 'i32' });
    expect(callback).toBeInstanceOf(JSCallback);
    expect(library.symbols.ow_during(null, callback)).toBe(5);
    arena.close();
    expectError(() => callback.call(), 'ERR_FFI_CLOSED');
    expect(callback.ptr === 0 || !isLive(callback.ptr)).toBe(true);
  });

  test.each<[string, (arena: Arena) => unknown, Parameters<typeof expectError>[1]]>([
    ['a struct of no schema', (arena) => arena.struct({} as never), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an unknown field', (arena) => arena.struct(Point, { z: 1 } as never), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a wrong value', (arena) => arena.struct(Point, { x: '1' } as never), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a struct of null', (arena) => arena.struct(Point, null as never), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a union without a member', (arena) => arena.struct(Word, {} as never), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['values that are no array', (arena) => arena.array('u8', 'abc' as never), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a type that is none', (arena) => arena.array('u9' as 'u8', [1]), 'ERR_FFI_INVALID_TYPE'],
    ['values out of range', (arena) => arena.array('u8', [1, 256]), 'ERR_FFI_OUT_OF_RANGE'],
    ['a callback of no function', (arena) => arena.callback(1 as never, {}), 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('%s is refused, and nothing is allocated', (_, run, code) => {
    within((arena) => {
      const callbacks = memoryUsage().callbacks;
      expectError(() => run(arena), code);
      expect(arenas().bytes).toBe(0);
      expect(memoryUsage().callbacks).toEqual(callbacks);
    });
  });
});
