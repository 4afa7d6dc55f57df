// What bindgen writes of a header has the layouts, values and names that the compiler has, or is left out and said to be.
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { c as typed, cdef, dlopen, type StructSchema } from 'arkffi';
import { compile } from '../support/compile';

const root = join(__dirname, '..', '..');
const { bin } = createRequire(__filename)(join(root, 'package.json')) as { bin: { arkffi: string } };

const other = `
  typedef unsigned char other_byte;
  typedef struct other { other_byte bytes[3]; struct other *next; } other_t;
  struct unused { int x; };`;
const header = `
  #include <stdint.h>
  #include <stdarg.h>
  #include "OTHER"
  typedef struct node node;
  struct node { node *next; int value; };
  typedef struct {
    int a;
    union { int x; float y; struct { short p, q; }; };
    int b : 3, : 5;
    unsigned c : 7;
    struct { char s[3]; } list[2], *link;
  } anonymous;
  #pragma pack(push, 2)
  struct two { char a; int b; double c; };
  typedef struct { char a; long b : 33; int c; } two_bits;
  #pragma pack(pop)
  struct __attribute__((packed)) one { char a; int b; short c; };
  struct aligned { char a; int b __attribute__((aligned(16))); };
  struct holds { struct aligned x; };
  struct mixed { char a; int b __attribute__((packed)); short c; };
  typedef int wide_int __attribute__((aligned(16)));
  enum __attribute__((packed)) small { S = 200, S2 };
  enum big { B = 0x80000000u, B2 };
  enum top { T = 0xffffffffffffffffULL };
  enum low { L = -0x7fffffffffffffff - 1 };
  struct values { enum small s; enum big b; enum top t; enum low l; enum { IN, OUT = 7 } in; other_t o; };
  struct outer { struct inner { int z; } in, more[2]; };
  struct log { int (*write)(struct log, const char *, va_list); long double *odd; };
  typedef struct { int x; } A, *PA, list_of_a[4];
  typedef struct { int y; } *PB;
  typedef int binary(int, int);

  int renamed(int x) __asm__("bindgen_real");
  extern int several, list[3], *pointer, (*table[2])(int);
  PB pb(PA, const list_of_a, const A *);
  int (*(*returns(int))(void))(int);
  binary add, *get_add(void);
  other_byte first_byte(other_t o);
  void fill_two(struct two *);
  void fill_bits(two_bits *);
  void fill_one(struct one *);
  void fill_anonymous(anonymous *);
  void fill_values(struct values *);
  void take_aligned(struct aligned *);
  struct aligned give_aligned(void);
  long double unsupported(wide_int);
  static inline int hidden(int x) { return x; }
  inline __attribute__((gnu_inline)) int hidden_too(int x) { return x; }`;

const source = `
  int renamed(int x) { return x + 100; }
  int several = 1, list[3] = { 1, 2, 3 }, *pointer = list, (*table[2])(int) = { renamed, 0 };
  PB pb(PA a, const list_of_a l, const A *b) { static int sum; sum = a->x + l[3].x + b->x; return (PB)&sum; }
  static int (*give(void))(int) { return renamed; }
  int (*(*returns(int x))(void))(int) { return x ? give : 0; }
  int add(int a, int b) { return a + b; }
  binary *get_add(void) { return add; }
  other_byte first_byte(other_t o) { return o.bytes[0]; }
  void fill_two(struct two *p) { *p = (struct two){ 1, 2, 3 }; }
  void fill_bits(two_bits *p) { *p = (two_bits){ 1, -4000000000, 3 }; }
  void fill_one(struct one *p) { *p = (struct one){ 1, 2, 3 }; }
  void fill_anonymous(anonymous *p) { *p = (anonymous){ .a = 1, .p = 2, .q = 3, .b = -2, .c = 100, .list = { { "ab" } } }; }
  void fill_values(struct values *p) { *p = (struct values){ S, B2, T, L, OUT, { { 9 } } }; }
  void take_aligned(struct aligned *p) {}
  struct aligned give_aligned(void) { return (struct aligned){ 1, 2 }; }
  long double unsupported(wide_int x) { return x; }`;

const directory = join(compile('libbindgenother.so', ''), '..');
writeFileSync(join(directory, 'bindgen-other.h'), other);
const text = header.replace('OTHER', join(directory, 'bindgen-other.h'));
const library = compile('libbindgenlayouts.so', `${text}${source}`);
writeFileSync(`${library}.h`, text);

function bindgen(from: string, ...more: string[]): { written: string; printed: string; error: string } {
  const args = ['bindgen', from, '-l', library, '-o', `${library}.ts`, ...more];
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, bin.arkffi), ...args], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  const written = existsSync(`${library}.ts`) ? readFileSync(`${library}.ts`, 'utf8') : '';
  return { written, printed: stdout.trim(), error: stderr };
}

const { written, printed, error } = bindgen(`${library}.h`);
const there = error.includes('libclang was not found') ? describe.skip : describe;

there('a header of all kinds', () => {
  const declarations = /cdef\(`\n([^]*)`\)/.exec(written)?.[1] ?? '';
  const defs = cdef(declarations as string);
  const c = typed as unknown as (text: string, uses: object) => StructSchema;
  const { symbols } = dlopen(library, defs) as unknown as {
    symbols: Record<string, ((...args: unknown[]) => unknown) & { value: unknown }>;
  };
  const filled = (type: string, fill: string): unknown => {
    const schema = c(type, defs);
    const bytes = schema.create();
    symbols[fill]!(bytes);
    return schema.fromBuffer(bytes);
  };

  test('what arkffi lacks is told, and nothing else', () => {
    expect(error).toBe('');
    const left = written.split('\n').filter((line) => line.startsWith('// Left out: '));
    const reasons = [
      /^struct aligned: in C it has 32 bytes aligned to 16, in a layout that arkffi lacks$/,
      /^struct holds: 'struct aligned' has no fields yet/,
      /^struct mixed: in C it has 8 bytes aligned to 2, in a layout that arkffi lacks$/,
      /^wide_int: its size or alignment is another one than arkffi would have it$/,
      /^give_aligned: 'struct aligned' has no fields yet/,
      /^unsupported: unknown type 'wide_int'/,
    ];
    expect(left).toHaveLength(reasons.length);
    reasons.forEach((reason, index) => expect(left[index]!.slice('// Left out: '.length)).toMatch(reason));
    expect(printed).toMatch(/: 16 symbols, 6 left out$/);
    const functions = ['add', 'first_byte', 'get_add', 'pb', 'renamed', 'returns', 'take_aligned'];
    const fills = ['two', 'bits', 'one', 'anonymous', 'values'].map((name) => `fill_${name}`);
    const variables = ['list', 'pointer', 'several', 'table'];
    expect(Object.keys(symbols).sort()).toEqual([...functions, ...fills, ...variables].sort());
  });

  test('packed structs', () => {
    expect(filled('struct two', 'fill_two')).toEqual({ a: 1, b: 2, c: 3 });
    expect(filled('two_bits', 'fill_bits')).toEqual({ a: 1, b: -4_000_000_000, c: 3 });
    expect(filled('struct one', 'fill_one')).toEqual({ a: 1, b: 2, c: 3 });
  });

  test('members without names, and bit-fields', () => {
    expect(filled('anonymous', 'fill_anonymous')).toMatchObject({
      ...{ a: 1, b: -2, c: 100, link: 0 },
      anonymous0: { x: 0x0003_0002, anonymous0: { p: 2, q: 3 } },
      list: [{ s: [97, 98, 0] }, { s: [0, 0, 0] }],
    });
  });

  test('enumerations of all sizes', () => {
    expect(filled('struct values', 'fill_values')).toEqual({
      ...{ s: 200, b: 2 ** 31 + 1, t: 2n ** 64n - 1n, l: -(2n ** 63n), in: 7 },
      o: { bytes: [9, 0, 0], next: 0 },
    });
  });

  test('symbols by their labels, several declarators, functions of functions', () => {
    expect(symbols['renamed']).toBeDefined();
    expect(symbols['renamed']!(1)).toBe(101);
    expect(symbols['several']!.value).toBe(1);
    expect(symbols['list']!.value).toEqual([1, 2, 3]);
    expect(symbols['add']!(1, 2)).toBe(3);
    expect(symbols['returns']!(0)).toBe(0);
    expect(symbols['first_byte']!({ bytes: [7] })).toBe(7);
    const a = c('A', defs).create({ x: 5 } as never);
    expect(symbols['pb']!(a, [{}, {}, {}, { x: 6 }], a)).toBeGreaterThan(0);
  });

  test('of other headers only what is needed is taken', () => {
    expect(declarations).toContain('struct other {');
    expect(declarations).not.toContain('unused');
    expect(declarations).not.toContain('hidden');
    expect(declarations).not.toContain('uint32_t');
  });

  test("with --included all of headers that are not the system's", () => {
    const { written: all } = bindgen(`${library}.h`, '--included');
    expect(all).toContain('struct unused {');
    expect(all).toContain('struct other {');
    expect(all).not.toContain('uint32_t');
  });
});

there.each(['zlib.h', 'sqlite3.h', 'expat.h'])('%s', (name) => {
  (existsSync(`/usr/include/${name}`) ? test : test.skip)('is written whole', () => {
    const { written: all, printed: count } = bindgen(`/usr/include/${name}`);
    expect(all).not.toContain('Left out');
    expect(count).toMatch(/: \d\d+ symbols$/);
    expect(Object.keys(cdef(/cdef\(`\n([^]*)`\)/.exec(all)![1]! as string)).length).toBeGreaterThan(50);
  });
});
