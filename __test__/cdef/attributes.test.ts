// Attributes that change layouts, wherever they stand: read, or refused, and never passed over.
import { describe, expect, test } from '@jest/globals';
import { c, cdef, sizeof } from 'arkffi';
import { expectError } from '../support/errors';

// Declarations are texts here, whatever their types would say.
const declare = cdef as (text: string) => object;
const type = c as (text: string) => Parameters<typeof sizeof>[0];

describe('packed', () => {
  test.each([
    'struct __attribute__((packed)) s { char a; int b; }',
    'struct s { char a; int b; } __attribute__((packed))',
    'struct [[gnu::packed]] s { char a; int b; }',
  ])('%s has 5 bytes', (text) => {
    expect(sizeof(type(text))).toBe(5);
  });

  test.each([
    'struct s { char a; __attribute__((packed)) int b; };',
    'struct s { char a; int __attribute__((packed)) b; };',
    'struct s { char a; int b __attribute__((packed)); };',
    'enum __attribute__((packed)) e { A, B };',
    'enum e { A, B } __attribute__((packed)) f(void);',
  ])('%s is refused', (text) => {
    expectError(() => declare(text), 'ERR_FFI_UNSUPPORTED', 'packed by itself');
  });
});

test.each([
  ['struct s { char a; [[gnu::aligned(16)]] int b; };', 'aligned'],
  ['struct __declspec(align(16)) s { char a; };', 'align'],
  ['struct s { int a; } __attribute__((scalar_storage_order("big-endian")));', 'scalar_storage_order'],
  ['double complex csqrt(double z);', 'complex'],
  ['double creal(double complex);', 'complex'],
])('%s is refused', (text, name) => {
  expectError(() => declare(text), 'ERR_FFI_UNSUPPORTED', name);
});

test('a typedef of a function pointer is made once, however often it is used', () => {
  const types = Array.from({ length: 40 }, (_, n) => `typedef void (*f${n + 1})(f${n}, f${n});`);
  const text = `typedef void (*f0)(void); ${types.join('\n')} void last(f40); int complex(int complex);`;
  expect(Object.keys(declare(text))).toEqual(['last', 'complex']);
});
