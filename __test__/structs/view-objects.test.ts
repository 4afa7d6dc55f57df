// What a view is as an object, whoever looks at it, and however often.
import { describe, expect, test } from '@jest/globals';
import { deepStrictEqual } from 'node:assert';
import { inspect } from 'node:util';
import { calloc, free, write } from 'arkffi';
import { expectError } from '../support/errors';
import { runProgram } from '../support/subprocess';
import { array, Struct, Union, type Fields, type Schema } from './loose';

const Point = Struct({ x: 'i32', y: 'i32' });
const Thing = Struct({ id: 'i32', at: Point, big: 'u64', list: array('u8', 2) });
const plain = { id: 1, at: { x: 2, y: 3 }, big: 4, list: [5, 6] };

function atAddress(): Fields {
  const block = calloc(1, Thing.size);
  Thing.write(block, plain);
  return Thing.view(block);
}

describe.each<[string, () => Fields]>([
  ['a buffer', () => Thing.view(Thing.create(plain))],
  ['an address', atAddress],
])('a view of %s', (_, make) => {
  test('has the fields as properties of its own, and none besides', () => {
    const view = make();
    expect(Object.getPrototypeOf(view)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(view)).toEqual(['id', 'at', 'big', 'list']);
    for (const name of Thing.fieldNames) {
      expect(Object.getOwnPropertyDescriptor(view, name)).toEqual({
        get: expect.any(Function),
        set: expect.any(Function),
        enumerable: true,
        configurable: false,
      });
    }
    expect(Object.isExtensible(view)).toBe(false);
    const seen: string[] = [];
    for (const name in view) seen.push(name);
    expect(seen).toEqual(['id', 'at', 'big', 'list']);
  });

  test('is like the plain object of its values', () => {
    const view = make();
    expect(view).toEqual(plain);
    deepStrictEqual({ ...(view['at'] as Fields) }, plain.at);
    deepStrictEqual(view['at'], plain.at);
    expect(JSON.stringify(view)).toBe(JSON.stringify(plain));
    expect(structuredClone(view['at'])).toEqual(plain.at);
    expect(inspect(view)).toBe(inspect(plain));
    expect(Object.entries(view['at'] as Fields)).toEqual([
      ['x', 2],
      ['y', 3],
    ]);
  });

  test.each<[string, (view: Fields) => Fields]>([
    ['a proxy', (view) => new Proxy(view, {})],
    [
      'a proxy that has traps',
      (view) =>
        new Proxy(view, {
          get: (target, key, receiver) => Reflect.get(target, key, receiver) as unknown,
          set: (target, key, value, receiver) => Reflect.set(target, key, value, receiver),
        }),
    ],
    ['an object that inherits from it', (view) => Object.create(view) as Fields],
    [
      'its properties elsewhere',
      (view) => Object.defineProperties({}, Object.getOwnPropertyDescriptors(view)),
    ],
    ['itself, frozen', (view) => Object.freeze(view)],
  ])('can be used through %s', (_name, wrap) => {
    const view = make();
    const other = wrap(view);
    expect([other['id'], other['big'], (other['at'] as Fields)['y'], (other['list'] as number[])[1]]).toEqual(
      [1, 4, 3, 6],
    );
    other['id'] = 10;
    other['at'] = { x: 7 };
    expect([view['id'], other['id'], view['at']]).toEqual([10, 10, { x: 7, y: 0 }]);
    expectError(() => (other['id'] = 'no'), 'ERR_FFI_INVALID_ARG_TYPE', 'id (int32_t)');
  });
});

test('views of one schema have nothing in common but the schema', () => {
  const count = 20_000;
  const [block, buffer] = [calloc(count, Thing.size), new ArrayBuffer(count * Thing.size)];
  const views = Array.from({ length: count }, (_, n) =>
    Thing.view(n % 2 === 0 ? block : buffer, n * Thing.size),
  );
  views.forEach((view, n) => {
    view['id'] = n;
    (view['at'] as Fields)['y'] = -n;
  });
  expect(views.every((view, n) => view['id'] === n && (view['at'] as Fields)['y'] === -n)).toBe(true);
  // They are keys as good as other objects.
  const known = new Map(views.map((view, n) => [view, n]));
  expect(known.size).toBe(count);
  expect(views.every((view, n) => known.get(view) === n)).toBe(true);
  const [first, second] = [Thing.view(block), Thing.view(block)];
  expect(first['at']).toBe(first['at']);
  expect(first['at']).not.toBe(second['at']);
  free(block);
});

test('members of unions, and names that objects have anyhow', () => {
  const Odd = Struct({
    constructor: 'i32',
    toString: 'i32',
    ['__proto__']: 'i32',
    value: Union({ a: 'i32', b: 'f32' }),
  });
  const views = [1, 2].map((n) =>
    Odd.view(Odd.create({ ['__proto__']: n, constructor: -n, value: { b: n } })),
  );
  expect(views.map((view) => [view['__proto__'], view['constructor'], view['toString']])).toEqual([
    [1, -1, 0],
    [2, -2, 0],
  ]);
  expect(Object.getPrototypeOf(views[0])).toBe(Object.prototype);
  // A view of a union stands for its bytes.
  expect(views.map((view) => Odd.fromBuffer(Odd.create({ value: view['value'] }))['value'])).toMatchObject([
    { b: 1 },
    { b: 2 },
  ]);
});

test('more fields than the engine keeps in order by itself', () => {
  const names = Array.from({ length: 1500 }, (_, n) => `f${n}`);
  const Wide = Struct(Object.fromEntries(names.map((name) => [name, 'u16'])));
  const [first, second] = [Wide.view(Wide.create()), Wide.view(calloc(1, Wide.size))];
  names.forEach((name, n) => {
    first[name] = n;
    second[name] = n + 1;
  });
  expect(Object.keys(second)).toEqual(names);
  expect(names.every((name, n) => first[name] === n && second[name] === n + 1)).toBe(true);
});

describe('in code that runs often', () => {
  const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'bool', 'ptr'];
  const bytes = [0x00, 0x01, 0x7f, 0x80, 0xff];
  const Each = Struct(Object.fromEntries(types.map((type) => [type, type])));
  const values = (view: Fields) => types.map((type) => view[type]);

  test('every type gives what `get` gives, at addresses and in buffers in turn', () => {
    const memories: [unknown, Schema][] = bytes.flatMap((byte) => {
      const block = calloc(1, Each.size);
      for (let at = 0; at < Each.size; at++) write.u8(block, at, byte);
      const buffer = new Uint8Array(Each.size).fill(byte);
      return [
        [block, Each],
        [buffer, Each],
        [new SharedArrayBuffer(Each.size), Each],
        [BigInt(block), Each],
      ];
    });
    const expected = memories.map(([memory]) => types.map((type) => Each.get(memory, type)));
    const views = memories.map(([memory]) => Each.view(memory));
    for (let round = 0; round < 2000; round++) {
      views.forEach((view, n) => {
        const found = values(view);
        if (!found.every((value, at) => Object.is(value, expected[n]![at])))
          expect(found).toEqual(expected[n]);
      });
    }
    expect(views.map(values)).toEqual(expected);
  });

  test('bounds are seen: a buffer that is detached, an address that is not mapped', () => {
    const buffer = new ArrayBuffer(Point.size);
    const view = Point.view(buffer);
    for (let n = 0; n < 20_000; n++) view['x'] = (view['x'] as number) + 1;
    expect(view['x']).toBe(20_000);
    structuredClone(buffer, { transfer: [buffer] });
    expectError(() => view['x'], 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
    expectError(() => (view['x'] = 1), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
    const nowhere = Point.view(4096);
    for (let n = 0; n < 100; n++) {
      expectError(() => nowhere['y'], 'ERR_FFI_INVALID_POINTER');
      expectError(() => (nowhere['y'] = 1), 'ERR_FFI_INVALID_POINTER');
    }
  });
});

test.each(['--jitless', '--no-opt', '--stress-compaction', '--expose-gc'])('with %s', (flag) => {
  const program = `
      const { Struct, array, calloc } = require(entry);
      const Thing = Struct({ id: 'i32', at: Struct({ x: 'f64' }), list: array('u8', 3) });
      const block = calloc(100, Thing.size);
      const kept = [];
      for (let n = 0; n < 2000; n++) {
        const view = Thing.view(n % 2 ? block + (n % 100) * Thing.size : Thing.create());
        Object.assign(view, { id: n, at: { x: n / 2 }, list: [n & 255] });
        if (n >= 1900) kept.push(view);
        if (n % 500 === 0) globalThis.gc?.();
      }
      kept.forEach((view, at) => {
        const n = at + 1900;
        assert.deepStrictEqual([view.id, view.at.x, view.list[0]], [n, n / 2, n & 255]);
      });
      console.log('kept');`;
  // V8 itself prints that --jitless turns another flag off.
  const { stdout, status, signal } = runProgram(program, { flags: [flag] });
  expect([stdout, status, signal]).toEqual(['kept', 0, null]);
});

test('the accessors of a view give a clear error on other objects', () => {
  const { get, set } = Object.getOwnPropertyDescriptor(Thing.view(Thing.create(plain)), 'id')!;
  for (const other of [{}, null, undefined, 5]) {
    expectError(() => get!.call(other), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => set!.call(other, 1), 'ERR_FFI_INVALID_ARG_TYPE');
  }
});

test('a view of a buffer that was detached before anything was read gives a clear error', () => {
  const buffer = Thing.create(plain);
  const view = Thing.view(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  for (let count = 0; count < 2; count++) expectError(() => view.id, 'ERR_FFI_INVALID_ARG_TYPE');
});
