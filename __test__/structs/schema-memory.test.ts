// Whole structs within memory, and their addresses.
import { describe, expect, test } from '@jest/globals';
import { calloc, free, malloc, ptr, read, write } from 'arkffi';
import { expectError } from '../support/errors';
import { array, bits, enumeration, Struct } from './loose';

const Vector = Struct({ x: 'f32', y: 'f32' });
const Thing = Struct({
  id: 'i32',
  pos: Vector,
  path: array(Vector, 2),
  data: array('i16', 3),
  flag: 'bool',
  low: bits('u8', 3),
  high: bits('i8', 5),
  big: 'i64',
  color: enumeration({ RED: 0, GREEN: 5 }),
  at: 'ptr',
});
const value = {
  id: -7,
  pos: { x: 0.5, y: -1.5 },
  path: [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ],
  data: [1, -2, 3],
  flag: true,
  low: 5,
  high: -16,
  big: 2n ** 60n,
  color: 5,
  at: 4096,
};
describe('whole structs in the midst of memory', () => {
  test('fromBuffer and write at an offset', () => {
    const bytes = new Uint8Array(3 * Thing.size + 5);
    for (const offset of [0, 5, Thing.size, 2 * Thing.size + 5]) {
      bytes.fill(0xaa);
      Thing.write(bytes, value, offset);
      expect(Thing.fromBuffer(bytes, offset)).toEqual(value);
      expect(Thing.fromBuffer(bytes.buffer, offset)).toEqual(value);
      expect(Thing.fromBuffer(bytes.subarray(offset))).toEqual(value);
      expect(Thing.fromPtr(bytes, offset)).toEqual(value);
      const around = [...bytes.subarray(0, offset), ...bytes.subarray(offset + Thing.size)];
      expect(around.every((byte) => byte === 0xaa)).toBe(true);
    }
  });

  test('fromPtr and write at an address', () => {
    const block = calloc(4, Thing.size);
    Thing.write(block, value);
    Thing.write(block, { ...value, id: 2 }, 2 * Thing.size);
    Thing.write(BigInt(block), { id: 3 }, 3 * Thing.size);
    const ids = [0, 1, 2, 3].map((index) => Thing.fromPtr(block, index * Thing.size)['id']);
    expect(ids).toEqual([-7, 0, 2, 3]);
    expect(Thing.fromPtr(block + 2 * Thing.size, -2 * Thing.size)).toEqual(value);
    expect(Thing.fromPtr({ ptr: block })).toEqual(value);
    expect(Thing.fromPtr(BigInt(block))).toEqual(value);
    free(block);
  });

  test('write sets the fields that are missing to zero', () => {
    const buffer = Thing.create(value);
    Thing.write(buffer, { id: 1 });
    expect(Thing.fromBuffer(buffer)).toEqual(Thing.fromBuffer(Thing.create({ id: 1 })));
  });

  test('write copies buffers, also onto themselves', () => {
    const [from, to] = [Thing.create(value), Thing.create()];
    Thing.write(to, from);
    expect(Thing.fromBuffer(to)).toEqual(value);
    Thing.write(to, to);
    Thing.write(to, Thing.view(to));
    expect(Thing.fromBuffer(to)).toEqual(value);
  });

  test('a refused value changes nothing', () => {
    const buffer = Thing.create(value);
    const refused = [
      { at: 'no' },
      { id: 1, unknown: 2 },
      { path: [{ x: 1 }, { x: 'no' }] },
      5,
      new ArrayBuffer(3),
    ];
    for (const bad of refused) expect(() => Thing.write(buffer, bad)).toThrow();
    expect(Thing.fromBuffer(buffer)).toEqual(value);
  });
});

describe('ptr', () => {
  test('is the address of the struct or of a field', () => {
    const buffer = Thing.create(value);
    expect(Thing.ptr(buffer)).toBe(ptr(buffer));
    for (const path of ['id', 'pos', 'pos.y', 'path[1].y', 'data[2]', 'big', 'at']) {
      expect(Thing.ptr(buffer, path)).toBe(ptr(buffer) + Thing.offsetOf(path));
    }
    expect(read.i16(Thing.ptr(buffer, 'data[1]'))).toBe(-2);
    write.f32(Thing.ptr(buffer, 'path[1].y'), 0, 0.25);
    expect(Thing.get(buffer, 'path[1].y')).toBe(0.25);
  });

  test('of a view with an offset, shared memory, an address', () => {
    const bytes = new Uint8Array(Thing.size + 8);
    expect(Thing.ptr(bytes.subarray(8), 'big')).toBe(ptr(bytes) + 8 + Thing.offsetOf('big'));
    const shared = new SharedArrayBuffer(Thing.size);
    expect(Thing.ptr(shared, 'at')).toBe(ptr(shared) + Thing.offsetOf('at'));
    const block = malloc(Thing.size);
    expect([Thing.ptr(block), Thing.ptr(BigInt(block), 'id')]).toEqual([block, block]);
    free(block);
  });

  test('of what is no memory', () => {
    for (const memory of ['text', true, {}, [], () => 1, Symbol('s')]) {
      expectError(() => Thing.ptr(memory), 'ERR_FFI_INVALID_ARG_TYPE', 'ptr');
    }
  });
});

test('what a schema says of itself cannot be changed, so that writing keeps to the bounds', () => {
  const bytes = new Uint8Array(Vector.size + 8).fill(0xaa);
  for (const name of Object.keys(Vector)) {
    expect(() => Object.assign(Vector, { [name]: 1 })).toThrow(TypeError);
  }
  expectError(() => Vector.write(bytes.subarray(0, 4), { x: 1, y: 2 }), 'ERR_FFI_OUT_OF_BOUNDS');
  expect(bytes).toEqual(new Uint8Array(Vector.size + 8).fill(0xaa));
  expect(Vector.size).toBe(8);
});
