// The object: how it is made, passed and closed.
import { describe, expect, test } from '@jest/globals';
import { Arena, CFunction, fn, JSCallback as Callback, read, write, malloc, free } from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf } from '../support/subprocess';
import { bind, JSCallback } from './loose';

const unary = { args: ['i32'], returns: 'i32' } as const;
const applied = bind('with', ['callback', 'i32'], 'i32');
const double = (value: number) => value * 2;

describe('the constructor refuses', () => {
  test.each([undefined, null, 1, 'f', {}, [], Symbol('f'), 4096n])('%p as the function', (fn) => {
    expectError(() => new JSCallback(fn, {}), 'ERR_FFI_INVALID_ARG_TYPE', 'function');
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /object/],
    ['a number', 1, /object/],
    ['an array', [], /object/],
    ['a string', 'i32', /object/],
    ['args that are no array', { args: 'i32' }, /args/],
    ['args that are an object', { args: { 0: 'i32' } }, /args/],
    ['an unknown type', { args: ['in32'] }, /i32/],
    ['an unknown result', { returns: 'nothing' }, /nothing/],
    ['void as an argument', { args: ['void'] }, /void/],
    ['undefined as a type', { args: [undefined] }, /undefined/],
    ['{} as a type', { args: [{}] }, /args/],
    ['a symbol as a type', { returns: Symbol('t') }, /returns: a symbol/],
    ['a variadic signature', { args: ['i32', '...'] }, /variadic/],
    ['128 arguments', { args: Array.from({ length: 128 }, () => 'i32') }, /127/],
    ['an unknown property', { arg: [] }, /'args'/],
    ['threadsafe that is no boolean', { threadsafe: 1 }, /threadsafe/],
  ])('%s', (_, def, message) => {
    expectError(() => new JSCallback(double, def), 'ERR_FFI_INVALID_TYPE', message);
  });

  test('a call without new', () => {
    expect(() => (Callback as unknown as () => unknown)()).toThrow(TypeError);
  });

  test('and leaves nothing behind: the next one works', () => {
    const callback = new JSCallback(double, unary);
    expect(applied(callback, 21)).toBe(42);
    callback.close();
  });
});

test('an fn type is a definition', () => {
  const Unary = fn(unary);
  const callback = new Callback((value) => value * 2, Unary);
  expect(applied(callback, 21)).toBe(42);
  expect(callback.call(4)).toBe(8);
  callback.close();
  using arena = new Arena();
  expect(
    applied(
      arena.callback((value) => value + 1, Unary),
      1,
    ),
  ).toBe(2);
});

describe('an open callback', () => {
  test('ptr is a C function pointer of its own', () => {
    const [first, second] = [new JSCallback(double, unary), new JSCallback(double, unary)];
    expect(Number.isSafeInteger(first.ptr) && first.ptr > 0).toBe(true);
    expect(first.ptr).not.toBe(second.ptr);
    expect(CFunction({ ...unary, ptr: first.ptr })(21)).toBe(42);
    expect(CFunction({ ...unary, ptr: first })(21)).toBe(42);
    [first, second].forEach((callback) => callback.close());
  });

  test('is passed as itself, by ptr, as a bigint, and as an object with ptr', () => {
    const callback = new JSCallback(double, unary);
    for (const value of [callback, callback.ptr, BigInt(callback.ptr), { ptr: callback.ptr }]) {
      expect(applied(value, 21)).toBe(42);
    }
    expect(bind('with', ['ptr', 'i32'], 'i32')(callback, 4)).toBe(8);
    callback.close();
  });

  test('is stored in memory by its address', () => {
    const callback = new JSCallback(double, unary);
    const block = malloc(8);
    write.ptr(block, 0, callback as never);
    expect(read.ptr(block)).toBe(callback.ptr);
    expect(applied(read.ptr(block), 5)).toBe(10);
    free(block);
    callback.close();
  });

  test('call goes through the conversions of C', () => {
    const seen: unknown[] = [];
    const keep = (...args: unknown[]) => (seen.push(...args), 'out');
    const callback = new JSCallback(keep, { args: ['u8', 'CString', 'f32', 'bool'], returns: 'CString' });
    expect(callback.call(255, 'in', 0.1, 1)).toBe('out');
    expect(seen).toEqual([255, 'in', Math.fround(0.1), true]);
    expectError(() => callback.call(256, '', 0, true), 'ERR_FFI_OUT_OF_RANGE', 'args[0]');
    expectError(() => callback.call('1', '', 0, true), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => callback.call(1), 'ERR_FFI_ARG_COUNT');
    expectError(() => callback.call(1, '', 0, true, null), 'ERR_FFI_ARG_COUNT');
    expect(seen).toHaveLength(4);
    callback.close();
  });

  test('errors of call name the function', () => {
    const named = new JSCallback(function compare() {}, { args: ['i32'] });
    expectError(() => named.call('x'), 'ERR_FFI_INVALID_ARG_TYPE', 'compare');
    const nameless = new JSCallback(() => {}, { args: ['i32'] });
    expectError(() => nameless.call('x'), 'ERR_FFI_INVALID_ARG_TYPE', 'JSCallback');
    named.close();
    nameless.close();
  });

  test('a function whose name is no string, or a getter that throws', () => {
    const odd = Object.defineProperty(() => 7, 'name', { value: 5 });
    const callback = new JSCallback(odd, { returns: 'i32' });
    expect(callback.call()).toBe(7);
    callback.close();
  });

  test('classes of functions: bound, async, generators, proxies', () => {
    const returns = 'i32';
    const bound = new JSCallback(double.bind(null, 4), { returns });
    const proxy = new JSCallback(new Proxy(double, { apply: () => 9 }), { returns });
    expect([bound.call(), proxy.call()]).toEqual([8, 9]);
    const later = new JSCallback(async () => 1, { returns });
    expectError(() => later.call(), 'ERR_FFI_CALLBACK', 'got a Promise');
    const classes = new JSCallback(class {}, { returns });
    expect(() => classes.call()).toThrow(/class constructor/i);
    [bound, proxy, later, classes].forEach((callback) => callback.close());
  });

  test('threadsafe is what was asked for, false by default', () => {
    const made = [{}, { threadsafe: false }, { threadsafe: true }, { threadsafe: undefined }];
    const callbacks = made.map((def) => new JSCallback(() => {}, def));
    expect(callbacks.map(({ threadsafe }) => threadsafe)).toEqual([false, false, true, false]);
    callbacks.forEach((callback) => callback.close());
  });

  test('handles are bigints, one each', () => {
    const callbacks = Array.from({ length: 10 }, () => new JSCallback(() => {}));
    const handles = callbacks.map((callback) => callback.getHandle());
    expect(handles.every((handle) => typeof handle === 'bigint')).toBe(true);
    expect(new Set(handles).size).toBe(10);
    callbacks.forEach((callback) => callback.close());
  });

  test('the definition is read once', () => {
    const args = ['i32'];
    const callback = new JSCallback((...given: unknown[]) => given.length, { args, returns: 'i32' });
    args.push('i32');
    expect(callback.call(1)).toBe(1);
    callback.close();
  });
});

describe('close', () => {
  test('call, and passing it, throw; it may be called again', () => {
    const callback = new JSCallback(double, unary);
    const { ptr } = callback;
    callback.close();
    callback.close();
    callback[Symbol.dispose]();
    expectError(() => callback.call(1), 'ERR_FFI_CLOSED', 'double');
    expectError(
      () => applied(callback, 1),
      'ERR_FFI_CLOSED',
      'args[0] (void (*)()): the callback double has been closed',
    );
    expectError(() => bind('with', ['ptr', 'i32'])(callback, 1), 'ERR_FFI_CLOSED');
    expect(callback.ptr).toBe(ptr);
    expect(callback.getHandle()).toEqual(expect.any(BigInt));
  });

  test('call without its callback throws', () => {
    const callback = new JSCallback(double, unary);
    const { call } = callback;
    expectError(() => call(1), 'ERR_FFI_INVALID_ARG_TYPE', 'JSCallback');
    expectError(() => call.call(1 as never, 1), 'ERR_FFI_INVALID_ARG_TYPE', 'JSCallback');
    callback.close();
  });

  test('Symbol.dispose closes', () => {
    const callback = new JSCallback(double, unary);
    callback[Symbol.dispose]();
    expectError(() => callback.call(1), 'ERR_FFI_CLOSED');
  });

  test('others of the same function live on', () => {
    const [first, second] = [new JSCallback(double, unary), new JSCallback(double, unary)];
    first.close();
    expect([second.call(2), applied(second, 4)]).toEqual([4, 8]);
    second.close();
  });

  test('in the getter that gives it as an argument', () => {
    const callback = new JSCallback(double, unary);
    const closing = {
      get ptr() {
        callback.close();
        return callback;
      },
    };
    expectError(() => applied(closing, 1), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => callback.call(1), 'ERR_FFI_CLOSED');
  });
});

describe('the event loop', () => {
  const program = (threadsafe: boolean, later: string) => `
    const { JSCallback } = require(entry);
    const callback = new JSCallback(() => {}, { threadsafe: ${threadsafe} });
    process.on('exit', () => console.log('exit'));
    ${later}`;

  test('ends though callbacks are open that are not threadsafe', () => {
    expect(outputOf(program(false, ''))).toBe('exit');
  });

  test('is kept alive by a threadsafe one until close', () => {
    const later = "setTimeout(() => { console.log('closes'); callback.close(); }, 100).unref()";
    expect(outputOf(program(true, later))).toBe('closes\nexit');
  });

  test('a threadsafe callback that is dropped keeps it alive too', () => {
    const later = "setTimeout(() => { console.log('alive'); process.exit(); }, 100).unref()";
    expect(outputOf(program(true, later))).toBe('alive\nexit');
  });
});
