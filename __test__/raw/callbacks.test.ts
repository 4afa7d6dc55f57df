// The callbacks of the raw bridge.
import { afterAll, describe, expect, test } from '@jest/globals';
import { dlopen, ffi, JSCallback } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { runProgram } from '../support/subprocess';
import { thrownBy } from '../callbacks/loose';

const handle = ffi.load(fixture);
afterAll(() => ffi.close(handle));
const add = (left: unknown, right: unknown) => (left as number) + (right as number);

describe('createCallback', () => {
  test('gives a handle, which is a bigint of its own', () => {
    const [first, second] = [ffi.createCallback(add, 'ii', 'i'), ffi.createCallback(add, 'ii', 'i')];
    expect([typeof first, first === second]).toEqual(['bigint', false]);
    expect(ffi.invokeCallback(first, 40, 2)).toBe(42);
    ffi.destroyCallback(first);
    expect(ffi.invokeCallback(second, 40, 2)).toBe(42);
    ffi.destroyCallback(second);
  });

  test('types as letters or as a list, none by default', () => {
    const seen: unknown[] = [];
    const letters = ffi.createCallback((...args: unknown[]) => (seen.push(args), 1.5), 'idsblk', 'd');
    expect(ffi.invokeCallback(letters, 1, 0.5, 'text', true, 2n ** 60n, null)).toBe(1.5);
    const list = ffi.createCallback(
      (...args: unknown[]) => (seen.push(args), 'out'),
      ['u8', 'CString'],
      'CString',
    );
    expect(ffi.invokeCallback(list, 255, 'in')).toBe('out');
    const none = ffi.createCallback((...args: unknown[]) => seen.push(args), '', 'v');
    expect(ffi.invokeCallback(none)).toBeUndefined();
    expect(seen).toEqual([[1, 0.5, 'text', true, 2n ** 60n, 0], [255, 'in'], []]);
    [letters, list, none].forEach((callback) => ffi.destroyCallback(callback));
  });

  test('a handle is no address', async () => {
    const callback = ffi.createCallback(add, 'ii', 'i');
    const code = 'ERR_FFI_INVALID_ARG_TYPE';
    const pass = () => ffi.callMixed(handle, 'echo_ptr', 'k', 'p', [callback]);
    expect(expectError(pass, code, 'echo_ptr: args[0]')).toContain('getCallbackPtr');
    await expect(ffi.callAsync(handle, 'echo_ptr', 'k', 'p', [callback])).rejects.toMatchObject({ code });
    expectError(() => ffi.callPtr(callback, 'ii', 'i', [1, 2]), 'ERR_FFI_INVALID_POINTER');
    const address = ffi.getCallbackPtr(callback);
    expect(ffi.callMixed(handle, 'echo_ptr', 'k', 'p', [BigInt(address)])).toBe(address);
    ffi.destroyCallback(callback);
  });

  test('what it refuses', () => {
    expectError(() => ffi.createCallback(1 as never, '', 'v'), 'ERR_FFI_INVALID_ARG_TYPE', 'function');
    expectError(() => ffi.createCallback(add, 'z', 'v'), 'ERR_FFI_INVALID_TYPE', 'z');
    expectError(() => ffi.createCallback(add, ['in32' as never], 'v'), 'ERR_FFI_INVALID_TYPE');
    expectError(() => ffi.createCallback(add, 'v', 'v'), 'ERR_FFI_INVALID_TYPE', 'void');
    expectError(() => ffi.createCallback(add, 'i', 'nothing' as never), 'ERR_FFI_INVALID_TYPE');
    expectError(() => ffi.createCallback(add, 'i', 'i', 1 as never), 'ERR_FFI_INVALID_TYPE', 'threadsafe');
  });
});

describe('a callback of the bridge', () => {
  const callback = ffi.createCallback((value: unknown) => (value as number) * 2, 'i', 'i');
  afterAll(() => ffi.destroyCallback(callback));

  test('is called by C through its pointer', () => {
    const ptr = ffi.getCallbackPtr(callback);
    expect(ptr).toEqual(expect.any(Number));
    expect(ffi.callMixed(handle, 'cb_with', 'ki', 'i', [ptr, 21])).toBe(42);
    expect(ffi.callPtr(ptr, 'i', 'i', [21])).toBe(42);
    ffi.defineFunction(handle, 'cb_with', ['callback', 'i32'], 'i32');
    expect(ffi.callBySig(handle, 'cb_with', [BigInt(ptr), 4])).toBe(8);
  });

  test('arguments are converted as C does', () => {
    expectError(() => ffi.invokeCallback(callback, '1'), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => ffi.invokeCallback(callback, 2 ** 31), 'ERR_FFI_OUT_OF_RANGE');
    expectError(() => ffi.invokeCallback(callback), 'ERR_FFI_ARG_COUNT');
    expectError(() => ffi.invokeCallback(callback, 1, 2), 'ERR_FFI_ARG_COUNT');
    expectError(() => ffi.invokeCallback(callback, 2 ** 30), 'ERR_FFI_CALLBACK', 'int32_t');
  });

  test('errors surface', () => {
    const error = new Error('thrown');
    const failing = ffi.createCallback(
      () => {
        throw error;
      },
      '',
      'i',
    );
    expect(thrownBy(() => ffi.invokeCallback(failing))).toBe(error);
    const ptr = ffi.getCallbackPtr(failing);
    expect(thrownBy(() => ffi.callMixed(handle, 'cb_get', 'k', 'i', [ptr]))).toBe(error);
    ffi.destroyCallback(failing);
  });

  test('threadsafe is what was asked for', () => {
    const threadsafe = ffi.createCallback(() => {}, '', 'v', true);
    expect([callback, threadsafe].map((one) => ffi.getCallbackThreadsafe(one))).toEqual([false, true]);
    ffi.destroyCallback(threadsafe);
  });

  test('callCallbackThreadSafe calls it from another thread', async () => {
    const seen: unknown[] = [];
    const noted = ffi.createCallback(
      (value: unknown) => (seen.push(value), (value as number) + 1),
      'i',
      'i',
      true,
    );
    const calls = [1, 2, 3].map((value) => ffi.callCallbackThreadSafe(noted, value));
    expect(seen).toEqual([]);
    expect(await Promise.all(calls)).toEqual([2, 3, 4]);
    expect(seen.sort()).toEqual([1, 2, 3]);
    await expect(ffi.callCallbackThreadSafe(noted, 'x')).rejects.toMatchObject({
      code: 'ERR_FFI_INVALID_ARG_TYPE',
    });
    await expect(ffi.callCallbackThreadSafe(noted)).rejects.toMatchObject({ code: 'ERR_FFI_ARG_COUNT' });
    ffi.destroyCallback(noted);
    await expect(ffi.callCallbackThreadSafe(noted, 1)).rejects.toMatchObject({ code: 'ERR_FFI_CLOSED' });
  });
});

describe('handles', () => {
  const uses: [string, (callback: bigint) => unknown][] = [
    ['invokeCallback', (callback) => ffi.invokeCallback(callback)],
    ['getCallbackThreadsafe', (callback) => ffi.getCallbackThreadsafe(callback)],
    ['getCallbackPtr', (callback) => ffi.getCallbackPtr(callback)],
  ];

  test('destroyCallback closes; it may be called again', () => {
    const callback = ffi.createCallback(() => 1, '', 'i');
    ffi.destroyCallback(callback);
    expect(ffi.destroyCallback(callback)).toBeUndefined();
    for (const [name, use] of uses) expectError(() => use(callback), 'ERR_FFI_CLOSED', name);
  });

  test.each([
    ...[0n, -1n, 2n ** 64n, 999_999n, 2n ** 32n + 1_000_000n],
    ...[1, 0.5, '1', null, undefined, {}, Symbol('h')],
  ])('%p is none', async (value) => {
    const bad = value as bigint;
    for (const [name, use] of [...uses, ['destroyCallback', ffi.destroyCallback] as const]) {
      expectError(() => use(bad), 'ERR_FFI_INVALID_ARG_TYPE', name);
    }
    await expect(ffi.callCallbackThreadSafe(bad)).rejects.toMatchObject({ code: 'ERR_FFI_INVALID_ARG_TYPE' });
  });

  test('of libraries and of callbacks are not taken for each other', () => {
    const callback = ffi.createCallback(() => 1, '', 'i');
    expectError(() => ffi.invokeCallback(handle), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => ffi.destroyCallback(handle), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => ffi.close(callback), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => ffi.getSymbolPtr(callback, 'cb_with'), 'ERR_FFI_INVALID_ARG_TYPE');
    ffi.destroyCallback(callback);
  });

  test('of a JSCallback is one, and closes with it', () => {
    const callback = new JSCallback((value: number) => value + 1, { args: ['i32'], returns: 'i32' });
    const its = callback.getHandle();
    expect([ffi.invokeCallback(its, 1), ffi.getCallbackPtr(its)]).toEqual([2, callback.ptr]);
    const { cb_with } = dlopen(fixture, { cb_with: { args: ['callback', 'i32'], returns: 'i32' } }).symbols;
    expect(cb_with(callback, 41)).toBe(42);
    expect(ffi.callMixed(handle, 'cb_with', 'ki', 'i', [callback as never, 41])).toBe(42);
    ffi.destroyCallback(its);
    expectError(() => callback.call(1), 'ERR_FFI_CLOSED');
    const other = new JSCallback(() => 1, { returns: 'i32' });
    other.close();
    expectError(() => ffi.invokeCallback(other.getHandle()), 'ERR_FFI_CLOSED');
  });

  test('an object made by hand is no callback', () => {
    expectError(() => ffi.invokeCallback({ getHandle: () => 1n } as never), 'ERR_FFI_INVALID_ARG_TYPE');
  });
});

test('C that calls a destroyed callback gets zero', () => {
  const source = `
    const { ffi } = require(entry);
    const handle = ffi.load(fixture);
    const callback = ffi.createCallback(function named() { return 7; }, 'i', 'i');
    ffi.callMixed(handle, 'cb_keep', 'k', 'v', [ffi.getCallbackPtr(callback)]);
    const before = ffi.callMixed(handle, 'cb_kept', 'i', 'i', [1]);
    ffi.destroyCallback(callback);
    console.log(before, ffi.callMixed(handle, 'cb_kept', 'i', 'i', [1]));`;
  const { status, stdout, stderr } = runProgram(source);
  expect({ status, stdout }).toEqual({ status: 0, stdout: '7 0' });
  expect(stderr).toContain('named');
});
