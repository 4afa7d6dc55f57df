// What goes to callbacks of other threads and comes back: every kind of value, and errno.
import { describe, expect, test } from '@jest/globals';
import { array, dlopen, errno, JSCallback, Struct } from 'arkffi';
import { constants } from 'node:os';
import { fixture } from '../support/fixture';

const { ENOENT, EAGAIN, EINTR } = constants.errno;
const Small = Struct({ x: 'f64', n: 'i32' });
const Large = Struct({ values: array('i64', 6) });
const kinds = ['i8', 'u16', 'f32', 'i64', 'bool', 'f64', 'u64', 'i32', 'i32', 'i32', 'f32'] as const;

const returned = { args: ['callback'], returns: 'bool' } as const;
const withErrno = { symbol: 'th_errno', args: ['callback', 'i32'], returns: 'i32' } as const;
const texts = { symbol: 'th_texts', args: ['callback', 'i32', 'i32'], returns: 'i32' } as const;
const { symbols } = dlopen(fixture, {
  structs: { symbol: 'th_structs', ...returned },
  structsPumped: { symbol: 'th_structs', ...returned, pump: true },
  small: { symbol: 'th_small', ...returned },
  smallPumped: { symbol: 'th_small', ...returned, pump: true },
  kinds: { symbol: 'th_kinds', ...returned },
  kindsPumped: { symbol: 'th_kinds', ...returned, pump: true },
  texts,
  textsPumped: { ...texts, pump: true },
  errno: withErrno,
  errnoPumped: { ...withErrno, pump: true },
  fail: { symbol: 'th_fail', args: ['i32'], returns: 'i32' },
});

type Way = 'pump' | 'async';
const ways: Way[] = ['pump', 'async'];

describe.each(ways)('from another thread, under %s', (way) => {
  const pumped = way === 'pump';

  test('structs by value, in and out', async () => {
    const seen: unknown[] = [];
    using callback = new JSCallback(
      (small, large, last) => {
        seen.push(small, large, last);
        return { values: [small.n, last.n, large.values[5]!, 30, 40, 50] };
      },
      { args: [Small, Large, Small], returns: Large },
    );
    expect(pumped ? symbols.structsPumped(callback) : await symbols.structs.async(callback)).toBe(true);
    expect(seen).toEqual([
      { x: 0.5, n: -7 },
      { values: [1, 2, 3, 4, 5, 2n ** 63n - 1n] },
      { x: -1.25, n: -(2 ** 31) },
    ]);
  });

  test('structs in registers come back', async () => {
    using callback = new JSCallback(
      ({ values }) =>
        Small.create({ x: values.reduce((sum: number, value) => sum + Number(value), 0.5), n: 6 }),
      { args: [Large], returns: Small },
    );
    expect(pumped ? symbols.smallPumped(callback) : await symbols.small.async(callback)).toBe(true);
  });

  test('scalars of every size, some of them on the stack', async () => {
    const seen: unknown[] = [];
    using callback = new JSCallback((...values) => (seen.push(...values), 0.125), {
      args: kinds,
      returns: 'f64',
    });
    expect(pumped ? symbols.kindsPumped(callback) : await symbols.kinds.async(callback)).toBe(true);
    expect(seen).toEqual([-128, 65535, 0.5, -(2n ** 63n), true, 1e300, 2n ** 64n - 1n, -1, -2, -3, 0.25]);
  });

  test('strings both ways, of eight threads at once', async () => {
    using callback = new JSCallback((text) => `<${text}>`, { args: ['CString'], returns: 'CString' });
    const wrong = pumped
      ? symbols.textsPumped(callback, 8, 500)
      : await symbols.texts.async(callback, 8, 500);
    expect(wrong).toBe(0);
  });

  test('errno of that thread is what the callback sees, and stays', async () => {
    const seen: number[] = [];
    using callback = new JSCallback(
      (value) => {
        seen.push(errno());
        symbols.fail(EINTR);
        return value;
      },
      { args: ['i32'], returns: 'i32' },
    );
    const call = async (before: number) =>
      pumped ? symbols.errnoPumped(callback, before) : symbols.errno.async(callback, before);
    expect([await call(ENOENT), await call(0), await call(EAGAIN)]).toEqual([ENOENT, 0, EAGAIN]);
    expect(seen).toEqual([ENOENT, 0, EAGAIN]);
  });

  test('errno(n) in the callback sets it there', async () => {
    using callback = new JSCallback((value) => (errno(value + 1), value), { args: ['i32'], returns: 'i32' });
    const call = async () =>
      pumped ? symbols.errnoPumped(callback, ENOENT) : symbols.errno.async(callback, ENOENT);
    expect(await call()).toBe(ENOENT + 1);
  });
});

test('a callback of another thread leaves errno of this one as it was', async () => {
  using callback = new JSCallback((value) => (errno(EAGAIN), value), { args: ['i32'], returns: 'i32' });
  symbols.fail(EINTR);
  expect(await symbols.errno.async(callback, ENOENT)).toBe(EAGAIN);
  expect(errno()).toBe(EINTR);
});
