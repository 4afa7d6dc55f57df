// Views: live objects whose properties read and write memory.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { calloc, free, malloc, read, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';
import { array, bits, enumeration, functions, ref, Struct, Union, type Call, type Fields } from './loose';

const Vector = Struct({ x: 'f64', y: 'f64' });
const Thing = Struct({
  id: 'i32',
  low: bits('u32', 3),
  high: bits('i32', 29),
  pos: Vector,
  path: array(Vector, 2),
  data: array('i16', 3),
  table: array(array('u8', 2), 2),
  value: Union({ i: 'i64', d: 'f64' }),
  color: enumeration({ RED: 0, GREEN: 5 }),
  big: 'u64',
  name: 'CString',
});
type Lists = Record<'x' | 'y', number> & unknown[];
const part = (view: Fields, name: string) => view[name] as Fields;
const list = (view: Fields, name: string) => view[name] as Lists;

const held = ref(Thing);

describe.each<[string, () => unknown]>([
  ['an ArrayBuffer', () => Thing.create()],
  ['a typed array with an offset', () => new Uint8Array(Thing.size + 3).subarray(3)],
  ['shared memory', () => new SharedArrayBuffer(Thing.size)],
  ['an address', () => calloc(1, Thing.size)],
  ['an address as a bigint', () => BigInt(calloc(1, Thing.size))],
  ['a ref', () => held],
])('over %s', (_, make) => {
  beforeEach(() => {
    held.value = {};
  });

  test('writes are seen by everyone, and reads see all writes', () => {
    const memory = make();
    const view = Thing.view(memory);
    view['id'] = -5;
    view['big'] = 2n ** 63n;
    view['color'] = 'GREEN';
    expect([Thing.get(memory, 'id'), Thing.get(memory, 'big'), Thing.get(memory, 'color')]).toEqual([
      -5,
      2n ** 63n,
      5,
    ]);
    Thing.set(memory, 'id', 6);
    Thing.set(memory, 'pos.y', 0.5);
    expect([view['id'], view['color'], part(view, 'pos')['y']]).toEqual([6, 5, 0.5]);
    expect(Thing.view(memory)['big']).toBe(2n ** 63n);
  });

  test('bit-fields leave their neighbours', () => {
    const view = Thing.view(make());
    Object.assign(view, { low: 7, high: -(2 ** 28) });
    expect([view['low'], view['high'], view['id']]).toEqual([7, -(2 ** 28), 0]);
    view['low'] = 0;
    expect([view['low'], view['high']]).toEqual([0, -(2 ** 28)]);
    view['high'] = 1;
    expect([view['low'], view['high'], part(view, 'pos')['x']]).toEqual([0, 1, 0]);
  });

  test('structs, arrays and unions within are views too', () => {
    const memory = make();
    const view = Thing.view(memory);
    const pos = part(view, 'pos');
    pos['x'] = 1.5;
    const path = list(view, 'path') as unknown as Fields[];
    path[1]!['y'] = 2.5;
    list(view, 'data')[2] = -3;
    (list(view, 'table')[1] as unknown[])[0] = 255;
    part(view, 'value')['d'] = 2;
    expect(Thing.fromPtr(memory)).toMatchObject({
      ...{
        pos: { x: 1.5, y: 0 },
        path: [
          { x: 0, y: 0 },
          { x: 0, y: 2.5 },
        ],
      },
      ...{
        data: [0, 0, -3],
        table: [
          [0, 0],
          [255, 0],
        ],
        value: { d: 2 },
      },
    });
    expect(part(view, 'value')['i']).toBe(2n ** 62n);
    view['pos'] = { x: 7 };
    expect(pos).toEqual({ x: 7, y: 0 });
    view['path'] = [{ y: 9 }];
    expect(path[0]).toEqual({ x: 0, y: 9 });
    path[0] = { x: 8 };
    expect(Thing.get(memory, 'path[0]')).toEqual({ x: 8, y: 0 });
    view['value'] = { i: -1 };
    expect(part(view, 'value')['i']).toBe(-1);
  });
});

describe('a view is an object', () => {
  const make = () => Thing.view(Thing.create({ id: 1, pos: { x: 2, y: 3 }, data: [4, 5, 6] }));

  test('with the fields as its properties', () => {
    const view = make();
    expect(Object.keys(view)).toEqual(Thing.fieldNames);
    expect('id' in view).toBe(true);
    expect('other' in view).toBe(false);
    expect({ ...part(view, 'pos') }).toEqual({ x: 2, y: 3 });
    expect(JSON.parse(JSON.stringify(part(view, 'pos')))).toEqual({ x: 2, y: 3 });
    expect(view).toMatchObject({ id: 1, pos: { x: 2, y: 3 }, data: [4, 5, 6], big: 0 });
  });

  test('that takes no other property and loses none', () => {
    const view = make();
    expect(() => (view['other'] = 1)).toThrow(TypeError);
    expect(() => delete view['id']).toThrow(TypeError);
    expect(Reflect.defineProperty(view, 'id', { value: 1 })).toBe(false);
    expect(view['id']).toBe(1);
  });

  test('that is accepted as a value, unions too', () => {
    const { complex_add } = functions(fixture, {
      complex_add: { args: [Vector, Vector], returns: Vector.object },
    }).symbols as Record<'complex_add', Call>;
    const view = make();
    expect(complex_add(view['pos'], { x: 1, y: 1 })).toEqual({ x: 3, y: 4 });
    expect(
      Thing.fromBuffer(Thing.create({ pos: view['pos'], data: view['data'], path: view['path'] })),
    ).toMatchObject({
      pos: { x: 2, y: 3 },
      data: [4, 5, 6],
    });
    part(view, 'value')['d'] = 0.5;
    expect(Thing.fromBuffer(Thing.create({ value: view['value'] }))).toMatchObject({ value: { d: 0.5 } });
    expect(Thing.fromBuffer(Thing.create(view))).toMatchObject({
      id: 1,
      pos: { x: 2, y: 3 },
      value: { d: 0.5 },
    });
  });

  test('of strings gives addresses', () => {
    const view = Thing.view(Thing.create({ name: 'text' }));
    expect(read.cstring(view['name'] as number)).toBe('text');
    view['name'] = 'other';
    expect(read.cstring(view['name'] as number)).toBe('other');
  });
});

describe('wrong values are refused, and change nothing', () => {
  test.each<[string, (view: Fields) => unknown, 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE', string]>(
    [
      ['id', (view) => (view['id'] = '1'), 'ERR_FFI_INVALID_ARG_TYPE', 'id (int32_t)'],
      ['id', (view) => (view['id'] = undefined), 'ERR_FFI_INVALID_ARG_TYPE', 'id (int32_t)'],
      ['id', (view) => (view['id'] = 2 ** 31), 'ERR_FFI_OUT_OF_RANGE', 'id (int32_t)'],
      ['low', (view) => (view['low'] = 8), 'ERR_FFI_OUT_OF_RANGE', 'low'],
      ['pos.x', (view) => (part(view, 'pos')['x'] = null), 'ERR_FFI_INVALID_ARG_TYPE', 'x (double)'],
      ['pos', (view) => (view['pos'] = 5), 'ERR_FFI_INVALID_ARG_TYPE', 'pos'],
      ['pos', (view) => (view['pos'] = { z: 1 }), 'ERR_FFI_INVALID_ARG_TYPE', 'pos.z'],
      ['pos', (view) => (view['pos'] = { x: 1, y: 'no' }), 'ERR_FFI_INVALID_ARG_TYPE', 'pos.y'],
      ['data', (view) => (list(view, 'data')[1] = 0.5), 'ERR_FFI_OUT_OF_RANGE', '[1] (int16_t)'],
      ['data', (view) => (view['data'] = [1, 2, 3, 4]), 'ERR_FFI_OUT_OF_RANGE', 'data'],
      ['data', (view) => (view['data'] = [1, 'no']), 'ERR_FFI_INVALID_ARG_TYPE', 'data[1]'],
      ['color', (view) => (view['color'] = 'BLUE'), 'ERR_FFI_INVALID_ARG_TYPE', 'color'],
      ['value', (view) => (view['value'] = {}), 'ERR_FFI_INVALID_ARG_TYPE', 'exactly one'],
      ['name', (view) => (view['name'] = 'a\0b'), 'ERR_FFI_INVALID_ARG_TYPE', 'NUL'],
    ],
  )('%s', (_, change, code, text) => {
    const buffer = Thing.create({ id: 1, low: 2, pos: { x: 3 }, data: [4, 5, 6] });
    const before = Buffer.from(buffer).toString('hex');
    expectError(() => change(Thing.view(buffer)), code, text);
    expect(Buffer.from(buffer).toString('hex')).toBe(before);
  });

  test('text for an address has no memory', () => {
    const view = Thing.view(calloc(1, Thing.size));
    expectError(() => (view['name'] = 'text'), 'ERR_FFI_INVALID_ARG_TYPE', 'strdup');
    expect(view['name']).toBe(0);
  });
});

test('at offsets, negative ones for addresses', () => {
  const block = malloc(64);
  write.f64(block, 24, 0.25);
  expect(Vector.view(block, 16)).toEqual({ x: expect.any(Number), y: 0.25 });
  expect(Vector.view(block + 32, -16)['y']).toBe(0.25);
  free(block);
});

describe('views keep memory alive', () => {
  test.each<[string, string]>([
    ['a view', 'Thing.view(Thing.create({ id: n, list: [n, n], pos: { x: n } })).id'],
    ['a nested view', 'Thing.view(Thing.create({ id: n, list: [n, n], pos: { x: n } })).pos.x'],
    ['an array view', 'Thing.view(Thing.create({ id: n, list: [n, n], pos: { x: n } })).list[1]'],
    ['a view of a ref', 'Thing.view(ref(Thing, { id: n, list: [n, n], pos: { x: n } })).id'],
    [
      'a view of a view of a typed array',
      'Thing.view(new Uint8Array(Thing.create({ pos: { x: n } }))).pos.x',
    ],
  ])('%s', (_, expression) => {
    const parent = expression.replace(/\.(id|x|\[1\])$|\[1\]$/, '');
    const last = /\[1\]$/.test(expression) ? '[1]' : expression.slice(expression.lastIndexOf('.'));
    const program = `
      const { Struct, array, ref } = require(entry);
      const Thing = Struct({ id: 'i32', list: array('i32', 600), pos: Struct({ x: 'f64' }) });
      const litter = () => Array.from({ length: 50 }, (_, n) => new Int32Array(600 + n).fill(-1));
      const kept = [];
      for (let n = 0; n < 200; n++) { kept.push(${parent}); if (n % 20 === 0) { gc(); litter(); } }
      for (let round = 0; round < 5; round++) { gc(); litter(); }
      kept.forEach((view, n) => assert.strictEqual(view${last}, n));
      console.log('kept');`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('kept');
  });

  test('a buffer goes when its last view has gone', () => {
    const program = `
      const { Struct } = require(entry);
      const Thing = Struct({ pos: Struct({ x: 'f64' }) });
      const freed = [];
      const registry = new FinalizationRegistry((name) => freed.push(name));
      let buffer = Thing.create();
      registry.register(buffer, 'buffer');
      let nested = Thing.view(buffer).pos;
      buffer = undefined;
      const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
      (async () => {
        for (let n = 0; n < 5; n++) { gc(); await turn(); }
        nested.x = 1;
        assert.deepStrictEqual(freed, []);
        nested = undefined;
        for (let n = 0; n < 50 && freed.length === 0; n++) { gc(); await turn(); }
        console.log(String(freed));
      })();`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('buffer');
  });
});
