// Addresses of all kinds, enumerations and strings, as arguments and results of callbacks.
import { describe, expect, test } from '@jest/globals';
import { CFunction, malloc, free, OpaquePointer, read, strdup } from 'arkffi';
import { expectError } from '../support/errors';
import { array, enumeration, fn, opaque, pointer } from '../structs/loose';
import { badResult, outcome } from '../types/refusal';
import { bind, JSCallback, withCallback } from './loose';

/** Has C call a callback of one argument; what the callback got, and what C returned. */
function exchange(type: unknown, given: unknown, returned: unknown, machine = 'pointer') {
  const call = bind(`apply_${machine}`, ['callback', 'ptr'], 'ptr');
  let got: unknown;
  const answer = (value: unknown) => ((got = value), returned);
  const result = withCallback(answer, { args: [type], returns: type }, (callback) => call(callback, given));
  return [got, result];
}

describe.each([
  ['ptr', 'ptr'],
  ['pointer(i32)', pointer('i32')],
  ['callback', 'callback'],
])('%s', (_, type) => {
  test('arrives as a number, 0 for NULL, and a bigint from 2^53', () => {
    const top = 2n ** 64n - 1n;
    expect(exchange(type, 4096, 8192)).toEqual([4096, 8192]);
    expect(exchange(type, null, null)).toEqual([0, 0]);
    expect(exchange(type, 2n ** 53n, undefined)).toEqual([2n ** 53n, 0]);
    expect(exchange(type, -1, -1n)).toEqual([top, top]);
    expect(exchange(type, 2n ** 63n, top)).toEqual([2n ** 63n, top]);
  });

  test('results that are no address', () => {
    for (const wrong of ['text', 1.5, -2, true, Symbol('s'), {}, 2 ** 53, 2n ** 64n]) {
      expect(outcome(() => exchange(type, 0, wrong))).toBe(badResult);
    }
  });

  test('results with an address of their own', () => {
    const callback = new JSCallback(() => {});
    expect(exchange(type, 0, callback)[1]).toBe(callback.ptr);
    expect(exchange(type, 0, bind('run', ['callback']))[1]).toBe(bind('run', ['callback']).ptr);
    callback.close();
    expect(outcome(() => exchange(type, 0, callback))).toBe(badResult);
  });
});

test('a buffer as a result is kept, so that C may read it', () => {
  const [, address] = exchange('ptr', 0, Buffer.from([1, 2, 3]));
  expect([0, 1, 2].map((offset) => read.u8(address as number, offset))).toEqual([1, 2, 3]);
});

test('an array is no result', () => {
  const type = array('i32', 3);
  const call = bind('apply_pointer', ['callback', 'ptr'], 'ptr');
  withCallback(
    () => [7, 8, 9],
    { args: ['ptr'], returns: pointer('i32') },
    (callback) => {
      expect(outcome(() => call(callback, 0))).toBe(badResult);
    },
  );
  expect(outcome(() => new JSCallback(() => [7, 8, 9], { returns: type }))).toBe(
    'TypeError ERR_FFI_INVALID_TYPE',
  );
});

test('an array as an argument arrives as its address', () => {
  let got: unknown;
  withCallback(
    (address: unknown) => (got = address),
    { args: [array('i32', 3)] },
    (callback) => {
      const block = malloc(12);
      bind('apply_pointer', ['callback', 'ptr'], 'ptr')(callback, block);
      expect(got).toBe(block);
      free(block);
    },
  );
});

test('a function pointer as an argument can be called, and as a result be a function of C', () => {
  const Unary = fn({ args: ['i32'], returns: 'i32' });
  const call = bind('apply_pointer', ['callback', 'ptr'], 'ptr');
  const twice = new JSCallback((value: number) => value * 2, { args: ['i32'], returns: 'i32' });
  const run = (ptr: number) => CFunction({ args: ['i32'], returns: 'i32', ptr })(21);
  const results: number[] = [];
  const answer = (ptr: number) => (results.push(run(ptr)), twice);
  withCallback(answer, { args: [Unary], returns: Unary }, (callback) => {
    expect(call(callback, twice.ptr)).toBe(twice.ptr);
  });
  expect(results).toEqual([42]);
  const address = malloc(8);
  for (const wrong of [() => 1, address, 16]) {
    withCallback(
      () => wrong,
      { args: [Unary], returns: Unary },
      (callback) => {
        expect(outcome(() => call(callback, 0))).toBe(badResult);
      },
    );
  }
  free(address);
  twice.close();
});

test('an opaque pointer keeps its type', () => {
  const [File, Other] = [opaque('File'), opaque('Other')];
  let got: unknown;
  const answer = (value: unknown) => (got = value);
  withCallback(answer, { args: [File], returns: File }, (callback) => {
    expect(bind('apply_pointer', ['callback', 'ptr'], 'ptr')(callback, 4096)).toBe(4096);
    expect(got).toBeInstanceOf(OpaquePointer);
    expect((got as { ptr: number }).ptr).toBe(4096);
  });
  const file = got;
  withCallback(
    () => file,
    { args: [Other], returns: Other },
    (callback) => {
      const call = bind('apply_pointer', ['callback', 'ptr'], 'ptr');
      expectError(() => call(callback, 4096), 'ERR_FFI_CALLBACK', 'File');
    },
  );
});

test('an enumeration arrives as a number, and takes names', () => {
  const Color = enumeration({ red: 1, green: 2 });
  const call = bind('apply_i32', ['callback', 'i32'], 'i32');
  const got: unknown[] = [];
  const answers: unknown[] = ['green', 1, 77];
  withCallback(
    (value: unknown) => answers[got.push(value) - 1],
    { args: [Color], returns: Color },
    (callback) => {
      expect([call(callback, 1), call(callback, 2), call(callback, 33)]).toEqual([2, 1, 77]);
      expect(got).toEqual([1, 2, 33]);
      expectError(() => call(callback, 1), 'ERR_FFI_CALLBACK');
    },
  );
  withCallback(
    () => 'blue',
    { returns: Color },
    (callback) => {
      expectError(() => bind('get', ['callback'], 'i32')(callback), 'ERR_FFI_CALLBACK', 'blue');
    },
  );
});

describe('strings', () => {
  const equals = bind('string_equals', ['callback', 'CString', 'CString'], 'i32');

  test.each(['', 'text', 'ü€😀', 'x'.repeat(100_000)])('%.10p both ways', (text) => {
    const got: unknown[] = [];
    const answer = (value: unknown) => (got.push(value), `${text}!`);
    withCallback(answer, { args: ['CString'], returns: 'CString' }, (callback) => {
      expect(equals(callback, text, `${text}!`)).toBe(1);
    });
    expect(got).toEqual([text]);
  });

  test('NULL is null', () => {
    const got: unknown[] = [];
    for (const none of [null, undefined, 0, 0n]) {
      const answer = (value: unknown) => (got.push(value), none);
      withCallback(answer, { args: ['s'], returns: 's' }, (callback) => {
        expect(equals(callback, null, '')).toBe(-1);
      });
    }
    expect(got).toEqual([null, null, null, null]);
  });

  test('invalid UTF-8 becomes U+FFFD, and so do lone surrogates', () => {
    const got: unknown[] = [];
    withCallback(
      (value: unknown) => got.push(value),
      { args: ['CString'] },
      (callback) => {
        bind('string_bad', ['callback'])(callback);
      },
    );
    expect(got).toEqual(['a��b�']);
    withCallback(
      () => 'a\ud800b',
      { args: ['CString'], returns: 'CString' },
      (callback) => {
        expect(equals(callback, '', 'a�b')).toBe(1);
      },
    );
  });

  test('results may be buffers and addresses', () => {
    const block = strdup('block');
    for (const text of [Buffer.from('block\0'), block, BigInt(block)]) {
      withCallback(
        () => text,
        { args: ['CString'], returns: 'CString' },
        (callback) => {
          expect(equals(callback, '', 'block')).toBe(1);
        },
      );
    }
    free(block);
  });

  test('two results at once', () => {
    const joined = Buffer.alloc(64);
    withCallback(
      (index: number) => `part ${index}`,
      { args: ['i32'], returns: 'CString' },
      (callback) => {
        expect(bind('string_join', ['callback', 'ptr', 'size_t'], 'i32')(callback, joined, 64)).toBe(13);
      },
    );
    expect(joined.toString('utf8', 0, 13)).toBe('part 1|part 2');
  });

  test('results with a NUL or of another kind', () => {
    const bytes = bind('string_bytes', ['callback'], 'size_t');
    for (const wrong of ['a\0b', true, {}, Symbol('s'), 1.5]) {
      withCallback(
        () => wrong,
        { returns: 'CString' },
        (callback) => {
          expect(outcome(() => bytes(callback))).toBe(badResult);
        },
      );
    }
    withCallback(
      () => 'a\0b',
      { returns: 'CString' },
      (callback) => {
        expectError(() => bytes(callback), 'ERR_FFI_CALLBACK', 'NUL');
      },
    );
  });

  test('of wider characters', () => {
    const got: unknown[] = [];
    const args = ['string16', 'string32', 'wstring'];
    withCallback(
      (...texts: unknown[]) => got.push(texts),
      { args },
      (callback) => bind('wide', ['callback'])(callback),
    );
    expect(got).toEqual([
      ['ü😀', 'ü😀', 'ü😀'],
      ['a�b', '', null],
    ]);
    const texts = args.map((returns) => new JSCallback(() => 'ü😀', { returns }));
    const length = bind('wide_length', ['callback', 'callback', 'callback'], 'size_t');
    expect(length(...texts)).toBe(3 + 200 + 20000);
    texts.forEach((callback) => callback.close());
  });
});
