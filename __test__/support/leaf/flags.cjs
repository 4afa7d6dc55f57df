// Honest leaf functions, called often, in a runtime with unusual flags. Prints 'done'.
'use strict';
const assert = require('node:assert');
const [, , entry, fixture] = process.argv;
const { dlopen, JSCallback } = require(entry);

const ints = ['i64', 'i32', 'u8', 'i64', 'u32', 'i16'];
const floats = ['f64', 'f32', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64'];
const { symbols } = dlopen(fixture, {
  leaf_all: { args: [...ints, ...floats], returns: 'f64', leaf: true },
  leaf_increase: { leaf: true },
  leaf_counted: { returns: 'i32', leaf: true },
  leaf_first: { args: ['ptr'], returns: 'i32', leaf: true },
  leaf_shift_signed: { args: ['i64', 'i32'], returns: 'i64', leaf: true },
  apply: { symbol: 'cb_with', args: ['callback', 'i32'], returns: 'i32' },
});
const { leaf_all: all, leaf_increase: increase, leaf_counted: counted, leaf_first: first, apply } = symbols;
const shift = symbols.leaf_shift_signed;

const inner = (value) => {
  increase();
  return (shift(value, 2) + first(Int32Array.of(value, 0))) | 0;
};
const callback = new JSCallback(inner, { args: ['i32'], returns: 'i32' });
const weigh = (i) => {
  const whole = i + 2 * -i + 3 * (i & 255) + 5 * 2 ** 40 + 7 * i + 11 * -3;
  return whole + 13 * 0.5 + 17 * 0.25 + 19 * i + 23 + 29 + 31 + 37 + 41 * -i;
};
const shared = Int32Array.of(7, 8, 9);
function round(n) {
  for (let i = 0; i < n; i++) {
    const kept = { i, list: [i, String(i)] };
    const before = counted();
    increase();
    assert.strictEqual(counted(), before + 1);
    const sum = all(i, -i, i & 255, 2 ** 40, i, -3, 0.5, 0.25, i, 1, 1, 1, 1, -i);
    if (sum !== weigh(i)) assert.fail(`${i}: ${sum}, not ${weigh(i)}`);
    shared[0] = i;
    assert.strictEqual(first(shared), i);
    assert.strictEqual(first(null), -1);
    assert.strictEqual(shift(i, 40), i < 8192 ? i * 2 ** 40 : shift(BigInt(i), 40));
    if (i % 16 === 0) assert.strictEqual(apply(callback, i), 5 * i);
    if (i % 64 === 0) assert.throws(() => shift(0.5, 1), { code: 'ERR_FFI_OUT_OF_RANGE' });
    assert.deepStrictEqual(kept, { i, list: [i, String(i)] });
  }
}
const rounds = Number(process.env.ROUNDS ?? 5);
for (let i = 0; i < rounds; i++) round(4000);
console.log(
  'done',
  Object.values(symbols)
    .map(({ path }) => path)
    .join(' '),
);
