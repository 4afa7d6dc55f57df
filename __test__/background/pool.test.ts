// The threads that background calls run on: how many, in which order, and what waits for them.
import { describe, expect, test } from '@jest/globals';
import { dlopen, free, malloc, setPoolSize, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';

const { symbols } = dlopen(fixture, {
  tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32' },
  sleep: { symbol: 'th_sleep', args: ['i32', 'i32'], returns: 'i32' },
  wait: { symbol: 'th_wait', args: ['ptr', 'i32'], returns: 'i32' },
  thread: { symbol: 'th_thread', returns: 'u64' },
});

const load = `
  const { dlopen, malloc, setPoolSize, write } = require(entry);
  const { symbols } = dlopen(fixture, {
    sleep: { symbol: 'th_sleep', args: ['i32', 'i32'], returns: 'i32' },
    wait: { symbol: 'th_wait', args: ['ptr', 'i32'], returns: 'i32' },
    running: { symbol: 'th_running', returns: 'i32' },
    most: { symbol: 'th_most_running', returns: 'i32' },
    reset: { symbol: 'th_reset' },
  });
  const pause = require('node:timers/promises').setTimeout;
  /** The most calls that run at once, of so many. */
  const most = async (calls) => {
    symbols.reset();
    const flag = malloc(4);
    write.i32(flag, 0, 0);
    const all = Array.from({ length: calls }, (_, index) => symbols.wait.async(flag, index));
    for (let last = -1, same = 0; same < 10; await pause(10)) {
      same = symbols.running() === last ? same + 1 : 0;
      last = symbols.running();
    }
    write.i32(flag, 0, 1);
    assert.deepStrictEqual(await Promise.all(all), Array.from({ length: calls }, (_, index) => index));
    return symbols.most();
  };
`;

describe('many calls', () => {
  test('a hundred thousand in flight at once', async () => {
    const count = 100_000;
    const calls = Array.from({ length: count }, (_, index) => symbols.tick.async(index));
    const results = await Promise.all(calls);
    expect(results.length).toBe(count);
    expect(results.every((value, index) => value === index)).toBe(true);
  });

  test('they run on other threads than this one', async () => {
    expect(await symbols.thread.async()).not.toBe(symbols.thread());
  });

  test('more calls that block than there are threads: they wait their turn, in order', async () => {
    const flag = malloc(4);
    write.i32(flag, 0, 0);
    const order: number[] = [];
    const calls = Array.from({ length: 200 }, async (_, index) => {
      order.push(await symbols.wait.async(flag, index));
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(order).toEqual([]);
    write.i32(flag, 0, 1);
    await Promise.all(calls);
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    free(flag);
  });

  test('they settle in the order in which they end', async () => {
    const order: number[] = [];
    const times = [150, 5, 80];
    await Promise.all(times.map(async (ms) => order.push(await symbols.sleep.async(ms, ms))));
    expect(order).toEqual([5, 80, 150]);
  });

  test('timers and other events come in between', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    for (const start = performance.now(); turns <= 2 && performance.now() - start < 10_000;) {
      await Promise.all(Array.from({ length: 500 }, (_, index) => symbols.tick.async(index)));
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

describe('setPoolSize', () => {
  test.each([0, -1, 1.5, NaN, Infinity, 1025, 2 ** 53])('refuses %p', (size) => {
    expectError(() => setPoolSize(size), 'ERR_FFI_OUT_OF_RANGE', 'setPoolSize');
  });

  test.each([undefined, null, '4', 4n, {}, [4]])('refuses %p', (size) => {
    expectError(() => setPoolSize(size as never), 'ERR_FFI_INVALID_ARG_TYPE', 'setPoolSize');
  });

  test('so many calls run at once, whether it grows or shrinks', () => {
    const program = `${load} (async () => {
      const seen = [];
      for (const size of [1, 3, 20, 2, 1]) {
        setPoolSize(size);
        seen.push(await most(30));
      }
      console.log(...seen);
    })();`;
    expect(outputOf(program)).toBe('1 3 20 2 1');
  });

  test('calls that wait are run by threads that it adds', () => {
    const program = `${load} (async () => {
      setPoolSize(1);
      const flag = malloc(4);
      write.i32(flag, 0, 0);
      const calls = [1, 2, 3, 4].map((n) => symbols.wait.async(flag, n));
      await pause(30);
      const before = symbols.running();
      setPoolSize(4);
      while (symbols.running() < 4) await pause(1);
      write.i32(flag, 0, 1);
      console.log(before, ...await Promise.all(calls));
    })();`;
    expect(outputOf(program)).toBe('1 1 2 3 4');
  });

  test('one thread runs calls one after another, in their order', () => {
    const program = `${load} (async () => {
      setPoolSize(1);
      const order = [];
      const calls = [30, 1, 10, 0].map(async (ms) => order.push(await symbols.sleep.async(ms, ms)));
      await Promise.all(calls);
      console.log(...order);
    })();`;
    expect(outputOf(program)).toBe('30 1 10 0');
  });
});

describe('ARKFFI_POOL_SIZE', () => {
  const sizeWith = (size: string) =>
    outputOf(`${load} most(20).then(console.log);`, { env: { ARKFFI_POOL_SIZE: size } });

  test.each(['1', '7'])('%s', (size) => {
    expect(sizeWith(size)).toBe(size);
  });

  test.each(['0', '-3', 'many', '', '2.5', '9999'])('%p counts for nothing', (size) => {
    const processors = outputOf("console.log(require('node:os').availableParallelism())");
    expect(sizeWith(size)).toBe(String(Math.min(20, Math.max(4, Number(processors)))));
  });
});
