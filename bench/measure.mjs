// The measuring itself: everything in one process, a slice of each in turn, the fastest slice counts.
import { compileFunction } from 'node:vm';

let count = 0;

/**
 * A loop of `n` calls that gives the last result. Its text is its own (the number in it sees to that), so
 * what V8 learns in one loop is not used, and not spoilt, in another.
 */
function compileLoop({ given, field }, { f, helper, invoke = (args) => `f(${args.join(', ')})` }, inputs) {
  const source = `'use strict'; // ${++count}
  const { ${Object.keys(inputs).join(', ')} } = inputs;
  return (n, from = 0) => {
    let result;
    for (let i = from; i < n; i++) result = ${invoke(given)}${field === undefined ? '' : `.${field}`};
    return result;
  };`;
  return compileFunction(source, ['f', 'helper', 'inputs'])(f, helper, inputs);
}

function elapsed(loop, n) {
  const start = process.hrtime.bigint();
  loop(n);
  return Number(process.hrtime.bigint() - start);
}

/** Refuses an implementation that does not do what is measured. */
function check(loop, implementation, { name, expected }) {
  for (let i = 0; i < 8; i++) {
    const result = loop(i + 1, i);
    // Some return bigints for 64-bit integers, some null where C returns nothing.
    const value = typeof result === 'bigint' ? Number(result) : (result ?? undefined);
    if (value !== expected(i)) {
      throw new Error(`${implementation}, ${name}: got ${value}, expected ${expected(i)}`);
    }
  }
}

/**
 * Runs the loop until V8 has optimised it, and gives the number of calls that fill a slice; or `few`, for
 * a call that must not be made often.
 */
function warmUp(loop, few, { warmUpNs, sliceNs }) {
  let [n, calls, spent, per] = [100, 0, 0, Infinity];
  while (spent < warmUpNs) {
    const ns = elapsed(loop, n);
    spent += ns;
    calls += n;
    if (few !== undefined && calls > 100 * few) return few;
    per = Math.min(per, ns / n);
    n = Math.max(100, Math.min(n * 2, Math.round(sliceNs / per)));
  }
  return n;
}

/**
 * Measures every case of every implementation.
 *
 * @returns nanoseconds per call, by case name and by implementation name, and the rounds that were run
 */
export function measure(cases, implementations, inputs, { rounds, sliceNs, warmUpNs, mostMs }) {
  const runs = cases.flatMap((one) =>
    implementations
      .filter(({ name, serves }) => (one.by?.includes(name) ?? true) && (serves?.(one) ?? true))
      .map(({ name, bind }) => {
        const bound = bind(one, inputs);
        const loop = compileLoop(one, bound, inputs);
        check(loop, name, one);
        return { one, name, loop, few: bound.few, n: 0, best: Infinity };
      }),
  );
  for (const run of runs) run.n = warmUp(run.loop, run.few, { warmUpNs, sliceNs });
  const end = performance.now() + mostMs;
  let round = 0;
  for (; round < rounds && performance.now() < end; round++) {
    for (const run of runs) run.best = Math.min(run.best, elapsed(run.loop, run.n) / run.n);
  }
  const ns = {};
  for (const { one, name, best } of runs) {
    (ns[one.name] ??= {})[name] = Math.round((best / (one.times ?? 1)) * 100) / 100;
  }
  return { ns, rounds: round };
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
export async function measureBackground(one, implementations, { calls, rounds }) {
  const runs = implementations
    .filter(({ start }) => start !== undefined)
    .map(({ name, start }) => ({ name, call: start(one), best: Infinity }));
  for (let round = 0; round < rounds; round++) {
    for (const run of runs) run.best = Math.min(run.best, await inFlight(run.call, calls, one.atOnce));
  }
  return Object.fromEntries(runs.map(({ name, best }) => [name, Math.round(best)]));
}
