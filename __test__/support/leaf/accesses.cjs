// Scalars read and written so often that V8 compiles it, in memory of every kind. Prints how many types were right.
'use strict';
const assert = require('node:assert');
const { compileFunction } = require('node:vm');
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const [, , entry, fixture] = isMainThread ? process.argv : [0, 0, ...workerData];
const { dlopen, free, malloc, read, setLeafCalls, write } = require(entry);

const rounds = Number(process.env.ROUNDS ?? 3);
const { mmap, munmap, mprotect } = dlopen(null, {
  mmap: { args: ['ptr', 'usize', 'int', 'int', 'int', 'i64'], returns: 'ptr' },
  munmap: { args: ['ptr', 'usize'], returns: 'int' },
  mprotect: { args: ['ptr', 'usize', 'int'], returns: 'int' },
}).symbols;
const map = () => mmap(0, 8192, 3, process.platform === 'darwin' ? 0x1002 : 0x22, -1, 0);
const page = map();
assert.strictEqual(munmap(page + 4096, 4096), 0);
const constant = map();
assert.strictEqual(mprotect(constant, 8192, 1), 0);
const block = malloc(64);

const safe = Number.MAX_SAFE_INTEGER;
const signed = (bits) => [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, -1, 0, 1];
const unsigned = (bits) => [0, 1, 2 ** (bits - 1), 2 ** bits - 1];
const wide = [0, 1, -1, -safe, safe, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)];
const big = [0, 1, safe, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const reals = [0, -0, 1.5, -1, 2 ** 31, Infinity, -Infinity, NaN];
// The number that the quick routines give for an address at fault.
const odd = -0x61c88647;
const types = {
  i8: signed(8),
  u8: unsigned(8),
  i16: signed(16),
  u16: unsigned(16),
  i32: [...signed(32), odd],
  u32: [...unsigned(32), odd >>> 0],
  i64: [...wide, odd],
  u64: big,
  long: wide,
  ulong: big,
  usize: big,
  ptr: big,
  f32: [...reals, Math.fround(0.1)],
  f64: [...reals, 0.1, 5e-324, Number.MAX_VALUE, odd],
  bool: [true, false],
};
const sizes = { i8: 1, u8: 1, bool: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4 };

/** Each type is used by code of its own, as in a user's program. */
const source = (name) => `// ${name}
  return {
    go(n, memory, at, value) {
      for (let i = 0; i < n; i++) {
        set(memory, at, value);
        const got = get(memory, at);
        if (!Object.is(got, value)) throw new Error('${name} at ' + at + ' gave ' + String(got) + ' for ' + String(value));
      }
    },
    take: (memory, at) => get(memory, at),
    put: (memory, at, value) => set(memory, at, value),
    first: (memory) => get(memory),
  };`;
const make = (name) => compileFunction(source(name), ['get', 'set'])(read[name], write[name]);

const invalid = { code: 'ERR_FFI_INVALID_POINTER' };
const outside = { code: 'ERR_FFI_OUT_OF_BOUNDS' };

function refusals(name, { take, put, first }, value) {
  const size = sizes[name] ?? 8;
  for (const address of [16, page + 4096, safe, 2 ** 47 + 1, 0, 2n ** 60n, { ptr: 16 }]) {
    assert.throws(() => first(address), invalid);
    assert.throws(() => put(address, 0, value), invalid);
  }
  if (size > 1) assert.throws(() => take(page + 4096, 1 - size), invalid);
  assert.throws(() => put(constant, 8, value), invalid);
  for (const at of [-1, 65 - size, 64, 2 ** 40]) {
    assert.throws(() => take(block, at), outside);
    assert.throws(() => put(block, at, value), outside);
    assert.throws(() => take(block + 8, at - 8), outside);
  }
  for (const memory of [0.5, NaN, -2, 2 ** 53]) {
    assert.throws(() => take(memory, 0), { code: 'ERR_FFI_OUT_OF_RANGE' });
  }
  for (const at of [0.5, NaN, 2 ** 53]) {
    assert.throws(() => take(page, at), { code: 'ERR_FFI_OUT_OF_RANGE' });
  }
  for (const wrong of [undefined, null, '1', {}]) {
    if (name === 'ptr' && (wrong === null || wrong === undefined)) continue;
    assert.throws(() => put(page, 0, wrong), { code: 'ERR_FFI_INVALID_ARG_TYPE' });
  }
}

let right = 0;
for (const [name, values] of Object.entries(types)) {
  const code = make(name);
  const size = sizes[name] ?? 8;
  const buffer = Buffer.alloc(32);
  const often = Number(process.env.OFTEN ?? 1000);
  const all = (n) => {
    for (const value of values) {
      for (const at of [0, 8, 4096 - size]) code.go(n, page, at, value);
      code.go(n, block, 64 - size, value);
      code.go(n, page + 1, 2, value);
    }
    code.go(Math.min(n, 100), buffer, 3, values[0]);
    code.go(Math.min(n, 100), BigInt(page), 3, values[1]);
    assert.strictEqual(write[name](page, 0, values[0]), undefined);
  };
  all(1);
  refusals(name, code, values[1]);
  for (let round = 0; round < rounds; round++) {
    all(often);
    refusals(name, code, values[1]);
  }
  setLeafCalls(false);
  all(100);
  refusals(name, code, values[1]);
  setLeafCalls(true);
  all(100);
  right++;
}

// What stood at the end of a block is somebody else's once it is freed, and a new block has its own end.
const u8 = make('u8');
for (let i = 0; i < 2000; i++) {
  const size = 1 + (i % 48);
  const fresh = malloc(size);
  u8.put(fresh, size - 1, i & 255);
  assert.strictEqual(u8.take(fresh, size - 1), i & 255);
  assert.throws(() => u8.take(fresh, size), outside);
  free(fresh);
}

if (isMainThread && process.env.WORKERS !== '0') {
  const workers = [0, 1].map(() => new Worker(__filename, { workerData: [entry, fixture] }));
  for (const worker of workers) worker.on('exit', (status) => assert.strictEqual(status, 0));
  const ended = new Worker(
    `const { read } = require(require('node:worker_threads').workerData);
    const bytes = Buffer.alloc(8);
    const at = require(require('node:worker_threads').workerData).ptr(bytes);
    for (let i = 0; ; i++) if (read.i32(at) !== 0) throw new Error('not 0');`,
    { eval: true, workerData: entry },
  );
  ended.on('online', () => setTimeout(() => ended.terminate(), 500));
  process.on('exit', () => console.log(`${right} of ${Object.keys(types).length}`));
} else if (isMainThread) {
  console.log(`${right} of ${Object.keys(types).length}`);
}
