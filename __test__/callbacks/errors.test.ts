// Errors of callbacks: they surface from the call of C that made them, and C gets zero.
import { describe, expect, test } from '@jest/globals';
import { CFunction, ffi } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { Struct } from '../structs/loose';
import { bind, JSCallback, thrownBy, withCallback } from './loose';

const get = bind('get', ['callback'], 'i32');
const sum = bind('sum', ['callback', 'i32'], 'i64');
const run = bind('run', ['callback']);

function throwing(value: unknown): () => never {
  return () => {
    throw value;
  };
}

describe('what is thrown', () => {
  class Own extends Error {}
  const frozen = Object.freeze(new Error('frozen'));

  test.each<[string, unknown]>([
    ['an Error', new Error('thrown')],
    ['an error of an own class', new Own('own')],
    ['a frozen error', frozen],
    ['a TypeError with a code', Object.assign(new TypeError('own'), { code: 'ERR_OWN' })],
    ['an object', { code: 'ERR_FFI_CALLBACK' }],
    ['null', null],
    ['undefined', undefined],
    ['a number', 0],
    ['NaN', NaN],
    ['a string', ''],
    ['false', false],
    ['a symbol', Symbol('thrown')],
    ['a bigint', 0n],
    ['a function', () => {}],
    ['a proxy that throws', new Proxy({}, { get: throwing('got'), has: throwing('has') })],
    ['a promise', Promise.resolve(1)],
  ])('%s surfaces as it is', (_, value) => {
    for (const returns of ['i32', 'void']) {
      withCallback(throwing(value), { returns }, (callback) => {
        const thrown = thrownBy(() => get(callback));
        expect(Object.is(thrown, value)).toBe(true);
        expect(
          Object.is(
            thrownBy(() => callback.call()),
            value,
          ),
        ).toBe(true);
      });
    }
  });

  test('it surfaces from every kind of call', () => {
    const error = new Error('thrown');
    const def = { args: ['callback'], returns: 'i32' } as const;
    const handle = ffi.load(fixture);
    withCallback(throwing(error), { returns: 'i32' }, (callback) => {
      const pointer = CFunction({ ...def, ptr: get });
      for (const call of [
        () => pointer(callback as never),
        () => ffi.callMixed(handle, 'cb_get', 'k', 'i', [callback as never]),
        () => ffi.callPtr(get.ptr, ['callback'], 'i', [callback as never]),
        () => bind('get', ['callback'], 'i32', { throws: 'nonzero' })(callback),
        () => bind('get', ['callback'], 'i32', { pump: true })(callback),
      ]) {
        expect(thrownBy(call)).toBe(error);
      }
    });
    ffi.close(handle);
  });

  test('the next call has nothing of it', () => {
    const failing = new JSCallback(throwing(new Error('once')), { returns: 'i32' });
    const working = new JSCallback(() => 42, { returns: 'i32' });
    for (let round = 0; round < 100; round++) {
      expect(() => get(failing)).toThrow('once');
      expect(get(working)).toBe(42);
    }
    failing.close();
    working.close();
  });
});

describe('C goes on with zero', () => {
  const results: [string, string, unknown][] = [
    ...['bool', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64'].map(
      (type): [string, string, unknown] => [type, type, 7],
    ),
    ['f32', 'f32', 0.5],
    ['f64', 'f64', 0.5],
    ['ptr', 'pointer', 4096],
    ['CString', 'pointer', 'text'],
    ['callback', 'pointer', 4096],
  ];
  test.each(results)('%s', (returns, machine) => {
    const store = bind(`store_${machine}`, ['callback', 'ptr']);
    for (const fn of [throwing(new Error('thrown')), () => Symbol('wrong')]) {
      const bytes = Buffer.alloc(8);
      const size = { bool: 1, i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4 }[machine] ?? 8;
      bytes.fill(0x55, 0, size);
      withCallback(fn, { returns }, (callback) => thrownBy(() => store(callback, bytes)));
      expect(bytes).toEqual(Buffer.alloc(8));
    }
  });

  test('it may call on, other callbacks run, and its result is not given', () => {
    const seen: number[] = [];
    const error = new Error('at 2');
    const answer = (index: number) => {
      seen.push(index);
      if (index === 2) throw error;
      return index;
    };
    withCallback(answer, { args: ['i32'], returns: 'i32' }, (callback) => {
      expect(thrownBy(() => sum(callback, 5))).toBe(error);
    });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('several errors in one call', () => {
  const numbered = { args: ['i32'], returns: 'i32' };

  test('the first surfaces, with the others in suppressed', () => {
    const errors = Array.from({ length: 5 }, (_, index) => (index === 3 ? 'text' : new Error(`${index}`)));
    const answer = (index: number) => throwing(errors[index])();
    withCallback(answer, numbered, (callback) => {
      expect(thrownBy(() => sum(callback, 5))).toBe(errors[0]);
      expect((errors[0] as { suppressed?: unknown }).suppressed).toEqual(errors.slice(1));
    });
  });

  test('one error has no suppressed', () => {
    const error = new Error('alone');
    withCallback(throwing(error), numbered, (callback) =>
      expect(thrownBy(() => sum(callback, 1))).toBe(error),
    );
    expect('suppressed' in error).toBe(false);
  });

  test.each<[string, unknown]>([
    ['a frozen error', Object.freeze(new Error('frozen'))],
    ['a string', 'text'],
    ['null', null],
    ['undefined', undefined],
    ['a proxy that refuses', new Proxy(new Error('proxy'), { defineProperty: throwing('refused') })],
  ])('%s that cannot carry the others surfaces alone', (_, first) => {
    const answer = (index: number) => throwing(index === 0 ? first : new Error('second'))();
    withCallback(answer, numbered, (callback) => {
      expect(
        Object.is(
          thrownBy(() => sum(callback, 3)),
          first,
        ),
      ).toBe(true);
    });
  });

  test('the same error twice', () => {
    const error = new Error('again');
    withCallback(throwing(error), numbered, (callback) => {
      expect(thrownBy(() => sum(callback, 2))).toBe(error);
      expect(thrownBy(() => sum(callback, 1))).toBe(error);
    });
    expect('suppressed' in error).toBe(false);
  });

  test('those that an inner call left stay with the first, and its own do too', () => {
    const own = Object.assign(new Error('own'), { suppressed: 'its own' });
    const inner = { args: ['i32'], returns: 'i32' };
    const errors = ['0', '1', '2', '3'].map((name) => new Error(name));
    withCallback(
      (index: number) => throwing(errors[index] ?? own)(),
      inner,
      (callback) => {
        const outer = (index: number) =>
          index === 0 ? Number(sum(callback, 2)) : throwing(errors[index + 1])();
        withCallback(outer, inner, (again) => expect(thrownBy(() => sum(again, 3))).toBe(errors[0]));
        expect((errors[0] as { suppressed?: unknown }).suppressed).toEqual(errors.slice(1));
      },
    );
    const answer = (index: number) => throwing(index === 0 ? own : errors[index])();
    withCallback(answer, inner, (callback) => {
      expect(thrownBy(() => sum(callback, 2))).toBe(own);
      expect(own.suppressed).toEqual(['its own', errors[1]]);
    });
  });

  test('of values that do not convert', () => {
    withCallback(
      (index: number) => `${index}`,
      numbered,
      (callback) => {
        const first = thrownBy(() => sum(callback, 3)) as { suppressed: { code: string }[] };
        expect(first).toMatchObject({ code: 'ERR_FFI_CALLBACK' });
        expect(first.suppressed.map(({ code }) => code)).toEqual(['ERR_FFI_CALLBACK', 'ERR_FFI_CALLBACK']);
      },
    );
  });
});

describe('a value that does not convert', () => {
  const int32 = { returns: 'i32' };

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['null', null, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a string', '1', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a bigint', 1n, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an object', { valueOf: () => 1 }, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a Promise', Promise.resolve(1), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a fraction', 0.5, 'ERR_FFI_OUT_OF_RANGE'],
    ['NaN', NaN, 'ERR_FFI_OUT_OF_RANGE'],
    ['2^31', 2 ** 31, 'ERR_FFI_OUT_OF_RANGE'],
  ])('%s: ERR_FFI_CALLBACK, with the reason as its cause', (_, value, code) => {
    withCallback(
      () => value,
      int32,
      (callback) => {
        const message = expectError(() => get(callback), 'ERR_FFI_CALLBACK', 'int32_t');
        const { cause } = thrownBy(() => get(callback)) as { cause: Error };
        expect(cause).toMatchObject({ code });
        expect(message).toMatch(/callback/);
      },
    );
  });

  test('the message names the function and what it gave', () => {
    const def = { args: ['i32'], returns: 'u8' };
    const callback = new JSCallback(function compare() {
      return 256;
    }, def);
    expectError(() => callback.call(1), 'ERR_FFI_CALLBACK', /compare.*uint8_t.*256/);
    callback.close();
    withCallback(
      async () => 1,
      int32,
      (later) => expectError(() => get(later), 'ERR_FFI_CALLBACK', 'a Promise'),
    );
  });

  test('where C expects nothing, any value is ignored', () => {
    for (const value of [1, 'x', null, Symbol('s'), {}, Promise.resolve(), () => {}, 2n ** 80n]) {
      withCallback(
        () => value,
        {},
        (callback) => expect(run(callback)).toBeUndefined(),
      );
      withCallback(
        () => value,
        { returns: 'void' },
        (callback) => expect(callback.call()).toBeUndefined(),
      );
    }
  });

  test('a getter of a struct result that throws', () => {
    const error = new Error('getter');
    const bad = {
      get x() {
        throw error;
      },
    };
    withCallback(
      () => bad,
      { returns: Struct({ x: 'i32' }) },
      (callback) => {
        expect(thrownBy(() => callback.call())).toBe(error);
      },
    );
  });
});
