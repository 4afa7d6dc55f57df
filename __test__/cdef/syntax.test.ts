// What C allows in declarations: each text with the definitions that it makes.
import { describe, expect, test } from '@jest/globals';
import { c as typed, cdef, JSCallback, sizeof, type StructSchema } from 'arkffi';
import { expectError } from '../support/errors';

const declare = cdef as unknown as (
  text: string,
  ...uses: object[]
) => Record<string, Record<string, unknown>>;
const type = typed as unknown as (text: string, ...uses: object[]) => StructSchema;

/** What the tests can compare of definitions: names of types, kinds of composite ones. */
function plain(defs: unknown): unknown {
  return JSON.parse(
    JSON.stringify(defs, (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'kind' in value ? value.kind : value,
    ),
  );
}

const i32 = { args: ['i32'], returns: 'i32' };
const texts: readonly [text: string, defs: object][] = [
  [
    'int f(int) __attribute__((nothrow)) __asm__("" "real" "ly") __attribute__((pure));',
    { f: { ...i32, symbol: 'really' } },
  ],
  ['int f(int); int f(int) __asm__("g"); int f(int);', { f: { ...i32, symbol: 'g' } }],
  ['extern int x __asm__("y");', { x: { type: 'i32', symbol: 'y' } }],
  ['typedef unsigned char bool; bool f(bool b);', { f: { args: ['u8'], returns: 'u8' } }],
  ['typedef int va_list; va_list f(va_list);', { f: i32 }],
  [
    'typedef __builtin_va_list va_list; int f(const char *, va_list ap);',
    { f: { args: ['CString', 'ptr'], returns: 'i32' } },
  ],
  ['int vprintf(const char *, va_list);', { vprintf: { args: ['CString', 'ptr'], returns: 'i32' } }],
  [
    'void f(int n, const double a[n], int b[static 4], char c[*], int d[restrict const]);',
    { f: { args: ['i32', 'array', 'array', 'array', 'array'], returns: 'void' } },
  ],
  [
    'void f(int n, int m, double a[n][m], double b[3][m + 1], double c[n][4]);',
    { f: { args: ['i32', 'i32', 'pointer', 'pointer', 'array'], returns: 'void' } },
  ],
  ['static inline int twice(int x) { return x > 0 ? 2 * x : (int){0}; } int f(int);', { f: i32 }],
  ['extern inline __attribute__((gnu_inline)) int f(int x) { return x; } int g(int);', { f: i32, g: i32 }],
  ['static const int table[] = { 1, 2, [3] = (4, 5) }, other = 5; int f(int);', { f: i32 }],
  [
    'extern "C" { extern "C" { int f(int); } extern "C" int g(int); } int h(int);',
    { f: i32, g: i32, h: i32 },
  ],
  [
    '# 1 "file.h" 1 3 4\nint f(int);\n#line 5\n#\n  #  pragma once\n#pragma GCC visibility push(default)\nint g(int);',
    { f: i32, g: i32 },
  ],
  ['#pragma pack(push, 1) // packed\n#pragma pack(pop) /* no more */\nint f(int);', { f: i32 }],
  ['#pragma pack(push, \\\n  1)\n#pragma pack(pop)\n#pragma pack(pop)\nint f(int);', { f: i32 }],
  ['_Float32 f(_Float64, _Float32x);', { f: { args: ['f64', 'f64'], returns: 'f32' } }],
  [
    'int (f)(int); int ((*g))(int); int (*(*h(int))(void))(int);',
    { f: i32, g: { type: 'fn' }, h: { args: ['i32'], returns: 'fn' } },
  ],
  [
    'typedef char name[16]; int f(const name n); int g(name n);',
    { f: { args: ['CString'], returns: 'i32' }, g: { args: ['array'], returns: 'i32' } },
  ],
  [
    'typedef int binary(int); binary f, *g; void h(binary, binary *);',
    { f: i32, g: { type: 'fn' }, h: { args: ['fn', 'fn'], returns: 'void' } },
  ],
  [
    'extern const char version[]; extern int list[]; extern short grid[][2];',
    { version: { type: 'i8' }, list: { type: 'i32' }, grid: { type: 'array' } },
  ],
  ['extern _Thread_local int x; extern __thread int y;', { x: { type: 'i32' }, y: { type: 'i32' } }],
  [
    'enum e { A, B }; enum e f(enum e); enum later; void g(enum later *);',
    { f: { args: ['enumeration'], returns: 'enumeration' }, g: { args: ['pointer'], returns: 'void' } },
  ],
  ['enum { A __attribute__((deprecated)) = 1, B [[maybe_unused]], }; int f(int);', { f: i32 }],
  ['int f(...);', { f: { args: ['...'], returns: 'i32' } }],
  [
    'long long double_it(long int long x); int unsigned short f(void);',
    { double_it: { args: ['i64'], returns: 'i64' }, f: { args: [], returns: 'u16' } },
  ],
  [
    'void f(register int a, int volatile *const restrict b, const volatile void *);',
    { f: { args: ['i32', 'pointer', 'ptr'], returns: 'void' } },
  ],
  [
    'int f(int buffer, void *callback, int pointer(int string16));',
    { f: { args: ['i32', 'ptr', 'fn'], returns: 'i32' } },
  ],
  ['enum { ptr = 2, buffer }; int f(int[(ptr) + buffer]);', { f: { args: ['array'], returns: 'i32' } }],
  ['int f(int) ; ; _Static_assert(1, ""); ; int g(int)', { f: i32, g: i32 }],
  ['int f\\\n(int);', { f: i32 }],
  [
    'struct s; union u; int f(struct s *, union u **);',
    { f: { args: ['opaque', 'pointer'], returns: 'i32' } },
  ],
  [
    '_Noreturn void f(void); extern void g(void) __attribute__((__noreturn__));',
    { f: { args: [], returns: 'void' }, g: { args: [], returns: 'void' } },
  ],
  ['void (*signal(int, void (*)(int)))(int);', { signal: { args: ['i32', 'fn'], returns: 'fn' } }],
  [
    'typedef enum e e; enum e { A }; e f(e), *g(const e *);',
    { f: { args: ['enumeration'], returns: 'enumeration' }, g: { args: ['pointer'], returns: 'pointer' } },
  ],
  ['enum { A, B, } x; int größe(int ä);', { x: { type: 'enumeration' }, größe: i32 }],
  [
    'extern short list[4]; typeof(list[0]) f(__typeof__(unsigned char) a, typeof(1ul) b);',
    { list: { type: 'array' }, f: { args: ['u8', 'u64'], returns: 'i16' } },
  ],
  ['[[nodiscard]] int f(int) [[gnu::pure]]; int g([[maybe_unused]] int x);', { f: i32, g: i32 }],
  [
    'int f(struct s { int a; } *p); struct s; void g(struct s *const restrict p);',
    { f: { args: ['pointer'], returns: 'i32' }, g: { args: ['pointer'], returns: 'void' } },
  ],
  [
    'int f(int32_t); signed f(int); extern int list[]; extern int list[3];',
    { f: i32, list: { type: 'array' } },
  ],
  [
    'void f(int a[3], int g(int)); void f(int *, int (*)(int)); void f(int[const], int (int));',
    { f: { args: ['array', 'fn'], returns: 'void' } },
  ],
];

test.each(texts)('%s', (text, defs) => {
  expect(plain(declare(text))).toEqual(defs);
});

describe('structs', () => {
  test('a tag that is declared in a struct is no member of it, and is known behind it', () => {
    const outer = 'struct outer { struct inner { int a; }; enum state { OFF, ON }; char b; }';
    expect(type(outer).fieldNames).toEqual(['b']);
    expect(type(`${outer}; struct inner`).fieldNames).toEqual(['a']);
    expect(sizeof(type(`${outer}; char[ON + 1]` as never) as never)).toBe(2);
  });

  test('members without names have names that no other member has', () => {
    const { fieldNames } = type('struct { int anonymous0; union { int a; }; struct { int b; }; }');
    expect(fieldNames).toEqual(['anonymous0', 'anonymous1', 'anonymous2']);
  });

  test('a struct may hold functions that take or return the struct itself, or point to it', () => {
    const text = `typedef struct s s; typedef s (*made)(s); struct s {
      int x; int (*f)(struct s); s (*g)(s *, int); made h[2]; void (*nested)(int (*)(struct s)); double (*plain)(double); };`;
    const schema = type(`${text} s`);
    expect(schema.size).toBe(56);
    const plainFunction = new JSCallback((x: number) => x, { args: ['f64'], returns: 'f64' });
    const bytes = schema.create({ x: 5, f: plainFunction, plain: plainFunction } as never);
    expect(schema.fromBuffer(bytes)).toMatchObject({
      x: 5,
      f: plainFunction.ptr,
      g: 0,
      h: [0, 0],
      plain: plainFunction.ptr,
    });
    plainFunction.close();
    expect(plain(declare(`${text} s f(s, made, int (*)(s));`))).toMatchObject({
      f: { args: [expect.anything(), 'fn', 'fn'] },
    });
  });

  test('also in a circle of two', () => {
    const text = 'struct b; struct a { void (*f)(struct b); int x; }; struct b { struct a first; };';
    expect(type(`${text} struct b`).size).toBe(16);
    expectError(
      () => declare('struct a { struct b x; }; struct b { struct a y; };'),
      'ERR_FFI_INVALID_TYPE',
      'contains itself',
    );
    const within = 'struct a { void (*f)(struct b); }; struct b { struct b x; };';
    expectError(() => declare(within), 'ERR_FFI_INVALID_TYPE', "'struct b' contains itself");
  });

  test('function pointers with types that arkffi lacks are fields, not parameters', () => {
    const log = 'struct log { void (*write)(long double); int level; }';
    expect(type(log).size).toBe(16);
    expectError(
      () => declare(`${log}; void set(void (*write)(long double));`),
      'ERR_FFI_UNSUPPORTED',
      'long double',
    );
  });
});

const wrong: readonly [text: string, message: string][] = [
  ['int f(int struct);', "'struct' is a word of C and cannot stand here"],
  ['typedef int foo; foo int;', "'int' is a word of C"],
  ['int x = 5;', 'has no initial value'],
  ['int f(int x) { return x; }', "a body; a prototype ends with ';'"],
  [
    '#define N 5\nint f(void);',
    "'#define': of the preprocessor, only '#pragma pack' is known here; give what 'cc -E -P' prints",
  ],
  ['#pragma ms_struct on\nint f(void);', "'#pragma ms_struct': of the preprocessor"],
  ['int f(void); # 5', "'#' is not C"],
  ['int f(void) asm("no end);', 'the string has no end'],
  ['int f(void) asm(f);', 'asm takes the name of a symbol in quotes'],
  ['int f(void), f(int);', "'f' is declared already, as something else"],
  ['int f(struct a *); int f(struct b *);', "'f' is declared already"],
  ['int f(int (*)(int)); int f(int (*)(long));', "'f' is declared already"],
  ['int f(char *); int f(const char *);', "'f' is declared already"],
  ['int f(int, ...); int f(int);', "'f' is declared already"],
  ['extern int x; int x(void);', "'x' is declared already"],
  ['struct a { int x; }; struct b { int x; }; int f(struct a); int f(struct b);', "'f' is declared already"],
  ['struct s { struct t; };', "expected a field's name, found ';'"],
  ['enum e : double { A };', "'f64' is not an integer type"],
  ['enum e : unsigned char { A = 256 };', "'A' is beyond the enumeration's type"],
  ['int f(int n, int a[m]);', "'m' is not a constant"],
  ['int a[n], n;', "'n' is not a constant"],
  ['SOME_API int f(int);', "unknown type 'SOME_API'; if it is a macro, write what it stands for"],
  ['int WINAPI f(int);', "expected ';' after the declaration, found 'f'; is a word before it a macro?"],
];

test.each(wrong)('%s is refused', (text, message) => {
  expectError(() => declare(text), 'ERR_FFI_INVALID_TYPE', message);
});

describe('long texts', () => {
  const many = 200_000;
  test('strings, comments and blanks', () => {
    const long = 'x'.repeat(many);
    const text = `int f(int) asm("${long}"); /*${long}*/ //${long}\n${' \t'.repeat(many)} int g(int) asm("${'\\\\'.repeat(many)}");`;
    expect(declare(text)['f']!['symbol']).toHaveLength(many);
    expectError(
      () => declare(`int f(void) asm("${'\\"'.repeat(many)});`),
      'ERR_FFI_INVALID_TYPE',
      'the string has no end',
    );
    expectError(() => declare(' '.repeat(2 ** 23 + 1)), 'ERR_FFI_INVALID_TYPE', 'characters');
  });

  const chains: readonly [string, (n: number) => string][] = [
    ['names', (n) => `typedef t${n - 1} t${n};`],
    ['pointers', (n) => `typedef t${n - 1} *t${n};`],
  ];
  test.each(chains)('chains of typedefs: %s', (_, link) => {
    const text = `typedef int t0; ${Array.from({ length: 10_000 }, (_value, n) => link(n + 1)).join('\n')}`;
    expect(Object.keys(declare(`${text} void f(t10000);`))).toEqual(['f']);
  });

  const deep: readonly [string, (n: number) => string][] = [
    ['arrays', (n) => `typedef t${n - 1} t${n}[1];`],
    ['functions', (n) => `typedef t${n - 1} (*t${n})(void);`],
    ['parameters', (n) => `typedef void (*t${n})(t${n - 1}, t${n - 1});`],
    ['functions of functions', (n) => `typedef void t${n}(t${n - 1} *, t${n - 1} *);`],
  ];
  test.each(deep)('chains of typedefs: %s', (_, link) => {
    const chain = (count: number) =>
      `typedef int t0; ${Array.from({ length: count }, (_value, n) => link(n + 1)).join('\n')} void f(t${count} *);`;
    expect(Object.keys(declare(chain(100)))).toEqual(['f']);
    expectError(
      () => declare(`${chain(5000)} extern t5000 x;`),
      'ERR_FFI_INVALID_TYPE',
      'nested deeper than',
    );
  });

  test('structs in structs, declared before them', () => {
    const text = Array.from({ length: 3000 }, (_, n) => `struct s${n} { struct s${n + 1} x; };`).join('\n');
    expectError(
      () => declare(`${text} struct s3000 { int x; };`),
      'ERR_FFI_INVALID_TYPE',
      'nested deeper than',
    );
  });
});
