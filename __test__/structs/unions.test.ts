// Unions: exactly one member is given, every member is read.
import { describe, expect, test } from '@jest/globals';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { labelled } from '../types/refusal';
import { array, bits, bytesOf, functions, Struct, testUnions, Union, type Call, type Fields } from './loose';

const Value = Union({
  i: 'i64',
  d: 'f64',
  f: array('f32', 2),
  p: Struct({ x: 'i16', y: 'i16' }),
  bytes: array('u8', 8),
  low: bits('u32', 5),
  inner: Union({ a: 'i8', b: 'i32' }),
});
const Tagged = Struct({
  tag: 'i32',
  value: Union({
    i: 'i64',
    d: 'f64',
    f: array('f32', 2),
    p: Struct({ x: 'i16', y: 'i16' }),
    bytes: array('u8', 8),
  }),
});

const { tagged_number, tagged_point } = functions(fixture, {
  tagged_number: { args: [Tagged], returns: 'f64' },
  tagged_point: { args: ['i16', 'i16'], returns: Tagged.object },
}).symbols as Record<'tagged_number' | 'tagged_point', Call>;

describe('create', () => {
  test.each<[string, unknown, unknown]>([
    ['i', -(2n ** 62n) - 1n, -(2n ** 62n) - 1n],
    ['d', 0.1, 0.1],
    ['f', [0.5, -1.5], [0.5, -1.5]],
    ['f', [0.5], [0.5, 0]],
    ['p', { x: -1, y: 2 }, { x: -1, y: 2 }],
    ['p', { y: 2 }, { x: 0, y: 2 }],
    ['bytes', Uint8Array.of(1, 2, 3), [1, 2, 3, 0, 0, 0, 0, 0]],
    ['low', 31, 31],
    ['i', 0, 0],
  ])('%s: %p', (name, value, decoded) => {
    const buffer = Value.create({ [name]: value });
    expect(buffer.byteLength).toBe(8);
    expect(Value.fromBuffer(buffer)[name]).toEqual(decoded);
    expect(Value.get(buffer, name)).toEqual(decoded);
  });

  test('a union within a union', () => {
    const buffer = Value.create({ inner: { b: -2 } });
    expect(Value.get(buffer, 'inner.b')).toBe(-2);
    expect(Value.fromBuffer(buffer)['inner']).toMatchObject({ a: -2, b: -2 });
  });

  test('members that are undefined are not given', () => {
    expect(Value.create({ i: undefined, d: 2, f: undefined })).toEqual(Value.create({ d: 2 }));
  });

  test('a smaller member leaves zeros around it', () => {
    Value.create({ i: -1 });
    expect(bytesOf(Value.create({ p: { x: -1 } }))).toEqual([255, 255, 0, 0, 0, 0, 0, 0]);
  });

  testUnions.each(
    labelled({}, { i: 1, d: 2 }, { i: undefined }, { x: 1 }, { i: 1, x: 1 }, null, 5, 'i', [], new Date(0)),
  )('%s is refused', (_, value) => {
    const code = 'ERR_FFI_INVALID_ARG_TYPE';
    expectError(() => Value.create(value), code, 'create');
    expectError(() => tagged_number({ tag: 0, value }), code, 'args[0].value');
  });

  testUnions('buffers of the size', () => {
    const buffer = Value.create({ d: 2.5 });
    expect(Value.fromBuffer(Value.create(buffer))['d']).toBe(2.5);
    expect(tagged_number({ tag: 1, value: buffer })).toBe(2.5);
    expectError(() => Value.create(new ArrayBuffer(7)), 'ERR_FFI_INVALID_ARG_TYPE', '8');
  });

  testUnions('a missing union is zero', () => {
    expect(Tagged.fromBuffer(Tagged.create({ tag: 3 }))).toMatchObject({
      tag: 3,
      value: { i: 0, p: { x: 0, y: 0 } },
    });
    expect(tagged_number({ tag: 1 })).toBe(0);
  });
});

describe('what is decoded', () => {
  const decoded = () => Value.fromBuffer(Value.create({ d: 2.5 }));

  test('has a getter for each member, all over the same bytes', () => {
    const value = decoded();
    expect(Object.keys(value)).toEqual(Value.fieldNames);
    expect(value).toMatchObject({
      i: 0x4004000000000000n,
      d: 2.5,
      f: [0, 2.0625],
      bytes: [0, 0, 0, 0, 0, 0, 4, 64],
    });
    const { get, set } = Object.getOwnPropertyDescriptor(value, 'd')!;
    expect([typeof get, set]).toEqual(['function', undefined]);
    expect(Object.getOwnPropertyDescriptor(value, 'd')).toMatchObject({ enumerable: true });
  });

  test('is a copy', () => {
    const buffer = Value.create({ d: 2.5 });
    const value = Value.fromBuffer(buffer);
    Value.set(buffer, 'd', 7);
    expect([value['d'], Value.fromBuffer(buffer)['d']]).toEqual([2.5, 7]);
    (value['bytes'] as number[])[7] = 0;
    expect(value['d']).toBe(2.5);
  });

  testUnions('is accepted wherever the union is', () => {
    const value = decoded();
    expect(Value.fromBuffer(Value.create(value))['d']).toBe(2.5);
    const point = tagged_point(-3, 5) as { value: Fields };
    expect(point).toMatchObject({ tag: 3, value: { p: { x: -3, y: 5 } } });
    expect(tagged_number(point)).toBe(7);
    expect(tagged_number({ tag: 3, value: point.value })).toBe(7);
    const buffer = Tagged.create();
    Tagged.set(buffer, 'value', point.value);
    Tagged.write(buffer, { tag: 1, value: Tagged.fromBuffer(buffer)['value'] });
    expect(Tagged.get(buffer, 'value.p')).toEqual({ x: -3, y: 5 });
  });

  testUnions('of another union is not', () => {
    const Other = Union({ i: 'i64', d: 'f64' });
    const other = Other.fromBuffer(Other.create({ d: 1 }));
    expectError(() => Value.create(other), 'ERR_FFI_INVALID_ARG_TYPE', 'exactly one');
    expectError(() => tagged_number({ tag: 1, value: other }), 'ERR_FFI_INVALID_ARG_TYPE', 'exactly one');
  });

  test('is a plain object once it is spread, of which too many members are given', () => {
    expectError(() => Value.create({ ...decoded() }), 'ERR_FFI_INVALID_ARG_TYPE', 'exactly one');
    const { d } = decoded();
    expect(Value.fromBuffer(Value.create({ d }))['d']).toBe(2.5);
  });
});

describe('in C', () => {
  testUnions.each<[number, object, number]>([
    [0, { i: -9 }, -9],
    [1, { d: 0.25 }, 0.25],
    [2, { f: [0.5, 0.25] }, 1],
    [3, { p: { x: 7, y: -2 } }, 3],
    [4, { bytes: [5, 0, 0, 0, 0, 0, 0, 10] }, 25],
  ])('tag %d: %p', (tag, value, number) => {
    expect(tagged_number({ tag, value })).toBe(number);
    expect(tagged_number(Tagged.create({ tag, value }))).toBe(number);
  });
});

describe('members that read ill', () => {
  test('a getter that cannot give its value says so when it is read, not before', () => {
    const Exact = Union({ fast: 'u64_fast', exact: 'biguint64' });
    const value = Exact.fromBuffer(Exact.create({ exact: 2n ** 64n - 1n }));
    expect(value['exact']).toBe(2n ** 64n - 1n);
    expectError(() => value['fast'], 'ERR_FFI_OUT_OF_RANGE', 'safe integer');
  });

  test('bool and float patterns', () => {
    const Odd = Union({ byte: 'u8', flag: 'bool', f: 'f32', u: 'u32' });
    const value = Odd.fromBuffer(Odd.create({ u: 0x7fc00002 }));
    expect(value).toMatchObject({ byte: 2, flag: true, f: NaN, u: 0x7fc00002 });
    expect(Odd.create(value)).toEqual(Odd.create({ u: 0x7fc00002 }));
  });
});
