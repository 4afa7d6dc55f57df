// The threads that background calls run on: how many, in which order, and what waits for them.
import { describe, expect, test } from '@jest/globals';
import { calloc, dlopen, free, malloc, setPoolSize, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';

const { symbols } = dlopen(fixture, {
  tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32' },
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
  /** The most calls that run at once, of so many: waits for as many as are due, and a while for more. */
  const most = async (calls, due) => {
    symbols.reset();
    const flag = malloc(4);
    write.i32(flag, 0, 0);
    const all = Array.from({ length: calls }, (_, index) => symbols.wait.async(flag, index));
    while (symbols.running() < due) await pause(1);
    await pause(50);
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
    const flags = [0, 1, 2].map(() => calloc(1, 4));
    const calls = flags.map(async (flag, index) => order.push(await symbols.wait.async(flag, index)));
    for (const index of [1, 2, 0]) {
      write.i32(flags[index]!, 0, 1);
      await calls[index];
    }
    for (const flag of flags) free(flag);
    expect(order).toEqual([1, 2, 0]);
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
        seen.push(await most(30, size));
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
  const expectSize = (size: string, due: number) => {
    const program = `${load} most(20, ${due}).then(console.log);`;
    expect(outputOf(program, { env: { ARKFFI_POOL_SIZE: size } })).toBe(String(due));
  };

  test.each(['1', '7'])('%s', (size) => {
    expectSize(size, Number(size));
  });

  test.each(['0', '-3', 'many', '', '2.5', '9999'])('%p counts for nothing', (size) => {
    const processors = outputOf("console.log(require('node:os').availableParallelism())");
    expectSize(size, Math.min(20, Math.max(4, Number(processors))));
  });
});
