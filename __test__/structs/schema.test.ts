// The methods of a schema: making structs, reading and writing their fields.
import { describe, expect, test } from '@jest/globals';
import { malloc, readMemory } from 'arkffi';
import { expectError } from '../support/errors';
import { array, bits, bytesOf, enumeration, ref, Struct, Union } from './loose';

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
const paths: readonly (readonly [path: string, is: unknown, other: unknown])[] = [
  ['id', -7, 2 ** 31 - 1],
  ['pos', { x: 0.5, y: -1.5 }, { x: 9, y: 8 }],
  ['pos.x', 0.5, -3],
  ['pos.y', -1.5, Infinity],
  [
    'path',
    value.path,
    [
      { x: 5, y: 6 },
      { x: 7, y: 8 },
    ],
  ],
  ['path[1]', { x: 3, y: 4 }, { x: 0, y: 1 }],
  ['path[1].y', 4, -4],
  ['data', [1, -2, 3], [4, 5, 6]],
  ['data[0]', 1, 32767],
  ['data[2]', 3, -32768],
  ['flag', true, false],
  ['low', 5, 2],
  ['high', -16, 15],
  ['big', 2n ** 60n, -(2n ** 63n)],
  ['color', 5, 0],
  ['at', 4096, 2n ** 64n - 1n],
];

describe('create', () => {
  test('gives a buffer of the size, with the fields in their places', () => {
    const buffer = Thing.create(value);
    expect(buffer.byteLength).toBe(Thing.size);
    const view = new DataView(buffer);
    expect(view.getInt32(0, true)).toBe(-7);
    expect(view.getFloat32(Thing.offsetOf('path[1].x'), true)).toBe(3);
    expect(view.getInt16(Thing.offsetOf('data[1]'), true)).toBe(-2);
    expect(view.getBigInt64(Thing.offsetOf('big'), true)).toBe(2n ** 60n);
    expect(Thing.fromBuffer(buffer)).toEqual(value);
  });

  test('missing fields are zero, and so is what lies between the fields', () => {
    expect(bytesOf(Thing.create())).toEqual(Array(Thing.size).fill(0));
    expect(bytesOf(Thing.create({}))).toEqual(Array(Thing.size).fill(0));
    expect(bytesOf(Thing.create(undefined))).toEqual(Array(Thing.size).fill(0));
    Thing.create({ ...value, at: -1, big: -1, data: [-1, -1, -1] });
    expect(Thing.fromBuffer(Thing.create({ flag: true }))).toEqual({
      ...{
        id: 0,
        pos: { x: 0, y: 0 },
        path: [
          { x: 0, y: 0 },
          { x: 0, y: 0 },
        ],
        data: [0, 0, 0],
      },
      ...{ flag: true, low: 0, high: 0, big: 0, color: 0, at: 0 },
    });
    const Padded = Struct({ a: 'i8', b: 'i64', c: 'i8' });
    Padded.create({ a: -1, b: -1, c: -1 });
    const bytes = bytesOf(Padded.create({ a: -1, c: -1 }));
    expect(bytes).toEqual([255, ...Array<number>(15).fill(0), 255, ...Array<number>(7).fill(0)]);
  });

  test('each is a buffer of its own', () => {
    const [first, second] = [Vector.create({ x: 1 }), Vector.create({ x: 2 })];
    new Uint8Array(first).fill(0);
    expect([first === second, Vector.fromBuffer(second)]).toEqual([false, { x: 2, y: 0 }]);
    expect(Object.prototype.toString.call(first)).toBe('[object ArrayBuffer]');
    structuredClone(first, { transfer: [first] });
    expect([first.byteLength, second.byteLength]).toEqual([0, 8]);
  });

  test('copies a buffer', () => {
    const buffer = Vector.create({ x: 1, y: 2 });
    const copy = Vector.create(buffer);
    expect(copy).toEqual(buffer);
    expect(copy).not.toBe(buffer);
  });

  test('of a union without a value gives zeros, for C to fill', () => {
    expect(bytesOf(Union({ i: 'i32', d: 'f64' }).create())).toEqual(Array(8).fill(0));
  });
});

describe('get and set', () => {
  const places: readonly (readonly [string, () => unknown])[] = [
    ['an ArrayBuffer', () => Thing.create(value)],
    [
      'a Uint8Array with an offset',
      () => {
        const bytes = new Uint8Array(Thing.size + 11);
        bytes.set(new Uint8Array(Thing.create(value)), 3);
        return bytes.subarray(3, 3 + Thing.size);
      },
    ],
    [
      'a longer DataView',
      () => {
        const bytes = new Uint8Array(Thing.size + 64);
        bytes.set(new Uint8Array(Thing.create(value)), 16);
        return new DataView(bytes.buffer, 16);
      },
    ],
    [
      'shared memory',
      () => {
        const shared = new SharedArrayBuffer(Thing.size);
        new Uint8Array(shared).set(new Uint8Array(Thing.create(value)));
        return shared;
      },
    ],
    [
      'an address',
      () => {
        const block = malloc(Thing.size);
        Thing.write(block, value);
        return block;
      },
    ],
    [
      'an address as a bigint',
      () => {
        const block = malloc(Thing.size);
        Thing.write(block, value);
        return BigInt(block);
      },
    ],
    ['a ref', () => ref(Thing, value)],
  ];

  test.each(places)('in %s', (_, make) => {
    const memory = make();
    for (const [path, is] of paths) expect([path, Thing.get(memory, path)]).toEqual([path, is]);
    for (const [path, is, other] of paths) {
      const before = [...new Uint8Array(readMemory(memory as number, Thing.size))];
      Thing.set(memory, path, other);
      expect([path, Thing.get(memory, path)]).toEqual([path, other]);
      for (const [beside, was] of paths) {
        const isApart = !beside.startsWith(path) && !path.startsWith(beside);
        if (isApart) expect([path, beside, Thing.get(memory, beside)]).toEqual([path, beside, was]);
      }
      Thing.set(memory, path, is);
      expect([...new Uint8Array(readMemory(memory as number, Thing.size))]).toEqual(before);
    }
  });

  test('a struct or array that is set replaces the whole field', () => {
    const buffer = Thing.create(value);
    Thing.set(buffer, 'pos', { y: 9 });
    Thing.set(buffer, 'data', [7]);
    Thing.set(buffer, 'path', [{ x: 1 }]);
    const { pos, data, path } = Thing.fromBuffer(buffer);
    expect([pos, data, path]).toEqual([
      { x: 0, y: 9 },
      [7, 0, 0],
      [
        { x: 1, y: 0 },
        { x: 0, y: 0 },
      ],
    ]);
  });

  test('what is accepted is what create accepts', () => {
    const buffer = Thing.create(value);
    Thing.set(buffer, 'pos', Vector.create({ x: 5 }));
    Thing.set(buffer, 'data', Int8Array.of(1, 2));
    Thing.set(buffer, 'color', 'RED');
    Thing.set(buffer, 'big', 5);
    Thing.set(buffer, 'flag', 0);
    expect(Thing.fromBuffer(buffer)).toMatchObject({
      pos: { x: 5, y: 0 },
      data: [1, 2, 0],
      color: 0,
      big: 5,
      flag: false,
    });
  });

  test('a refused value changes nothing', () => {
    const buffer = Thing.create(value);
    const wrong: readonly (readonly [string, unknown])[] = [
      ['id', 2 ** 31],
      ['pos', { x: 1, y: 'no' }],
      ['data', [9, 9, 0.5]],
      ['path', [{ x: 9 }, { z: 1 }]],
      ['low', 8],
      ['flag', 2],
      ['color', 'BLUE'],
      ['at', 'text'],
    ];
    for (const [path, bad] of wrong) expect(() => Thing.set(buffer, path, bad)).toThrow(path);
    expect(Thing.fromBuffer(buffer)).toEqual(value);
  });

  test('undefined is no value', () => {
    expectError(() => Thing.set(Thing.create(), 'id', undefined), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => Thing.set(Thing.create(), 'pos', undefined), 'ERR_FFI_INVALID_ARG_TYPE');
  });

  test('fields that are not there', () => {
    const buffer = Thing.create();
    for (const path of ['idd', 'pos.z', 'path[0].z', 'data.x', '', 'data[x]', undefined, 5, null]) {
      expectError(() => Thing.get(buffer, path), 'ERR_FFI_INVALID_ARG_TYPE', 'get');
      expectError(() => Thing.set(buffer, path, 1), 'ERR_FFI_INVALID_ARG_TYPE', 'set');
      if (path !== undefined) expectError(() => Thing.ptr(buffer, path), 'ERR_FFI_INVALID_ARG_TYPE', 'ptr');
    }
    for (const path of ['data[3]', 'path[2]', 'path[2].x']) {
      expectError(() => Thing.get(buffer, path), 'ERR_FFI_OUT_OF_BOUNDS', path);
      expectError(() => Thing.set(buffer, path, 1), 'ERR_FFI_OUT_OF_BOUNDS', path);
      expectError(() => Thing.ptr(buffer, path), 'ERR_FFI_OUT_OF_BOUNDS', path);
    }
  });
});
