import { afterAll, describe, expect, test } from '@jest/globals';
import { pathToFileURL } from 'node:url';
import { CFunction, CString, dlopen, ffi, free, ref, strdup, type ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

const handle = ffi.load(fixture);
afterAll(() => ffi.close(handle));
const kind: ErrorCode = 'ERR_FFI_INVALID_ARG_TYPE';

describe('load and close', () => {
  test('two loads give two handles, closed one by one', () => {
    const [first, second] = [ffi.load(fixture), ffi.load(fixture)];
    expect(typeof first).toBe('bigint');
    expect(first).not.toBe(second);
    ffi.close(first);
    expectError(() => ffi.callMixed(first, 'add_i32', 'ii', 'i', [1, 2]), 'ERR_FFI_CLOSED', 'callMixed');
    expect(ffi.callMixed(second, 'add_i32', 'ii', 'i', [1, 2])).toBe(3);
    expect(ffi.close(first)).toBeUndefined();
    ffi.close(second);
    ffi.close(second);
  });

  test('a closed handle refuses everything', () => {
    const closed = ffi.load(fixture);
    ffi.defineFunction(closed, 'add_i32', 'ii', 'i');
    expect(ffi.callBySig(closed, 'add_i32', [1, 2])).toBe(3);
    ffi.close(closed);
    for (const use of [
      () => ffi.defineFunction(closed, 'noop', '', 'v'),
      () => ffi.callBySig(closed, 'add_i32', [1, 2]),
      () => ffi.callMixed(closed, 'add_i32', 'ii', 'i', [1, 2]),
      () => ffi.callString(closed, 'echo_string', 's', [], ['x']),
      () => ffi.getSymbolPtr(closed, 'add_i32'),
    ]) {
      expectError(use, 'ERR_FFI_CLOSED', 'has been closed');
    }
  });

  test('closes the CFunctions found by it, and leaves those of another handle', () => {
    const [first, second] = [ffi.load(fixture), ffi.load(fixture)];
    const add = { args: ['i32', 'i32'], returns: 'i32' } as const;
    const found = CFunction({ ...add, ptr: ffi.getSymbolPtr(first, 'add_i32') });
    const others = CFunction({ ...add, ptr: ffi.getSymbolPtr(second, 'add_i32') });
    ffi.close(first);
    expectError(() => found(1, 2), 'ERR_FFI_CLOSED', 'CFunction');
    expect(others(1, 2)).toBe(3);
    ffi.close(second);
    expectError(() => others(1, 2), 'ERR_FFI_CLOSED', 'CFunction');
  });

  test('paths are those of dlopen', () => {
    for (const path of ['m', 'libm.so.6', null, pathToFileURL(fixture)]) ffi.close(ffi.load(path));
    expectError(() => ffi.load('/no/such/library.so'), 'ERR_FFI_LIBRARY_LOAD', '/no/such/library.so');
    for (const path of ['', 'a\0b', 1, undefined, {}]) expectError(() => ffi.load(path as never), kind);
  });

  test('the handle of a dlopen library is one, and closes with it', () => {
    const library = dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } });
    expect(ffi.callMixed(library.handle, 'add_f64', 'dd', 'd', [1, 0.5])).toBe(1.5);
    ffi.close(library.handle);
    expectError(() => library.symbols.add_i32(1, 2), 'ERR_FFI_CLOSED');
    library.close();
  });

  test.each<[unknown]>([
    [0n],
    [-1n],
    [2n ** 64n],
    [999_999n],
    [1],
    ['1'],
    [null],
    [undefined],
    [{}],
    [Symbol('h')],
  ])('%p is no handle', (value) => {
    const bad = value as bigint;
    expectError(() => ffi.close(bad), kind, 'close');
    expectError(() => ffi.defineFunction(bad, 'noop', '', 'v'), kind, 'defineFunction');
    expectError(() => ffi.callBySig(bad, 'noop', [], []), kind, 'callBySig');
    expectError(() => ffi.callMixed(bad, 'noop', '', 'v', [], []), kind, 'callMixed');
    expectError(() => ffi.callString(bad, 'echo_string', 's', [], ['x']), kind);
    expectError(() => ffi.getSymbolPtr(bad, 'noop'), kind, 'getSymbolPtr');
  });
});

describe('defineFunction and callBySig', () => {
  test('types as letters or as a list', () => {
    ffi.defineFunction(handle, 'add_i32', 'ii', 'i');
    expect(ffi.callBySig(handle, 'add_i32', [1, 2], [])).toBe(3);
    ffi.defineFunction(handle, 'add_f64', ['double', 'f64'], 'double');
    expect(ffi.callBySig(handle, 'add_f64', [0.5, 0.25])).toBe(0.75);
    ffi.defineFunction(handle, 'noop', [], 'void');
    expect(ffi.callBySig(handle, 'noop')).toBeUndefined();
  });

  test('a later definition replaces the first; callMixed leaves it alone', () => {
    ffi.defineFunction(handle, 'echo_u8', ['u8'], 'u8');
    expect(ffi.callBySig(handle, 'echo_u8', [200])).toBe(200);
    ffi.defineFunction(handle, 'echo_u8', ['u8'], 'i8');
    expect(ffi.callBySig(handle, 'echo_u8', [200])).toBe(-56);
    expect(ffi.callMixed(handle, 'echo_u8', ['u8'], 'u8', [200])).toBe(200);
    expect(ffi.callBySig(handle, 'echo_u8', [200])).toBe(-56);
  });

  test('what is not defined on that handle is told', () => {
    const other = ffi.load(fixture);
    ffi.defineFunction(handle, 'add_i64', 'll', 'l');
    expect(() => ffi.callBySig(handle, 'sum8', [])).toThrow(/sum8.*defineFunction/);
    expectError(() => ffi.callBySig(other, 'add_i64', [1, 2]), kind, 'defineFunction');
    ffi.close(other);
  });

  test('a missing symbol: near names', () => {
    expectError(
      () => ffi.defineFunction(handle, 'add_i23', 'ii', 'i'),
      'ERR_FFI_SYMBOL_NOT_FOUND',
      "'add_i32'",
    );
  });

  test.each<[unknown, unknown]>([
    ['x', 'i'],
    ['i', 'nothing'],
    [['in32'], 'i'],
    ['v', 'i'],
    [1, 'i'],
    [{}, 'i'],
    [['i', undefined], 'i'],
    [['i', '...'], 'i'],
    ['i'.repeat(128), 'i'],
    ['i', 1],
    ['i', 'napi_env'],
  ])('types %p returning %p are refused', (args, returns) => {
    const run = () => ffi.defineFunction(handle, 'echo_i32', args as never, returns as never);
    expectError(run, 'ERR_FFI_INVALID_TYPE', 'echo_i32');
    const call = () => ffi.callMixed(handle, 'echo_i32', args as never, returns as never, [1]);
    expectError(call, 'ERR_FFI_INVALID_TYPE', 'echo_i32');
    const byAddress = () =>
      ffi.callPtr(ffi.getSymbolPtr(handle, 'echo_i32'), args as never, returns as never, [1]);
    expectError(byAddress, 'ERR_FFI_INVALID_TYPE');
  });

  test.each(['', 'a\0b', 1, null, undefined, Symbol('s')])('%p is no name', (name) => {
    expectError(() => ffi.defineFunction(handle, name as never, '', 'v'), kind, 'defineFunction');
    expectError(() => ffi.callBySig(handle, name as never), kind, 'callBySig');
    expectError(() => ffi.callMixed(handle, name as never, '', 'v'), kind, 'callMixed');
    expectError(() => ffi.getSymbolPtr(handle, name as never), kind, 'getSymbolPtr');
  });
});

describe('values', () => {
  test.each<[name: string, types: string | string[], returns: string, value: unknown]>([
    ['echo_bool', 'b', 'b', true],
    ['echo_i8', 'c', 'c', -128],
    ['echo_u16', ['u16'], 'u16', 65535],
    ['echo_i32', 'i', 'i', -5],
    ['echo_i64', 'l', 'l', -(2n ** 63n)],
    ['echo_u64', ['u64'], 'u64', 2n ** 64n - 1n],
    ['echo_f32', 'f', 'f', 0.5],
    ['echo_f64', 'd', 'd', 0.1],
    ['echo_ptr', 'p', 'p', 4096],
    ['echo_ptr', 'k', 'k', 4096],
  ])('%s(%p)', (name, types, returns, value) => {
    expect(ffi.callMixed(handle, name, types as 'i', returns as 'i', [value])).toBe(value);
    expect(ffi.callPtr(ffi.getSymbolPtr(handle, name), types as 'i', returns as 'i', [value])).toBe(value);
    ffi.defineFunction(handle, name, types as 'i', returns as 'i');
    expect(ffi.callBySig(handle, name, [value], [])).toBe(value);
  });

  test('buffers, refs, functions and null where the type allows', () => {
    const values = new Float64Array([1, 2, 3.5]);
    expect(ffi.callMixed(handle, 'sum_f64', ['ptr', 'size_t'], 'f64', [values, 3])).toBe(6.5);
    expect(ffi.callMixed(handle, 'echo_ptr', 'p', 'p', [values])).toBe(ffi.ptr(values));
    const number = ref('i32');
    ffi.callMixed(handle, 'store_results', 'ppp', 'v', [number, null, undefined]);
    expect(number.value).toBe(42);
    const { add_i32 } = dlopen(fixture, { add_i32: {} }).symbols;
    expect(ffi.callMixed(handle, 'echo_ptr', 'k', 'k', [add_i32])).toBe(add_i32.ptr);
  });

  test('strings take the next of strArgs, all else the next of numArgs, in the order of the types', () => {
    const libc = ffi.load(null);
    expect(ffi.callMixed(libc, 'strcmp', 'ss', 'i', [], ['same', 'same'])).toBe(0);
    expect(ffi.callMixed(libc, 'strncmp', ['CString', 'CString', 'size_t'], 'i', [2], ['abX', 'abY'])).toBe(
      0,
    );
    expect(ffi.callMixed(libc, 'strchr', 'si', 's', [0x62], ['abc'])).toBe('bc');
    const buffer = Buffer.alloc(8);
    expect(ffi.callMixed(libc, 'stpcpy', 'ps', 'p', [buffer], ['text'])).toBe(ffi.ptr(buffer) + 4);
    expect(buffer.toString('latin1', 0, 5)).toBe('text\0');
    ffi.close(libc);
  });

  test('what a string argument accepts', () => {
    const block = strdup('in a block');
    const echo = (value: never) => ffi.callMixed(handle, 'echo_string', 's', 's', [], [value]);
    expect(echo('ünï' as never)).toBe('ünï');
    expect(echo(null as never)).toBeNull();
    expect(echo(undefined as never)).toBeNull();
    expect(echo(block as never)).toBe('in a block');
    expect(echo(Buffer.from('buffer\0') as never)).toBe('buffer');
    expectError(() => echo('a\0b' as never), kind, 'NUL');
    expectError(() => echo(true as never), kind);
    free(block);
  });

  test('twenty arguments of every kind', () => {
    const types = 'i8 f64 u64 f32 i16 f64 u32 f32 i64 f64 u8 f64 i32 f32 u16 f64 f64 f64 i64 f32'.split(' ');
    const values = types.map((_, index) => index + 1);
    const expected = values.reduce((sum, value, index) => sum + value * (index + 1), 0);
    expect(ffi.callMixed(handle, 'mixed', types as 'i'[], 'f64', values)).toBe(expected);
  });

  test('127 arguments', () => {
    const args = Array.from({ length: 127 }, (_, index) => index);
    expect(ffi.callMixed(handle, 'add_i32', 'i'.repeat(127), 'i', args)).toBe(1);
  });
});

describe('wrong arguments', () => {
  test.each<[string, unknown[] | undefined, unknown[] | undefined]>([
    ['too few numbers', [], ['x']],
    ['too many numbers', [1, 2], ['x']],
    ['too few strings', [1], []],
    ['too many strings', [1], ['x', 'y']],
    ['none', undefined, undefined],
  ])('%s', (_, numbers, strings) => {
    const libc = ffi.load(null);
    const message = expectError(
      () => ffi.callMixed(libc, 'strchr', 'si', 's', numbers, strings as string[]),
      'ERR_FFI_ARG_COUNT',
      'strchr',
    );
    expect(message).toMatch(/1 strings? and 1 other/);
    ffi.close(libc);
  });

  test.each(['1, 2', { length: 2 }, 1, true, new Int32Array(2)])('%p is no list of arguments', (list) => {
    expectError(() => ffi.callMixed(handle, 'add_i32', 'ii', 'i', list as never), kind);
    expectError(() => ffi.callMixed(handle, 'noop', '', 'v', [], list as never), kind);
  });

  test.each<[unknown, ErrorCode]>([
    ['1', kind],
    [1n, kind],
    [null, kind],
    [undefined, kind],
    [1.5, 'ERR_FFI_OUT_OF_RANGE'],
    [2 ** 31, 'ERR_FFI_OUT_OF_RANGE'],
  ])('%p is no int: %s', (value, code) => {
    const message = expectError(
      () => ffi.callMixed(handle, 'add_i32', 'ii', 'i', [1, value]),
      code,
      'add_i32',
    );
    expect(message).toContain('args[1]');
  });
});

describe('callString', () => {
  test('gives the string, and the empty string for NULL', () => {
    expect(ffi.callString(handle, 'echo_string', 's', [], ['text'])).toBe('text');
    expect(ffi.callString(handle, 'echo_string', ['CString'], [], [null])).toBe('');
    expect(ffi.callString(handle, 'echo_ptr', 'p', [0])).toBe('');
    const libc = ffi.load(null);
    expect(ffi.callString(libc, 'gnu_get_libc_version')).toMatch(/^2\./);
    ffi.close(libc);
  });
});

describe('callPtr', () => {
  const address = ffi.getSymbolPtr(handle, 'add_i32');

  test('by a number, a bigint, a symbol and a CFunction', () => {
    const { add_i32 } = dlopen(fixture, { add_i32: {} }).symbols;
    const found = CFunction({ ptr: address });
    for (const pointer of [address, BigInt(address), add_i32, found, { ptr: address }]) {
      expect(ffi.callPtr(pointer, 'ii', 'i', [40, 2], [])).toBe(42);
    }
    found.close();
    expectError(() => ffi.callPtr(found, 'ii', 'i', [1, 2]), 'ERR_FFI_CLOSED');
  });

  test('types belong to the call', () => {
    expect(ffi.callPtr(address, ['u8', 'u8'], 'u8', [255, 2])).toBe(1);
    expect(ffi.callPtr(address, 'ii', 'i', [255, 2])).toBe(257);
    expectError(() => ffi.callPtr(address, 'ii', 'i', [1]), 'ERR_FFI_ARG_COUNT');
  });

  test('it keeps no library loaded after the call', () => {
    const library = dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } });
    ffi.callPtr(library.symbols.add_i32, 'ii', 'i', [1, 2]);
    library.close();
    expectError(() => ffi.callPtr(library.symbols.add_i32, 'ii', 'i', [1, 2]), 'ERR_FFI_CLOSED');
  });
});

describe('getSymbolPtr, readCString, ptr and readMemory', () => {
  test('getSymbolPtr is the address of functions and of variables', () => {
    const { add_i32, data_i32 } = dlopen(fixture, { add_i32: {}, data_i32: { type: 'i32' } }).symbols;
    expect(ffi.getSymbolPtr(handle, 'add_i32')).toBe(add_i32.ptr);
    expect(ffi.getSymbolPtr(handle, 'data_i32')).toBe(data_i32.ptr);
    expectError(() => ffi.getSymbolPtr(handle, 'data_i33'), 'ERR_FFI_SYMBOL_NOT_FOUND', "'data_i32'");
  });

  test('readCString', () => {
    const block = strdup('ünï €');
    expect(ffi.readCString(block)).toBe('ünï €');
    expect(ffi.readCString(BigInt(block))).toBe('ünï €');
    expect(ffi.readCString(Buffer.from('bytes\0'))).toBe('bytes');
    expect([ffi.readCString(0), ffi.readCString(null), ffi.readCString(0n)]).toEqual(['', '', '']);
    expectError(() => ffi.readCString(16), 'ERR_FFI_INVALID_POINTER', 'readCString');
    expectError(() => ffi.readCString('text' as never), kind, 'readCString');
    free(block);
  });

  test('a buffer without a NUL is not read beyond its end', () => {
    const full = Buffer.from('no end');
    expectError(() => ffi.readCString(full), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => new CString(full), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => new CString(full, 0, 7), 'ERR_FFI_OUT_OF_BOUNDS');
    expect(new CString(full, 3, 3).toString()).toBe('end');
  });

  test('ptr and readMemory', () => {
    const memory = new Uint8Array([1, 2, 3, 4]);
    expect(ffi.ptr(memory.subarray(2))).toBe(ffi.ptr(memory) + 2);
    expect([...new Uint8Array(ffi.readMemory(ffi.ptr(memory), 4))]).toEqual([1, 2, 3, 4]);
    expectError(() => ffi.readMemory(16, 4), 'ERR_FFI_INVALID_POINTER');
  });

  test('the bridge is fixed', () => {
    expect(Object.isFrozen(ffi)).toBe(true);
  });
});
