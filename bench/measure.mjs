// The measuring itself: a slice of each loop in turn, the fastest slice counts.
import { loopsOf } from './loop.mjs';

function elapsed(loop, n) {
  const start = process.hrtime.bigint();
  loop(n);
  return Number(process.hrtime.bigint() - start);
}

/** So many calls at least come before those that count, but for slow ones. */
const enough = 50_000;

/**
 * Runs the loop until the engine has optimised it, and gives the number of calls that fill a slice; or `few`, for
 * a call that must not be made often.
 */
function warmUp(loop, few, { warmUpNs, sliceNs }) {
  let [n, calls, spent, per] = [10, 0, 0, Infinity];
  while (spent < warmUpNs || (calls < enough && spent < 5 * warmUpNs)) {
    const ns = elapsed(loop, n);
    spent += ns;
    calls += n;
    if (few !== undefined && calls > 100 * few) return few;
    per = Math.min(per, ns / n);
    n = Math.max(1, Math.min(n * 2, Math.round(sliceNs / per)));
  }
  return n;
}

/** Loops of one process: `round` measures a slice of each, `results` gives nanoseconds per call by row and implementation. */
export function prepare(rows, implementations, inputs, effort) {
  const { loops, missing } = loopsOf(rows, implementations, inputs);
  for (const one of loops) one.n = warmUp(one.loop, one.few, effort);
  const round = () => {
    for (const one of loops) one.best = Math.min(one.best, elapsed(one.loop, one.n) / one.n);
  };
  const results = () => {
    const ns = {};
    for (const { row, name, best } of loops) {
      (ns[row.name] ??= {})[name] = Math.round((best / (row.times ?? 1)) * 100) / 100;
    }
    return ns;
  };
  return { round, results, missing };
}

/** Puts the figures, or reasons, of one process to those of others. */
export function merge(into, from) {
  for (const [row, cells] of Object.entries(from)) into[row] = { ...into[row], ...cells };
}

/**
 * Measures rows here and in the processes of other runtimes: a round here, a round there.
 *
 * @returns nanoseconds per call and reasons for what is missing, by row and implementation, and the rounds that were run
 */
export async function measure(rows, implementations, peers, inputs, effort) {
  const here = prepare(rows, implementations, inputs, effort);
  const end = performance.now() + effort.mostMs;
  let rounds = 0;
  for (; rounds < effort.rounds && performance.now() < end; rounds++) {
    here.round();
    for (const peer of peers) await peer.ask('round');
  }
  const { missing } = here;
  const ns = here.results();
  for (const peer of peers) {
    const found = await peer.ask('results');
    merge(ns, found?.ns ?? {});
    merge(missing, found?.missing ?? {});
  }
  return { ns, missing, rounds };
}

/** Makes `n` calls, so many at once, and gives the nanoseconds of each. */
async function inFlight(call, n, atOnce) {
  let started = 0;
  const chain = async () => {
    while (started < n) await call(started++, 1);
  };
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: atOnce }, chain));
  return Number(process.hrtime.bigint() - start) / n;
}

/**
 * Measures calls in the background.
 *
 * @returns nanoseconds per call, by implementation name
 */
export async function measureBackground(row, implementations, { calls, rounds }) {
  const runs = implementations
    .filter(({ start }) => start !== undefined)
    .map(({ name, start }) => ({ name, call: start(row), best: Infinity }));
  for (let round = 0; round < rounds; round++) {
    for (const run of runs) run.best = Math.min(run.best, await inFlight(run.call, calls, row.atOnce));
  }
  return Object.fromEntries(runs.map(({ name, best }) => [name, Math.round(best)]));
}
