// Arenas that are closed: everything has gone, once, and nothing else.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  CString,
  free,
  isLive,
  malloc,
  memoryUsage,
  own,
  realloc,
  releasePtr,
  Struct,
  toArrayBuffer,
} from 'arkffi';
import { expectError } from '../support/errors';
import { library } from './library';

const Point = Struct({ x: 'f64', y: 'f64' });
const arenas = () => memoryUsage().arenas;

describe('its parts are not to be given back one by one', () => {
  test.each<[string, (start: number) => unknown]>([
    ['free', (start) => free(start)],
    ['realloc', (start) => realloc(start, 64)],
    ['own', (start) => own(start, library.symbols.ow_free)],
  ])('%s', (_, release) => {
    const arena = new Arena();
    const start = arena.alloc(32);
    expectError(() => release(start), 'ERR_FFI_INVALID_POINTER');
    expect(releasePtr(start)).toBe(false);
    expect(isLive(start)).toBe(true);
    expect(arenas()).toEqual({ count: 1, bytes: 32 });
    arena.close();
  });
});

describe('closed', () => {
  test('all is gone, and every method but close says so', () => {
    const arena = new Arena();
    const parts = Array.from({ length: 300 }, (_, index) => arena.alloc(index * 10));
    arena.close();
    expect(parts.some((part) => isLive(part))).toBe(false);
    expect(arenas()).toEqual({ count: 0, bytes: 0 });
    for (const use of [
      () => arena.alloc(1),
      () => arena.cstring(''),
      () => arena.struct(Point),
      () => arena.array('u8', []),
      () => arena.callback(() => undefined),
    ])
      expectError(use, 'ERR_FFI_CLOSED', 'arena');
    arena.close();
    arena[Symbol.dispose]();
    expect(arenas().count).toBe(0);
  });

  test('while others are open leaves those alone', () => {
    const open = Array.from({ length: 1000 }, (_, index) => {
      const arena = new Arena();
      return { arena, text: arena.cstring(`number ${index}`) };
    });
    expect(arenas().count).toBe(1000);
    open.filter((_, index) => index % 2 === 0).forEach(({ arena }) => arena.close());
    expect(arenas().count).toBe(500);
    const left = open.filter((_, index) => index % 2 === 1);
    expect(left.every(({ text }, index) => new CString(text).toString() === `number ${2 * index + 1}`)).toBe(
      true,
    );
    left.forEach(({ arena }) => arena.close());
    expect(arenas()).toEqual({ count: 0, bytes: 0 });
  });

  test('in its own callback, where no memory of it is in use', () => {
    const arena = new Arena();
    const start = arena.alloc(8);
    const callback = arena.callback(
      () => {
        arena.close();
        return 3;
      },
      { args: [], returns: 'i32' },
    );
    expect(library.symbols.ow_during(null, callback)).toBe(3);
    expect(isLive(start)).toBe(false);
    expectError(() => callback.call(), 'ERR_FFI_CLOSED');
  });

  test('views of it are empty', () => {
    const arena = new Arena();
    const view = toArrayBuffer(arena.alloc(16), 0, 16);
    const block = malloc(16);
    const other = toArrayBuffer(block, 0, 16);
    arena.close();
    expect([view.byteLength, other.byteLength]).toEqual([0, 16]);
    free(block);
  });
});

test('is a class of its own, that only new makes', () => {
  const arena = new Arena();
  expect(() => (Arena as unknown as () => unknown)()).toThrow(TypeError);
  expect(() => Arena.prototype.alloc.call({} as Arena, 1)).toThrow(TypeError);
  arena.close();
});
