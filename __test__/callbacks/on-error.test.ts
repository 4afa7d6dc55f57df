// onError: what C receives instead of zero.
import { describe, expect, test } from '@jest/globals';
import { read } from 'arkffi';
import { expectError } from '../support/errors';
import { Struct } from '../structs/loose';
import { bind, JSCallback, thrownBy, withCallback } from './loose';

const store = bind('store_i32', ['callback', 'ptr']);
const error = new Error('thrown');

/** What C got from a callback, and what the call of C threw. */
function failing(fn: () => unknown, onError: unknown, returns = 'i32'): [number, unknown] {
  const result = new Int32Array([0x55555555]);
  const thrown = withCallback(fn, { returns, onError }, (callback) =>
    thrownBy(() => store(callback, result)),
  );
  return [result[0]!, thrown];
}
const throwing = () => {
  throw error;
};

test('a value: C gets it, the error surfaces all the same', () => {
  expect(failing(throwing, -1)).toEqual([-1, error]);
  expect(failing(() => 'wrong', 7)).toEqual([7, expect.objectContaining({ code: 'ERR_FFI_CALLBACK' })]);
});

test('undefined is none: C gets zero', () => {
  expect(failing(throwing, undefined)).toEqual([0, error]);
});

test('without an error it is not used', () => {
  let calls = 0;
  withCallback(
    () => 5,
    { returns: 'i32', onError: () => ++calls },
    (callback) => expect(callback.call()).toBe(5),
  );
  expect(calls).toBe(0);
});

describe('a function', () => {
  test('gets the error, and its value is what C gets', () => {
    const seen: unknown[] = [];
    const onError = (...args: unknown[]) => (seen.push(...args), 9);
    expect(failing(throwing, onError)).toEqual([9, error]);
    expect(seen).toEqual([error]);
  });

  test('gets the ERR_FFI_CALLBACK of a value that does not convert', () => {
    const seen: unknown[] = [];
    const [value, thrown] = failing(
      () => null,
      (one: unknown) => (seen.push(one), 9),
    );
    expect(value).toBe(9);
    expect(thrown).toBe(seen[0]);
    expect(thrown).toMatchObject({ code: 'ERR_FFI_CALLBACK' });
  });

  test('that throws, or whose value does not convert: C gets zero, and both errors surface', () => {
    const second = new Error('second');
    let first = new Error('first');
    const fail = () => {
      throw first;
    };
    const onError = () => {
      throw second;
    };
    expect(failing(fail, onError)).toEqual([0, first]);
    expect((first as { suppressed?: unknown }).suppressed).toEqual([second]);
    first = new Error('another');
    const [value, thrown] = failing(fail, () => 'wrong');
    expect([value, thrown]).toEqual([0, first]);
    expect((first as { suppressed?: unknown }).suppressed).toMatchObject([{ code: 'ERR_FFI_CALLBACK' }]);
  });

  test('may call C, whose errors are its own', () => {
    const inner = new Error('inner');
    const failure = () => {
      throw inner;
    };
    const onError = () => (failing(failure, 5)[1] === inner ? 3 : 0);
    expect(failing(throwing, onError)).toEqual([3, error]);
    expect('suppressed' in error).toBe(false);
  });

  test('for void is called for its own sake', () => {
    const seen: unknown[] = [];
    withCallback(throwing, { onError: (one: unknown) => (seen.push(one), 'ignored') }, (callback) => {
      expect(thrownBy(() => callback.call())).toBe(error);
    });
    expect(seen).toEqual([error]);
  });
});

describe('a value that does not convert is refused when the callback is made', () => {
  const Point = Struct({ x: 'i32' });
  test.each<[string, unknown, unknown, 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE']>([
    ['a string for i32', 'i32', '1', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['null for i32', 'i32', null, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['256 for u8', 'u8', 256, 'ERR_FFI_OUT_OF_RANGE'],
    ['NaN for i64', 'i64', NaN, 'ERR_FFI_OUT_OF_RANGE'],
    ['an unknown field', Point, { y: 1 }, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a buffer of another size', Point, Buffer.alloc(5), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a symbol for CString', 'CString', Symbol('s'), 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('%s', (_, returns, onError, code) => {
    expectError(() => new JSCallback(() => 0, { returns, onError }), code);
  });

  test('null and addresses are values of pointers', () => {
    const at = bind('store_pointer', ['callback', 'ptr']);
    for (const [onError, wanted] of [
      [null, 0],
      [4096, 4096],
    ]) {
      const result = new BigUint64Array([5n]);
      withCallback(throwing, { returns: 'ptr', onError }, (callback) => thrownBy(() => at(callback, result)));
      expect(Number(result[0])).toBe(wanted);
    }
  });

  test('a string that C gets', () => {
    const block = bind('store_pointer', ['callback', 'ptr']);
    const address = new BigUint64Array(1);
    const callback = new JSCallback(throwing, { returns: 'CString', onError: 'failed' });
    thrownBy(() => block(callback, address));
    expect(read.cstring(address[0]!)).toBe('failed');
    callback.close();
  });
});
