// `pump: true`: C on a helper thread, while this thread waits for it and serves callbacks.
import { describe, expect, test } from '@jest/globals';
import { array, CFunction, disposable, dlopen, errno, fn, JSCallback, releasePtr, Struct } from 'arkffi';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';

const { ENOENT, EINTR } = constants.errno;
const pump = true;
const plain = { args: ['i32'], returns: 'i32' } as const;
const calling = { args: ['callback', 'i32'], returns: 'i32', pump } as const;
const Small = Struct({ a: 'f64', b: 'i8' });
const Large = Struct({ values: array('i64', 6) });

const { string_delete } = dlopen(fixture, { string_delete: { args: ['ptr'] } }).symbols;
const { symbols } = dlopen(fixture, {
  here: { symbol: 'th_call', ...calling },
  there: { symbol: 'th_apply', ...calling },
  direct: { symbol: 'th_call', args: ['callback', 'i32'], returns: 'i32' },
  withFunction: { symbol: 'th_apply', args: [fn(plain), 'i32'], returns: 'i32', pump },
  repeat: { symbol: 'th_repeat', args: ['callback', 'i32'], returns: 'i64', pump },
  fail: { symbol: 'th_fail', args: ['i32'], returns: 'i32', pump },
  failing: { symbol: 'th_fail', args: ['i32'], returns: 'i32', throws: 'negative', pump },
  errnoHere: { symbol: 'th_errno_here', returns: 'i32', pump },
  thread: { symbol: 'th_thread', returns: 'u64', pump },
  directThread: { symbol: 'th_thread', returns: 'u64' },
  tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32', pump },
  upper: { symbol: 'string_upper', args: ['CString'], returns: 'CString', pump },
  none: { symbol: 'string_null', returns: 'CString', pump },
  fresh: { symbol: 'string_new', args: ['CString'], returns: disposable('CString', string_delete), pump },
  object: { symbol: 'echo_DoubleChar', args: [Small], returns: Small.object, pump },
  held: { symbol: 'echo_DoubleChar', args: [Small], returns: Small, pump },
  largeLate: { symbol: 'th_large_late', args: [Large, 'i32'], returns: 'i64', pump },
  sum: { symbol: 'th_sum_late', args: ['ptr', 'size_t', 'i32'], returns: 'f64', pump },
  ints: { symbol: 'variadic_ints', args: ['i32', '...'], returns: 'i64', pump },
});

describe('a pumped call', () => {
  test('runs on another thread, and gives what a plain one gives', () => {
    expect(symbols.thread()).not.toBe(symbols.directThread());
    expect(symbols.tick(-5)).toBe(-5);
    expect(symbols.upper('straße')).toBe('STRAßE');
    expect(symbols.none()).toBe(null);
    expect(symbols.fresh('new')).toBe('new');
    expect(symbols.object({ a: 0.5, b: -3 })).toEqual({ a: 0.5, b: -3 });
    expect(symbols.largeLate({ values: [1, 2, 3, 4, 5, 6] }, 1)).toBe(91);
    expect(symbols.sum(Float64Array.of(1, 2, 0.25), 3, 1)).toBe(3.25);
    expect(symbols.ints(3, ['i32', 1], ['i32', 20], ['i32', 300])).toBe(941);
    const address = symbols.held({ a: 1.5, b: 7 });
    expect(Small.fromPtr(address)).toEqual({ a: 1.5, b: 7 });
    expect([releasePtr(address), releasePtr(address)]).toEqual([true, false]);
  });

  test('refuses the same arguments', () => {
    expectError(() => symbols.tick(1.5), 'ERR_FFI_OUT_OF_RANGE', 'tick: args[0]');
    expectError(() => symbols.upper('a\0b'), 'ERR_FFI_INVALID_ARG_TYPE', 'NUL');
    // @ts-expect-error one argument is missing
    expectError(() => symbols.sum(Float64Array.of(1), 1), 'ERR_FFI_ARG_COUNT', 'sum');
  });

  test('carries errno to the helper and back', () => {
    expect(symbols.fail(ENOENT)).toBe(-1);
    expect(errno()).toBe(ENOENT);
    errno(EINTR);
    expect(symbols.errnoHere()).toBe(EINTR);
    expect(() => symbols.failing(ENOENT)).toThrow(
      expect.objectContaining({ code: 'ENOENT', errno: -ENOENT, syscall: 'th_fail' }),
    );
    expect(symbols.failing(0)).toBe(0);
  });

  test('of a CFunction', () => {
    using found = CFunction({ ...plain, ptr: symbols.tick.ptr, pump: true });
    expect(found(7)).toBe(7);
  });

  test('many thousand of them use one helper', () => {
    symbols.tick(0);
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    let sum = 0;
    for (let index = 0; index < 3000; index++) sum += symbols.tick(index);
    expect(sum).toBe(4_498_500);
    expect(threads()).toBeLessThanOrEqual(before + 1);
  });

  test.each(['napi_env', 'napi_value'] as const)('has no argument of type %s', (type) => {
    const def = { sum_around_call: { args: [type], returns: 'f64', pump: true } } as const;
    expectError(() => dlopen(fixture, def), 'ERR_FFI_UNSUPPORTED', 'pump');
  });

  test('has no result of type napi_value', () => {
    const def = { sum_around_call: { returns: 'napi_value', pump: true } } as const;
    expectError(() => dlopen(fixture, def), 'ERR_FFI_UNSUPPORTED', 'pump');
  });

  test('has true or false for pump', () => {
    const def = { th_tick: { ...plain, pump: 1 } };
    expectError(() => dlopen(fixture, def as never), 'ERR_FFI_INVALID_TYPE', 'pump');
  });
});

describe('callbacks under pump', () => {
  test.each(['here', 'there', 'withFunction'] as const)('%s: nested a hundred deep', (name) => {
    using callback = new JSCallback((depth) => next(depth), plain);
    const next = (depth: number): number => {
      if (depth === 100) return 1000;
      return (
        1 +
        (name === 'withFunction' ? symbols.withFunction(next, depth + 1) : symbols[name](callback, depth + 1))
      );
    };
    expect(next(0)).toBe(1100);
    expect(next(90)).toBe(1010);
  });

  test('pumped and plain calls in turn', () => {
    using callback = new JSCallback((depth) => next(depth), plain);
    const next = (depth: number): number => {
      if (depth === 60) return 0;
      const name = (['here', 'direct', 'there'] as const)[depth % 3]!;
      return 1 + symbols[name](callback, depth + 1);
    };
    expect(next(0)).toBe(60);
  });

  test('one that throws: C gets zero, and the error surfaces from the call', () => {
    const error = new Error('thrown');
    const seen: number[] = [];
    using callback = new JSCallback(
      (index) => {
        seen.push(index);
        if (index === 2) throw error;
        return index;
      },
      { args: ['i32'], returns: 'i32' },
    );
    expect(() => symbols.repeat(callback, 5)).toThrow(error);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(symbols.repeat(callback, 2)).toBe(1);
  });

  test('several errors: the first is thrown, and carries the others', () => {
    using callback = new JSCallback(
      (index) => {
        throw new Error(`number ${index}`);
      },
      { args: ['i32'], returns: 'i32' },
    );
    let thrown: unknown;
    try {
      symbols.repeat(callback, 3);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      message: 'number 0',
      suppressed: [{ message: 'number 1' }, { message: 'number 2' }],
    });
  });

  test('an error of an inner call is caught there, and goes no further', () => {
    using inner = new JSCallback(
      () => {
        throw new Error('inner');
      },
      { args: ['i32'], returns: 'i32' },
    );
    using outer = new JSCallback(
      (value) => {
        expect(() => symbols.here(inner, 1)).toThrow('inner');
        return value + 1;
      },
      { args: ['i32'], returns: 'i32' },
    );
    expect(symbols.here(outer, 1)).toBe(2);
  });

  test('a value that does not convert', () => {
    using callback = new JSCallback((() => 'text') as never, plain);
    const message = expectError(() => symbols.here(callback, 1), 'ERR_FFI_CALLBACK');
    expect(message).toContain("'text'");
  });

  test('errno(n) in one is what C sees afterwards, and then the caller', () => {
    using callback = new JSCallback(() => (errno(ENOENT), 0), plain);
    symbols.here(callback, 1);
    expect(errno()).toBe(ENOENT);
  });
});

test('an error of a thread that C has made is uncaughtException', () => {
  const program = `
    const { dlopen, JSCallback } = require(entry);
    const { symbols } = dlopen(fixture, {
      th_apply: { args: ['callback', 'i32'], returns: 'i32', pump: true },
    });
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    const callback = new JSCallback(() => { throw new Error('thrown'); }, { args: ['i32'], returns: 'i32' });
    console.log(symbols.th_apply(callback, 1));`;
  expect(outputOf(program)).toBe('0\nuncaught thrown');
});

test('a callback that closes the library of the call that it is in', () => {
  const program = `
    const { dlopen, JSCallback } = require(entry);
    const library = dlopen(fixture, { th_apply: { args: ['callback', 'i32'], returns: 'i32', pump: true } });
    const callback = new JSCallback((value) => { library.close(); return value + 1; }, { args: ['i32'], returns: 'i32' });
    console.log(library.symbols.th_apply(callback, 1));
    assert.throws(() => library.symbols.th_apply(callback, 1), { code: 'ERR_FFI_CLOSED' });`;
  expect(outputOf(program)).toBe('2');
});
