// Arguments of background calls: errors reject, conversion is over when the call returns, all is kept until it settles.
import { describe, expect, test } from '@jest/globals';
import { array, dlopen, fn, JSCallback, Struct } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectRejection } from '../support/rejections';
import { outputOf } from '../support/subprocess';

const Large = Struct({ values: array('i64', 6) });
const late = { returns: 'f64' } as const;
const { symbols } = dlopen(fixture, {
  tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32' },
  ticks: { symbol: 'th_ticks', returns: 'i32' },
  sum: { symbol: 'th_sum_late', args: ['ptr', 'size_t', 'i32'], ...late },
  length: { symbol: 'th_length_late', args: ['CString', 'i32'], returns: 'size_t' },
  large: { symbol: 'th_large_late', args: [Large, 'i32'], returns: 'i64' },
  withFunction: {
    symbol: 'th_call_late',
    args: [fn({ args: ['i32'], returns: 'i32' }), 'i32', 'i32'],
    returns: 'i32',
  },
  callback: { symbol: 'th_call_late', args: ['callback', 'i32', 'i32'], returns: 'i32' },
  ints: { symbol: 'variadic_ints', args: ['i32', '...'], returns: 'i64' },
  node: { symbol: 'value_same', args: ['napi_value'], returns: 'napi_value' },
});

type Loose = { async: (...args: unknown[]) => Promise<unknown> };
const loose = symbols as unknown as Record<keyof typeof symbols, Loose>;
const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });

describe('wrong ones reject, and nothing is called', () => {
  test.each<[keyof typeof symbols, unknown[], Parameters<typeof expectRejection>[1], string | RegExp]>([
    ['tick', [], 'ERR_FFI_ARG_COUNT', 'tick'],
    ['tick', [1, 2], 'ERR_FFI_ARG_COUNT', 'tick'],
    ['tick', [null], 'ERR_FFI_INVALID_ARG_TYPE', 'tick: args[0]'],
    ['tick', ['1'], 'ERR_FFI_INVALID_ARG_TYPE', 'tick: args[0]'],
    ['tick', [1.5], 'ERR_FFI_OUT_OF_RANGE', 'tick: args[0]'],
    ['tick', [2 ** 31], 'ERR_FFI_OUT_OF_RANGE', 'tick: args[0]'],
    ['length', ['a\0b', 0], 'ERR_FFI_INVALID_ARG_TYPE', 'NUL'],
    ['sum', [detached, 1, 0], 'ERR_FFI_INVALID_ARG_TYPE', 'detached'],
    ['sum', [{}, 1, 0], 'ERR_FFI_INVALID_ARG_TYPE', 'sum: args[0]'],
    ['large', [{ values: [1, 2, 'x'] }, 0], 'ERR_FFI_INVALID_ARG_TYPE', 'args[0].values[2]'],
    ['large', [{ other: 1 }, 0], 'ERR_FFI_INVALID_ARG_TYPE', 'other'],
    ['large', [new Uint8Array(47), 0], 'ERR_FFI_INVALID_ARG_TYPE', '48'],
    ['withFunction', [() => 1, 1.5, 0], 'ERR_FFI_OUT_OF_RANGE', 'withFunction: args[1]'],
    ['callback', [() => 1, 1, 0], 'ERR_FFI_INVALID_ARG_TYPE', 'callback: args[0]'],
    ['ints', [1, 2], 'ERR_FFI_INVALID_ARG_TYPE', '[type, value]'],
    ['ints', [1, ['i32', 0.5]], 'ERR_FFI_OUT_OF_RANGE', 'args[1]'],
    ['node', [1], 'ERR_FFI_UNSUPPORTED', 'Node-API'],
  ])('%s of %j', async (name, args, code, message) => {
    const before = symbols.ticks();
    await expectRejection(loose[name].async(...args), code, message);
    expect(symbols.ticks()).toBe(before);
  });

  test('an error of a getter is the error', async () => {
    const thrown = new Error('of a getter');
    const given = {
      get values(): never {
        throw thrown;
      },
    };
    await expect(loose.large.async(given, 0)).rejects.toBe(thrown);
    await expect(symbols.tick.async(3)).resolves.toBe(3);
  });

  test('a getter that starts calls itself', async () => {
    const inner: Promise<number>[] = [];
    const given = {
      get values() {
        inner.push(symbols.tick.async(5), symbols.tick.async(6));
        return [1, 1, 1, 1, 1, 1];
      },
    };
    expect(await loose.large.async(given, 0)).toBe(21);
    expect((await Promise.all(inner)).slice(0, 2)).toEqual([5, 6]);
  });
});

describe('right ones are converted before the call returns', () => {
  test('objects, arrays, strings and lists may change at once', async () => {
    const values: number[] = [1, 2, 3, 4, 5, 6];
    const args: [{ values: number[] }, number] = [{ values }, 30];
    const call = symbols.large.async(...args);
    args[0] = { values: [] };
    values.length = 0;
    expect(await call).toBe(91);
  });

  test('buffers are not copied: C sees what stands in them when it looks', async () => {
    const values = Float64Array.of(1, 2, 3);
    const call = symbols.sum.async(values, 3, 100);
    values[0] = 10;
    expect(await call).toBe(15);
  });

  test('a closed callback is none', async () => {
    const callback = new JSCallback(() => 42, { args: ['i32'], returns: 'i32' });
    callback.close();
    await expectRejection(symbols.callback.async(callback, 1, 0), 'ERR_FFI_CLOSED');
  });
});

test('all is kept until the call settles, whatever the collector does', () => {
  const program = `
    const { dlopen, fn, JSCallback, setPoolSize } = require(entry);
    const { symbols } = dlopen(fixture, {
      sum: { symbol: 'th_sum_late', args: ['ptr', 'size_t', 'i32'], returns: 'f64' },
      length: { symbol: 'th_length_late', args: ['CString', 'i32'], returns: 'size_t' },
      fill: { symbol: 'th_fill_late', args: ['ptr', 'size_t', 'u8', 'i32'] },
      call: { symbol: 'th_call_late', args: ['callback', 'i32', 'i32'], returns: 'i32' },
      withFunction: { symbol: 'th_call_late', args: [fn({ args: ['i32'], returns: 'i32' }), 'i32', 'i32'], returns: 'i32' },
    });
    const collected = [];
    const registry = new FinalizationRegistry((name) => collected.push(name));
    const watched = (thing, name) => (registry.register(thing, name), thing);
    const viewed = (array) => (watched(array.buffer, 'buffer of view'), array);
    const pause = require('node:timers/promises').setTimeout;
    const start = () => [
      symbols.sum.async(watched(new Float64Array(2 ** 17).fill(1), 'values'), 2 ** 17, 600),
      symbols.sum.async(viewed(new Float64Array(2 ** 17).fill(1)).subarray(1), 2 ** 17 - 1, 600),
      symbols.length.async(Buffer.from('x'.repeat(100_000) + '\\0'), 600),
      symbols.length.async('y'.repeat(100_000), 600),
      symbols.withFunction.async(watched((value) => value + 1, 'function'), 1, 600),
      symbols.call.async(new JSCallback((value) => value + 2, { args: ['i32'], returns: 'i32' }), 1, 600),
    ];
    (async () => {
      setPoolSize(6);
      const calls = start();
      for (let round = 0; round < 10; round++) {
        await pause(10);
        gc();
        new Float64Array(2 ** 17).fill(-1);
      }
      const during = collected.length;
      const results = await Promise.all(calls);
      for (let round = 0; round < 20; round++) { await pause(5); gc(); }
      console.log(JSON.stringify(results), during, collected.sort().join());
    })();`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe(
    '[131072,131071,100000,100000,2,3] 0 buffer of view,function,values',
  );
});
