import { describe, expect, test } from '@jest/globals';
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dlopen, suffix, type LibraryOptions } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { testWith } from '../support/optional';

const add = { add_i32: { args: ['i32', 'i32'], returns: 'i32' } } as const;

function inDirectory(run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'arkffi-load-'));
  try {
    run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('what names a library', () => {
  test.each([
    ['a path', fixture],
    ['a file URL object', pathToFileURL(fixture)],
    ['a file URL string', pathToFileURL(fixture).href],
  ])('%s', (_, path) => {
    const library = dlopen(path, add);
    expect(library.symbols.add_i32(40, 2)).toBe(42);
    expect(realpathSync(library.path)).toBe(realpathSync(fixture));
    expect(typeof library.handle).toBe('bigint');
    library.close();
  });

  test('a soname', () => {
    const library = dlopen('libm.so.6', { cos: { args: ['f64'], returns: 'f64' } });
    expect(library.symbols.cos(0)).toBe(1);
    expect(basename(library.path)).toBe('libm.so.6');
  });

  test('a bare name', () => {
    const library = dlopen('m', { pow: { args: ['f64', 'f64'], returns: 'f64' } });
    expect(library.symbols.pow(2, 10)).toBe(1024);
    expect(library.path).toMatch(/libm\.so/);
  });

  testWith('libz.so.1', 'found by its bare name', () => {
    const library = dlopen('z', { zlibVersion: { returns: 'CString' } });
    expect(library.symbols.zlibVersion()).toMatch(/^1\./);
    library.close();
  });

  testWith('libsqlite3.so.0', 'found by its bare name', () => {
    const library = dlopen('sqlite3', { sqlite3_libversion_number: { returns: 'int' } });
    expect(library.symbols.sqlite3_libversion_number()).toBeGreaterThan(3_000_000);
    library.close();
  });

  test('null is the running process', () => {
    const library = dlopen(null, { strlen: { args: ['CString'], returns: 'size_t' } });
    expect(library.symbols.strlen('four')).toBe(4);
    expect(library.path).toBe('');
    expect(library.deep).toBe(false);
  });

  test('a path with spaces, percent signs and letters beyond ASCII, as a path and as a URL', () =>
    inDirectory((directory) => {
      const path = join(directory, 'a b%20ü.so');
      copyFileSync(fixture, path);
      for (const given of [path, pathToFileURL(path), pathToFileURL(path).href]) {
        const library = dlopen(given, add);
        expect(library.symbols.add_i32(1, 2)).toBe(3);
        library.close();
      }
    }));

  test('suffix is how the platform spells libraries', () => {
    expect(suffix).toBe({ win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so');
  });
});

describe('what does not name a library', () => {
  test.each([
    ['the empty string', ''],
    ['a string with NUL', 'lib\0m.so'],
    ['a number', 42],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['true', true],
    ['an object', {}],
    ['an array', ['m']],
    ['a function', () => 'm'],
    ['a symbol', Symbol('m')],
    ['a buffer', Buffer.from('m')],
    ['an http URL object', new URL('http://localhost/libm.so')],
    ['a file URL of another host', 'file://elsewhere/libm.so'],
    ['a file URL with an encoded NUL', 'file:///lib%00m.so'],
  ])('%s', (_, path) => {
    expectError(() => dlopen(path as never), 'ERR_FFI_INVALID_ARG_TYPE');
  });

  test('the message does not carry the NUL on', () => {
    expect(expectError(() => dlopen('a\0b'), 'ERR_FFI_INVALID_ARG_TYPE')).not.toContain('\0');
  });
});

describe('loading fails', () => {
  test('a bare name: every name tried and what the loader said of each', () => {
    const message = expectError(() => dlopen('nosuchlibrary'), 'ERR_FFI_LIBRARY_LOAD', "'nosuchlibrary'");
    for (const name of ['libnosuchlibrary.so', 'nosuchlibrary.so', 'nosuchlibrary']) {
      expect(message).toContain(`  ${name}: `);
    }
    expect(message).toContain('cannot open shared object file');
  });

  test('a path: tried once, as it is', () => {
    const message = expectError(
      () => dlopen('/no/such/library.so'),
      'ERR_FFI_LIBRARY_LOAD',
      '/no/such/library.so',
    );
    expect(message).toMatch(/No such file or directory/);
    expect(message.match(/^ {2}/gm)).toHaveLength(1);
  });

  test('a directory', () => {
    expectError(() => dlopen(`${tmpdir()}/`), 'ERR_FFI_LIBRARY_LOAD', tmpdir());
  });

  test('a text file, an empty file and half a library', () =>
    inDirectory((directory) => {
      const path = join(directory, 'not-a-library.so');
      for (const content of [
        'just text, long enough for a header of 64 bytes. '.repeat(3),
        '',
        '\x7fELF\x02\x01\x01',
      ]) {
        writeFileSync(path, content);
        expectError(() => dlopen(path), 'ERR_FFI_LIBRARY_LOAD', path);
      }
    }));

  test('a very long name', () => {
    expectError(() => dlopen('x'.repeat(100_000)), 'ERR_FFI_LIBRARY_LOAD');
  });

  test('a wrong definition is refused before anything is loaded', () => {
    expectError(
      () => dlopen('nosuchlibrary', { f: { args: ['void'] } } as never),
      'ERR_FFI_INVALID_TYPE',
      'void',
    );
  });
});

describe('options', () => {
  test.each<[string, LibraryOptions | undefined]>([
    ['none', undefined],
    ['empty', {}],
    ['lazy', { lazy: true }],
    ['not global', { global: false }],
    ['nodelete', { nodelete: true }],
    ['deep', { deep: 'auto' }],
  ])('%s', (_, options) => {
    const library = dlopen('libm.so.6', { floor: { args: ['f64'], returns: 'f64' } }, options);
    expect(library.symbols.floor(1.5)).toBe(1);
    library.close();
  });

  test.each([
    ['null', null],
    ['a string', 'lazy'],
    ['an array', []],
    ['a number for lazy', { lazy: 1 }],
    ['a string for global', { global: 'yes' }],
    ['a string for nodelete', { nodelete: 'no' }],
    ['another word for deep', { deep: 'always' }],
    ['null for lazy', { lazy: null }],
    ['null for deep', { deep: null }],
    ['a misspelled option', { lasy: true }],
  ])('refused: %s', (_, options) => {
    expectError(() => dlopen('libm.so.6', {}, options as never), 'ERR_FFI_INVALID_ARG_TYPE', 'options');
  });
});
