// What can be done with memory: each operation does it, and expects what the model says.
'use strict';
const assert = require('node:assert');
const ffi = require('../../dist/index.js');
const c = require('./native.cjs');

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

module.exports = {
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
