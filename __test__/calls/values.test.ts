import { describe, expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import { fixture } from '../support/fixture';
import { outcome, wrongCount, wrongType } from '../types/refusal';

const { symbols } = dlopen(fixture, {
  value_same: { args: ['napi_value'], returns: 'napi_value' },
  value_none: { returns: 'napi_value' },
  value_number: { args: ['napi_env', 'f64'], returns: 'napi_value' },
  value_between: { args: ['i32', 'napi_env', 'CString', 'napi_value'], returns: 'napi_value' },
  value_call: { args: ['napi_env', 'napi_value', 'napi_value'], returns: 'napi_value' },
  value_throw: { args: ['napi_env', 'CString', 'CString'] },
  value_call_then_sum: {
    args: ['napi_env', 'napi_value', 'i8', 'f64', 'i64', 'f32'],
    returns: 'f64',
  },
  value_call_then_text: { args: ['napi_env', 'napi_value', 'CString'], returns: 'CString' },
  value_hook: { args: ['napi_env', 'napi_value'] },
  value_hooked: { args: ['napi_env', 'CString', 'CString'], returns: 'CString' },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
});

/** Runs an action in every call of `value_hooked`. */
const hook = (action: () => void) => symbols.value_hook(action);

describe('napi_value', () => {
  const object = { a: 1 };
  const values = [
    object,
    undefined,
    null,
    0,
    NaN,
    'text',
    '',
    'a\0b',
    true,
    10n ** 30n,
    Symbol('s'),
    () => 1,
    [1],
  ];

  test.each(values)('%p comes back as it is', (value) => expect(symbols.value_same(value)).toBe(value));

  test('NULL is undefined', () => expect(symbols.value_none()).toBeUndefined());

  test('the environment is filled in', () => {
    expect([symbols.value_number.length, symbols.value_between.length, symbols.value_call.length]).toEqual([
      1, 3, 2,
    ]);
    expect(symbols.value_number(1.5)).toBe(1.5);
    expect(symbols.value_between(-7, 'text', object)).toBe('-7 text 1');
    expect(symbols.value_between(8, 'é', undefined)).toBe('8 é 1');
  });

  test('counts and kinds are checked as always', () => {
    expect(outcome(() => (symbols.value_number as (...args: unknown[]) => unknown)())).toBe(wrongCount);
    expect(outcome(() => (symbols.value_number as (...args: unknown[]) => unknown)(undefined, 1))).toBe(
      wrongCount,
    );
    expect(outcome(() => symbols.value_between('1' as never, 'text', 1))).toBe(wrongType);
    expect(outcome(() => symbols.value_between(1, 'a\0b', 1))).toBe(wrongType);
    expect(() => symbols.value_between(1, Symbol('s') as never, 1)).toThrow(
      /value_between: args\[1\] \(const char\*\)/,
    );
  });
});

describe('JavaScript called from C', () => {
  test('gets its argument and gives its result', () => {
    expect(symbols.value_call((value: number) => value * 2, 21)).toBe(42);
    expect(symbols.value_call((value: unknown) => value, symbols)).toBe(symbols);
  });

  test('an exception surfaces from the call', () => {
    const failure = new Error('mine');
    const thrower = () => {
      throw failure;
    };
    expect(() => symbols.value_call(thrower, 0)).toThrow(failure);
    expect(() => symbols.value_call_then_sum(thrower, 1, 2, 3, 4)).toThrow(failure);
    expect(() => symbols.value_call_then_text(thrower, 'text')).toThrow(failure);
    expect(symbols.value_call_then_text(() => 0, 'text')).toBe('text');
  });

  test('an exception that C throws is an Error with its code', () => {
    const wanted = expect.objectContaining({ name: 'Error', code: 'E_MINE', message: 'from C' });
    expect(() => symbols.value_throw('E_MINE', 'from C')).toThrow(wanted as never);
    expect(() => symbols.value_throw('E_MINE', 'from C')).toThrow(wanted as never);
    expect(symbols.add_i32(1, 2)).toBe(3);
  });

  test('an exception can be caught between two calls into C', () => {
    const catching = () => {
      try {
        symbols.value_throw('E_INNER', 'inner');
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'nothing';
    };
    expect(symbols.value_call(catching, 0)).toBe('E_INNER');
  });
});

describe('re-entrancy: the same function again, from within', () => {
  test('numbers', () => {
    const sums: number[] = [];
    const inner = () => {
      sums.push(symbols.value_call_then_sum(() => symbols.add_i32(9, 9), -100, 0.25, 2n ** 40n, 0.5));
      sums.push(symbols.add_i32(5, 6));
    };
    expect(symbols.value_call_then_sum(inner, 1, 2.5, 2n ** 33n, 4.5)).toBe(2 ** 33 + 8);
    expect(sums).toEqual([2 ** 40 - 99.25, 11]);
  });

  test('bigints outside, numbers inside, and the other way round', () => {
    const inner = () => symbols.value_call_then_sum(() => 0, 1, 1, 1, 1);
    expect(symbols.value_call_then_sum(inner, 0, 0, 2n ** 62n, 0)).toBe(2 ** 62);
    const bigInner = () => symbols.value_call_then_sum(() => 0, 0, 0, -(2n ** 62n), 0);
    expect(symbols.value_call_then_sum(bigInner, 1, 2, 3, 4)).toBe(10);
  });

  test('many levels', () => {
    const nested = (depth: number): number =>
      symbols.value_call_then_sum(() => void (depth > 0 && nested(depth - 1)), depth, depth / 2, depth, 0.5);
    expect(nested(50)).toBe(125.5);
  });

  test('strings that are arguments', () => {
    const inner: (string | null)[] = [];
    const texts = ['short', 'x'.repeat(100), 'y'.repeat(5000), 'é€💥', ''];
    for (const outer of texts) {
      for (const text of texts) {
        const call = () => inner.push(symbols.value_call_then_text(() => 0, text));
        expect(symbols.value_call_then_text(call, outer)).toBe(outer);
        expect(inner.pop()).toBe(text);
      }
    }
  });

  test('strings that are kept for the next call', () => {
    const inner: (string | null)[] = [];
    hook(() => {});
    expect(symbols.value_hooked('a', 'b')).toBe('a|b');
    hook(() => {
      hook(() => {});
      inner.push(
        symbols.value_hooked('c', 'd'),
        symbols.value_hooked('c', 'd'),
        symbols.value_hooked('a', 'd'),
      );
    });
    expect(symbols.value_hooked('a', 'b')).toBe('a|b');
    expect(inner).toEqual(['c|d', 'c|d', 'a|d']);
    expect(symbols.value_hooked('a', 'd')).toBe('a|d');
    expect(symbols.value_hooked('a', 'b')).toBe('a|b');
  });

  test('strings that are kept, where the inner call fails', () => {
    const outcomes: string[] = [];
    hook(() => {
      hook(() => {});
      outcomes.push(outcome(() => symbols.value_hooked('c', 'x\0y')));
    });
    expect(symbols.value_hooked('a', 'b')).toBe('a|b');
    expect(outcomes).toEqual([wrongType]);
    expect(symbols.value_hooked('c', 'b')).toBe('c|b');
    expect(symbols.value_hooked('a', 'b')).toBe('a|b');
    expect(symbols.value_hooked('a', 'b')).toBe('a|b');
  });

  test('a result that the inner call gave as well', () => {
    const results: (string | null)[] = [];
    hook(() => {
      hook(() => {});
      results.push(symbols.value_hooked('same', 'text'));
    });
    results.push(symbols.value_hooked('same', 'text'), symbols.value_hooked('other', 'text'));
    expect(results).toEqual(['same|text', 'same|text', 'other|text']);
  });
});
