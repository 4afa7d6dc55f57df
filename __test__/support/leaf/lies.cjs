// A function declared as a leaf that calls back, from code that V8 has compiled and from code that it has not. Prints what
// a user sees.
'use strict';
const assert = require('node:assert');
const [, , entry, fixture] = process.argv;
const { dlopen, JSCallback, Struct } = require(entry);

const Triple = Struct({ x: 'f64', y: 'f64', z: 'f64' });
const { symbols } = dlopen(fixture, {
  lying: { symbol: 'leaf_lying', args: ['ptr', 'i32'], returns: 'i32', leaf: true },
  by_memory: { symbol: 'leaf_lying_by_memory', args: ['ptr', 'i32'], returns: 'f64', leaf: true },
  honest: { symbol: 'leaf_counted', returns: 'i32', leaf: true },
  plain: { symbol: 'leaf_counted', returns: 'i32' },
  apply: { symbol: 'cb_with', args: ['callback', 'i32'], returns: 'i32' },
});
const { lying, by_memory: byMemory, honest, plain, apply } = symbols;
let ran = 0;
const add1 = new JSCallback(
  function add1(x) {
    ran++;
    return x + 1;
  },
  { args: ['i32'], returns: 'i32' },
);
const triple = new JSCallback(() => ({ x: 1, y: 2, z: ++ran }), { returns: Triple });
const refused = (name) => ({
  code: 'ERR_FFI_CALLBACK',
  message: new RegExp(`^${name} is declared leaf: true`),
});

/** Honest calls until V8 has compiled the function, then one that lies. */
function lie(f, address) {
  return f(address, 41);
}
const same = dlopen(fixture, { leaf_echo: {} }).symbols.leaf_echo.ptr;
for (const [f, callback] of [
  [lying, add1],
  [byMemory, triple],
]) {
  for (const times of [1, 200, 100_000]) {
    const own = (address) => lie(f, address);
    // The C function that it calls instead is no callback: that is no lie.
    if (f === lying) for (let i = 1; i < times; i++) assert.strictEqual(own(same), 41);
    assert.strictEqual(own(callback.ptr), 0);
    for (const next of [plain, honest, () => own(callback.ptr), () => add1.call(1)]) {
      assert.throws(next, refused(f === lying ? 'lying' : 'by_memory'));
      assert.strictEqual(own(callback.ptr), 0);
    }
    assert.throws(plain, /, but has called the callback '/);
    assert.strictEqual(ran, 0);
    assert.strictEqual(plain(), honest());
  }
}
// Other functions call back as ever.
assert.strictEqual(apply(add1, 4), 5);
assert.strictEqual(ran, 1);
console.log('refused');
