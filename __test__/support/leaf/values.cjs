// Calls functions with every kind of value, as leaves and not, through code that is cold, compiled, and compiled again for
// other values. Prints how many outcomes agreed. Run with --allow-natives-syntax.
'use strict';
const assert = require('node:assert');
const { compileFunction } = require('node:vm');
const { join } = require('node:path');
const [, , entry, fixture] = process.argv;
const { dlopen } = require(entry);
const { types } = require(join(__dirname, '..', '..', '..', 'types.json'));

const echoes = { usize: 'size', isize: 'ssize', pointer: 'ptr' };
const kinds = ['bool', 'int', 'wide', 'fast', 'bigint', 'float', 'pointer'];
/** Of types that travel and are converted alike the first. */
const scalars = types.filter(
  ({ machine, convert }, index) =>
    kinds.includes(convert) &&
    !['long', 'ulong', 'usize', 'isize'].includes(machine) &&
    types.findIndex((other) => other.machine === machine && other.convert === convert) === index,
);

const defs = {};
for (const { name, machine, convert } of scalars) {
  const symbol = `echo_${convert === 'bool' ? name : (echoes[machine] ?? machine)}`;
  defs[name] = { symbol, args: [name], returns: name };
}
// Results that C leaves in a part of the register only.
for (const returns of ['bool', 'i8', 'u8', 'i16', 'u16', 'u32']) {
  defs[`narrow_${returns}`] = { symbol: 'echo_i32', args: ['i32'], returns };
}
const wide = ['i64', 'i64_fast', 'bigint64', 'u64', 'u64_fast', 'biguint64', 'ptr'];
for (const returns of wide) {
  for (const by of [1, 11, 53, 63]) {
    const unsigned = returns.includes('u') || returns === 'ptr';
    const symbol = unsigned ? 'leaf_shift_unsigned' : 'leaf_shift_signed';
    defs[`shift_${returns}_${by}`] = { symbol, args: [unsigned ? 'u64' : 'i64', 'i32'], returns, by };
  }
}
const open = (leaf) => {
  const withLeaf = Object.entries(defs).map(([name, { symbol, args, returns }]) => [
    name,
    { symbol, args, returns, leaf },
  ]);
  return dlopen(fixture, Object.fromEntries(withLeaf)).symbols;
};
const [leaves, plain] = [open(true), open(false)];

const buffer = new Uint8Array(100);
const values = [
  ...[0, -0, 1, -1, 2, 7, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 40],
  ...[
    2 ** 52 + 1,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 53 + 2,
    1 - 2 ** 53,
    -(2 ** 53),
    2 ** 63,
    -(2 ** 63),
    2 ** 64,
    1e300,
  ],
  ...[1.5, -1.5, 0.1, NaN, Infinity, -Infinity, 5e-324, 3.4028234663852886e38, 3.5e38, 1e-46],
  ...[true, false, null, undefined, '7', '', 'x', Symbol('s'), () => 1, {}, [], [1], new Date(0), Object(1)],
  ...[{ valueOf: () => 1 }, { ptr: 16 }, buffer, buffer.subarray(5), buffer.buffer, new Uint8Array(2)],
  ...[
    0n,
    1n,
    -1n,
    255n,
    2n ** 31n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 63n,
    2n ** 64n - 1n,
  ],
  ...[2n ** 64n, -(2n ** 64n)],
];

function outcome(call, value) {
  try {
    const result = call(value);
    return Object.is(result, -0) ? '-0' : `${typeof result} ${String(result)}`;
  } catch (error) {
    return `${error.name} ${error.code} ${error.message}`;
  }
}

let [sources, agreed, leaf] = [0, 0, 0];
// A function of its own for each value: what V8 has learned of one value is not known of the others.
const make = (f, given) =>
  compileFunction(`return function (value) { return f(${given}); }; // ${++sources}`, ['f'])(f);

// Not in the source itself, which tools could not read then.
const prepare = compileFunction('%PrepareFunctionForOptimization(call)', ['call']);
const compile = compileFunction('%OptimizeFunctionOnNextCall(call)', ['call']);

function optimise(call, value) {
  prepare(call);
  for (let i = 0; i < 3; i++) outcome(call, value);
  compile(call);
  outcome(call, value);
}

for (const [name, { by }] of Object.entries(defs)) {
  if (leaves[name].path === 'leaf') leaf++;
  const given = by === undefined ? 'value' : `value, ${by}`;
  const good = name === 'bool' ? true : name.startsWith('f') ? 1.25 : 5;
  const all = make(leaves[name], given);
  const expected = values.map((value) => outcome(make(plain[name], given), value));
  // Functions of two arguments are the same but for their results.
  const alone = by === undefined ? values : [];
  values.forEach((value, index) => {
    if (index % 4 === 0) optimise(all, value);
    assert.strictEqual(
      outcome(all, value),
      expected[index],
      `${name}(${String(value)}), compiled for all before`,
    );
    agreed++;
  });
  alone.forEach((value, index) => {
    const where = `${name}(${typeof value} ${String(value)})`;
    const check = (call, when) => {
      assert.strictEqual(outcome(call, value), expected[index], `${where}, ${when}`);
      agreed++;
    };
    const own = make(leaves[name], given);
    check(own, 'cold');
    optimise(own, good);
    check(own, 'compiled for a number');
    check(own, 'after that');
    optimise(own, value);
    check(own, 'compiled for the value');
    outcome(own, good);
    check(own, 'compiled for both');
  });
  for (let round = 0; round < 3; round++) {
    values.forEach((value, index) => {
      assert.strictEqual(outcome(all, value), expected[index], `${name}(${String(value)}), of many`);
      agreed++;
    });
  }
}
console.log(`${leaf} of ${Object.keys(defs).length} leaves, ${agreed} agree`);
