// What a schema says of itself.
import { describe, expect, test } from '@jest/globals';
import { type ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';
import {
  alignof,
  array,
  bits,
  offsetof,
  pointer,
  sizeof,
  Struct,
  StructSchema,
  Union,
  UnionSchema,
} from './loose';

const invalid: ErrorCode = 'ERR_FFI_INVALID_TYPE';
const Point = Struct({ x: 'double', y: 'double' });

describe('a schema', () => {
  const types = { a: 'char', b: Point, c: array('i16', 3), d: bits('u8', 3), e: bits('u8', 6) };
  const schema = Struct(types);

  test('is a StructSchema; that of a union is a UnionSchema too', () => {
    expect(schema).toBeInstanceOf(StructSchema);
    expect(schema).not.toBeInstanceOf(UnionSchema);
    expect(Union({ a: 'i32' })).toBeInstanceOf(UnionSchema);
    expect(Union({ a: 'i32' })).toBeInstanceOf(StructSchema);
  });

  test('has sizes, names, types and offsets', () => {
    expect([schema.size, schema.align]).toEqual([32, 8]);
    expect(schema.fieldNames).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(schema.fieldTypes).toEqual(Object.values(types));
    expect(schema.fieldTypes[1]).toBe(Point);
    expect(schema.fieldOffsets).toEqual([0, 8, 24, 30, 31]);
    expect([sizeof(schema), alignof(schema), sizeof(schema.object)]).toEqual([32, 8, 32]);
  });

  test('cannot be changed', () => {
    const lists = [schema.fieldNames, schema.fieldTypes, schema.fieldOffsets] as unknown[][];
    for (const list of lists) {
      expect(() => list.push(1)).toThrow(TypeError);
      expect(() => (list[0] = 1)).toThrow(TypeError);
    }
    const fields: Record<string, unknown> = { a: 'i32' };
    const made = Struct(fields);
    fields['a'] = 'f64';
    fields['b'] = 'i64';
    expect([made.size, made.fieldNames]).toEqual([4, ['a']]);
    expect(made.fromBuffer(made.create({ a: 7 }))).toEqual({ a: 7 });
  });

  test('a field is read once from the definition', () => {
    let reads = 0;
    const made = Struct({
      get a() {
        return reads++ === 0 ? 'i8' : 'f64';
      },
    });
    expect([made.size, made.fieldTypes, reads]).toEqual([1, ['i8'], 1]);
  });

  test('a field that only ends a run of bit-fields is no field', () => {
    const { fieldNames, fieldTypes, fieldOffsets } = Struct({
      a: bits('i32', 3),
      n: bits('i32', 0),
      b: 'i8',
    });
    expect([fieldNames, fieldTypes.length, fieldOffsets]).toEqual([['a', 'b'], 2, [0, 4]]);
  });

  test.each<[string, number]>([
    ['a', 0],
    ['b', 8],
    ['b.x', 8],
    ['b.y', 16],
    ['c', 24],
    ['c[0]', 24],
    ['c[2]', 28],
    ['e', 31],
  ])('offsetOf(%p)', (path, offset) => {
    expect(schema.offsetOf(path)).toBe(offset);
    expect(offsetof(schema, path)).toBe(offset);
    expect(offsetof(schema.object, path)).toBe(offset);
  });

  test.each<[unknown, ErrorCode]>([
    ['z', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['b.', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['.b', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['b..x', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['b.z', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['b x', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['b[0]', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a.x', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[]', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[-1]', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[1.5]', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[x]', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[1]x', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['[0]', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['c[3]', 'ERR_FFI_OUT_OF_BOUNDS'],
    ['c[99999999999999999999]', 'ERR_FFI_OUT_OF_BOUNDS'],
    ['toString', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['constructor', 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    [0, 'ERR_FFI_INVALID_ARG_TYPE'],
    [null, 'ERR_FFI_INVALID_ARG_TYPE'],
    [['b', 'x'], 'ERR_FFI_INVALID_ARG_TYPE'],
    [Symbol('b'), 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('offsetOf(%p) is refused', (path, code) => {
    expectError(() => schema.offsetOf(path), code, 'offsetOf');
    expectError(() => offsetof(schema, path), code, 'offsetof');
  });

  test('near names are offered', () => {
    expectError(() => Struct({ length: 'i32' }).offsetOf('lenght'), 'ERR_FFI_INVALID_ARG_TYPE', "'length'");
  });

  test('offsetof of what is no struct', () => {
    for (const type of ['i32', pointer('i32'), array('i32', 3)]) {
      expectError(() => offsetof(type, 'a'), 'ERR_FFI_INVALID_ARG_TYPE');
    }
    for (const type of [undefined, {}, 'x', 5]) expectError(() => offsetof(type, 'a'), invalid);
  });

  test('unusual names are names like any other', () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'ptr',
      'length',
      'ä b',
      '01',
      '-1',
      '💥',
    ];
    const fields = Object.fromEntries(names.map((name) => [name, 'i32']));
    const odd = Struct(fields);
    expect(odd.fieldNames).toEqual(names);
    const values = Object.fromEntries(names.map((name, index) => [name, index + 1]));
    const buffer = odd.create(values);
    expect([...new Int32Array(buffer)]).toEqual(names.map((_, index) => index + 1));
    expect(Object.entries(odd.fromBuffer(buffer))).toEqual(Object.entries(values));
    expect(Object.getPrototypeOf(Object.getPrototypeOf(odd.fromBuffer(buffer)))).toBeNull();
    for (const name of names) expect(odd.get(buffer, name)).toBe(values[name]);
  });
});
