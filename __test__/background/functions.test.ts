// The other ways to call in the background: functions by address, and the raw bridge.
import { describe, expect, test } from '@jest/globals';
import {
  AsyncCFunction,
  CFunction,
  disposable,
  dlopen,
  ffi,
  JSCallback,
  linkSymbols,
  malloc,
  Struct,
} from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { expectRejection } from '../support/rejections';

const plain = { args: ['i32'], returns: 'i32' } as const;
const { symbols } = dlopen(fixture, {
  th_tick: plain,
  th_fail: plain,
  th_thread: { returns: 'u64' },
  th_call: { args: ['callback', 'i32'], returns: 'i32' },
  string_upper: { args: ['CString'], returns: 'CString' },
  string_new: { args: ['CString'], returns: 'ptr' },
  string_delete: { args: ['ptr'] },
  echo_DoubleChar: { args: [Struct({ a: 'f64', b: 'i8' })], returns: Struct({ a: 'f64', b: 'i8' }).object },
});

describe('CFunction', () => {
  test('.async', async () => {
    using found = CFunction({ ...plain, ptr: symbols.th_tick });
    expect(await found.async(7)).toBe(7);
    expect(await found.async.with({ errno: true })(7)).toMatchObject({ value: 7 });
    await expectRejection(found.async(1.5), 'ERR_FFI_OUT_OF_RANGE');
  });

  test('of a JSCallback', async () => {
    using callback = new JSCallback((value) => value + 1, plain);
    using found = CFunction({ ...plain, ptr: callback });
    expect(await found.async(41)).toBe(42);
  });

  test('.async has the name and the length of the function', () => {
    expect([symbols.th_call.async.name, symbols.th_call.async.length]).toEqual(['th_call', 2]);
    expect(symbols.th_call.async).toBe(symbols.th_call.async);
  });

  test('of linkSymbols', async () => {
    const linked = linkSymbols({ tick: { ...plain, ptr: symbols.th_tick.ptr } });
    expect(await linked.symbols.tick.async(3)).toBe(3);
    linked.close();
    await expectRejection(linked.symbols.tick.async(3), 'ERR_FFI_CLOSED');
  });
});

describe('AsyncCFunction', () => {
  test('every call gives a promise, and runs elsewhere', async () => {
    using found = AsyncCFunction({ ...plain, ptr: symbols.th_tick });
    const call = found(7);
    expect(call).toBeInstanceOf(Promise);
    expect(await call).toBe(7);
    expect(await found.async(8)).toBe(8);
    expect(found.ptr).toBe(symbols.th_tick.ptr);
    using thread = AsyncCFunction({ returns: 'u64', ptr: symbols.th_thread });
    expect(await thread()).not.toBe(symbols.th_thread());
  });

  test('errors reject', async () => {
    const found = AsyncCFunction({ ...plain, ptr: symbols.th_tick });
    await expectRejection(found('1' as never), 'ERR_FFI_INVALID_ARG_TYPE');
    // @ts-expect-error the argument is missing
    await expectRejection(found(), 'ERR_FFI_ARG_COUNT');
    found.close();
    found.close();
    await expectRejection(found(1), 'ERR_FFI_CLOSED');
    expectError(() => found.ptr, 'ERR_FFI_CLOSED');
  });

  test('refuses what is no code', () => {
    for (const ptr of [0, 16, malloc(8)]) {
      expectError(() => AsyncCFunction({ ...plain, ptr }), 'ERR_FFI_INVALID_POINTER');
    }
  });

  test('throws, disposable', async () => {
    using failing = AsyncCFunction({ ...plain, throws: 'negative', ptr: symbols.th_fail });
    await expect(failing(2)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await failing(0)).toBe(0);
    using fresh = AsyncCFunction({
      args: ['CString'],
      returns: disposable('CString', symbols.string_delete),
      ptr: symbols.string_new,
    });
    expect(await fresh('new')).toBe('new');
  });
});

describe('ffi.callAsync and ffi.callPtrAsync', () => {
  const handle = ffi.load(fixture);
  const tick = ffi.getSymbolPtr(handle, 'th_tick');

  test('values from two lists', async () => {
    expect(await ffi.callAsync(handle, 'th_tick', 'i', 'i', [5])).toBe(5);
    expect(await ffi.callAsync(handle, 'string_upper', ['CString'], 'CString', [], ['text'])).toBe('TEXT');
    expect(await ffi.callAsync(handle, 'string_length_plus', 'sl', 'l', [3n], ['text'])).toBe(7);
    expect(await ffi.callPtrAsync(tick, 'i', 'i', [-5])).toBe(-5);
    expect(await ffi.callPtrAsync(symbols.string_upper, 's', 's', [], ['a'])).toBe('A');
  });

  test('callbacks, buffers and structs', async () => {
    using callback = new JSCallback((value) => value * 2, plain);
    expect(await ffi.callAsync(handle, 'th_call', 'ki', 'i', [callback, 21])).toBe(42);
    expect(await ffi.callAsync(handle, 'sum_f64', 'pl', 'd', [Float64Array.of(1, 0.5), 2])).toBe(1.5);
    const Pair = Struct({ a: 'f64', b: 'i8' });
    expect(await ffi.callAsync(handle, 'echo_DoubleChar', [Pair], Pair.object, [{ a: 1, b: 2 }])).toEqual({
      a: 1,
      b: 2,
    });
  });

  test('a thousand at once', async () => {
    const calls = Array.from({ length: 1000 }, (_, index) => [
      ffi.callAsync(handle, 'th_tick', 'i', 'i', [index]),
      ffi.callPtrAsync(tick, 'i', 'i', [index]),
    ]);
    const wanted = Array.from({ length: 1000 }, (_, index) => [index, index]);
    expect(await Promise.all(calls.map((pair) => Promise.all(pair)))).toEqual(wanted);
  });

  test('errors reject', async () => {
    await expectRejection(ffi.callAsync(handle, 'th_tick', 'i', 'i', []), 'ERR_FFI_ARG_COUNT');
    await expectRejection(ffi.callAsync(handle, 'th_tick', 'i', 'i', ['5']), 'ERR_FFI_INVALID_ARG_TYPE');
    await expectRejection(ffi.callAsync(handle, 'th_tick', 'i', 'i', [2 ** 31]), 'ERR_FFI_OUT_OF_RANGE');
    await expectRejection(ffi.callAsync(handle, 'th_none', '', 'i'), 'ERR_FFI_SYMBOL_NOT_FOUND');
    await expectRejection(ffi.callAsync(handle, 'th_tick', '?', 'i', [1]), 'ERR_FFI_INVALID_TYPE');
    await expectRejection(ffi.callAsync(12345n, 'th_tick', 'i', 'i', [1]), 'ERR_FFI_INVALID_ARG_TYPE');
    await expectRejection(ffi.callPtrAsync(0, 'i', 'i', [1]), 'ERR_FFI_INVALID_POINTER');
    await expectRejection(ffi.callPtrAsync(tick, 'i', 'i', [1, 2]), 'ERR_FFI_ARG_COUNT');
  });

  test('close lets accepted calls settle', async () => {
    const own = ffi.load(fixture);
    const calls = [1, 2, 3].map((value) => ffi.callAsync(own, 'th_sleep', 'ii', 'i', [20, value]));
    ffi.close(own);
    await expectRejection(ffi.callAsync(own, 'th_sleep', 'ii', 'i', [0, 4]), 'ERR_FFI_CLOSED');
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  });
});
