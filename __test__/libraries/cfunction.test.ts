import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CFunction, dlopen, ffi, free, linkSymbols, malloc, strdup, disposable, toArrayBuffer } from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { access, mapPages, protectPages } from '../support/pages';

const library = dlopen(fixture, {
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  echo_string: { args: ['CString'], returns: 'CString' },
  noop: {},
  data_i32: { type: 'i32' },
});
const { add_i32 } = library.symbols;
const add = { args: ['i32', 'i32'], returns: 'i32' } as const;

describe('CFunction', () => {
  test.each<[string, Parameters<typeof CFunction>[0]['ptr']]>([
    ['a number', add_i32.ptr],
    ['a bigint', BigInt(add_i32.ptr)],
    ['a symbol', add_i32],
    ['another CFunction', CFunction({ ...add, ptr: add_i32 })],
    ['an object with ptr', { ptr: add_i32.ptr }],
  ])('by %s', (_, ptr) => {
    const call = CFunction({ ...add, ptr });
    expect(call(40, 2)).toBe(42);
    expect(call.ptr).toBe(add_i32.ptr);
    expect(call.length).toBe(2);
    call.close();
  });

  test('types are its own, and checked as those of a symbol', () => {
    const narrow = CFunction({ args: ['i8', 'i8'], returns: 'i8', ptr: add_i32 });
    expect(narrow(100, 100)).toBe(-56);
    expectError(() => narrow(200, 0), 'ERR_FFI_OUT_OF_RANGE', 'CFunction');
    expectError(() => (narrow as (...args: unknown[]) => unknown)(1), 'ERR_FFI_ARG_COUNT');
  });

  test('without args and returns it is void f(void)', () => {
    expect(CFunction({ ptr: library.symbols.noop })()).toBeUndefined();
  });

  test('variadic functions by address', () => {
    const { snprintf } = dlopen(null, { snprintf: {} }).symbols;
    const print = CFunction({ args: ['buffer', 'size_t', 'CString', '...'], returns: 'int', ptr: snprintf });
    const buffer = Buffer.alloc(32);
    expect(print(buffer, 32, '%d-%s-%.1f', ['int', 7], ['CString', 'x'], ['double', 2.5])).toBe(7);
    expect(buffer.toString('utf8', 0, 7)).toBe('7-x-2.5');
  });

  test('a string result with its deallocator', () => {
    const { strdup: duplicate, free: release } = dlopen(null, { strdup: {}, free: {} }).symbols;
    const call = CFunction({ args: ['CString'], returns: disposable('CString', release), ptr: duplicate });
    expect([call('text'), call('ü')]).toEqual(['text', 'ü']);
  });

  test('close: it refuses, others on the address go on, and close may be called again', () => {
    const [first, second] = [CFunction({ ...add, ptr: add_i32 }), CFunction({ ...add, ptr: add_i32 })];
    first.close();
    first.close();
    first[Symbol.dispose]();
    expectError(() => first(1, 2), 'ERR_FFI_CLOSED', 'CFunction');
    expectError(() => first.ptr, 'ERR_FFI_CLOSED');
    expect(second(1, 2)).toBe(3);
    expect(add_i32(1, 2)).toBe(3);
    second.close();
  });

  test('close from a getter that gives its argument', () => {
    const echo = CFunction({ args: ['ptr'], returns: 'ptr', ptr: library.symbols.echo_string });
    const closing = {
      get ptr() {
        echo.close();
        return 1;
      },
    };
    expectError(() => echo(closing), 'ERR_FFI_CLOSED');
  });

  test('it pins a library that C loaded, until it is closed', () => {
    const path = compile('libpinned.so', 'int pinned(void) { return 7; }');
    const isMapped = () => readFileSync('/proc/self/maps', 'latin1').includes('libpinned.so');
    const {
      dlopen: load,
      dlsym,
      dlclose,
    } = dlopen(null, {
      dlopen: { args: ['CString', 'int'], returns: 'ptr' },
      dlsym: { args: ['ptr', 'CString'], returns: 'ptr' },
      dlclose: { args: ['ptr'], returns: 'int' },
    }).symbols;
    const handle = load(path, 2);
    const pinned = CFunction({ returns: 'int', ptr: dlsym(handle, 'pinned') });
    expect(dlclose(handle)).toBe(0);
    expect(isMapped()).toBe(true);
    expect(pinned()).toBe(7);
    pinned.close();
    expect(isMapped()).toBe(false);
  });

  test('code that the program made itself', () => {
    const page = mapPages(1);
    Buffer.from([0xb8, 42, 0, 0, 0, 0xc3]).copy(Buffer.from(toArrayBuffer(page, 0, 6)));
    expectError(() => CFunction({ returns: 'int', ptr: page }), 'ERR_FFI_INVALID_POINTER');
    protectPages(page, 1, access.read | 4);
    if (process.arch === 'x64') expect(CFunction({ returns: 'int', ptr: page })()).toBe(42);
  });
});

describe('a definition that is wrong', () => {
  test.each<[string, unknown, RegExp]>([
    ['null', null, /object/],
    ['undefined', undefined, /object/],
    ['an array', [], /object/],
    ['an unknown type', { args: ['in32'], ptr: add_i32 }, /'int32'|'i32'/],
    ['void as an argument', { args: ['void'], ptr: add_i32 }, /void/],
    ['an unknown property', { arg: [], ptr: add_i32 }, /'args'/],
    ['a property of symbols', { symbol: 'x', ptr: add_i32 }, /'symbol'/],
  ])('%s', (_, def, message) => {
    expectError(() => CFunction(def as never), 'ERR_FFI_INVALID_TYPE', message);
    expectError(() => linkSymbols({ name: def } as never), 'ERR_FFI_INVALID_TYPE', message);
  });

  test('without ptr', () => {
    expectError(() => CFunction({} as never), 'ERR_FFI_INVALID_ARG_TYPE', 'ptr');
  });

  test.each([null, undefined, 1, [], 'x'])('linkSymbols(%p)', (defs) => {
    expectError(() => linkSymbols(defs as never), 'ERR_FFI_INVALID_TYPE');
  });
});

describe('addresses without code', () => {
  const block = malloc(64);
  const addresses: [string, unknown][] = [
    ['0', 0],
    ['0n', 0n],
    ['null', null],
    ['1', 1],
    ['16', 16],
    ['-1', -1],
    ['-1n', -1n],
    ['2^53-1', Number.MAX_SAFE_INTEGER],
    ['2^60', 2n ** 60n],
    ['2^64-1', 2n ** 64n - 1n],
    ['a block of the heap', block],
    ['a variable', library.symbols.data_i32],
    ['a page that can be read and written', mapPages(1)],
    ['a buffer', Buffer.alloc(16)],
    ['an ArrayBuffer', new ArrayBuffer(16)],
  ];

  test.each(addresses)('%s', (_, address) => {
    const ptr = address as number;
    expectError(() => CFunction({ ptr }), 'ERR_FFI_INVALID_POINTER');
    expectError(() => linkSymbols({ f: { ptr } }), 'ERR_FFI_INVALID_POINTER');
    expectError(() => ffi.callPtr(ptr, '', 'v', [], []), 'ERR_FFI_INVALID_POINTER');
    expectError(() => disposable('CString', ptr), 'ERR_FFI_INVALID_POINTER');
    // null is how a deallocator is left out.
    if (address !== null) expectError(() => toArrayBuffer(block, 0, 8, ptr), 'ERR_FFI_INVALID_POINTER');
  });

  test('a deallocator is checked again when it is used', () => {
    const deallocator = { ptr: add_i32.ptr };
    const returns = disposable('CString', deallocator);
    deallocator.ptr = 16;
    const open = () => dlopen(fixture, { no_such_symbol: { args: ['CString'], returns } });
    expectError(open, 'ERR_FFI_INVALID_POINTER');
    expectError(() => CFunction({ returns, ptr: add_i32 }), 'ERR_FFI_INVALID_POINTER');
  });

  test.each<[string, unknown]>([
    ['a string', 'add_i32'],
    ['true', true],
    ['a JavaScript function', () => 1],
    ['an object without ptr', {}],
    ['a symbol', Symbol('f')],
  ])('%s is no address', (_, ptr) => {
    expectError(() => CFunction({ ptr } as never), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => ffi.callPtr(ptr as never, '', 'v'), 'ERR_FFI_INVALID_ARG_TYPE');
  });

  test.each<[string, unknown]>([
    ['a fraction', 1.5],
    ['NaN', NaN],
    ['-2', -2],
    ['2^53', 2 ** 53],
    ['2^64', 2n ** 64n],
  ])('%s is out of the range of addresses', (_, ptr) => {
    expectError(() => CFunction({ ptr } as never), 'ERR_FFI_OUT_OF_RANGE');
  });
});

describe('linkSymbols', () => {
  test('several functions, closed one by one or together', () => {
    const linked = linkSymbols({
      add: { ...add, ptr: add_i32 },
      same: { args: ['u8', 'u8'], returns: 'u8', ptr: add_i32.ptr },
    });
    expect([linked.symbols.add(1, 2), linked.symbols.same(255, 2)]).toEqual([3, 1]);
    expect([linked.symbols.add.name, linked.symbols.add.length]).toEqual(['add', 2]);
    linked.symbols.same.close();
    expectError(() => linked.symbols.same(1, 2), 'ERR_FFI_CLOSED', 'same');
    expect(linked.symbols.add(1, 2)).toBe(3);
    linked.close();
    linked.close();
    expectError(() => linked.symbols.add(1, 2), 'ERR_FFI_CLOSED', 'add');
  });

  test('Symbol.dispose closes', () => {
    const linked = linkSymbols({ add: { ...add, ptr: add_i32 } });
    linked[Symbol.dispose]();
    expectError(() => linked.symbols.add(1, 2), 'ERR_FFI_CLOSED');
  });

  test('none', () => {
    expect(linkSymbols({}).symbols).toEqual({});
  });
});

test('strings made by strdup are freed by free', () => {
  const text = strdup('kept');
  expect(library.symbols.echo_string(text)).toBe('kept');
  free(text);
});
