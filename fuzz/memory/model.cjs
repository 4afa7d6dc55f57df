// Random operations on memory, and a model that says what must come of each: a result or an error's code, and accounts that
// are exact to the byte. Workers do the same with a C allocator that counts: at their end, everything has come back.
'use strict';
const assert = require('node:assert');
const { join } = require('node:path');
const { isMainThread, Worker, workerData } = require('node:worker_threads');
const ffi = require('../../dist/index.js');

const fixture = join(__dirname, '..', '..', '__test__', 'fixtures', 'build', 'libfixture.so');
const { symbols: c } = ffi.dlopen(fixture, {
  pair: { symbol: 'ow_pair_of', args: ['i64', 'i64'], returns: ffi.Struct({ first: 'i64', second: 'i64' }) },
  page: { symbol: 'ow_page_of', args: ['u8'], returns: ffi.Struct({ bytes: ffi.array('u8', 3000) }) },
  late: { symbol: 'ow_sum_late', args: ['ptr', 'usize', 'i32'], returns: 'i64' },
  during: { symbol: 'ow_during', args: ['ptr', 'callback'], returns: 'i32' },
  make: { symbol: 'ow_make', args: ['usize'], returns: 'ptr' },
  free: { symbol: 'ow_free', args: ['ptr'] },
  malloc: { symbol: 'ow_malloc', args: ['ptr', 'usize'], returns: 'ptr' },
  calloc: { symbol: 'ow_calloc', args: ['ptr', 'usize', 'usize'], returns: 'ptr' },
  realloc: { symbol: 'ow_realloc', args: ['ptr', 'ptr', 'usize'], returns: 'ptr' },
  release: { symbol: 'ow_release', args: ['ptr', 'ptr'] },
});
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

/** The code of what a function throws; `undefined` where it returns. */
function codeOf(run) {
  try {
    run();
  } catch (error) {
    if (typeof error.code !== 'string') throw error;
    return error.code;
  }
  return undefined;
}

const names = ['blocks', 'structReturns', 'arenas', 'owned', 'shared'];

class Model {
  accounts = Object.fromEntries(names.map((name) => [name, { count: 0, bytes: 0 }]));
  bytes = 0;
  peak = 0;
  limit = 0;
  /** What is live, of each kind. */
  blocks = [];
  structReturns = [];
  arenas = [];
  owned = [];
  shared = [];
  /** Starts that calls use, how often each; what is to be awaited. */
  leased = new Map();
  calls = [];
  /** Addresses that have been blocks. */
  gone = [];
  done = {};

  constructor(random) {
    this.random = random;
  }

  count(name, things, bytes) {
    this.accounts[name].count += things;
    this.accounts[name].bytes += bytes;
    if (name !== 'owned') this.bytes += bytes;
    this.peak = Math.max(this.peak, this.bytes);
  }

  /** What allocating so much more must come to. */
  verdict(more) {
    return more > 0 && this.limit > 0 && this.bytes + more > this.limit ? 'ERR_FFI_MEMORY_LIMIT' : undefined;
  }

  busy(start) {
    return this.leased.has(start) ? 'ERR_FFI_BUSY' : undefined;
  }

  size() {
    const kind = this.random(20);
    if (kind === 0) return 0;
    return kind < 18 ? this.random(300) : this.random(200_000);
  }

  /** Something that is live, and its place in the list. */
  pick(list) {
    return list.length === 0 ? undefined : list[this.random(list.length)];
  }

  drop(list, thing) {
    const at = list.indexOf(thing);
    list[at] = list.at(-1);
    list.pop();
  }

  mark({ start, size, mark }) {
    if (size > 0) ffi.write.u8(start, size - 1, mark);
  }

  /** The bytes are as they were left. */
  marked({ start, size, mark }) {
    if (size > 0) assert.strictEqual(ffi.read.u8(start, size - 1), mark);
  }

  compare(what) {
    const usage = ffi.memoryUsage();
    const same =
      usage.bytes === this.bytes &&
      usage.peakBytes === this.peak &&
      usage.limit === this.limit &&
      names.every((name) => {
        const { count, bytes } = this.accounts[name];
        return usage[name].count === count && usage[name].bytes === bytes;
      });
    if (same) return;
    const { bytes, peak: peakBytes, limit, accounts } = this;
    assert.deepStrictEqual(usage, { ...usage, bytes, peakBytes, limit, ...accounts }, what);
  }
}

/** Blocks that a call has been given are busy; all that a call reads is marked. */
function settle(model) {
  const { calls } = model;
  model.calls = [];
  return Promise.all(calls).then(() => model.leased.clear());
}

const operations = {
  allocate(model) {
    const size = model.size();
    const way = model.random(4);
    const verdict = model.verdict(way === 2 ? size + 1 : size);
    let start;
    const code = codeOf(() => {
      if (way === 0) start = ffi.malloc(size);
      else if (way === 1) start = ffi.calloc(1, size);
      else if (way === 2) start = ffi.strdup('x'.repeat(size));
      else start = ffi.realloc(null, size);
    });
    assert.strictEqual(code, verdict);
    if (verdict !== undefined) return;
    const block = { start, size: way === 2 ? size + 1 : size, mark: model.random(256) };
    model.mark(block);
    model.blocks.push(block);
    model.count('blocks', 1, block.size);
  },
  resize(model) {
    const block = model.pick(model.blocks);
    if (block === undefined) return;
    const size = model.size();
    const verdict = model.busy(block.start) ?? model.verdict(size - block.size);
    const old = block.start;
    model.marked(block);
    assert.strictEqual(
      codeOf(() => (block.start = ffi.realloc(block.start, size))),
      verdict,
    );
    if (verdict !== undefined) return;
    if (old !== block.start) model.gone.push(old);
    model.count('blocks', 0, size - block.size);
    block.size = size;
    model.mark(block);
  },
  free(model) {
    const block = model.pick(model.blocks);
    if (block === undefined) return;
    const verdict = model.busy(block.start);
    model.marked(block);
    assert.strictEqual(
      codeOf(() => ffi.free(block.start)),
      verdict,
    );
    if (verdict !== undefined) return;
    model.drop(model.blocks, block);
    model.gone.push(block.start);
    model.count('blocks', -1, -block.size);
  },
  freeWrongly(model) {
    const block = model.pick(model.blocks);
    const arena = model.pick(model.arenas);
    const wrong = [model.pick(model.structReturns)?.start, model.pick(model.shared)?.memory.ptr];
    wrong.push(arena?.parts.at(-1)?.start, model.pick(model.owned)?.ptr);
    if (block !== undefined && block.size > 1) wrong.push(block.start + 1 + model.random(block.size - 1));
    if (model.gone.length > 1000) model.gone.splice(0, 500);
    const before = model.pick(model.gone);
    if (before !== undefined && !model.blocks.some(({ start }) => start === before)) wrong.push(before);
    for (const address of wrong) {
      if (address === undefined || address === 0) continue;
      assert.strictEqual(
        codeOf(() => ffi.free(address)),
        'ERR_FFI_INVALID_POINTER',
      );
    }
    if (block !== undefined) assert.strictEqual(ffi.releasePtr(block.start), false);
  },
  takeResult(model) {
    const large = model.random(10) === 0;
    const size = large ? 3000 : 16;
    const verdict = model.verdict(size);
    let start;
    assert.strictEqual(
      codeOf(() => (start = large ? c.page(7) : c.pair(1, 2))),
      verdict,
    );
    if (verdict !== undefined) return;
    model.structReturns.push({ start, size });
    model.count('structReturns', 1, size);
  },
  releaseResult(model) {
    const result = model.pick(model.structReturns);
    if (result === undefined) return;
    const verdict = model.busy(result.start);
    assert.strictEqual(ffi.releasePtr(result.start + 8), false);
    let released;
    assert.strictEqual(
      codeOf(() => (released = ffi.releasePtr(result.start))),
      verdict,
    );
    if (verdict !== undefined) return;
    assert.strictEqual(released, true);
    model.drop(model.structReturns, result);
    model.count('structReturns', -1, -result.size);
  },
  openArena(model) {
    if (model.arenas.length > 50) return;
    model.arenas.push({ arena: new ffi.Arena(), parts: [], bytes: 0 });
    model.count('arenas', 1, 0);
  },
  allocateInArena(model) {
    const held = model.pick(model.arenas);
    if (held === undefined) return;
    const size = model.size();
    const align = 2 ** model.random(9);
    const verdict = model.verdict(size);
    let start;
    assert.strictEqual(
      codeOf(() => (start = held.arena.alloc(size, align))),
      verdict,
    );
    if (verdict !== undefined) return;
    assert.strictEqual(start % align, 0);
    const part = { start, size, mark: model.random(256) };
    model.mark(part);
    held.parts.push(part);
    held.bytes += size;
    model.count('arenas', 0, size);
  },
  closeArena(model) {
    const held = model.pick(model.arenas);
    if (held === undefined || model.random(10) > 0) return;
    const verdict = held.parts.some(({ start }) => model.leased.has(start)) ? 'ERR_FFI_BUSY' : undefined;
    held.parts.forEach((part) => model.marked(part));
    assert.strictEqual(
      codeOf(() => held.arena.close()),
      verdict,
    );
    if (verdict !== undefined) return;
    assert.ok(held.parts.every(({ start }) => !ffi.isLive(start)));
    model.drop(model.arenas, held);
    model.count('arenas', -1, -held.bytes);
  },
  own(model) {
    const size = model.random(100);
    const ptr = c.make(size);
    model.owned.push({ ptr, size, held: ffi.own(ptr, c.free, { size }) });
    model.count('owned', 1, size);
    assert.strictEqual(
      codeOf(() => ffi.own(ptr, c.free)),
      'ERR_FFI_INVALID_POINTER',
    );
  },
  disown(model) {
    const owned = model.pick(model.owned);
    if (owned === undefined) return;
    const verdict = model.busy(owned.ptr);
    const forgets = model.random(2) === 0;
    assert.strictEqual(
      codeOf(() => (forgets ? c.free(owned.held.forget()) : owned.held.close())),
      verdict,
    );
    if (verdict !== undefined) return;
    model.drop(model.owned, owned);
    model.count('owned', -1, -owned.size);
  },
  share(model) {
    if (model.shared.length > 20 || model.random(10) > 0) return;
    const size = 1 + model.random(5000);
    const verdict = model.verdict(size);
    let memory;
    assert.strictEqual(
      codeOf(() => (memory = ffi.sharedAlloc(size))),
      verdict,
    );
    if (verdict !== undefined) return;
    model.shared.push({ memory, size });
    model.count('shared', 1, size);
  },
  closeShared(model) {
    const shared = model.pick(model.shared);
    if (shared === undefined || model.random(5) > 0) return;
    const verdict = model.busy(shared.memory.ptr);
    assert.strictEqual(
      codeOf(() => shared.memory.close()),
      verdict,
    );
    if (verdict !== undefined) return;
    model.drop(model.shared, shared);
    model.count('shared', -1, -shared.size);
  },
  /** A background call uses something until it is awaited. */
  lease(model) {
    const found = model.pick([
      model.pick(model.blocks)?.start,
      model.pick(model.structReturns)?.start,
      model.pick(model.pick(model.arenas)?.parts ?? [])?.start,
      model.pick(model.owned)?.ptr,
      model.pick(model.shared)?.memory.ptr,
    ]);
    if (found === undefined) return;
    model.calls.push(c.late.async(found, 0, 0));
    model.leased.set(found, (model.leased.get(found) ?? 0) + 1);
  },
  /** A call that calls back uses something until it returns. */
  leaseInCall(model) {
    const block = model.pick(model.blocks);
    if (block === undefined || model.random(5) > 0) return;
    const inside = block.size > 0 ? model.random(block.size) : 0;
    let code;
    const callback = new ffi.JSCallback(
      () => {
        code = codeOf(() => ffi.free(block.start));
        return 1;
      },
      { args: [], returns: 'i32' },
    );
    c.during(block.start + inside, callback);
    callback.close();
    assert.strictEqual(code, 'ERR_FFI_BUSY');
  },
  limit(model) {
    model.limit = model.random(3) === 0 ? 0 : Math.max(0, model.bytes + model.random(20_000) - 2000);
    ffi.setMemoryLimit(model.limit);
  },
  find(model) {
    const block = model.pick(model.blocks);
    if (block === undefined) return;
    assert.ok(ffi.isLive(block.start));
    if (block.size === 0) return;
    assert.ok(ffi.isLive(block.start + model.random(block.size)));
    assert.strictEqual(
      codeOf(() => ffi.read.u8(block.start, block.size)),
      'ERR_FFI_OUT_OF_BOUNDS',
    );
  },
};

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
