// Random operations on memory, and a model that says what must come of each: a result or an error's code, and accounts that
// are exact to the byte. Workers do the same with a C allocator that counts: at their end, everything has come back.
'use strict';
const assert = require('node:assert');
const { isMainThread, Worker, workerData } = require('node:worker_threads');
const ffi = require('../../dist/index.js');
const { Model, names } = require('./model.cjs');
const c = require('./native.cjs');
const operations = require('./operations.cjs');

const counting = { malloc: c.malloc, calloc: c.calloc, realloc: c.realloc, free: c.release };

/** Random whole numbers below a bound, the same for the same seed. */
function randomOf(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Blocks that a call has been given are busy; all that a call reads is marked. */
function settle(model) {
  const { calls } = model;
  model.calls = [];
  return Promise.all(calls).then(() => model.leased.clear());
}

/** How often each is done, compared with the others. */
const weights = {
  allocate: 12,
  free: 10,
  resize: 6,
  allocateInArena: 8,
  takeResult: 6,
  releaseResult: 6,
  closeArena: 6,
};
const choices = Object.keys(operations).flatMap((name) =>
  Array.from({ length: weights[name] ?? 2 }, () => name),
);

/** Gives all back. */
async function releaseAll(model) {
  await settle(model);
  for (const { start } of model.blocks) ffi.free(start);
  for (const { start } of model.structReturns) assert.ok(ffi.releasePtr(start));
  for (const { arena } of model.arenas) arena.close();
  for (const { held } of model.owned) held.close();
  for (const { memory } of model.shared) memory.close();
  const { bytes, ...usage } = ffi.memoryUsage();
  assert.strictEqual(bytes, 0);
  for (const name of names) assert.deepStrictEqual(usage[name], { count: 0, bytes: 0 }, name);
}

async function run(count, random, onBreak) {
  const model = new Model(random);
  for (let at = 0; at < count; at++) {
    const name = choices[random(choices.length)];
    operations[name](model);
    model.compare(name);
    model.done[name] = (model.done[name] ?? 0) + 1;
    // When there is too much, more is given back than taken.
    while (model.blocks.length > 2000) {
      operations.free(model);
      if (model.leased.size > 0) await settle(model);
    }
    if (at % 300 === 299) {
      await settle(model);
      await onBreak?.(at, model);
      model.compare('a break');
    }
  }
  return model;
}

/** A worker that does operations of its own and leaves everything where it is. */
async function worker(seed, count, ending) {
  const State = ffi.Struct({ live: 'i64', calls: 'i64', left: 'i64' });
  const state = ffi.sharedAlloc(State.size);
  State.write(state.buffer, { live: 0, calls: 0, left: 2 ** 50 });
  const thread = new Worker(__filename, { workerData: { seed, count, state: state.ptr, ending } });
  await new Promise((resolve, reject) => {
    thread.on('error', reject);
    thread.on('message', () => ending === 'terminate' && void thread.terminate());
    thread.on('exit', resolve);
  });
  const { live, calls } = State.fromBuffer(state.buffer);
  assert.ok(calls > 0);
  assert.strictEqual(live, 0, 'what the allocator of a worker has not got back');
  state.close();
}

/** Does so many operations, and some in workers meanwhile. Throws where anything is not as the model says. */
exports.check = async ({ operations: count, seed }) => {
  const random = randomOf(seed);
  let workers = 0;
  const model = await run(count, random, async (at, now) => {
    if (at % 30_000 !== 299) return;
    const before = [now.bytes, now.peak, now.limit];
    ffi.setMemoryLimit(0);
    await worker(random(2 ** 32), 500, ['natural', 'exit', 'terminate'][workers++ % 3]);
    ffi.setMemoryLimit(now.limit);
    assert.deepStrictEqual([now.bytes, now.limit], [before[0], before[2]]);
    now.peak = Math.max(now.peak, ffi.memoryUsage().peakBytes);
  });
  await releaseAll(model);
  return { ...model.done, workers };
};

if (!isMainThread && workerData?.state !== undefined) {
  const { seed, count, state, ending } = workerData;
  ffi.setAllocator(counting, state);
  void run(count, randomOf(seed)).then((model) => {
    globalThis.kept = model;
    require('node:worker_threads').parentPort.postMessage('done');
    if (ending === 'exit') process.exit(0);
    if (ending === 'terminate') setInterval(() => {}, 1000);
  });
}
