// errno around callbacks and calls, and results that mean failure.
import { describe, expect, test } from '@jest/globals';
import { constants } from 'node:os';
import { existsSync, statSync } from 'node:fs';
import { errno } from 'arkffi';
import { expectError } from '../support/errors';
import { functions } from '../structs/loose';
import { outcome, wrongDefinition } from '../types/refusal';
import { bind, JSCallback, thrownBy, withCallback } from './loose';

const { EACCES, EAGAIN, EINTR, ENOENT, EPERM } = constants.errno;
const around = bind('errno', ['callback', 'i32'], 'i32');
const more = bind('errno_more', ['callback', 'i32'], 'i32');
const fail = bind('fail', ['i32', 'i32'], 'i32');

describe('errno around a callback', () => {
  test('is kept, whatever the callback does', () => {
    const acts: (() => unknown)[] = [
      () => {},
      () => existsSync('/no/such/file'),
      () => thrownBy(() => statSync('/no/such/file')),
      () => fail(EPERM, -1),
      () => Buffer.alloc(10_000_000).fill(1),
      () =>
        withCallback(
          () => fail(EPERM, 0),
          {},
          (inner) => around(inner, EINTR),
        ),
    ];
    for (const act of acts)
      withCallback(act, {}, (callback) => expect(around(callback, EAGAIN)).toBe(EAGAIN));
  });

  test('is what the callback sets by errno(n)', () => {
    withCallback(
      () => errno(EACCES),
      {},
      (callback) => {
        expect(around(callback, EAGAIN)).toBe(EACCES);
        expect(more(callback, EAGAIN)).toBe(-1);
        expect(errno()).toBe(EACCES + 1);
      },
    );
    withCallback(
      () => errno(0),
      {},
      (callback) => expect(around(callback, EAGAIN)).toBe(0),
    );
    withCallback(
      () => errno(-5),
      {},
      (callback) => expect(around(callback, EAGAIN)).toBe(-5),
    );
  });

  test('is what C had when the callback asks', () => {
    const seen: number[] = [];
    withCallback(
      () => seen.push(errno()),
      {},
      (callback) => around(callback, EAGAIN),
    );
    expect(seen).toEqual([EAGAIN]);
  });

  test('by errno(n) of a nested callback stays in its own call', () => {
    const inner = new JSCallback(() => errno(EACCES));
    withCallback(
      () => around(inner, 1),
      {},
      (callback) => expect(around(callback, EAGAIN)).toBe(EAGAIN),
    );
    inner.close();
  });

  test('also where the callback throws', () => {
    const failing = () => {
      existsSync('/no/such/file');
      throw new Error('thrown');
    };
    withCallback(failing, {}, (callback) => {
      thrownBy(() => more(callback, EAGAIN));
      expect(errno()).toBe(EAGAIN + 1);
    });
  });
});

describe('errno()', () => {
  test('is what the last call left, whatever Node did since', () => {
    fail(ENOENT, -1);
    process.stderr.write('');
    thrownBy(() => statSync('/no/such/directory/file'));
    JSON.stringify(process.memoryUsage());
    expect(errno()).toBe(ENOENT);
    expect(errno()).toBe(ENOENT);
    fail(0, 0);
    expect(errno()).toBe(0);
  });

  test('survives ticks of the event loop', async () => {
    fail(EACCES, -1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    existsSync('/no/such/file');
    expect(errno()).toBe(EACCES);
  });

  test('errno(n) sets it for the next call, which sees it', () => {
    const location = functions(null, { __errno_location: { returns: 'ptr' } }).symbols['__errno_location']!;
    const read = bind('with', ['callback', 'i32'], 'i32');
    expect(location()).toBeGreaterThan(0);
    errno(EAGAIN);
    withCallback(
      () => errno(),
      { args: ['i32'], returns: 'i32' },
      (callback) => expect(read(callback, 1)).toBe(EAGAIN),
    );
    expect(errno(77)).toBe(77);
    expect(errno()).toBe(77);
    errno(0);
  });

  test('takes integers of 32 bits', () => {
    for (const value of ['1', null, 1n, {}, Symbol('s')]) {
      expectError(() => errno(value as never), 'ERR_FFI_INVALID_ARG_TYPE', 'errno');
    }
    for (const value of [0.5, NaN, 2 ** 31, -(2 ** 31) - 1]) {
      expectError(() => errno(value), 'ERR_FFI_OUT_OF_RANGE', 'errno');
    }
  });
});

describe('throws', () => {
  const failing = (name: string, args: unknown[], returns: unknown, throws: unknown) =>
    bind(name, args, returns, { throws });

  test("'negative': an error as Node's own are", () => {
    const open = failing('fail', ['i32', 'i32'], 'i32', 'negative');
    expect([open(ENOENT, 0), open(ENOENT, 5)]).toEqual([0, 5]);
    const error = thrownBy(() => open(ENOENT, -1)) as Error;
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ENOENT', errno: -ENOENT, syscall: 'cb_fail' });
    expect(error.message).toMatch(/ENOENT.*no such file or directory.*cb_fail/);
    expect(thrownBy(() => open(EACCES, -(2 ** 31)))).toMatchObject({ code: 'EACCES', errno: -EACCES });
    expect(errno()).toBe(EACCES);
  });

  test("'nonzero'", () => {
    const run = failing('fail', ['i32', 'i32'], 'i32', 'nonzero');
    expect(run(EPERM, 0)).toBe(0);
    for (const result of [1, -1]) expect(thrownBy(() => run(EPERM, result))).toMatchObject({ code: 'EPERM' });
  });

  test("'null', of addresses and strings", () => {
    for (const returns of ['ptr', 'CString']) {
      const find = failing('fail_null', ['i32'], returns, 'null');
      expect(thrownBy(() => find(EINTR))).toMatchObject({ code: 'EINTR', syscall: 'cb_fail_null' });
    }
    const apply = failing('apply_pointer', ['callback', 'ptr'], 'ptr', 'null');
    withCallback(
      (value: number) => value,
      { args: ['ptr'], returns: 'ptr' },
      (callback) => {
        expect(apply(callback, 4096)).toBe(4096);
        errno(0);
        expect(thrownBy(() => apply(callback, 0))).toMatchObject({ syscall: 'cb_apply_pointer' });
      },
    );
  });

  test('a function that is given the result', () => {
    const seen: unknown[] = [];
    const test = (result: number) => (seen.push(result), Number.isNaN(result));
    const real = failing('fail_real', ['i32', 'f64'], 'f64', test);
    expect(real(EPERM, 0.5)).toBe(0.5);
    expect(thrownBy(() => real(EPERM, NaN))).toMatchObject({ code: 'EPERM', syscall: 'cb_fail_real' });
    expect(seen).toEqual([0.5, NaN]);
    const thrown = new Error('of the test');
    const bad = failing('fail', ['i32', 'i32'], 'i32', () => {
      throw thrown;
    });
    expect(thrownBy(() => bad(EPERM, 0))).toBe(thrown);
  });

  test("an error of a callback comes before the result's", () => {
    const error = new Error('callback');
    const after = failing('fail_after', ['callback', 'i32'], 'i32', () => true);
    const throwing = () => {
      throw error;
    };
    withCallback(throwing, { returns: 'i32' }, (callback) =>
      expect(thrownBy(() => after(callback, EPERM))).toBe(error),
    );
  });

  test('errno 0 and unknown numbers', () => {
    const run = failing('fail', ['i32', 'i32'], 'i32', 'nonzero');
    expect(thrownBy(() => run(0, 1))).toMatchObject({
      message: 'UNKNOWN: cb_fail has failed with 1 and left errno 0',
      code: 'UNKNOWN',
      errno: 0,
      syscall: 'cb_fail',
      result: 1,
    });
    const unknown = thrownBy(() => run(54321, 1)) as { code: string; errno: number };
    expect(unknown.errno).toBe(-54321);
    expect(unknown.code).toContain('54321');
  });

  test('the C name, where the key is another', () => {
    const { other } = functions(null, {
      other: { symbol: 'chdir', args: ['CString'], returns: 'int', throws: 'negative' },
    }).symbols;
    const error = thrownBy(() => other!('/no/such/directory'));
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'chdir', errno: -2 });
  });

  test('where it cannot be, or is none of them', () => {
    for (const [returns, throws] of [
      ['u32', 'negative'],
      ['ptr', 'negative'],
      ['void', 'nonzero'],
      ['CString', 'nonzero'],
      ['i32', 'null'],
      ['i32', 'zero'],
      ['i32', 1],
      ['i32', null],
      ['i32', true],
    ]) {
      const label = `${String(returns)} ${String(throws)}`;
      const made = outcome(() => failing('fail', [], returns, throws));
      expect(`${label}: ${made}`).toBe(`${label}: ${wrongDefinition}`);
    }
  });
});
