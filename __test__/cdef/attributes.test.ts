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
    'struct s { struct __attribute__((packed)) { char a; int b; } c; }',
  ])('%s has 5 bytes', (text) => {
    expect(sizeof(type(text))).toBe(5);
  });

  test.each([
    'struct s { char a; __attribute__((packed)) int b; }',
    'struct s { char a; int __attribute__((packed)) b; }',
    'struct s { char a; int b __attribute__((packed)); }',
  ])('%s is refused', (text) => {
    expectError(() => type(text), 'ERR_FFI_UNSUPPORTED', 'packed by itself');
    expectError(() => declare(`${text}; struct s f(void);`), 'ERR_FFI_UNSUPPORTED', 'packed by itself');
  });

  test.each([
    ['enum __attribute__((packed)) { A, B = 255 }', 1],
    ['enum { A = -1, B = 127 } __attribute__((packed))', 1],
    ['enum { A = -1, B = 128 } __attribute__((packed))', 2],
    ['enum __attribute__((packed)) { A = 65536 }', 4],
    ['enum e : unsigned char { A, B }', 1],
    ['enum e : short { A, B = A - 2 }', 2],
  ])('%s has %d bytes', (text, size) => {
    expect(sizeof(type(text))).toBe(size);
  });
});

test.each([
  ['typedef struct { char a; [[gnu::aligned(16)]] int b; } s;', 'aligned'],
  ['typedef struct { char a; _Alignas(8) int b; } s;', '_Alignas'],
  ['typedef struct __declspec(align(16)) { char a; } s;', 'align'],
  [
    'typedef struct { int a; } __attribute__((scalar_storage_order("big-endian"))) s;',
    'scalar_storage_order',
  ],
  ['typedef struct { long double a; } s;', 'long double'],
  ['typedef double s __attribute__((vector_size(16)));', 'vector_size'],
  ['typedef union { int a; } s __attribute__((__transparent_union__));', 'transparent_union'],
  ['typedef double complex s;', 'complex'],
  ['typedef unsigned __int128 s;', 'unsigned __int128'],
  ['typedef _Atomic(int) s;', '_Atomic'],
  ['typedef _BitInt(7) s;', '_BitInt'],
])('%s may be declared and pointed to, and is refused where it is needed', (text, name) => {
  expect(Object.keys(declare(`${text} int f(s *); void g(int (*)(s *));`))).toEqual(['f', 'g']);
  for (const use of ['int f(s);', 's f(void);', 'extern s x;', 'int f(int (*)(s));'])
    expectError(() => declare(`${text} ${use}`), 'ERR_FFI_UNSUPPORTED', name);
  expectError(() => type(`${text} s`), 'ERR_FFI_UNSUPPORTED', name);
});

test('alignment of a variable or a function does not matter', () => {
  const defs = declare(`
    extern int x __attribute__((aligned(64)));
    __declspec(align(16)) extern int y;
    int f(int) __attribute__((aligned(32)));
  `);
  expect(defs).toEqual({ x: { type: 'i32' }, y: { type: 'i32' }, f: { args: ['i32'], returns: 'i32' } });
});

test('a name among the arguments of an attribute is none', () => {
  expect(
    declare('int f(int) __attribute__((cleanup(packed), alias("aligned"), access(aligned, 1)));'),
  ).toEqual({
    f: { args: ['i32'], returns: 'i32' },
  });
});

test.each([
  'int f(int) __attribute__((stdcall));',
  'int __attribute__((__stdcall__)) f(int);',
  'int __stdcall f(int);',
  '__stdcall int f(int);',
  'int (__stdcall f)(int);',
])('a convention is read wherever it stands: %s', (text) => {
  expect(declare(text)).toMatchObject({ f: { abi: 'stdcall' } });
});

test('integers of a mode', () => {
  const text =
    'typedef unsigned int a __attribute__((__mode__(__QI__))); typedef int b __attribute__((mode(DI)));';
  expect(declare(`${text} b f(a, int __attribute__((mode(word))));`)).toEqual({
    f: { args: ['u8', 'isize'], returns: 'i64' },
  });
});

test('a typedef of a function pointer is made once, however often it is used', () => {
  const types = Array.from({ length: 40 }, (_, n) => `typedef void (*f${n + 1})(f${n}, f${n});`);
  const text = `typedef void (*f0)(void); ${types.join('\n')} void last(f40); int complex(int complex);`;
  expect(Object.keys(declare(text))).toEqual(['last', 'complex']);
});
