// Libraries that the node executable exports functions of itself: loaded plainly, they would call those.
import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { dlopen, free, malloc, read, type Definitions, type Library } from 'arkffi';
import { expectError } from '../support/errors';
import { testWith } from '../support/optional';
import { outputOf } from '../support/subprocess';

const data = Buffer.from(
  'many of the same words, many of the same words, many of the same words. '.repeat(40),
);

/** Gives a library to a test and closes it. */
function using<Defs>(library: Library<Defs>, run: (library: Library<Defs>) => void): void {
  try {
    run(library);
  } finally {
    library.close();
  }
}

const zlib = {
  zlibVersion: { returns: 'CString' },
  crc32: { args: ['ulong', 'buffer', 'uint'], returns: 'ulong' },
  compressBound: { args: ['ulong'], returns: 'ulong' },
  compress: { args: ['buffer', 'ptr', 'buffer', 'ulong'], returns: 'int' },
  uncompress: { args: ['buffer', 'ptr', 'buffer', 'ulong'], returns: 'int' },
  deflateInit2_: {
    args: ['buffer', 'int', 'int', 'int', 'int', 'int', 'CString', 'int'],
    returns: 'int',
  },
  deflate: { args: ['buffer', 'int'], returns: 'int' },
  deflateEnd: { args: ['buffer'], returns: 'int' },
} as const satisfies Definitions;

describe('libraries of names that node has too work beside them', () => {
  testWith('libz.so.1', 'crc32, compress and uncompress', () =>
    using(dlopen('libz.so.1', zlib), (library) => {
      const { crc32, compressBound, compress, uncompress } = library.symbols;
      expect(library.deep).toBe(true);
      expect(crc32(0, Buffer.from('123456789'), 9)).toBe(0xcbf43926);
      const packed = Buffer.alloc(Number(compressBound(data.length)));
      const size = new BigUint64Array([BigInt(packed.length)]);
      expect(compress(packed, size, data, data.length)).toBe(0);
      expect(inflateSync(packed.subarray(0, Number(size[0])))).toEqual(data);
      const unpacked = Buffer.alloc(data.length);
      const length = new BigUint64Array([BigInt(data.length)]);
      expect(uncompress(unpacked, length, packed, size[0]!)).toBe(0);
      expect(unpacked.equals(data)).toBe(true);
    }),
  );

  testWith('libz.so.1', 'a deflate stream of its own', () =>
    using(dlopen('libz.so.1', zlib), ({ symbols }) => {
      const [streamSize, finish, streamEnd] = [112, 4, 1];
      const [input, output] = [malloc(data.length), malloc(data.length)];
      const stream = Buffer.alloc(streamSize);
      const version = symbols.zlibVersion();
      expect(symbols.deflateInit2_(stream, 9, 8, 15, 8, 0, version, streamSize)).toBe(0);
      dlopen(null, { memcpy: { args: ['ptr', 'buffer', 'size_t'] } }).symbols.memcpy(
        input,
        data,
        data.length,
      );
      stream.writeBigUInt64LE(BigInt(input), 0);
      stream.writeUInt32LE(data.length, 8);
      stream.writeBigUInt64LE(BigInt(output), 24);
      stream.writeUInt32LE(data.length, 32);
      expect(symbols.deflate(stream, finish)).toBe(streamEnd);
      const packed = Buffer.from(
        Array.from({ length: Number(read.u64(stream, 40)) }, (_, at) => read.u8(output, at)),
      );
      expect(symbols.deflateEnd(stream)).toBe(0);
      expect(inflateSync(packed).equals(data)).toBe(true);
      free(input);
      free(output);
    }),
  );

  testWith('libcrypto.so.3', 'SHA256', () => {
    const SHA256 = { args: ['buffer', 'size_t', 'buffer'], returns: 'ptr' } as const;
    const OpenSSL_version = { args: ['int'], returns: 'CString' } as const;
    using(dlopen('libcrypto.so.3', { SHA256, OpenSSL_version }), (library) => {
      const digest = Buffer.alloc(32);
      expect(library.deep).toBe(true);
      expect(library.symbols.SHA256(data, data.length, digest)).toBeGreaterThan(0);
      expect(digest).toEqual(createHash('sha256').update(data).digest());
      expect(library.symbols.OpenSSL_version(0)).toMatch(/^OpenSSL 3\./);
    });
  });

  testWith('libuv.so.1', 'a loop that runs', () => {
    const loop = { args: ['ptr'], returns: 'int' } as const;
    const defs = {
      uv_version_string: { returns: 'CString' },
      uv_loop_size: { returns: 'size_t' },
      uv_loop_init: loop,
      uv_loop_close: loop,
      uv_run: { args: ['ptr', 'int'], returns: 'int' },
    } as const;
    using(dlopen('libuv.so.1', defs), (library) => {
      const { uv_version_string, uv_loop_size, uv_loop_init, uv_run, uv_loop_close } = library.symbols;
      expect(library.deep).toBe(true);
      expect(uv_version_string()).toMatch(/^1\.\d+\.\d+/);
      const memory = malloc(Number(uv_loop_size()));
      expect([uv_loop_init(memory), uv_run(memory, 0), uv_loop_close(memory)]).toEqual([0, 0, 0]);
      free(memory);
    });
  });

  testWith('libcurl.so.4', 'whose dependencies are what clashes', () => {
    const defs = {
      curl_version: { returns: 'CString' },
      curl_easy_init: { returns: 'ptr' },
      curl_easy_escape: { args: ['ptr', 'CString', 'int'], returns: 'CString' },
      curl_easy_cleanup: { args: ['ptr'] },
    } as const;
    using(dlopen('libcurl.so.4', defs), (library) => {
      const { curl_version, curl_easy_init, curl_easy_escape, curl_easy_cleanup } = library.symbols;
      expect(library.deep).toBe(true);
      expect(curl_version()).toMatch(/^libcurl\/\d/);
      const handle = curl_easy_init();
      expect(curl_easy_escape(handle, 'a b', 0)).toBe('a%20b');
      curl_easy_cleanup(handle);
    });
  });
});

describe('deep', () => {
  test.each(['libm.so.6', 'libstdc++.so.6', 'libpthread.so.0'])('%s is not bound to itself', (name) =>
    using(dlopen(name), ({ deep }) => expect(deep).toBe(false)),
  );

  testWith('libsqlite3.so.0', 'deep is a boolean and the library works', () =>
    using(dlopen('libsqlite3.so.0', { sqlite3_libversion: { returns: 'CString' } }), (library) => {
      expect(typeof library.deep).toBe('boolean');
      expect(library.symbols.sqlite3_libversion()).toMatch(/^3\./);
    }),
  );

  testWith('libz.so.1', 'false leaves the binding to the loader', () => {
    using(dlopen('libz.so.1', {}, { deep: false }), ({ deep }) => expect(deep).toBe(false));
    using(dlopen('libz.so.1', {}, { deep: 'auto' }), ({ deep }) => expect(deep).toBe(true));
  });

  test('true binds any library to itself', () => {
    const program = `
      const { dlopen } = require(entry);
      const { symbols, deep } = dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } }, { deep: true });
      console.log(deep, symbols.add_i32(1, 2));`;
    expect(outputOf(program)).toBe('true 3');
  });

  testWith('libz.so.1', 'what an open library is bound to stays, and is told', () => {
    const program = `
      const { dlopen } = require(entry);
      const first = dlopen('libz.so.1', {}, { deep: false });
      const second = dlopen('libz.so.1');
      console.log(first.deep, second.deep);
      first.close();
      second.close();
      const third = dlopen('libz.so.1');
      const fourth = dlopen('libz.so.1', {}, { deep: false });
      console.log(third.deep, fourth.deep);`;
    expect(outputOf(program)).toBe('false false\ntrue true');
  });

  testWith('libz.so.1', 'loaded first as a dependency of a library bound to itself', () => {
    const program = `
      const { dlopen } = require(entry);
      try {
        dlopen('libcurl.so.4');
      } catch {}
      const { symbols } = dlopen('libz.so.1', {
        zlibVersion: { returns: 'CString' },
        deflateInit_: { args: ['buffer', 'int', 'CString', 'int'], returns: 'int' },
        deflateEnd: { args: ['buffer'], returns: 'int' },
      });
      const stream = Buffer.alloc(112);
      console.log(symbols.deflateInit_(stream, 6, symbols.zlibVersion(), 112), symbols.deflateEnd(stream));`;
    expect(outputOf(program)).toBe('0 0');
  });

  testWith('libz.so.1', 'is off under LD_PRELOAD', () => {
    const program = `console.log(require(entry).dlopen('libz.so.1').deep);`;
    expect(outputOf(program, { env: { LD_PRELOAD: 'libm.so.6' } })).toBe('false');
    expect(outputOf(program, { env: { LD_PRELOAD: '' } })).toBe('true');
  });

  test('a path that does not exist fails as ever', () => {
    expectError(() => dlopen('/no/such/libz.so.1', {}, { deep: true }), 'ERR_FFI_LIBRARY_LOAD');
  });
});
