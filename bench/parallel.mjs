// How cost changes with threads: callbacks from several at once, calls in the background with several in flight, and
// the size of arkffi's pool.
import { background } from './cases/index.mjs';
import { measureBackground, merge } from './measure.mjs';

/** The function whose threads call back; see target.c. */
export const fromThreads = {
  symbol: 'call_from_threads',
  prototype: 'int64_t call_from_threads(Adder *function, int32_t count, int32_t each)',
  types: { args: ['callback', 'i32', 'i32'], returns: 'i64' },
  callback: {
    prototype: 'int32_t Adder(int32_t a, int32_t b)',
    types: { args: ['i32', 'i32'], returns: 'i32' },
    source: '(a, b) => (a + b) | 0',
  },
};

const threads = [1, 4, 16, 64];
const inFlight = [1, 8, 64, 200];
const poolSizes = [1, 2, 4, 8];

/** Nanoseconds for each of so many callbacks, spread over so many threads. */
async function callbacks(call, count, total) {
  const each = Math.ceil(total / count);
  const start = process.hrtime.bigint();
  const sum = await call(count, each);
  const ns = Number(process.hrtime.bigint() - start);
  if (Number(sum) !== (count * (each * (each + 1))) / 2) throw new Error(`gave ${sum}`);
  return ns / (count * each);
}

/** Measures callbacks from threads in this process; an implementation has `threads` for it: calls by name. */
export async function measureThreads(implementations, { total, rounds }) {
  const runs = implementations.flatMap(({ threads: open }) => Object.entries(open?.(fromThreads) ?? {}));
  const ns = {};
  for (const count of threads) {
    for (let round = 0; round < rounds; round++) {
      for (const [name, call] of runs) {
        const best = ((ns[count] ??= {})[name] ??= Infinity);
        ns[count][name] = Math.round(Math.min(best, await callbacks(call, count, total)));
      }
    }
  }
  return ns;
}

/** Calls in the background, with more and more in flight. */
export async function measureInFlight(implementations, effort) {
  const ns = {};
  for (const atOnce of inFlight) {
    ns[atOnce] = await measureBackground({ ...background, atOnce }, implementations, effort);
  }
  return ns;
}

/** Calls of some microseconds each, by the threads of arkffi's pool. */
async function measurePool({ dlopen, setPoolSize }, library, effort) {
  const { work } = dlopen(library, { work: { args: ['i32'], returns: 'f64' } }).symbols;
  const row = { atOnce: 200 };
  const ns = {};
  for (const size of poolSizes) {
    setPoolSize(size);
    const start = () => () => work.async(2000);
    ns[size] = await measureBackground(row, [{ name: 'arkffi', start }], effort);
  }
  return ns;
}

/** All of it, here and in the processes of other runtimes. */
export async function measureParallel(implementations, peers, library, { threads: few, background: many }) {
  const found = [await measureThreads(implementations, few), await measureInFlight(implementations, many)];
  for (const peer of peers) {
    merge(found[0], (await peer.ask('threads', few)) ?? {});
    merge(found[1], (await peer.ask('in flight', many)) ?? {});
  }
  const pool = await measurePool(await import('arkffi'), library, many);
  return { threads: found[0], inFlight: found[1], pool };
}
