// Definitions that are made of a header, and work.
import { describe, expect, test } from '@jest/globals';
import { transformSync } from '@swc/core';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as arkffi from 'arkffi';
import { compile } from '../support/compile';

const header = `
  #include <stdint.h>
  #include <stdio.h>
  #include <time.h>
  #define API extern __attribute__((visibility("default")))
  #define EXPORT(type, name, parameters) extern type (name) parameters
  #define MANY 4
  typedef struct point { double x, y; } point;
  typedef struct {
    int id;
    const char *name;
    struct { int a; union { int i; float f; } u; } inner;
    unsigned flags : 3;
    int data[MANY][2];
    void (*done)(int, const char *);
  } item;
  enum color { RED, GREEN = 5, BLUE };
  typedef enum { FAST, SLOW = -1 } mode;
  typedef struct handle handle;
  typedef uint32_t id_type;
  API point middle(point a, point b);
  API id_type total(const item *items, int count);
  API int color_of(enum color c, mode m);
  API handle *handle_new(struct tm *time, FILE *file);
  API int (*getter(void))(int);
  API long double unsupported(void);
  EXPORT(int, by_macro, (int a, int b));
  API int own_printf(const char *format, ...);
  static inline int hidden(void) { return 1; }
  extern int counter;`;
const library = compile(
  'libbindgen.so',
  `${header}
  point middle(point a, point b) { return (point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }
  id_type total(const item *items, int count) {
    id_type sum = 0;
    for (int i = 0; i < count; i++) sum += items[i].id + items[i].flags + items[i].data[3][1] + items[i].inner.u.i;
    return sum;
  }
  int color_of(enum color c, mode m) { return c * 10 + m; }
  handle *handle_new(struct tm *time, FILE *file) { return (handle *)(time ? (void *)time : (void *)file); }
  static int next(int x) { return x + 1; }
  int (*getter(void))(int) { return next; }
  long double unsupported(void) { return 1; }
  int own_printf(const char *format, ...) { return format[0]; }
  int by_macro(int a, int b) { return a - b; }
  int counter = 3;`,
);
const file = `${library}.h`;
writeFileSync(file, header);

const program = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'bindgen', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 40_000,
  });
  return { status, stdout, stderr };
}

/** The symbols of a module that was written. */
function symbolsOf(path: string) {
  const { code } = transformSync(readFileSync(path, 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const exports = {} as { symbols: Record<string, ((...args: unknown[]) => unknown) & { value: unknown }> };
  const require = (name: string): unknown => (name === 'arkffi' ? arkffi : createRequire(__filename)(name));
  new Function('require', 'exports', code)(require, exports);
  return exports.symbols;
}

const output = `${library}.ts`;
const made = run([file, '-l', library, '-o', output]);
const there = made.stderr.includes('libclang was not found') ? describe.skip : describe;

there('bindgen', () => {
  test('tells what it wrote and what it left out', () => {
    expect(made).toEqual({ status: 0, stdout: `${output}: 8 symbols, 1 left out\n`, stderr: '' });
    expect(readFileSync(output, 'utf8')).toContain(
      "// Left out: unsupported: 'long double' is not supported",
    );
  });

  test('the file is a module whose functions work', () => {
    const symbols = symbolsOf(output);
    expect(Object.keys(symbols).sort()).toEqual(
      ['by_macro', 'color_of', 'counter', 'getter', 'handle_new', 'middle', 'own_printf', 'total'].sort(),
    );
    expect(symbols['middle']!({ x: 1 }, { x: 3, y: 2 })).toEqual({ x: 2, y: 1 });
    expect(symbols['color_of']!('BLUE', 'SLOW')).toBe(59);
    expect(symbols['handle_new']!(null, null)).toBeNull();
    expect(symbols['counter']!.value).toBe(3);
    expect(symbols['by_macro']!(5, 3)).toBe(2);
    expect(symbols['own_printf']!('A', ['int', 1])).toBe(65);
    const text = readFileSync(output, 'utf8').match(/cdef\(`\n([^]*)`\)/)![1]!;
    const item = arkffi.c('item', arkffi.cdef(text)) as arkffi.StructSchema;
    const bytes = item.create({
      id: 1,
      flags: 5,
      data: [[], [], [], [0, 7]],
      inner: { a: 0, u: { i: 20 } },
    } as never);
    expect(symbols['total']!(bytes, 1)).toBe(33);
  });

  test('flags of the compiler follow --', () => {
    writeFileSync(`${library}2.h`, '#ifdef WANTED\nint wanted(void);\n#endif\nint always(void);');
    const second = `${library}2.ts`;
    expect(run([`${library}2.h`, '-l', 'm', '-o', second]).stdout).toContain(' 1 symbol');
    expect(run([`${library}2.h`, '-l', 'm', '-o', second, '--', '-DWANTED']).stdout).toContain(' 2 symbols');
    expect(readFileSync(second, 'utf8')).toContain("dlopen('m', defs)");
  });

  test('what the library does not have is null in the module', () => {
    writeFileSync(`${library}4.h`, 'double cos(double);\nint bg_no_such(int);\nextern int bg_none;');
    const fourth = `${library}4.ts`;
    expect(run([`${library}4.h`, '-l', 'm', '-o', fourth]).stdout).toContain(' 3 symbols');
    const { cos, bg_no_such, bg_none } = symbolsOf(fourth);
    expect([cos!(0), bg_no_such, bg_none]).toEqual([1, null, null]);
    // A library that is not here cannot be asked.
    run([`${library}4.h`, '-l', 'bg-none', '-o', fourth]);
    expect(readFileSync(fourth, 'utf8')).not.toContain('optional');
  });

  test('an error of the header is told with its place', () => {
    writeFileSync(`${library}3.h`, 'int f(int);\nint g(unknown x);');
    const { status, stderr } = run([`${library}3.h`, '-l', 'm', '-o', `${library}3.ts`]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/libbindgen\.so3\.h:2:7: error: unknown type name 'unknown'/);
  });
});

test('without libclang it says what to do', () => {
  const { status, stderr } = run([file, '-l', 'm', '-o', output], { ARKFFI_LIBCLANG: 'nosuchclang' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/ERR_FFI_LIBRARY_LOAD: libclang was not found; install it/);
});

const wrong: readonly [args: string[], status: number, message: string][] = [
  [[], 2, 'a header is missing'],
  [[file, '-o', output], 2, '-l <library> is missing'],
  [[file, '-l', 'm'], 2, '-o <file.ts> is missing'],
  [[file, '-l'], 2, "'-l' needs a value"],
  [[file, file], 2, 'a second header'],
  [[file, '-x'], 2, "unknown option '-x'"],
  [['/nosuch.h', '-l', 'm', '-o', output], 1, "there is no header '/nosuch.h'"],
];
test.each(wrong)('%j ends with %d', (args, status, message) => {
  const end = run(args);
  expect(end.status).toBe(status);
  expect(end.stderr).toContain(message);
});
