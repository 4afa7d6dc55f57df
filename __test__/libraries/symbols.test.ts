import { describe, expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

describe('symbols', () => {
  test('one that is missing: the name, the library and near names', () => {
    const message = expectError(
      () => dlopen(fixture, { ad_i32: {} }),
      'ERR_FFI_SYMBOL_NOT_FOUND',
      "'ad_i32'",
    );
    expect(message).toContain('libfixture.so');
    expect(message).toContain("'add_i32'");
  });

  test('one that is missing from the running process', () => {
    const message = expectError(() => dlopen(null, { napi_create_strin: {} }), 'ERR_FFI_SYMBOL_NOT_FOUND');
    expect(message).toContain('the running process');
  });

  test('one unlike all others is missing without suggestions', () => {
    const message = expectError(() => dlopen(fixture, { qqqqqqqqqqqq: {} }), 'ERR_FFI_SYMBOL_NOT_FOUND');
    expect(message).not.toContain('did you mean');
  });

  test('the C name is named where it differs from the key', () => {
    expectError(
      () => dlopen(fixture, { mine: { symbol: 'c_name' } }),
      'ERR_FFI_SYMBOL_NOT_FOUND',
      "'c_name'",
    );
  });

  test('missing data symbols are missing symbols', () => {
    expectError(
      () => dlopen(fixture, { data_i33: { type: 'i32' } }),
      'ERR_FFI_SYMBOL_NOT_FOUND',
      "'data_i32'",
    );
  });

  test('an optional one is null, and the others work', () => {
    const { symbols } = dlopen(fixture, {
      absent: { optional: true },
      absent_data: { type: 'i32', optional: true },
      add_i32: { args: ['i32', 'i32'], returns: 'i32', optional: true },
    });
    expect(symbols.absent).toBeNull();
    expect(symbols.absent_data).toBeNull();
    expect(symbols.add_i32?.(1, 2)).toBe(3);
    expect(Object.keys(symbols).sort()).toEqual(['absent', 'absent_data', 'add_i32']);
  });

  test('several keys for one C name, each with its own types', () => {
    const { symbols } = dlopen(fixture, {
      signed: { symbol: 'echo_u8', args: ['u8'], returns: 'i8' },
      unsigned: { symbol: 'echo_u8', args: ['u8'], returns: 'u8' },
    });
    expect(symbols.signed(200)).toBe(-56);
    expect(symbols.unsigned(200)).toBe(200);
    expect(symbols.signed.ptr).toBe(symbols.unsigned.ptr);
    expect([symbols.signed.name, symbols.unsigned.name]).toEqual(['signed', 'unsigned']);
  });

  test('length, name, ptr and path', () => {
    const { symbols } = dlopen(fixture, {
      noop: {},
      add_i32: { args: ['i32', 'i32'], returns: 'i32' },
      snprintf: { args: ['ptr', 'size_t', 'CString', '...'], returns: 'int' },
    });
    expect([symbols.noop.length, symbols.add_i32.length, symbols.snprintf.length]).toEqual([0, 2, 3]);
    expect(symbols.add_i32.name).toBe('add_i32');
    expect(symbols.add_i32.ptr).toBeGreaterThan(0);
    expect(['slots', 'libffi', 'leaf']).toContain(symbols.add_i32.path);
    expect(symbols.noop()).toBeUndefined();
  });

  test('names that objects have by themselves are symbols like others', () => {
    const { symbols } = dlopen(fixture, {
      constructor: { symbol: 'add_i32', args: ['i32', 'i32'], returns: 'i32' },
      toString: { symbol: 'noop' },
    });
    expect(symbols.constructor(2, 3)).toBe(5);
    expect(symbols.toString()).toBeUndefined();
    expect('hasOwnProperty' in symbols).toBe(false);
  });

  test('symbols cannot be replaced or added', () => {
    'use strict';
    const symbols = dlopen(fixture, { noop: {} }).symbols as Record<string, unknown>;
    const { noop } = symbols;
    expect(() => (symbols['other'] = noop)).toThrow(TypeError);
    expect(() => (symbols['noop'] = 1)).toThrow(TypeError);
    expect(symbols['noop']).toBe(noop);
  });

  test('many symbols of one library', () => {
    const names = Array.from(
      { length: 500 },
      (_, index) => `numbered_${index.toString(16).padStart(3, '0')}`,
    );
    const defs = Object.fromEntries(names.map((name) => [name, { returns: 'int' } as const]));
    const { symbols } = dlopen(fixture, defs);
    expect(names.map((name) => symbols[name]!())).toEqual(names.map((_, index) => index));
  });
});

const glibc64 = process.platform === 'linux' && process.arch === 'x64';

describe('versions', () => {
  (glibc64 ? test : test.skip)('of one symbol are chosen by name', () => {
    const def = { symbol: 'memcpy', args: ['buffer', 'buffer', 'size_t'], returns: 'ptr' } as const;
    const { symbols } = dlopen('libc.so.6', {
      recent: { ...def, version: 'GLIBC_2.14' },
      old: { ...def, version: 'GLIBC_2.2.5' },
    });
    for (const memcpy of [symbols.recent, symbols.old]) {
      const target = Buffer.alloc(4);
      memcpy(target, Buffer.from('copy'), 4);
      expect(target.toString()).toBe('copy');
    }
  });

  (glibc64 ? test : test.skip)('one that does not exist is named in the error', () => {
    const missing = { memcpy: { version: 'GLIBC_9.9' } };
    expectError(() => dlopen('libc.so.6', missing), 'ERR_FFI_SYMBOL_NOT_FOUND', /'memcpy'.*'GLIBC_9\.9'/);
    const optional = { memcpy: { version: 'GLIBC_9.9', optional: true } };
    expect(dlopen('libc.so.6', optional).symbols.memcpy).toBeNull();
  });

  test.each([1, '', 'GLIBC\0', null, {}])('refused: %p', (version) => {
    expectError(() => dlopen(null, { strlen: { version } } as never), 'ERR_FFI_INVALID_TYPE', 'version');
  });
});

describe('has', () => {
  const library = dlopen(fixture);

  test('tells functions, variables and what is not there', () => {
    expect(library.has('add_i32')).toBe(true);
    expect(library.has('data_i32')).toBe(true);
    expect(library.has('add_i3')).toBe(false);
    expect(library.has('')).toBe(false);
    expect(library.has('add_i32\0')).toBe(false);
  });

  test.each([undefined, null, 1, {}, Symbol('add_i32')])('refused: %p', (name) => {
    expectError(() => library.has(name as never), 'ERR_FFI_INVALID_ARG_TYPE');
  });
});
