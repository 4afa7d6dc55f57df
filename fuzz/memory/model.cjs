// What there must be: what is live, what is in use, and accounts that are exact to the byte.
'use strict';
const assert = require('node:assert');
const ffi = require('../../dist/index.js');

/** The accounts that are compared. */
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

module.exports = { Model, names };
