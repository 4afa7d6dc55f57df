// Plain functions as arguments of fn types: callbacks for the length of a call.
import { describe, expect, test } from '@jest/globals';
import { read } from 'arkffi';
import { expectError } from '../support/errors';
import { runProgram } from '../support/subprocess';
import { fn, functions, Struct, type Call } from '../structs/loose';
import { badResult, labelled, outcome } from '../types/refusal';
import { bind, JSCallback, thrownBy } from './loose';

const Unary = fn({ args: ['i32'], returns: 'i32' });
const applied = bind('with', [Unary, 'i32'], 'i32');
const sum = bind('sum', [Unary, 'i32'], 'i64');

test('arrow functions, methods, bound functions, anew for each call', () => {
  const object = {
    factor: 3,
    times(value: number) {
      return value * this.factor;
    },
  };
  expect(applied((value: number) => value + 1, 41)).toBe(42);
  expect(applied(object.times.bind(object), 14)).toBe(42);
  for (let round = 0; round < 1000; round++)
    expect(applied((value: number) => value + round, 1)).toBe(round + 1);
});

test('qsort of the C library', () => {
  const compare = fn({ args: ['ptr', 'ptr'], returns: 'int' });
  const { qsort } = functions(null, { qsort: { args: ['ptr', 'size_t', 'size_t', compare] } }).symbols as {
    qsort: Call;
  };
  const numbers = Int32Array.from({ length: 500 }, (_, index) => (index * 7919) % 1009);
  qsort(numbers, 500, 4, (left: number, right: number) => read.i32(left) - read.i32(right));
  expect([...numbers]).toEqual([...numbers].sort((left, right) => left - right));
  expect(numbers[0]).toBeLessThan(numbers[499]!);
});

test('errors surface, and values that do not convert are refused', () => {
  const error = new Error('thrown');
  const failing = () => {
    throw error;
  };
  expect(thrownBy(() => applied(failing, 1))).toBe(error);
  for (const [label, wrong] of labelled(undefined, null, '1', 0.5, Promise.resolve(1))) {
    expect(`${label}: ${outcome(() => applied(() => wrong, 1))}`).toBe(`${label}: ${badResult}`);
  }
  expectError(() => applied(async () => 1, 1), 'ERR_FFI_CALLBACK', 'Promise');
});

test('JSCallbacks, addresses and NULL are accepted too', () => {
  const callback = new JSCallback((value: number) => value * 2, { args: ['i32'], returns: 'i32' });
  expect([applied(callback, 4), applied(callback.ptr, 5)]).toEqual([8, 10]);
  callback.close();
  expectError(() => applied(callback, 4), 'ERR_FFI_CLOSED');
});

test('a type without a signature takes no functions', () => {
  for (const type of ['callback', 'ptr']) {
    expect(outcome(() => bind('with', [type, 'i32'], 'i32')(() => 1, 1))).toBe(
      'TypeError ERR_FFI_INVALID_ARG_TYPE',
    );
  }
});

test('a field of a struct takes none: it would be closed while C keeps the struct', () => {
  const Order = Struct({ compare: fn({ args: ['ptr', 'ptr'], returns: 'i32' }) });
  expect(outcome(() => Order.create({ compare: () => 1 }))).toBe('TypeError ERR_FFI_INVALID_ARG_TYPE');
  const compare = bind('compare_by', [Order, 'ptr', 'ptr'], 'i32');
  expect(outcome(() => compare({ compare: () => 1 }, 0, 0))).toBe('TypeError ERR_FFI_INVALID_ARG_TYPE');
});

test('the same function twice, and nested in itself', () => {
  const each = (value: number): number => (value === 0 ? 0 : value + (applied(each, value - 1) as number));
  expect(applied(each, 12)).toBe(78);
  const equal = bind(
    'wide_length',
    [fn({ returns: 'string16' }), fn({ returns: 'string32' }), fn({ returns: 'wstring' })],
    'size_t',
  );
  const text = () => 'abc';
  expect(equal(text, text, text)).toBe(30303);
});

test('where another argument is refused, nothing is left open', () => {
  const seen: number[] = [];
  const answer = (value: number) => (seen.push(value), value);
  expectError(() => applied(answer, 'x'), 'ERR_FFI_INVALID_ARG_TYPE', 'args[1]');
  expectError(() => applied(answer), 'ERR_FFI_ARG_COUNT');
  expect(seen).toEqual([]);
  expect(sum(answer, 3)).toBe(3);
});

describe('after the call', () => {
  const prelude = `
    const { dlopen, fn } = require(entry);
    const Unary = fn({ args: ['i32'], returns: 'i32' });
    const { cb_keep, cb_kept, cb_with } = dlopen(fixture, {
      cb_keep: { args: [Unary] },
      cb_kept: { args: ['i32'], returns: 'i32' },
      cb_with: { args: [Unary, 'i32'], returns: 'i32' },
    }).symbols;
    let calls = 0;`;

  test('C that has kept it gets zero, and a warning names where it was given', () => {
    const source = `${prelude}
      cb_keep(function keptByMistake(value) { calls++; return value; });
      console.log(cb_kept(5), cb_kept(6), calls);`;
    const { status, stdout, stderr } = runProgram(source);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0 0 0' });
    expect(stderr.match(/Warning/g)).toHaveLength(1);
    expect(stderr).toContain("'cb_keep: args[0]'");
  });

  test('also where the call has thrown', () => {
    const source = `${prelude}
      const failing = function failing() { calls++; throw new Error('thrown'); };
      assert.throws(() => cb_with(failing, 1), /thrown/);
      const keeping = function keeping(value) { calls++; throw new Error('again'); };
      const { cb_keep_and_call } = dlopen(fixture, {
        cb_keep_and_call: { args: [Unary, 'i32'], returns: 'i32' },
      }).symbols;
      assert.throws(() => cb_keep_and_call(keeping, 1), /again/);
      console.log(cb_kept(5), calls);`;
    const { status, stdout, stderr } = runProgram(source);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0 2' });
    expect(stderr).toContain("'cb_keep_and_call: args[0]'");
  });

  test('many calls need no more memory than some', () => {
    const source = `${prelude}
      function round(count) {
        for (let index = 0; index < count; index++) calls += cb_with((value) => value, 1);
        gc();
        const { rss, heapTotal, heapUsed } = process.memoryUsage();
        return { native: rss - heapTotal, heapUsed };
      }
      const before = round(150_000);
      const after = round(150_000);
      const grown = (what) => (after[what] - before[what]) / 2 ** 20;
      console.log(calls, grown('native') < 32, grown('heapUsed') < 8);`;
    const { status, stdout } = runProgram(source, { flags: ['--expose-gc'] });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '300000 true true' });
  });
});
