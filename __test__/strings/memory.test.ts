import { describe, expect, test } from '@jest/globals';
import { CFunction, CString, disposable, dlopen, ffi, free, read, readMemory, strdup, strndup } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, outOfRange, wrongType } from '../types/refusal';

const allocator = dlopen(fixture, {
  string_delete: { args: ['ptr'] },
  string_live: { returns: 'i32' },
  string_freed_null: { returns: 'i32' },
}).symbols;

describe('disposable', () => {
  const deleter = CFunction({ args: ['ptr'], ptr: allocator.string_delete });

  test.each([
    ['a symbol', allocator.string_delete],
    ['a CFunction', deleter],
    ['an address', allocator.string_delete.ptr],
    ['an address as a bigint', BigInt(allocator.string_delete.ptr)],
  ])('%s frees every string once', (_, deallocator) => {
    const type = disposable('CString', deallocator);
    const { symbols } = dlopen(fixture, { string_new: { args: ['CString'], returns: type } });
    const before = allocator.string_live();
    for (const text of ['text', 'text', '', 'é'.repeat(1000), 'text'])
      expect(symbols.string_new(text)).toBe(text);
    expect(allocator.string_live()).toBe(before);
    expect([symbols.string_new.length, symbols.string_new.name]).toEqual([1, 'string_new']);
  });

  test.each(['CString', 'cstring', 's', CString] as const)('%p', (name) => {
    const { symbols } = dlopen(fixture, {
      string_new: { args: ['CString'], returns: disposable(name, allocator.string_delete) },
    });
    expect(symbols.string_new('text')).toBe('text');
  });

  test('NULL is null, and is not freed', () => {
    const { symbols } = dlopen(fixture, {
      string_new_null: { returns: disposable('CString', allocator.string_delete) },
    });
    const before = allocator.string_freed_null();
    expect(symbols.string_new_null()).toBeNull();
    expect(allocator.string_freed_null()).toBe(before);
  });

  test('10 MB', () => {
    const { symbols } = dlopen(fixture, {
      string_new_long: { args: ['size_t'], returns: disposable('CString', allocator.string_delete) },
    });
    const before = allocator.string_live();
    expect(symbols.string_new_long(10_000_000)!.length).toBe(10_000_000);
    expect(allocator.string_live()).toBe(before);
  });

  test("C's own free, of a CFunction", () => {
    const libc = dlopen(null, {
      free: { args: ['ptr'] },
      strdup: { args: ['CString'], returns: 'ptr' },
    }).symbols;
    const duplicate = CFunction({
      args: ['CString'],
      returns: disposable('CString', libc.free),
      ptr: libc.strdup,
    });
    expect(duplicate('copied')).toBe('copied');
    duplicate.close();
    expect(outcome(() => duplicate('copied'))).toBe('FFIError ERR_FFI_CLOSED');
  });

  test('what is no code is refused when the library is loaded', () => {
    const load = (deallocator: unknown) =>
      dlopen(fixture, {
        no_such_symbol: {},
        string_null: { returns: disposable('CString', deallocator as never) },
      });
    expectAll(labelled(0, 8, null, -1), load, 'FFIError ERR_FFI_INVALID_POINTER');
    expectAll(
      labelled(() => 1, 'free', {}, Symbol('free'), true),
      load,
      wrongType,
    );
    const block = strdup('no code');
    expect(outcome(() => load(block))).toBe('FFIError ERR_FFI_INVALID_POINTER');
    free(block);
  });

  test.each([[undefined], [null], [0], [8], [-1], [Buffer.alloc(8)]])('%p is refused at once', (free) => {
    expect(outcome(() => disposable('CString', free as never))).toBe('FFIError ERR_FFI_INVALID_POINTER');
  });

  test('in the raw bridge', async () => {
    const handle = ffi.load(fixture);
    const type = disposable('CString', allocator.string_delete);
    const before = allocator.string_live();
    expect(ffi.callMixed(handle, 'string_new', 's', type, [], ['one'])).toBe('one');
    ffi.defineFunction(handle, 'string_new', 's', type);
    expect(ffi.callBySig(handle, 'string_new', [], ['two'])).toBe('two');
    const address = ffi.getSymbolPtr(handle, 'string_new');
    expect(ffi.callPtr(address, 's', type, [], ['three'])).toBe('three');
    expect(await ffi.callAsync(handle, 'string_new', 's', type, [], ['four'])).toBe('four');
    expect(await ffi.callPtrAsync(address, 's', type, [], ['five'])).toBe('five');
    expect(allocator.string_live()).toBe(before);
    const kept = ffi.callMixed(handle, 'string_new', 's', 'ptr', [], ['kept']) as number;
    expect(ffi.callMixed(handle, 'string_new', 's', 's', [], ['left'])).toBe('left');
    expect(allocator.string_live()).toBe(before + 2);
    allocator.string_delete(kept);
    ffi.close(handle);
  });

  test('is for results alone', () => {
    const args = [disposable('CString', allocator.string_delete)];
    expect(outcome(() => dlopen(fixture, { noop: { args } } as never))).toBe(
      'TypeError ERR_FFI_INVALID_TYPE',
    );
  });
});

describe('new CString', () => {
  const text = 'héllo wörld €';
  const block = strdup(text);

  test('to the NUL', () => {
    const string = new CString(block);
    expect([String(string), string.toString(), `${string as unknown as string}`]).toEqual([text, text, text]);
    expect([string.length, string.byteLength, string.ptr]).toEqual([
      text.length,
      Buffer.byteLength(text),
      block,
    ]);
    expect(JSON.stringify({ string })).toBe(JSON.stringify({ string: text }));
  });

  test('with an offset, and a length in bytes', () => {
    expect(String(new CString(block, 7))).toBe('wörld €');
    expect(new CString(block, 7).ptr).toBe(block + 7);
    expect(String(new CString(block, 7, 6))).toBe('wörld');
    expect(String(new CString(block, 0, 0))).toBe('');
    expect(String(new CString(block, undefined, 6))).toBe('héllo');
    expect(String(new CString(block + 7, -7, 1))).toBe('h');
    expect(new CString(block, 7, 6).length).toBe(5);
  });

  test('exactly so many bytes, a NUL and what is no UTF-8 included', () => {
    const bytes = Buffer.from('ab\0c\xff', 'latin1');
    const string = new CString(bytes, 0, 5);
    expect([String(string), string.length, string.byteLength]).toEqual(['ab\0c\ufffd', 5, 5]);
    expect(String(new CString(bytes))).toBe('ab');
    expect(String(new CString(Buffer.from('é'), 0, 1))).toBe('\ufffd');
  });

  test('arrayBuffer is a copy', () => {
    const string = new CString(block);
    const copy = string.arrayBuffer;
    expect(Buffer.from(copy).toString()).toBe(text);
    new Uint8Array(copy).fill(0x21);
    expect(String(string)).toBe(text);
    expect(Buffer.from(string.arrayBuffer).toString()).toBe(text);
  });

  test('outlives the memory, whose bytes it copied', () => {
    const other = strdup('gone');
    const string = new CString(other);
    free(other);
    expect([String(string), string.length, string.ptr]).toEqual(['gone', 4, other]);
  });

  test.each([null, undefined, 0, 0n])('%p is empty', (pointer) => {
    for (const string of [new CString(pointer), new CString(pointer, 5), new CString(pointer, 0, 5)]) {
      expect([String(string), string.length, string.byteLength, string.ptr]).toEqual(['', 0, 0, 0]);
      expect(string.arrayBuffer.byteLength).toBe(0);
    }
  });

  test('wrong values', () => {
    expectAll(labelled('text', true, {}, [], Symbol('s')), (value) => new CString(value as never), wrongType);
    expectAll(labelled(-2, 0.5, 2 ** 53), (value) => new CString(value as never), outOfRange);
    expectAll(labelled('1', null, {}), (value) => new CString(block, value as never), wrongType);
    expectAll(labelled('1', null, {}), (value) => new CString(block, 0, value as never), wrongType);
    expectAll(labelled(-1, 0.5, NaN, Infinity), (value) => new CString(block, 0, value as never), outOfRange);
    expectAll(
      labelled(8, 4096, -1),
      (value) => new CString(value as never),
      'FFIError ERR_FFI_INVALID_POINTER',
    );
    for (const readString of [(value: number) => new CString(value), read.cstring])
      expectMessage(() => readString(-1), '0xffffffffffffffff');
    expect(outcome(() => new CString(block, 0, 2 ** 40))).toBe('RangeError ERR_FFI_OUT_OF_BOUNDS');
  });

  test('with the same bytes, passed on as an argument', () => {
    const { string_length } = dlopen(fixture, {
      string_length: { args: ['CString'], returns: 'size_t' },
    }).symbols;
    expect(string_length(new CString(block))).toBe(Buffer.byteLength(text));
    expect(string_length(new CString(block, 7))).toBe(Buffer.byteLength(text) - 7);
  });
});

describe('strdup and strndup', () => {
  test.each(['', 'text', 'é€💥', 'x'.repeat(100_000)])('%p', (text) => {
    const block = strdup(text);
    expect(block).toBeGreaterThan(0);
    expect(String(new CString(block))).toBe(text);
    expect(read.u8(block, Buffer.byteLength(text))).toBe(0);
    free(block);
  });

  test.each([
    ['text', 0, ''],
    ['text', 2, 'te'],
    ['text', 4, 'text'],
    ['text', 1000, 'text'],
    ['aé€💥', 1, 'a'],
    ['aé€💥', 2, 'a'],
    ['aé€💥', 3, 'aé'],
    ['aé€💥', 5, 'aé'],
    ['aé€💥', 6, 'aé€'],
    ['aé€💥', 9, 'aé€'],
    ['aé€💥', 10, 'aé€💥'],
    ['\ud800', 3, '\ufffd'],
  ])('%p cut to %i bytes is %p', (text, bytes, result) => {
    const block = strndup(text, bytes);
    const size = Buffer.byteLength(result);
    expect(Buffer.from(readMemory(block, size + 1)).toString()).toBe(`${result}\0`);
    free(block);
  });

  test('two blocks of the same text are two', () => {
    const [one, two] = [strdup('text'), strdup('text')];
    expect(one).not.toBe(two);
    free(one);
    expect(String(new CString(two))).toBe('text');
    free(two);
  });

  test('lone surrogates become U+FFFD', () => {
    const block = strdup('a\ud800');
    expect(String(new CString(block))).toBe('a\ufffd');
    free(block);
  });

  test('wrong values', () => {
    const values = labelled(null, undefined, 1, true, {}, [], Symbol('s'), Object('text'), 'a\0b', '\0');
    expectAll(values, (value) => strdup(value as never), wrongType);
    expectAll(values, (value) => strndup(value as never, 1), wrongType);
    expectAll(labelled(null, undefined, '1', {}), (bytes) => strndup('text', bytes as never), wrongType);
    expectAll(labelled(-1, 0.5, NaN, Infinity), (bytes) => strndup('text', bytes as never), outOfRange);
    expectMessage(() => strdup('a\0b'), 'strdup', 'NUL');
  });
});
