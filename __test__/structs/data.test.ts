// Variables and out-parameters of struct, union and array types.
import { describe, expect, test } from '@jest/globals';
import { read } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import {
  array,
  functions,
  ref,
  Struct,
  testUnions,
  Union,
  variables,
  type Call,
  type Schema,
  type Variable,
} from './loose';

const Complex = Struct({ real: 'f64', imag: 'f64' });
const Person = Struct({ name: 'CString', age: 'i32', mail: 'CString' });
const Number64 = Union({ i: 'i64', d: 'f64', bytes: array('u8', 8) });
const Tagged = Struct({ tag: 'i32', value: Number64 });

const { data_complex, data_complex_constant, data_complexes, data_table, data_person, data_tagged } =
  variables(fixture, {
    data_complex: Complex,
    data_complex_constant: Complex.object,
    data_complexes: array(Complex, 3),
    data_table: array(array('i32', 3), 2),
    data_person: Person,
    data_tagged: Tagged,
  }) as Record<string, Variable> &
    Record<'data_complex' | 'data_complex_constant' | 'data_complexes' | 'data_table', Variable> &
    Record<'data_person' | 'data_tagged', Variable>;

const { data_complex_seen, complex_sum, tagged_number, table_sum } = functions(fixture, {
  data_complex_seen: { returns: Complex.object },
  complex_sum: { args: ['ptr', 'size_t'], returns: Complex.object },
  tagged_number: { args: [Tagged], returns: 'f64' },
  table_sum: { args: ['ptr'], returns: 'i32' },
}).symbols as Record<'data_complex_seen' | 'complex_sum' | 'tagged_number' | 'table_sum', Call>;

describe('variables', () => {
  test('a struct: an object is read, an object or buffer written', () => {
    expect(data_complex.value).toEqual({ real: 1.5, imag: -2.5 });
    data_complex.value = { real: 4, imag: 5 };
    expect([data_complex.value, data_complex_seen()]).toEqual([
      { real: 4, imag: 5 },
      { real: 4, imag: 5 },
    ]);
    data_complex.value = Complex.create({ real: 6, imag: 7 });
    expect(data_complex_seen()).toEqual({ real: 6, imag: 7 });
    data_complex.value = { imag: 8 };
    expect(data_complex_seen()).toEqual({ real: 0, imag: 8 });
    data_complex.value = { real: 1.5, imag: -2.5 };
  });

  test('what is read is a copy', () => {
    const copy = data_complex.value as Record<string, number>;
    copy['real'] = 99;
    expect(data_complex.value).toEqual({ real: 1.5, imag: -2.5 });
  });

  test('its address serves fromPtr, views and arguments', () => {
    expect(Complex.fromPtr(data_complex)).toEqual({ real: 1.5, imag: -2.5 });
    const view = Complex.view(data_complex);
    view['imag'] = 3;
    expect(data_complex.value).toEqual({ real: 1.5, imag: 3 });
    data_complex.value = { real: 1.5, imag: -2.5 };
    expect(complex_sum(data_complex, 1)).toEqual({ real: 1.5, imag: -2.5 });
  });

  test('wrong values are refused and change nothing', () => {
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ real: '1' }, 'real'],
      [{ real: 1, imag: null }, 'imag'],
      [{ rael: 1 }, 'rael'],
      [new ArrayBuffer(15), '15'],
      [5, 'data_complex'],
      [undefined, 'data_complex'],
      [[1, 2], 'data_complex'],
    ];
    for (const [value, part] of wrong) {
      const message = expectError(() => (data_complex.value = value), 'ERR_FFI_INVALID_ARG_TYPE', part);
      expect(message).toContain('data_complex');
    }
    expect(data_complex.value).toEqual({ real: 1.5, imag: -2.5 });
  });

  test('a constant is read, and writing it is refused', () => {
    expect(data_complex_constant.value).toEqual({ real: 6, imag: 7 });
    expectError(() => (data_complex_constant.value = {}), 'ERR_FFI_INVALID_POINTER', 'data_complex_constant');
    expect(data_complex_constant.value).toEqual({ real: 6, imag: 7 });
  });

  test('arrays', () => {
    expect(data_complexes.value).toEqual([1, 3, 5].map((real) => ({ real, imag: real + 1 })));
    expect(data_table.value).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    data_table.value = [[7, 8], new Int32Array([9])];
    expect(data_table.value).toEqual([
      [7, 8, 0],
      [9, 0, 0],
    ]);
    expect(table_sum(data_table)).toBe(7 + 16 + 36);
    expectError(() => (data_table.value = [[1, 2, 3, 4]]), 'ERR_FFI_OUT_OF_RANGE', '[0]');
    expectError(() => (data_table.value = [[1], [2], [3]]), 'ERR_FFI_OUT_OF_RANGE', 'data_table');
    expectError(() => (data_table.value = [[1, 2, 0.5]]), 'ERR_FFI_OUT_OF_RANGE', '[0][2]');
    expect(table_sum(data_table)).toBe(59);
    data_table.value = [
      [1, 2, 3],
      [4, 5, 6],
    ];
  });

  test('strings are addresses within a struct; text has no memory there', () => {
    const before = data_person.value as Record<string, number>;
    expect(read.cstring(before['name']!)).toBe('Ada');
    expect(before).toEqual({ name: expect.any(Number), age: 36, mail: 0 });
    expectError(() => (data_person.value = { name: 'Eve' }), 'ERR_FFI_INVALID_ARG_TYPE', 'name');
    data_person.value = { ...before, age: 37 };
    expect(data_person.value).toEqual({ ...before, age: 37 });
    data_person.value = before;
  });

  testUnions('unions within', () => {
    const tagged = data_tagged.value as { tag: number; value: Record<string, unknown> };
    expect(tagged).toMatchObject({ tag: 1, value: { d: 2.5, bytes: [0, 0, 0, 0, 0, 0, 4, 64] } });
    data_tagged.value = { tag: 0, value: { i: -9 } };
    expect(data_tagged.value).toMatchObject({ tag: 0, value: { i: -9 } });
    expect(tagged_number(data_tagged.value)).toBe(-9);
    data_tagged.value = tagged;
    expect(data_tagged.value).toMatchObject({ tag: 1, value: { d: 2.5 } });
  });
});

describe('ref', () => {
  const zeroed: readonly [string, Schema | object, unknown, unknown][] = [
    ['a struct', Complex, { real: 0, imag: 0 }, { real: 1, imag: 2 }],
    ['its object type', Complex.object, { real: 0, imag: 0 }, { real: 1, imag: 2 }],
    ['an array', array('i16', 3), [0, 0, 0], [1, -2, 3]],
    ['an array of structs', array(Complex, 1), [{ real: 0, imag: 0 }], [{ real: 1, imag: 2 }]],
    [
      'a struct of an array',
      Struct({ a: array('u8', 9) }),
      { a: Array(9).fill(0) },
      { a: [9, 8, 7, 6, 5, 4, 3, 2, 1] },
    ],
  ];

  test.each(zeroed)('of %s', (_, type, zero, value) => {
    const empty = ref(type);
    expect(empty.value).toEqual(zero);
    empty.value = value;
    expect(empty.value).toEqual(value);
    expect(ref(type, value).value).toEqual(value);
    empty.close();
    expectError(() => empty.value, 'ERR_FFI_CLOSED');
  });

  test('is where C finds a struct', () => {
    const numbers = ref(array(Complex, 2), [{ real: 1, imag: 2 }, { real: 3 }]);
    expect(complex_sum(numbers, 2)).toEqual({ real: 4, imag: 2 });
  });

  test('keeps the strings of its fields', () => {
    const person = ref(Person, { name: 'Grace', age: 85, mail: 'grace@navy.mil' });
    const { name, mail } = person.value as Record<'name' | 'mail', number>;
    expect([read.cstring(name), read.cstring(mail)]).toEqual(['Grace', 'grace@navy.mil']);
  });

  test('wrong values are refused', () => {
    expectError(() => ref(Complex, { real: 'x' }), 'ERR_FFI_INVALID_ARG_TYPE', 'ref: real');
    expectError(() => ref(array('u8', 2), [1, 256]), 'ERR_FFI_OUT_OF_RANGE', 'ref: [1]');
    expectError(() => ref(array('u8', 2), [1, 2, 3]), 'ERR_FFI_OUT_OF_RANGE', 'ref');
    expectError(() => ref(array('u8', 2), 5), 'ERR_FFI_INVALID_ARG_TYPE', 'ref');
  });
});
