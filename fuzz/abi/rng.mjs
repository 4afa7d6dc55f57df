// Random numbers that are the same on every platform and in every version.

/** Mixes a text into a 32-bit number (xmur3). */
function* hashes(text) {
  let hash = 1779033703 ^ text.length;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  for (;;) {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
    yield (hash ^= hash >>> 16) >>> 0;
  }
}

/** A generator (sfc32) that what it is made from determines. */
export class Random {
  #state;

  constructor(...seeds) {
    const words = hashes(seeds.join(':'));
    this.#state = Uint32Array.from([0, 0, 0, 1], (last) => last || words.next().value);
    for (let round = 0; round < 12; round++) this.u32();
  }

  u32() {
    const state = this.#state;
    const sum = (state[0] + state[1] + state[3]++) >>> 0;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = state[2] + (state[2] << 3);
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
    return sum;
  }

  u64() {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** A whole number from 0 to `count - 1`. */
  below(count) {
    return Math.floor((this.u32() / 2 ** 32) * count);
  }

  /** A whole number, both bounds included. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }

  /** True in so many of 100 cases. */
  percent(share) {
    return this.below(100) < share;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** One of the keys, each as often as its weight says. */
  weighted(weights) {
    const entries = Object.entries(weights).filter(([, weight]) => weight > 0);
    let at = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    return entries.find(([, weight]) => (at -= weight) < 0)[0];
  }
}
