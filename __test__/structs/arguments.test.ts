// What a struct argument can be, and what it cannot.
import { describe, expect, test } from '@jest/globals';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, wrongType } from '../types/refusal';
import { array, detach, functions, Struct, type Call } from './loose';

const Pair = Struct({ a: 'f64', b: 'f64' });
const Small = Struct({ a: 'i16', b: 'f32', c: 'bool' });
const Wide = Struct({ a: 'i8', b: 'f32', c: 'f64', d: 'i16', e: 'i64', f: 'bool' });
const Grid = Struct({ a: array(Struct({ x: array('i16', 2), y: 'f32' }), 2) });

const { pair, small, wide, grid, around } = functions(fixture, {
  pair: { symbol: 'echo_F64x2', args: [Pair], returns: Pair.object },
  small: { symbol: 'echo_Small', args: [Small.object], returns: Small.object },
  wide: { symbol: 'echo_Wide', args: [Wide], returns: Wide.object },
  grid: { symbol: 'echo_Grid', args: [Grid], returns: Grid.object },
  around: { symbol: 'around_F64x2', args: ['i32', Pair, 'f64', Pair, 'f32'], returns: 'f64' },
}).symbols as Record<'pair' | 'small' | 'wide' | 'grid' | 'around', Call>;

const one = { a: 1.5, b: -2.5 };

describe('objects', () => {
  class Both {
    a = 1.5;
    b = -2.5;
  }
  class Getters {
    #a = 1.5;
    get a() {
      return this.#a;
    }
    get b() {
      return -2.5;
    }
  }
  class Derived extends Getters {
    override get b() {
      return super.b;
    }
  }
  const hidden = Object.defineProperty({ ...one }, 'more', { value: 1, enumerable: false });

  test.each<[string, object]>([
    ['plain', one],
    ['in another order', { b: -2.5, a: 1.5 }],
    ['frozen', Object.freeze({ ...one })],
    ['without a prototype', Object.assign(Object.create(null) as object, one)],
    ['of a class', new Both()],
    ['of a class with getters', new Getters()],
    ['of a class that inherits getters', new Derived()],
    ['that inherits its fields', Object.create(one) as object],
    ['that inherits half of them', Object.assign(Object.create({ a: 1.5 }) as object, { b: -2.5 })],
    ['that inherits more', Object.assign(Object.create({ more: 1 }) as object, one)],
    ['with symbols as keys', { ...one, [Symbol('more')]: 1 }],
    ['with a hidden property', hidden],
    ['with a ptr of its prototype', Object.assign(Object.create({ ptr: 1 }) as object, one)],
    ['a Proxy', new Proxy(one, {})],
    ['a view', Pair.view(Pair.create(one))],
    ['an error with fields', Object.assign(new Error('text'), one)],
  ])('%s', (_, value) => {
    for (let round = 0; round < 3; round++) expect(pair(value)).toEqual(one);
    expect(around(0, value, 0, value, 0)).toBe((1.5 - 5) * 1010);
    expect(Pair.create(value)).toEqual(Pair.create(one));
  });

  test('missing and undefined fields are zero', () => {
    expect(pair({})).toEqual({ a: 0, b: 0 });
    expect(pair({ b: 3 })).toEqual({ a: 0, b: 3 });
    expect(pair({ a: undefined, b: undefined })).toEqual({ a: 0, b: 0 });
    expect(pair({ a: undefined, b: 3 })).toEqual({ a: 0, b: 3 });
    pair({ a: 7, b: 7 });
    expect([pair({ a: 1 }), pair({})]).toEqual([
      { a: 1, b: 0 },
      { a: 0, b: 0 },
    ]);
    expect(wide({ e: 5 })).toEqual({ a: 0, b: 0, c: 0, d: 0, e: 5, f: false });
    expect(grid({ a: [{ y: 1 }] })).toEqual({
      a: [
        { x: [0, 0], y: 1 },
        { x: [0, 0], y: 0 },
      ],
    });
  });

  test('one object for several arguments', () => {
    const value = { a: 1, b: 2 };
    expect(around(1, value, 1, value, 1)).toBe(1 + 50 + 100 + 5000 + 10000);
  });

  test('what a call gave can be given to the next', () => {
    let value: unknown = { a: 1, b: 2.5, c: 3.5, d: 4, e: 2 ** 60, f: true };
    const start = value as { e: unknown };
    start.e = 2n ** 60n;
    for (let round = 0; round < 5; round++) value = wide(value);
    expect(value).toEqual(start);
  });

  test('an object that is changed is read anew', () => {
    const value = { a: 1, b: 2 };
    for (value.a = 0; value.a < 100; value.a++) expect(pair(value)).toEqual(value);
  });

  test('special numbers', () => {
    for (const a of [NaN, Infinity, -Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE]) {
      expect((pair({ a }) as typeof one).a).toBe(a);
    }
    expect(small({ a: -0, b: 0.1, c: 1 })).toEqual({ a: 0, b: Math.fround(0.1), c: true });
  });

  test('unknown names', () => {
    const values = [
      { ...one, c: 1 },
      { c: 1 },
      { c: undefined },
      { A: 1 },
      { '': 1 },
      { 0: 1 },
      { a: 1, 'a.b': 2 },
    ];
    expectAll(labelled(...values), pair, wrongType);
    expectMessage(() => pair({ a: 1, c: 2 }), 'pair', 'args[0].c');
    expectMessage(() => small({ a: 1, cc: true }), "'c'");
    expect(pair(one)).toEqual(one);
  });
});

describe('no objects with fields', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const values = labelled(
    ...[undefined, null, true, 0, 1, 1n, '', 'text', '[object Object]', Symbol('s'), () => one],
    ...[[], [1, 2], [one], new Map([['a', 1]]), new Set(), new Date(0), /a/, Promise.resolve(one)],
    ...[new WeakMap(), new (class Empty {})(), Object(1), Object('text'), new Error('text')],
    Object.create({ method: () => 1 }),
  );

  test('for a struct', () => {
    expectAll(values, pair, wrongType);
    expectAll(values, wide, wrongType);
    expectAll(values, grid, wrongType);
    expectAll(values, (value) => around(0, one, 0, value, 0), wrongType);
  });

  test('a revoked Proxy', () => {
    for (const call of [pair, wide]) expect(() => call(revoked.proxy)).toThrow(/revoked/);
    expect(() => Pair.create(revoked.proxy)).toThrow(/revoked/);
    expect(outcome(() => grid({ a: revoked.proxy }))).toBe(wrongType);
    expect(pair(one)).toEqual(one);
  });

  test('too few and too many arguments', () => {
    for (const call of [() => pair(), () => pair(one, one), () => around(0, one, 0, one)]) {
      expect(outcome(call)).toBe('TypeError ERR_FFI_ARG_COUNT');
    }
  });
});

describe('buffers', () => {
  const bytesOfOne = new Uint8Array(Pair.create(one));
  const shared = new SharedArrayBuffer(16);
  new Uint8Array(shared).set(bytesOfOne);
  const shifted = new Uint8Array(64);
  shifted.set(bytesOfOne, 3);
  const Resizable = ArrayBuffer as unknown as new (
    size: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer;
  const resizable = new Resizable(16, { maxByteLength: 64 });
  new Uint8Array(resizable).set(bytesOfOne);

  test.each<[string, unknown]>([
    ['ArrayBuffer', bytesOfOne.buffer],
    ['SharedArrayBuffer', shared],
    ['resizable ArrayBuffer', resizable],
    ['Uint8Array', bytesOfOne],
    ['Uint8Array with an odd offset', shifted.subarray(3, 19)],
    ['Float64Array', new Float64Array(bytesOfOne.buffer)],
    ['BigInt64Array', new BigInt64Array(bytesOfOne.buffer)],
    ['Uint16Array of shared memory', new Uint16Array(shared)],
    ['DataView', new DataView(bytesOfOne.buffer)],
    ['DataView with an offset', new DataView(shifted.buffer, 3, 16)],
    ['Buffer', Buffer.from(bytesOfOne)],
    ['Buffer with an offset', Buffer.from(shifted.buffer, 3, 16)],
  ])('%s', (_, value) => {
    for (let round = 0; round < 3; round++) expect(pair(value)).toEqual(one);
    expect(around(0, value, 0, one, 0)).toBe((1.5 - 5) * 1010);
    expect(Pair.create(value)).toEqual(bytesOfOne.buffer);
  });

  test('for a struct within a struct', () => {
    const cell = Struct({ x: array('i16', 2), y: 'f32' }).create({ x: [1, 2], y: 0.5 });
    const value = { x: [1, 2], y: 0.5 };
    expect(grid({ a: [cell, new DataView(cell)] })).toEqual({ a: [value, value] });
    expectMessage(() => grid({ a: [cell, new Uint8Array(7)] }), 'args[0].a[1]', '8', '7');
  });

  test('of a wrong size', () => {
    const sizes = [0, 1, 8, 15, 17, 32];
    const buffers = sizes.flatMap((size) => [
      new ArrayBuffer(size),
      new Uint8Array(size),
      Buffer.alloc(size),
    ]);
    const views = [new Float64Array(1), new DataView(new ArrayBuffer(16), 1), new SharedArrayBuffer(0)];
    expectAll(labelled(...buffers, ...views), pair, wrongType);
    expectAll(labelled(...buffers, ...views), (value) => Pair.create(value), wrongType);
    expectMessage(() => pair(new ArrayBuffer(15)), 'pair', 'args[0]', '16 bytes', '15');
    expectMessage(() => Pair.create(new ArrayBuffer(15)), 'create', '16 bytes', '15');
  });

  test('detached', () => {
    const buffer = Pair.create(one);
    const views = [buffer, new Uint8Array(buffer), new DataView(buffer), Buffer.from(buffer)];
    for (const view of views) expect(pair(view)).toEqual(one);
    detach(buffer);
    const named = views.map((view) => [view.constructor.name, view] as const);
    expectAll(named, pair, wrongType);
    expectAll(named, (view) => Pair.create(view), wrongType);
    expectMessage(() => pair(buffer), 'args[0]', 'detached');
    expectMessage(() => around(0, one, 0, views[1], 0), 'args[3]', 'detached');
  });

  test('one for several arguments', () => {
    expect(around(1, bytesOfOne, 1, bytesOfOne, 1)).toBe(1 - 35 + 100 - 3500 + 10000);
  });
});
