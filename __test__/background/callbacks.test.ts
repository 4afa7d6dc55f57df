// Callbacks that background calls call: where they run, and where their errors go.
import { describe, expect, test } from '@jest/globals';
import { dlopen, errno, fn, JSCallback } from 'arkffi';
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants } from 'node:os';
import { fixture } from '../support/fixture';
import { outputOf, runProgram } from '../support/subprocess';

const { ENOENT } = constants.errno;
const plain = { args: ['i32'], returns: 'i32' } as const;
const { symbols } = dlopen(fixture, {
  call: { symbol: 'th_call', args: ['callback', 'i32'], returns: 'i32' },
  repeat: { symbol: 'th_repeat', args: ['callback', 'i32'], returns: 'i64' },
  withFunction: { symbol: 'th_call', args: [fn(plain), 'i32'], returns: 'i32' },
  thread: { symbol: 'th_thread', returns: 'u64' },
});

const throwing = (error: unknown, from = 0) =>
  new JSCallback((value) => {
    if (value >= from) throw error;
    return value;
  }, plain);

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected an error, but got ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

describe('they run', () => {
  test('on the thread of JavaScript', async () => {
    const own = symbols.thread();
    let seen: unknown;
    using callback = new JSCallback((value) => ((seen = symbols.thread()), value), plain);
    await symbols.call.async(callback, 1);
    expect(seen).toBe(own);
  });

  test('of many calls at once, each many times', async () => {
    let count = 0;
    using callback = new JSCallback((value) => (count++, value), plain);
    const calls = Array.from({ length: 20 }, () => symbols.repeat.async(callback, 500));
    expect(await Promise.all(calls)).toEqual(Array(20).fill(124_750));
    expect(count).toBe(10_000);
  });

  test('and may make calls of any kind', async () => {
    using inner = new JSCallback((value) => value + 1, plain);
    const started: Promise<number>[] = [];
    using callback = new JSCallback((value) => {
      started.push(symbols.call.async(inner, value));
      return symbols.call(inner, value) * 2;
    }, plain);
    expect(await symbols.call.async(callback, 20)).toBe(42);
    expect(await Promise.all(started)).toEqual([21]);
  });

  test('in the context that they were made in', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const note = (value: number) => (seen.push(storage.getStore()), value);
    using callback = storage.run('made here', () => new JSCallback(note, plain));
    await storage.run('called here', () => symbols.call.async(callback, 1));
    await storage.run('given here', () => symbols.withFunction.async(note, 1));
    expect(seen).toEqual(['made here', 'given here']);
  });

  test('and errno(n) in them is what C sees', async () => {
    using callback = new JSCallback(() => (errno(ENOENT), 5), plain);
    const call = symbols.call.async.with({ errno: true });
    expect(await call(callback, 1)).toEqual({ value: 5, errno: ENOENT });
  });
});

describe('errors', () => {
  test.each([new RangeError('an error'), 'a text', null, undefined, 0])(
    'reject the call: %p',
    async (thrown) => {
      using callback = throwing(thrown);
      expect(await caught(symbols.call.async(callback, 1))).toBe(thrown);
    },
  );

  test('of a plain function', async () => {
    const error = new Error('plain');
    const call = symbols.withFunction.async(() => {
      throw error;
    }, 1);
    expect(await caught(call)).toBe(error);
  });

  test('C goes on with zero, and the first error carries the others', async () => {
    const values: number[] = [];
    using callback = new JSCallback((value) => {
      values.push(value);
      if (value % 2 === 1) throw new Error(`of ${value}`);
      return value;
    }, plain);
    expect(await caught(symbols.repeat.async(callback, 6))).toMatchObject({
      message: 'of 1',
      suppressed: [{ message: 'of 3' }, { message: 'of 5' }],
    });
    expect(values).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a value that does not convert, a Promise among them', async () => {
    for (const value of ['text', 1.5, Promise.resolve(1), undefined]) {
      using callback = new JSCallback((() => value) as never, plain);
      expect(await caught(symbols.call.async(callback, 1))).toMatchObject({
        code: 'ERR_FFI_CALLBACK',
        cause: { code: expect.stringMatching(/^ERR_FFI_/) },
      });
    }
  });

  test('go to the call that the callback was called in, and to no other', async () => {
    using callback = new JSCallback((value) => {
      if (value % 3 === 0) throw new Error(`of ${value}`);
      return value;
    }, plain);
    const calls = Array.from({ length: 60 }, (_, index) => symbols.call.async(callback, index));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes).toEqual(
      outcomes.map((_, index) =>
        index % 3 === 0
          ? { status: 'rejected', reason: expect.objectContaining({ message: `of ${index}` }) }
          : { status: 'fulfilled', value: index },
      ),
    );
    expect(await symbols.call.async(callback, 1)).toBe(1);
  });

  test('and not to a plain call that runs meanwhile', async () => {
    using failing = throwing(new Error('background'));
    using calm = new JSCallback((value) => value, plain);
    const call = caught(symbols.call.async(failing, 1));
    for (let round = 0; round < 100; round++) expect(symbols.call(calm, round)).toBe(round);
    expect(await call).toMatchObject({ message: 'background' });
  });

  test("onError's value is what C gets; the call rejects all the same", async () => {
    const seen: number[] = [];
    using callback = new JSCallback(
      (value) => {
        seen.push(value);
        throw new Error('thrown');
      },
      { ...plain, onError: 5 },
    );
    expect(await caught(symbols.repeat.async(callback, 2))).toMatchObject({ message: 'thrown' });
    expect(seen).toEqual([0, 1]);
  });

  test('one that nobody handles is an unhandled rejection', () => {
    const { status, stderr } = runProgram(`
      const { dlopen, JSCallback } = require(entry);
      const { th_call } = dlopen(fixture, { th_call: { args: ['callback', 'i32'], returns: 'i32' } }).symbols;
      th_call.async(new JSCallback(() => { throw new Error('unhandled'); }, { args: ['i32'], returns: 'i32' }), 1);`);
    expect(status).toBe(1);
    expect(stderr).toContain('Error: unhandled');
  });
});

test('a callback that is closed meanwhile gives zero, and a warning', () => {
  const { status, stdout, stderr } = runProgram(`
    const { dlopen, JSCallback } = require(entry);
    const { th_call_late } = dlopen(fixture, { th_call_late: { args: ['callback', 'i32', 'i32'], returns: 'i32' } }).symbols;
    const callback = new JSCallback(function answer() { return 42; }, { args: ['i32'], returns: 'i32' });
    const calls = [0, 100, 120].map((ms) => th_call_late.async(callback, 1, ms));
    calls[0].then(() => callback.close());
    Promise.all(calls).then((values) => console.log(...values));`);
  expect({ status, stdout }).toEqual({ status: 0, stdout: '42 0 0' });
  expect(stderr.match(/Warning: .*'answer'/g)).toHaveLength(1);
});

test('a function of an argument is gone when its call has settled', () => {
  const { stdout, stderr } = runProgram(`
    const { dlopen, fn } = require(entry);
    const def = { args: ['i32'], returns: 'i32' };
    const { keep, call } = dlopen(fixture, {
      keep: { symbol: 'echo_u64', args: [fn(def)], returns: 'ptr' },
      call: { symbol: 'th_call', args: ['callback', 'i32'], returns: 'i32' },
    }).symbols;
    keep.async((value) => value + 1).then((pointer) => console.log(call(pointer, 1)));`);
  expect(stdout).toBe('0');
  expect(stderr).toMatch(/Warning/);
});

test('the context goes on behind await', () => {
  const program = `
    const { dlopen, JSCallback } = require(entry);
    const { AsyncLocalStorage } = require('node:async_hooks');
    const { th_sleep } = dlopen(fixture, { th_sleep: { args: ['i32', 'i32'], returns: 'i32' } }).symbols;
    const storage = new AsyncLocalStorage();
    const calls = [30, 10, 20].map((ms) => storage.run('of ' + ms, async () => {
      await th_sleep.async(ms, 0);
      const first = storage.getStore();
      await th_sleep.async(1, 0).then(() => assert.strictEqual(storage.getStore(), first));
      return storage.getStore();
    }));
    Promise.all(calls).then((seen) => console.log(seen.join(), storage.getStore()));`;
  expect(outputOf(program)).toBe('of 30,of 10,of 20 undefined');
});
