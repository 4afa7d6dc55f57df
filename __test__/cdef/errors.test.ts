// Declarations that are wrong: where, and why.
import { describe, expect, test } from '@jest/globals';
import { c as typed, cdef as typedCdef, dlopen } from 'arkffi';
import { expectError } from '../support/errors';

const c = typed as (source: unknown, ...rest: unknown[]) => unknown;
const cdef = typedCdef as (source: unknown, ...rest: unknown[]) => Record<string, unknown>;

const wrong: readonly [source: string, line: number, column: number, message: string][] = [
  ['double cos(double x', 1, 20, "expected ',' or ) after the parameter, found the end"],
  ['int f(int);\nint g(foo x);', 2, 7, "unknown type 'foo'"],
  ['int f(unsined x);', 1, 7, "did you mean 'unsigned'"],
  ['db *open(void);', 1, 1, 'typedef struct db db;'],
  ['struct P { int x; };\n\n  P f(void);', 3, 3, "did you mean 'struct P'?"],
  ['int f(int) g;', 1, 12, "expected ';' after the declaration, found 'g'"],
  ['int f() { return 1; }', 1, 9, "a prototype ends with ';'"],
  ['int x = 5;', 1, 7, 'no initial value'],
  ['int 5x;', 1, 5, "expected a name, found '5x'"],
  ['int f(void x);', 1, 7, 'void has no values'],
  ['void v;', 1, 1, 'void has no values'],
  ['int f(int, );', 1, 12, "expected a parameter, found ')'"],
  ['int f(..., int);', 1, 10, "expected ')' after the parameters"],
  ['int int f(void);', 1, 1, "'int int' is not a type"],
  ['short double x;', 1, 1, "'short double' is not a type"],
  ['int f(int)(int);', 1, 6, 'a function cannot return a function'],
  ['int f(int)[3];', 1, 6, 'a function cannot return an array'],
  ['int f[3](int);', 1, 6, 'functions as elements'],
  ['int a[-1];', 1, 7, 'the length of an array cannot be -1'],
  ['int a[1 / 0];', 1, 9, 'a division by zero'],
  ['int a[1 << 64];', 1, 9, 'a shift by more than 31 bits'],
  ['int a[N];', 1, 7, "'N' is not a constant"],
  ['int a[1.5];', 1, 7, "'1.5' is not an integer"],
  ['enum { A = 18446744073709551616 };', 1, 12, 'more than 64 bits'],
  ['enum { A, A };', 1, 11, "'A' stands twice"],
  ['enum { };', 1, 1, 'an enumeration needs a value'],
  ['enum none f(void);', 1, 1, "'enum none' has not been declared"],
  ['struct { } x;', 1, 1, 'a struct needs a field'],
  ['struct s { int a; char a; };', 1, 24, "a second field 'a'"],
  ['struct s { int a }; ', 1, 18, "expected ';' after the field"],
  ['struct s { int a;', 1, 18, "expected '}', found the end"],
  ['struct s { struct s x; };', 1, 12, 'contains itself; write a pointer'],
  ['struct s { int a; };\nstruct s { int b; };', 2, 1, "'struct s' is declared already, in line 1"],
  ['struct s; int f(struct s);', 1, 17, 'has no fields yet; write a pointer'],
  ['struct s { int f(void); };', 1, 16, 'a field is no function'],
  ['struct s { int x : 33; };', 1, 16, 'a width of'],
  ['int f(int), f(double);', 1, 13, "'f' is declared already, as something else"],
  ['#include <stdio.h>', 1, 1, "only '#pragma pack'"],
  ['#pragma pack(3)\n', 1, 1, 'is not push, pop, 1, 2, 4, 8 or 16'],
  ['int f(void);\n  /* no end', 2, 3, 'the comment has no end'],
  ['int f(void); @', 1, 14, "'@' is not C"],
  ['extern "C" { int f(void);', 1, 26, 'extern "C" is not closed'],
];

test.each(wrong)('%j', (source, line, column, message) => {
  expectError(() => cdef(source), 'ERR_FFI_INVALID_TYPE', `cdef: line ${line}, column ${column}: `);
  expectError(() => cdef(source), 'ERR_FFI_INVALID_TYPE', message);
});

const unsupported: readonly [string, string][] = [
  ['long double f(void);', 'long double'],
  ['double _Complex f(void);', '_Complex'],
  ['int f(__int128 x);', '__int128'],
  ['va_list f(void);', 'va_list'],
  ['struct __attribute__((aligned(16))) { int x; } v;', 'aligned'],
  ['typedef float v4 __attribute__((vector_size(16))); v4 f(void);', 'vector_size'],
  ['struct { char a; int : 5; char b; } x;', 'bit-field'],
  [
    '#pragma pack(2)\nstruct __attribute__((packed)) { char a; int b : 5; } x;',
    "'packed' within '#pragma pack'",
  ],
  ['int f(int (^block)(int));', 'blocks'],
];

test.each(unsupported)('%j is not supported, and says so', (source, name) => {
  const message = expectError(() => cdef(source), 'ERR_FFI_UNSUPPORTED', name);
  expect(message).toMatch(/^cdef: line [12], column \d+: /);
});

describe('c', () => {
  const cases: readonly [string, string][] = [
    ['', 'expected a type, found the end'],
    ['int x, y', "expected ';' after the type, found ','"],
    ['struct q', "'struct q' has no fields yet"],
    ['int f(int)', 'a function is no value; write a pointer to it'],
    ['int; double x; float', "expected ';' after the type, found 'float'"],
  ];
  test.each(cases)('%j is no type', (source, message) => {
    expectError(() => c(source), 'ERR_FFI_INVALID_TYPE', message);
  });
});

test.each([undefined, null, 5, 5n, {}, [], ['int'], () => 1, Symbol('s'), new Proxy([], {})])(
  'declarations are no %p',
  (value) => {
    expectError(() => cdef(value), 'ERR_FFI_INVALID_TYPE', 'cdef takes declarations of C as a string');
    expectError(() => c(value), 'ERR_FFI_INVALID_TYPE', 'c takes declarations of C as a string');
  },
);

test('what declarations build on is what cdef gave', () => {
  expectError(
    () => cdef('int f(void);', {}),
    'ERR_FFI_INVALID_TYPE',
    'builds on what cdef gave, got an object',
  );
  expectError(() => c('int', 5), 'ERR_FFI_INVALID_TYPE', 'builds on what cdef gave, got 5');
});

test('the values of a template are types, texts or numbers', () => {
  expectError(() => typedCdef`int f(${{}} x);`, 'ERR_FFI_INVALID_TYPE', 'a value of the template');
  expectError(() => typedCdef`int f(${'foo'} x);`, 'ERR_FFI_INVALID_TYPE', "unknown type 'foo'");
  const message = expectError(
    () => typedCdef`int f(${'int'} x)\n  ${1}`,
    'ERR_FFI_INVALID_TYPE',
    "found '1'",
  );
  expect(message).toMatch('line 2');
});

test('a convention that the platform lacks is refused by dlopen', () => {
  const defs = cdef('int __stdcall abs(int x);');
  expect(defs['abs']).toMatchObject({ abi: 'stdcall' });
  expectError(() => dlopen(null, defs as never), 'ERR_FFI_UNSUPPORTED', 'stdcall');
});

describe('names', () => {
  test('may be those of Object.prototype', () => {
    const defs = cdef('int __proto__(int); int constructor(int); struct toString { int __proto__; };');
    expect(Object.keys(defs)).toEqual(['__proto__', 'constructor']);
    expectError(() => cdef('toString f(void);'), 'ERR_FFI_INVALID_TYPE', "unknown type 'toString'");
    expectError(() => cdef('int a[constructor];'), 'ERR_FFI_INVALID_TYPE', "'constructor' is not a constant");
  });
});

describe('texts without end', () => {
  const deep: readonly [string, string][] = [
    ['parentheses', `int ${'('.repeat(100_000)}`],
    ['functions', `int f${'(int g'.repeat(100_000)}`],
    ['structs', 'struct {'.repeat(100_000)],
    ['signs', `int a[${'-'.repeat(100_000)}1];`],
    ['expressions', `int a[${'('.repeat(100_000)}1];`],
    ['stars', `int ${'*'.repeat(100_000)}x;`],
    ['dimensions', `int x${'[1]'.repeat(100_000)};`],
    ['parameters', `int f(${'int,'.repeat(100_000)}int);`],
  ];
  test.each(deep)('%s nested or repeated 100,000 times', (_, source) => {
    expectError(() => cdef(source), 'ERR_FFI_INVALID_TYPE', /nested deeper|more than|parameters/);
  });

  test('a name is shortened in the message', () => {
    const message = expectError(() => cdef('x'.repeat(1e6)), 'ERR_FFI_INVALID_TYPE', 'xxx…');
    expect(message.length).toBeLessThan(500);
  });
});
