// Definitions that are refused.
import { describe, expect, test } from '@jest/globals';
import { dlopen, type ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { labelled } from '../types/refusal';
import {
  array,
  bits,
  CFunction,
  enumeration,
  fn,
  functions,
  opaque,
  OpaquePointer,
  pointer,
  sizeof,
  Struct,
  StructSchema,
  Union,
  UnionSchema,
  type Schema,
} from './loose';

const invalid: ErrorCode = 'ERR_FFI_INVALID_TYPE';
const Point = Struct({ x: 'double', y: 'double' });

describe('definitions that are refused', () => {
  const flexible = Struct({ n: 'i32', data: array('i32') });

  test.each(labelled(undefined, null, 1, 'i32', [], ['i32'], () => 1, Symbol('s'), true))(
    'of %s',
    (_, value) => {
      for (const make of [Struct, Union, (fields: unknown) => new StructSchema(fields)]) {
        expectError(() => make(value), invalid);
      }
    },
  );

  test.each<[string, () => unknown]>([
    ['no field', () => Struct({})],
    ['no member', () => Union({})],
    ['only a zero width', () => Struct({ a: bits('i32', 0) })],
    ['a union of only a zero width', () => Union({ a: bits('i32', 0) })],
    ['void', () => Struct({ a: 'void' })],
    ['void, by its letter', () => Struct({ a: 'v' })],
    ['napi_env', () => Struct({ a: 'napi_env' })],
    ['napi_value', () => Struct({ a: 'napi_value' })],
    ['an unknown type', () => Struct({ a: 'i33' })],
    ['the dots', () => Struct({ a: '...' })],
    ['an undefined type', () => Struct({ a: undefined })],
    ['null', () => Struct({ a: null })],
    ['an object', () => Struct({ a: {} })],
    ['fields instead of a schema', () => Struct({ a: { x: 'i32' } })],
    ['an array literal', () => Struct({ a: ['i32', 3] })],
    ['a symbol', () => Struct({ a: Symbol('i32') })],
    ['an empty name', () => Struct({ '': 'i32' })],
    ['a number as a name', () => Struct({ 0: 'i32' })],
    ['a large number as a name', () => Struct({ 4294967296: 'i32' })],
    ['a dot in a name', () => Struct({ 'a.b': 'i32' })],
    ['brackets in a name', () => Struct({ 'a[0]': 'i32' })],
    ['a bracket in a name', () => Struct({ 'a]': 'i32' })],
    ['a flexible array that is not last', () => Struct({ n: 'i32', data: array('i32'), end: 'i8' })],
    ['a flexible array alone', () => Struct({ data: array('i32') })],
    ['a flexible array in a union', () => Union({ n: 'i32', data: array('i32') })],
    ['a flexible array of one', () => Struct({ n: 'i32', data: array(array('i32')) })],
    ['a flexible struct within', () => Struct({ n: 'i32', f: flexible })],
    ['a flexible struct in an array', () => array(flexible, 2)],
    ['a counter that is not there', () => Struct({ n: 'i32', data: array('i32', 'm') })],
    ['a counter that is no integer', () => Struct({ n: 'f64', data: array('i32', 'n') })],
    ['a counter that is the array', () => Struct({ n: 'i32', data: array('i32', 'data') })],
    ['a flexible struct by value', () => CFunction({ args: [flexible], ptr: 1 })],
    ['a flexible struct as a result', () => CFunction({ returns: flexible, ptr: 1 })],
    ['a flexible object as a result', () => CFunction({ returns: flexible.object, ptr: 1 })],
    ['an array as a result', () => CFunction({ returns: array('i32', 2), ptr: 1 })],
    ['bits as an argument', () => CFunction({ args: [bits('i32', 3)], ptr: 1 })],
    ['bits as a result', () => CFunction({ returns: bits('i32', 3), ptr: 1 })],
    ['an array of bits', () => array(bits('i32', 3), 2)],
    ['a pointer to bits', () => pointer(bits('i32', 3))],
    ['sizeof bits', () => sizeof(bits('i32', 3))],
    ['bits of bits', () => bits(bits('i32', 3), 2)],
    ['bits of a float', () => bits('f32', 3)],
    ['bits of a pointer', () => bits('ptr', 3)],
    ['bits of a string', () => bits('CString', 3)],
    ['bits of a struct', () => bits(Point, 3)],
    ['bits of an array', () => bits(array('i32', 2), 3)],
    ['bits of nothing', () => bits(undefined, 3)],
    ['more bits than the type has', () => bits('u8', 9)],
    ['two bits of a bool', () => bits('bool', 2)],
    ['a negative width', () => bits('i32', -1)],
    ['half a bit', () => bits('i32', 1.5)],
    ['a width that is a string', () => bits('i32', '3')],
    ['no width', () => bits('i32', undefined)],
    ['a negative length', () => array('i32', -1)],
    ['half an element', () => array('i32', 1.5)],
    ['a length of NaN', () => array('i32', NaN)],
    ['a bigint as a length', () => array('i32', 3n)],
    ['null as a length', () => array('i32', null)],
    ['an array of void', () => array('void', 3)],
    ['an array of nothing', () => array(undefined, 3)],
    ['more than 2 GB', () => array('f64', 2 ** 30)],
    ['more than 2 GB in sum', () => Struct({ a: array('u8', 2 ** 30), b: array('u8', 2 ** 30) })],
    ['no length that ends', () => array('i32', Infinity)],
    ['a pointer to nothing', () => pointer(undefined)],
    ['a pointer to an unknown type', () => pointer('i33')],
    ['an enumeration of nothing', () => enumeration(undefined)],
    ['an enumeration of a fraction', () => enumeration({ A: 0.5 })],
    ['an enumeration of a string', () => enumeration({ A: '1' })],
    ['an enumeration of what no type holds', () => enumeration({ A: -1, B: 2n ** 63n })],
    ['an enumeration of more than its type', () => enumeration({ A: 256 }, 'u8')],
    ['an enumeration of floats', () => enumeration({ A: 1 }, 'f64')],
    ['an enumeration of bools', () => enumeration({ A: 1 }, 'bool')],
    ['an opaque type without a name', () => opaque(undefined)],
    ['an opaque type with an empty name', () => opaque('')],
    ['a function of nothing', () => fn(undefined)],
    ['a function of an unknown type', () => fn({ args: ['i33'] })],
    ['a function that takes void', () => fn({ args: ['void'] })],
    ['a function with an unknown property', () => fn({ arg: ['i32'] })],
  ])('%s', (_, make) => {
    expectError(make, invalid);
  });

  test.each(labelled(0, 3, 5, 32, -1, 1.5, '4', 4n, null, true, NaN))('a packing of %s', (_, pack) => {
    expectError(() => Struct({ a: 'i32' }, { pack }), invalid, 'pack');
  });

  test.each(labelled(null, 1, 'pack', [], { packed: true }, { pack: 1, size: 3 }))(
    'options of %s',
    (_, options) => {
      expectError(() => Struct({ a: 'i32' }, options), invalid);
    },
  );

  test('the field is named', () => {
    expectError(() => Struct({ good: 'i32', bad: 'duoble' }), invalid, /bad.*'double'/);
    expectError(() => Union({ good: 'i32', bad: 'void' }), invalid, 'bad');
  });

  test('before any symbol is looked up', () => {
    const defs = { no_such_symbol: { args: [array(Point, 2), Struct], returns: Point } };
    expectError(() => functions(fixture, defs), invalid, 'defs.no_such_symbol.args[1]');
    expectError(() => functions('/no/such/library', defs), invalid);
  });

  test('structs that are nested without end', () => {
    const nest = (depth: number): Schema => (depth === 0 ? Point : Struct({ inner: nest(depth - 1) }));
    expect(nest(100).offsetOf(Array(100).fill('inner').join('.'))).toBe(0);
    let [levels, type]: [number, object] = [0, Point];
    const deepen = () => {
      for (; levels < 10_000; levels++) type = levels % 2 === 0 ? Struct({ inner: type }) : array(type, 1);
    };
    expectError(deepen, invalid, 'deep');
    let arrays: object = array('i32', 1);
    const arraysWithin = () => {
      for (let level = 0; level < 2000; level++) arrays = array(arrays, 1);
    };
    expectError(arraysWithin, invalid, 'deep');
  });
});

describe('128-bit, complex and vector fields', () => {
  test.each(['long double', '__int128', 'double _Complex', '__m128'])('%s is refused by name', (type) => {
    expectError(() => Struct({ a: type }), 'ERR_FFI_UNSUPPORTED', `'${type}'`);
    expectError(() => array(type, 2), 'ERR_FFI_UNSUPPORTED', `'${type}'`);
  });
});

test('classes of the package that users do not make are no way around', () => {
  expect(() => new UnionSchema({})).toThrow(TypeError);
  expectError(() => new StructSchema({ a: 'void' }), invalid);
  const forged = Object.create(StructSchema.prototype) as Schema;
  for (const use of [
    () => forged.create({}),
    () => forged.fromPtr(1),
    () => sizeof(forged),
    () => forged.object,
  ]) {
    expect(use).toThrow(TypeError);
  }
  const pretended = Object.create(OpaquePointer.prototype) as object;
  const { echo_ptr } = dlopen(fixture, { echo_ptr: { args: ['ptr'], returns: 'ptr' } }).symbols;
  expectError(() => echo_ptr(pretended as never), 'ERR_FFI_INVALID_ARG_TYPE');
});
