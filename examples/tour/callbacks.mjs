// JavaScript functions that C calls.
import { dlopen, fn, JSCallback, read, Struct } from '../../dist/index.js';
import { refuse, say, show } from './print.mjs';

export const title = 'Callbacks: C calls JavaScript';

export function run() {
  const lib = dlopen('libc.so.6', {
    qsort: { args: ['ptr', 'size_t', 'size_t', fn({ args: ['ptr', 'ptr'], returns: 'int' })] },
  });
  const { qsort } = lib.symbols;

  say(
    'A plain function where C takes a function pointer. It can be called for as long as the call lasts:',
    "qsort: { args: ['ptr', 'size_t', 'size_t', fn({ args: ['ptr', 'ptr'], returns: 'int' })] }",
  );
  const numbers = Float64Array.of(2.5, -1, 40, 0.5);
  qsort(numbers, numbers.length, 8, (a, b) => Math.sign(read.f64(a) - read.f64(b)));
  show(() => numbers, Float64Array.of(-1, 0.5, 2.5, 40));

  say('What it throws surfaces from the call that C was in; C gets 0 and goes on until it returns:');
  refuse(() =>
    qsort(numbers, 2, 8, () => {
      throw new RangeError('these two cannot be compared');
    }),
  );
  say('So does a value that does not fit the C type:');
  refuse(() => qsort(numbers, 2, 8, () => 0.5));

  say(
    'A JSCallback has a C function pointer of its own until it is closed. Structs go by value, both ways:',
    "const Point = Struct({ x: 'double', y: 'double' })",
    'const scale = new JSCallback(({ x, y }, by) => ({ x: x * by, y: y * by }), {',
    "  args: [Point, 'int'], returns: Point.object })",
  );
  const Point = Struct({ x: 'double', y: 'double' });
  const scale = new JSCallback(({ x, y }, by) => ({ x: x * by, y: y * by }), {
    args: [Point, 'int'],
    returns: Point.object,
  });
  show(() => typeof scale.ptr, 'number');
  show(() => scale.call({ x: 1, y: 2.5 }, 3), { x: 3, y: 7.5 });
  scale.close();
  refuse(() => scale.call({ x: 1, y: 2.5 }, 3));

  lib.close();
}
