// One text of declarations is what the C compiler and cdef both read.
import { describe, expect, test } from '@jest/globals';
import { cdef, dlopen, read, ref, Struct } from 'arkffi';
import { compile } from '../support/compile';

const header = `
  /* Comments, of both kinds, may stand anywhere. */
  typedef struct point { double x, y; } point; // in all places
  typedef struct item {
    int id;
    const char *name;
    struct point at[2];
    unsigned flags : 3, kind : 5;
    int (*score)(int);
  } item;
  union word { int i; float f; };
  typedef enum { RED, GREEN = 1 << 2, BLUE } color;
  enum { SIZE = sizeof(item) / 4, LENGTH = (2 + 1) * 2 - 2 };
  typedef struct handle handle;
  typedef int number;
  typedef number (*compare)(const void *, const void *);

  extern int counter;
  extern const char *const version;
  extern point corners[LENGTH];

  point middle(point a, point b);
  double total(const item *items, int count);
  item make(int id, const char *name);
  int word_as_int(union word w);
  color next(color c);
  int sum(const int values[], int count);
  unsigned long long narrow(unsigned char a, signed char b, short int c, unsigned d, long long int e);
  int apply(int (*f)(int, point), int x);
  void sort(int *values, int count, compare with);
  compare get_compare(void);
  int (*pick(int which))(int);
  handle *handle_new(int value);
  int handle_value(const handle *h);
  int handle_out(handle **out);
  void handle_free(handle *h);
  int add(int count, ...), negate(int);
  _Bool both(_Bool a, _Bool b);
  const char *join(const char *const *texts, int count);
`;

const library = compile(
  'libcdef.so',
  `#include <stdarg.h>
  #include <stdio.h>
  #include <stdlib.h>
  ${header}
  struct handle { int value; };
  int counter = 7;
  const char *const version = "1.2";
  point corners[LENGTH] = {{1, 2}, {3, 4}};
  point middle(point a, point b) { return (point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }
  double total(const item *items, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += items[i].id + items[i].at[1].y + items[i].flags + items[i].kind;
    return sum;
  }
  item make(int id, const char *name) { return (item){.id = id, .name = name, .at = {{1, 2}, {3, 4}}, .flags = 5, .kind = 9}; }
  int word_as_int(union word w) { return w.i; }
  color next(color c) { return c == RED ? GREEN : BLUE; }
  int sum(const int values[], int count) { int s = 0; for (int i = 0; i < count; i++) s += values[i]; return s; }
  unsigned long long narrow(unsigned char a, signed char b, short int c, unsigned d, long long int e) { return a + b + c + d + e; }
  int apply(int (*f)(int, point), int x) { return f(x, (point){1, 2}); }
  void sort(int *values, int count, compare with) { qsort(values, count, sizeof(int), with); }
  static int descending(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
  compare get_compare(void) { return descending; }
  static int twice(int x) { return 2 * x; }
  int (*pick(int which))(int) { return which ? twice : 0; }
  handle *handle_new(int value) { handle *h = malloc(sizeof *h); h->value = value; return h; }
  int handle_value(const handle *h) { return h->value; }
  int handle_out(handle **out) { *out = handle_new(5); return 0; }
  void handle_free(handle *h) { free(h); }
  int add(int count, ...) {
    va_list list; va_start(list, count);
    int s = 0; for (int i = 0; i < count; i++) s += va_arg(list, int);
    va_end(list); return s;
  }
  int negate(int x) { return -x; }
  _Bool both(_Bool a, _Bool b) { return a && b; }
  const char *join(const char *const *texts, int count) {
    static char buffer[64]; int at = 0; buffer[0] = 0;
    for (int i = 0; i < count; i++) at += snprintf(buffer + at, sizeof buffer - at, "%s;", texts[i]);
    return buffer;
  }`,
);
const declared = cdef(header);
const { symbols } = dlopen(library, declared as never) as unknown as {
  symbols: Record<string, ((...args: unknown[]) => unknown) & { value: unknown }>;
};
const call = (name: string, ...args: unknown[]) => symbols[name]!(...args);

test('declares what stands in the text, and nothing else', () => {
  const names = Array.from(header.matchAll(/(\w+)\((?:[^)]*\)[^;,]*)[;,]/g), ([, name]) => name!);
  const expected = names.filter((name) => !['sizeof', 'compare', 'score'].includes(name) && name !== 'int');
  expect(Object.keys(declared)).toEqual(
    expect.arrayContaining([...expected, 'counter', 'version', 'corners', 'pick', 'apply']),
  );
  expect(Object.keys(declared)).toHaveLength(22);
});

describe('values', () => {
  test('structs go and come by value, as plain objects', () => {
    expect(call('middle', { x: 0, y: 2 }, { x: 4 })).toEqual({ x: 2, y: 1 });
    expect(call('make', 3, null)).toMatchObject({
      id: 3,
      at: [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
      flags: 5,
      kind: 9,
    });
  });

  test('unions, enumerations, booleans and narrow integers', () => {
    expect(call('word_as_int', { f: 1 })).toBe(0x3f80_0000);
    expect(call('next', 'RED')).toBe(4);
    expect(call('next', 4)).toBe(5);
    expect(call('both', true, 1)).toBe(true);
    expect(call('narrow', 255, -128, -32768, 2 ** 32 - 1, 2n ** 40n)).toBe(
      255 - 128 - 32768 + 2 ** 32 - 1 + 2 ** 40,
    );
    expect(() => call('narrow', 256, 0, 0, 0, 0)).toThrow(/args\[0\]/);
  });

  test('array parameters take arrays and buffers', () => {
    expect(call('sum', [1, 2, 3], 3)).toBe(6);
    expect(call('sum', Int32Array.of(4, 5), 2)).toBe(9);
    expect(call('sum', null, 0)).toBe(0);
  });

  test('functions are passed as functions, and returned as addresses', () => {
    expect(call('apply', (x: number, at: { y: number }) => x + at.y, 5)).toBe(7);
    const values = Int32Array.of(1, 3, 2);
    call('sort', values, 3, call('get_compare'));
    expect([...values]).toEqual([3, 2, 1]);
    call('sort', values, 3, (a: number, b: number) => read.i32(a) - read.i32(b));
    expect([...values]).toEqual([1, 2, 3]);
    expect(call('pick', 0)).toBe(0);
    expect(call('pick', 1)).toBeGreaterThan(0);
  });

  test('variables are read and written', () => {
    expect(symbols['counter']!.value).toBe(7);
    symbols['counter']!.value = 8;
    expect(symbols['counter']!.value).toBe(8);
    expect(symbols['version']!.value).toBe('1.2');
    expect(symbols['corners']!.value).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 4 },
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ]);
  });

  test('variadic functions, and two declarators of one declaration', () => {
    expect(call('add', 2, ['int', 3], ['int', 4])).toBe(7);
    expect(call('negate', 3)).toBe(-3);
  });

  test('a struct without fields is an opaque type', () => {
    const handle = call('handle_new', 3);
    expect(call('handle_value', handle)).toBe(3);
    call('handle_free', handle);
    const out = ref('ptr');
    expect(call('handle_out', out)).toBe(0);
    expect(call('handle_value', out.value)).toBe(5);
    call('handle_free', out.value);
    const other = dlopen(
      null,
      cdef('typedef struct other other; other *malloc(size_t bytes); void free(other *);'),
    );
    const foreign = other.symbols.malloc(8);
    expect(() => call('handle_value', foreign)).toThrow(/other/);
    other.symbols.free(foreign);
  });
});

describe('templates', () => {
  test('are declarations', () => {
    const { symbols: c } = dlopen(null, cdef`int abs(int x); size_t strlen(const char *s);`);
    expect(c['abs']!(-3)).toBe(3);
    expect(c['strlen']!('four')).toBe(4);
  });

  test('take types, numbers and texts as values', () => {
    const point = Struct({ x: 'f64', y: 'f64' });
    const text = 'const struct item *';
    const defs = cdef`${point} middle(${point} a, ${point} b); int sum(const int v[${4 * 2}], int n); struct item; double total(${text} i, int n);`;
    const lib = dlopen(library, defs);
    expect(lib.symbols['middle']!({ x: 2 }, { x: 4, y: 6 })).toMatchObject({ x: 3, y: 3 });
    expect(lib.symbols['sum']!([1, 2], 2)).toBe(3);
    expect(lib.symbols['total']!(null, 0)).toBe(0);
  });
});

describe('declarations for each other', () => {
  test('definitions can be spread among others', () => {
    const defs = {
      ...cdef('int abs(int);'),
      length: { symbol: 'strlen', args: ['s'], returns: 'size_t' },
    } as const;
    const { symbols: c } = dlopen(null, defs);
    expect([c.abs(-1), c.length('ab')]).toEqual([1, 2]);
  });

  test('what cdef gave earlier lends its types and constants', () => {
    const types = cdef(
      'typedef struct { double x, y; } point; enum { TWO = 2 }; typedef struct handle handle;',
    );
    expect(Object.keys(types)).toEqual([]);
    const lib = dlopen(library, cdef('point middle(point a, point b); handle *handle_new(int);', types));
    const uses = dlopen(
      library,
      cdef('int handle_value(handle *); void handle_free(handle *); extern point corners[TWO];', types),
    );
    expect(lib.symbols['middle']!({ x: 2 }, { x: 4 })).toEqual({ x: 3, y: 0 });
    const handle = lib.symbols['handle_new']!(9);
    expect(uses.symbols['handle_value']!(handle)).toBe(9);
    uses.symbols['handle_free']!(handle);
    expect(uses.symbols['corners']!.value).toHaveLength(2);
  });

  test('the same declaration may stand twice', () => {
    expect(Object.keys(cdef('int f(int); extern int f(int x);'))).toEqual(['f']);
  });

  test('an asm label names the symbol', () => {
    const { symbols: c } = dlopen(null, cdef('int magnitude(int x) __asm__("abs") __attribute__((const));'));
    expect(c['magnitude']!(-2)).toBe(2);
  });
});
