// Wrong numbers of arguments, and closed functions, in code that V8 has compiled for right ones. Prints 'refused'.
'use strict';
const assert = require('node:assert');
const [, , entry, fixture] = process.argv;
const { dlopen, setLeafCalls } = require(entry);

const library = dlopen(fixture, {
  nothing: { symbol: 'leaf_increase', leaf: true },
  double: { symbol: 'leaf_lying_registered', args: ['f64'], returns: 'f64', leaf: true },
  pointer: { symbol: 'leaf_first', args: ['ptr'], returns: 'i32', leaf: true },
});
const { nothing, double, pointer } = library.symbols;

/** Loops that call with the arguments that are given when they are compiled, and with others then. */
const loops = (f) => [
  (n, ...args) => {
    for (let i = 1; i < n; i++) f(...args);
    return f(...args);
  },
  (n, ...args) => {
    const call = args.length === 0 ? () => f() : args.length === 1 ? (a) => f(a) : (a, b) => f(a, b);
    for (let i = 1; i < n; i++) call(...args);
    return call(...args);
  },
];
const excess = (f, ...args) => {
  let wrong = false;
  const once = () => (wrong ? f(...args, undefined) : f(...args));
  for (let i = 0; i < 300_000; i++) once();
  wrong = true;
  return once();
};
const count = { code: 'ERR_FFI_ARG_COUNT' };
for (const [f, right, result] of [
  [nothing, [], undefined],
  [double, [0.5], 0.5],
  [pointer, [null], -1],
  [pointer, [new Int32Array([7])], 7],
]) {
  for (const run of loops(f)) {
    assert.strictEqual(run(300_000, ...right), result);
    assert.throws(() => run(1, ...right, undefined), count);
    assert.throws(() => run(1, ...right, 1), count);
    if (right.length > 0) assert.throws(() => run(1), count);
    assert.strictEqual(run(300_000, ...right), result);
  }
  assert.throws(() => excess(f, ...right), count);
}
assert.strictEqual(pointer(undefined), -1);

const often = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += double(0.5);
  return sum;
};
for (const enabled of [true, false, true]) {
  setLeafCalls(enabled);
  for (let i = 0; i < 3; i++) assert.strictEqual(often(300_000), 150_000);
}
library.close();
assert.throws(() => often(1), { code: 'ERR_FFI_CLOSED' });
console.log('refused');
