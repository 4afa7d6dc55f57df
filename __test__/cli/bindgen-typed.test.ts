// The module of a header that is too large for TypeScript to read: its types are written down.
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile } from '../support/compile';
import { outputOf } from '../support/subprocess';

const root = join(__dirname, '..', '..');
const many = Array.from({ length: 410 }, (_, n) => `int many_${n}(int);`).join('\n');
const header = `
  typedef struct point { double x, y; } point;
  typedef union { int i; float f; } number;
  typedef struct { unsigned low : 3; int list[2]; point at; number any; const char *any_name; } item;
  typedef enum { FIRST, SECOND = 7 } order;
  typedef struct handle handle;
  point middle(point a, point b);
  int sum(item given, order which);
  int apply(int (*with)(int, order), int value);
  handle *handle_make(void);
  int handle_use(handle *);
  const char *name_of(order);
  long long wide(long long);
  int variadic(int count, ...);
  extern int counter;
  ${many}`;
const library = compile(
  'libbindgentyped.so',
  `#include <stddef.h>
  #define many_409 many_409_
  ${header}
  #undef many_409
  point middle(point a, point b) { return (point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }
  int sum(item given, order which) { return given.low + given.list[1] + (int)given.at.y + given.any.i + which; }
  int apply(int (*with)(int, order), int value) { return with(value, SECOND); }
  handle *handle_make(void) { static int handle_; return (handle *)&handle_; }
  int handle_use(handle *used) { return used != NULL; }
  const char *name_of(order which) { return which == FIRST ? "first" : NULL; }
  long long wide(long long value) { return value; }
  int variadic(int count, ...) { return count; }
  int counter = 4;
  ${Array.from({ length: 409 }, (_, n) => `int many_${n}(int x) { return x + ${n}; }`).join('\n')}`,
);
const folder = `${library}.project`;
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'large.h'), header);
const bindgen = (name: string) => {
  const command = join(root, 'dist', 'cli', 'main.js');
  const args = [command, 'bindgen', `${name}.h`, '-l', library, '-o', `${name}.ts`];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 40_000 });
};
const made = bindgen('large');
const there = made.stderr.includes('libclang was not found') ? describe.skip : describe;

const uses = `
  import { symbols } from './large';
  const x: number = symbols.middle({ x: 1 }, { y: 2 }).x;
  const total: number = symbols.sum({ low: 1, list: [2, 3], at: { y: 4 }, any: { i: 5 } }, 'SECOND');
  const applied: number = symbols.apply((value, which) => value + which, 1);
  const used: number = symbols.handle_use(symbols.handle_make());
  const name: string | null = symbols.name_of('FIRST');
  const wide: number | bigint = symbols.wide(2n ** 62n);
  const variadic: number = symbols.variadic(1, ['i32', 2]);
  symbols.counter.value += symbols.many_408(1);
  const last: number | undefined = symbols.many_409?.(1);
  // @ts-expect-error: it may be null
  symbols.many_409(1);
  // @ts-expect-error: a string is no number
  symbols.many_1('1');
  // @ts-expect-error: an unknown name
  symbols.name_of('THIRD');
  // @ts-expect-error: an unknown field
  symbols.middle({ z: 1 }, {});
  // @ts-expect-error: no such function
  symbols.missing();
  export { applied, last, name, total, used, variadic, wide, x };`;

/** What tsc has to say of a file beside the modules. */
function faultsOf(source: string): string {
  writeFileSync(join(folder, 'uses.ts'), source);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    module: 'nodenext',
    lib: ['es2023', 'esnext.disposable'],
    types: [],
    paths: { arkffi: [join(root, 'index.d.ts')] },
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['uses.ts'] }));
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  return spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', timeout: 50_000 }).stdout;
}

there('a header that has a struct within a struct is typed too', () => {
  test('by its fields', () => {
    const text =
      'struct outer { struct { int x; union { int i; float f; } u; } in; };\nint outer_use(struct outer);';
    writeFileSync(join(folder, 'nested.h'), text);
    bindgen('nested');
    expect(
      faultsOf("import { symbols } from './nested'; symbols.outer_use?.({ in: { x: 1, u: { i: 2 } } });"),
    ).toBe('');
    expect(faultsOf("import { symbols } from './nested'; symbols.outer_use?.({ in: { y: 1 } });")).toContain(
      "'y'",
    );
  });
});

there('a header with more than four hundred declarations', () => {
  test('the module works', () => {
    expect(made).toMatchObject({ status: 0, stdout: 'large.ts: 419 symbols\n', stderr: '' });
    const program = `
      const { transformSync } = require(${JSON.stringify(require.resolve('@swc/core'))});
      const { code } = transformSync(require('node:fs').readFileSync(${JSON.stringify(join(folder, 'large.ts'))}, 'utf8'),
        { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
      const exported = {};
      new Function('require', 'exports', code)(() => require(entry), exported);
      const { symbols } = exported;
      console.log(symbols.sum({ low: 1, list: [2, 3], at: { y: 4 }, any: { i: 5 } }, 'SECOND'),
        symbols.apply((value, which) => value + which, 1), symbols.handle_use(symbols.handle_make()), symbols.name_of('FIRST'),
        symbols.many_408(1), symbols.many_409, symbols.counter.value);`;
    expect(outputOf(program)).toBe('20 8 1 first 409 null 4');
  });

  test('TypeScript knows each symbol', () => {
    expect(readFileSync(join(folder, 'large.ts'), 'utf8')).toContain('as object as Definitions');
    expect(faultsOf(uses)).toBe('');
  });
});
