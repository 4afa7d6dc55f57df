// A leaf function that has been called often when the first callback is made, which it then calls. Prints 'refused'.
'use strict';
const assert = require('node:assert');
const [, , entry, fixture] = process.argv;
const { dlopen, JSCallback } = require(entry);

const { lying, register } = dlopen(fixture, {
  lying: { symbol: 'leaf_lying_registered', args: ['f64'], returns: 'f64', leaf: true },
  register: { symbol: 'leaf_register', args: ['ptr'] },
}).symbols;

function often(value) {
  let sum = 0;
  for (let i = 0; i < 300_000; i++) sum += lying(value);
  return sum;
}
for (let i = 0; i < 10; i++) assert.strictEqual(often(0.5), 150_000);

let ran = 0;
const callback = new JSCallback(() => ++ran, { args: ['i32'], returns: 'i32' });
assert.strictEqual(often(0.5), 150_000);
register(callback.ptr);
for (let i = 0; i < 3; i++) {
  assert.strictEqual(lying(0.5), 0.5);
  assert.throws(() => lying(0.5), { code: 'ERR_FFI_CALLBACK', message: /^lying is declared leaf: true/ });
  assert.throws(() => often(0.5), { code: 'ERR_FFI_CALLBACK' });
}
assert.strictEqual(lying(0.5), 0.5);
assert.throws(() => register(0), { code: 'ERR_FFI_CALLBACK' });
register(0);
for (let i = 0; i < 10; i++) assert.strictEqual(often(0.5), 150_000);
// In compiled code.
register(callback.ptr);
assert.throws(() => often(0.5), { code: 'ERR_FFI_CALLBACK' });
assert.strictEqual(ran, 0);
console.log('refused');
