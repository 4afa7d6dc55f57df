// What the projects run: calls of each kind, in CommonJS, as a module, in TypeScript, in tests.

/** The C library by the name that dlopen takes on this platform. */
const libc = process.platform === 'win32' ? "'ucrtbase.dll'" : 'null';

const body = `
const Division = Struct({ quot: 'int', rem: 'int' });
const { abs, strlen, qsort, div } = dlopen(${libc}, {
  abs: { args: ['int'], returns: 'int' },
  strlen: { args: ['CString'], returns: 'size_t' },
  qsort: { args: ['ptr', 'size_t', 'size_t', 'callback'] },
  div: { args: ['int', 'int'], returns: Division.object },
}).symbols;
const numbers = Int32Array.of(3, 1, 2);
const compare = new JSCallback((a, b) => read.i32(a) - read.i32(b), { args: ['ptr', 'ptr'], returns: 'int' });
qsort(numbers, 3, 4, compare);
compare.close();
let code;
try {
  abs(1.5);
} catch (error) {
  code = error.code;
}
const results = [abs(-3), strlen('caf\\u00e9'), div(17, 5).rem, ...numbers, code].join(' ');
const wanted = '3 5 2 1 2 3 ERR_FFI_OUT_OF_RANGE';
abs.async(-4).then((four) => console.log(results === wanted && four === 4 ? 'works' : results + four));
`;

const names = '{ dlopen, JSCallback, read, Struct }';
export const commonjs = `const ${names} = require('arkffi');${body}`;
export const esm = `import ${names} from 'arkffi';${body}`;

/** As a module, by each kind of import; they are one. */
export const imports = `import whole from 'arkffi';
import * as all from 'arkffi';
${esm}
if (whole.dlopen !== dlopen || all.dlopen !== dlopen) throw new Error('not the same');`;

/** The program in two workers at once. */
export const workers = `
const { Worker } = require('node:worker_threads');
for (const name of ['./main.cjs', './main.mjs']) new Worker(require.resolve(name));
`;

/** With a mistake that the types must find. */
export const typescript = `import { dlopen, FFIType, JSCallback, Struct, type FFIError } from 'arkffi';
const Point = Struct({ x: FFIType.i32, y: 'f64' });
const { abs, strlen } = dlopen(${libc}, {
  abs: { args: [FFIType.int], returns: 'int' },
  strlen: { args: ['CString'], returns: 'size_t' },
}).symbols;
const three: number = abs(-3);
const length: number | bigint = strlen('abc');
const { x, y }: { x: number; y: number } = Point.fromBuffer(Point.create({ x: 1, y: 0.5 }));
const callback = new JSCallback((a: number) => a, { args: ['i32'], returns: 'i32' });
callback.close();
export type Code = FFIError['code'];
try {
  // @ts-expect-error: a string is no int
  abs('3');
} catch (error) {
  console.log(three === 3 && length === 3 && x + y === 1.5 && (error as FFIError).code === 'ERR_FFI_INVALID_ARG_TYPE' ? 'works' : error);
}
`;

/** A test file for jest or vitest; \`title\` keeps two of them apart. */
export const testFile = (title, head) => `${head}
const Division = Struct({ quot: 'int', rem: 'int' });
const libc = dlopen(${libc}, {
  abs: { args: ['int'], returns: 'int' },
  div: { args: ['int', 'int'], returns: Division.object },
  qsort: { args: ['ptr', 'size_t', 'size_t', 'callback'] },
});
const { abs, div, qsort } = libc.symbols;

describe('${title}', () => {
  test('calls', async () => {
    expect(abs(-3)).toBe(3);
    expect(div(17, 5)).toEqual({ quot: 3, rem: 2 });
    expect(await abs.async(-4)).toBe(4);
  });
  test('callbacks', () => {
    const numbers = Int32Array.of(3, 1, 2);
    const compare = new JSCallback((a, b) => read.i32(a) - read.i32(b), { args: ['ptr', 'ptr'], returns: 'int' });
    qsort(numbers, 3, 4, compare);
    compare.close();
    expect([...numbers]).toEqual([1, 2, 3]);
  });
  test('errors', () => {
    expect(() => abs(1.5)).toThrow(RangeError);
    expect(() => abs('x')).toThrow(TypeError);
    expect(() => read.u8(16)).toThrow(FFIError);
  });
  test('closing', () => {
    libc.close();
    expect(() => abs(1)).toThrow('closed');
  });
});
`;
export const testImports = '{ dlopen, FFIError, JSCallback, read, Struct }';
