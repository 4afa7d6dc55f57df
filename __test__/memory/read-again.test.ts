// A typed array that is read again: the engine reads it by itself then, which nobody must notice but by the time it takes.
import { describe, expect, test } from '@jest/globals';
import { read, type Accessible } from 'arkffi';
import { expectError } from '../support/errors';

type Reader = (from: unknown, offset?: unknown) => unknown;
type Resizable = ArrayBuffer & { resize(bytes: number): void };
const names = Object.keys(read) as (keyof Accessible)[];
const scalars = names.filter((name) => name !== 'cstring');

describe.each(scalars)('read.%s', (name) => {
  const get = read[name] as Reader;
  const other = new Uint8Array(16);

  /** What the first read of an array gives, and what the third does. */
  function twice(array: Uint8Array, offset: number): [unknown, unknown] {
    get(other, 0);
    const first = get(array, offset);
    get(array, offset);
    return [first, get(array, offset)];
  }

  test('gives the same as at first, at any offset and for any bits', () => {
    const array = Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 200) & 0xff);
    const edges = [0x00, 0xff, 0x7f, 0x80].map((byte) => new Uint8Array(64).fill(byte));
    for (const bytes of [array, ...edges]) {
      for (let offset = 0; offset <= 56; offset++) {
        const [first, third] = twice(bytes, offset);
        expect([offset, third]).toEqual([offset, first]);
      }
    }
  });

  test('sees what has been written since', () => {
    const array = new Uint8Array(8);
    expect(Number(twice(array, 0)[1])).toBe(0);
    array[0] = 1;
    array[7] = 1;
    const [third, first] = [get(array, 0), get(array.slice(), 0)];
    expect(third).toEqual(first);
    expect(Number(third)).not.toBe(0);
  });

  test('starts where the array does', () => {
    const memory = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(twice(memory.subarray(9), 3)[1]).toEqual(get(memory.slice(9), 3));
  });

  test('refuses what lies outside as at first', () => {
    const array = new Uint8Array(16);
    for (const offset of [-1, 16, 2 ** 40]) {
      for (let count = 0; count < 3; count++) expectError(() => get(array, offset), 'ERR_FFI_OUT_OF_BOUNDS');
    }
    for (let count = 0; count < 3; count++) expectError(() => get(array, 0.5), 'ERR_FFI_OUT_OF_RANGE');
  });

  test('refuses an array that has been detached since', () => {
    const array = new Uint8Array(16);
    twice(array, 0);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    for (let count = 0; count < 3; count++) expect(() => get(array, 0)).toThrow();
  });

  test('sees an array that shrinks, and one that is shared', () => {
    const memory = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 32 }]) as Resizable;
    const array = new Uint8Array(memory);
    twice(array, 8);
    memory.resize(8);
    for (let count = 0; count < 3; count++) expectError(() => get(array, 8), 'ERR_FFI_OUT_OF_BOUNDS');
    const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(1);
    const [first, third] = twice(shared, 0);
    expect(third).toEqual(first);
  });
});
