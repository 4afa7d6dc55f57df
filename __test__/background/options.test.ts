// `.async.with({ signal, errno })`, and `throws` in the background.
import { describe, expect, test } from '@jest/globals';
import { dlopen, errno, free, malloc, write } from 'arkffi';
import { constants } from 'node:os';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { expectRejection } from '../support/rejections';
import { outputOf } from '../support/subprocess';

const { ENOENT, EBADF } = constants.errno;
const { symbols } = dlopen(fixture, {
  tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32' },
  ticks: { symbol: 'th_ticks', returns: 'i32' },
  wait: { symbol: 'th_wait', args: ['ptr', 'i32'], returns: 'i32' },
  fail: { symbol: 'th_fail', args: ['i32'], returns: 'i32' },
  failNull: { symbol: 'th_fail_null', args: ['i32'], returns: 'CString' },
  negative: { symbol: 'th_fail', args: ['i32'], returns: 'i32', throws: 'negative' },
  nonzero: { symbol: 'th_tick', args: ['i32'], returns: 'i32', throws: 'nonzero' },
  none: { symbol: 'th_fail_null', args: ['i32'], returns: 'CString', throws: 'null' },
  odd: { symbol: 'th_tick', args: ['i32'], returns: 'i32', throws: (result: number) => result % 2 === 1 },
  errnoHere: { symbol: 'th_errno_here', returns: 'i32' },
  open: { symbol: 'th_fail', args: ['i32'], returns: 'i32', throws: 'negative' },
});

const abortError = expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR' });

describe('signal', () => {
  test('one that is aborted already: nothing is called', async () => {
    const before = symbols.ticks();
    const reason = new Error('the reason');
    const call = symbols.tick.async.with({ signal: AbortSignal.abort(reason) });
    await expect(call(1)).rejects.toEqual(abortError);
    await expect(call(1)).rejects.toHaveProperty('cause', reason);
    expect(symbols.ticks()).toBe(before);
  });

  test('while the call waits in the queue, while it runs, and after it', async () => {
    const program = `
      const { dlopen, malloc, setPoolSize, write } = require(entry);
      const { symbols } = dlopen(fixture, {
        wait: { symbol: 'th_wait', args: ['ptr', 'i32'], returns: 'i32' },
        running: { symbol: 'th_running', returns: 'i32' },
        tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32' },
        ticks: { symbol: 'th_ticks', returns: 'i32' },
      });
      (async () => {
        setPoolSize(1);
        const flag = malloc(4);
        write.i32(flag, 0, 0);
        const control = new AbortController();
        const { signal } = control;
        const first = symbols.wait.async.with({ signal })(flag, 7);
        const queued = Array.from({ length: 100 }, (_, n) => symbols.tick.async.with({ signal })(n));
        const others = Array.from({ length: 10 }, (_, n) => symbols.tick.async(n));
        while (symbols.running() === 0) await new Promise(setImmediate);
        control.abort();
        const outcomes = await Promise.allSettled(queued);
        assert(outcomes.every(({ reason }) => reason.name === 'AbortError'));
        write.i32(flag, 0, 1);
        assert.strictEqual(await first, 7);
        assert.deepStrictEqual(await Promise.all(others), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert.strictEqual(symbols.ticks(), 10);
        const late = new AbortController();
        assert.strictEqual(await symbols.tick.async.with({ signal: late.signal })(1), 1);
        late.abort();
        console.log('settled');
      })();`;
    expect(outputOf(program)).toBe('settled');
  });

  test('a call that is given up lets the event loop end, and its struct and function go', () => {
    const program = `
      const { dlopen, fn, JSCallback, malloc, setPoolSize, Struct, write } = require(entry);
      const Pair = Struct({ a: 'f64', b: 'i8' });
      const { symbols } = dlopen(fixture, {
        wait: { symbol: 'th_wait', args: ['ptr', 'i32'], returns: 'i32' },
        held: { symbol: 'echo_DoubleChar', args: [Pair], returns: Pair },
        call: { symbol: 'th_call', args: [fn({ args: ['i32'], returns: 'i32' }), 'i32'], returns: 'i32' },
      });
      setPoolSize(1);
      const flag = malloc(4);
      write.i32(flag, 0, 0);
      const control = new AbortController();
      const { signal } = control;
      const names = (error) => error.name;
      const wait = symbols.wait.async(flag, 1);
      const calls = [
        symbols.held.async.with({ signal })({ a: 1, b: 2 }),
        symbols.call.async.with({ signal })((value) => value, 1),
      ].map((call) => call.catch(names));
      control.abort();
      Promise.all(calls).then((outcomes) => {
        console.log(...outcomes);
        write.i32(flag, 0, 1);
      });`;
    expect(outputOf(program)).toBe('AbortError AbortError');
  });

  test('one for a thousand calls', () => {
    const program = `
      const { dlopen } = require(entry);
      const { symbols } = dlopen(fixture, { th_tick: { args: ['i32'], returns: 'i32' } });
      const control = new AbortController();
      const call = symbols.th_tick.async.with({ signal: control.signal });
      const calls = Array.from({ length: 1000 }, (_, n) => call(n));
      Promise.all(calls).then((values) => console.log(values.length));`;
    expect(outputOf(program)).toBe('1000');
  });

  test('of an aborted timeout', async () => {
    const flag = malloc(4);
    write.i32(flag, 0, 0);
    const running = Array.from({ length: 64 }, () => symbols.wait.async(flag, 1));
    await expect(symbols.tick.async.with({ signal: AbortSignal.timeout(20) })(1)).rejects.toEqual(abortError);
    write.i32(flag, 0, 1);
    expect(await Promise.all(running)).toEqual(Array(64).fill(1));
    free(flag);
  });
});

describe('errno', () => {
  test('with({ errno: true }) gives it with the value', async () => {
    errno(3);
    expect(await symbols.fail.async.with({ errno: true })(ENOENT)).toEqual({ value: -1, errno: ENOENT });
    expect(await symbols.failNull.async.with({ errno: true })(EBADF)).toEqual({ value: null, errno: EBADF });
    expect(errno()).toBe(3);
  });

  test('each call has its own', async () => {
    const call = symbols.fail.async.with({ errno: true });
    const numbers = Array.from({ length: 120 }, (_, index) => index + 1);
    const outcomes = await Promise.all(numbers.map((number) => call(number)));
    expect(outcomes).toEqual(numbers.map((number) => ({ value: -1, errno: number })));
  });

  test('with({ errno: false }) and with({}) give the value', async () => {
    expect(await symbols.fail.async.with({ errno: false })(ENOENT)).toBe(-1);
    expect(await symbols.fail.async.with({})(ENOENT)).toBe(-1);
  });

  test('errno(n) is what the next call starts with, also in the background', async () => {
    errno(77);
    expect(await symbols.errnoHere.async()).toBe(77);
  });
});

describe('throws', () => {
  test.each([
    ['negative', ENOENT, { code: 'ENOENT', errno: -ENOENT, syscall: 'th_fail' }],
    ['none', EBADF, { code: 'EBADF', errno: -EBADF, syscall: 'th_fail_null' }],
    ['nonzero', 1, { syscall: 'th_tick' }],
    ['odd', 3, { syscall: 'th_tick' }],
  ] as const)('%s', async (name, argument, error) => {
    await expect(symbols[name].async(argument)).rejects.toMatchObject(error);
  });

  test('values that are no failure', async () => {
    expect(await symbols.negative.async(0)).toBe(0);
    expect(await symbols.nonzero.async(0)).toBe(0);
    expect(await symbols.odd.async(4)).toBe(4);
    expect(await symbols.odd.async.with({ errno: true })(4)).toMatchObject({ value: 4 });
  });

  test('with({ errno: true }) throws all the same', async () => {
    const call = symbols.negative.async.with({ errno: true });
    await expect(call(ENOENT)).rejects.toMatchObject({ code: 'ENOENT' });
    await expectRejection(call(1.5), 'ERR_FFI_OUT_OF_RANGE', 'negative');
  });

  test('a test that throws', async () => {
    const thrown = new Error('of the test');
    const { th_tick } = dlopen(fixture, {
      th_tick: {
        args: ['i32'],
        returns: 'i32',
        throws: () => {
          throw thrown;
        },
      },
    }).symbols;
    await expect(th_tick.async(1)).rejects.toBe(thrown);
  });
});

describe('with', () => {
  test.each([undefined, null, 5, 'errno', () => {}].map((options) => [options]))('refuses %p', (options) => {
    expectError(() => symbols.tick.async.with(options as never), 'ERR_FFI_INVALID_ARG_TYPE', 'with');
  });

  test.each([
    [{ signal: {} }, 'signal'],
    [{ signal: null }, 'signal'],
    [{ errno: 1 }, 'errno'],
    [{ timeout: 5 }, 'timeout'],
  ])('refuses %j', (options, message) => {
    expectError(() => symbols.tick.async.with(options as never), 'ERR_FFI_INVALID_ARG_TYPE', message);
  });
});
