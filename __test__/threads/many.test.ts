// Many threads that call back at once: nothing is lost, every thread gets its own values, in its own order.
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { dlopen, JSCallback } from 'arkffi';
import { setTimeout as pause } from 'node:timers/promises';
import { fixture } from '../support/fixture';

const run = { symbol: 'th_run', args: ['callback', 'i32', 'i32'], returns: 'i64' } as const;
const { symbols } = dlopen(fixture, {
  th_start: { args: ['callback', 'i32', 'i32'], returns: 'ptr' },
  th_left: { args: ['ptr'], returns: 'i32' },
  th_join: { args: ['ptr'], returns: 'i64' },
  run,
  pumped: { ...run, pump: true },
});

const [threads, calls] = [64, 10_000];
/** The index that each thread comes with next. */
const next: number[] = [];
let outOfOrder = 0;

const numbered = new JSCallback(
  (thread, index) => {
    if (next[thread] !== index) outOfOrder++;
    next[thread] = Number(index) + 1;
    return thread * 1_000_000 + Number(index);
  },
  { args: ['i32', 'i64'], returns: 'i64' },
);

const sum = (threads * (threads - 1) * 1_000_000 * calls + threads * calls * (calls - 1)) / 2;

async function serve(count: number, each: number): Promise<number | bigint> {
  const crowd = symbols.th_start(numbered, count, each);
  while (symbols.th_left(crowd) > 0) await pause(1);
  return symbols.th_join(crowd);
}

beforeEach(() => {
  next.splice(0, next.length, ...Array.from({ length: threads }, () => 0));
  outOfOrder = 0;
});

afterAll(() => numbered.close());

describe(`${threads} threads with ${calls} calls each`, () => {
  test.each<[string, () => number | bigint | Promise<number | bigint>]>([
    ['served by the event loop', () => serve(threads, calls)],
    ['started and joined under pump', () => symbols.pumped(numbered, threads, calls)],
    ['started and joined under .async', () => symbols.run.async(numbered, threads, calls)],
  ])('%s', async (_, start) => {
    expect(await start()).toBe(sum);
    expect(next).toEqual(Array.from({ length: threads }, () => calls));
    expect(outOfOrder).toBe(0);
  });
});

test('a thousand threads wait at once', async () => {
  const entered: number[] = [];
  using callback = new JSCallback((thread) => entered.push(thread), { args: ['i32', 'i64'], returns: 'i64' });
  expect(await symbols.run.async(callback, 1000, 1)).toBe(500_500);
  expect(entered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, thread) => thread));
});

test('timers run while threads keep calling', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  expect(await symbols.run.async(numbered, 8, 5000)).toBe(28 * 1_000_000 * 5000 + 8 * 12_497_500);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
});

test('several crowds at once: the event loop, .async and pump', async () => {
  let count = 0;
  using callback = new JSCallback(() => ++count && 1, { args: ['i32', 'i64'], returns: 'i64' });
  const crowd = symbols.th_start(callback, 8, 1000);
  const background = [symbols.run.async(callback, 8, 1000), symbols.run.async(callback, 4, 500)];
  expect(symbols.pumped(callback, 8, 1000)).toBe(8000);
  expect(await Promise.all(background)).toEqual([8000, 2000]);
  while (symbols.th_left(crowd) > 0) await pause(1);
  expect(symbols.th_join(crowd)).toBe(8000);
  expect(count).toBe(26_000);
});
