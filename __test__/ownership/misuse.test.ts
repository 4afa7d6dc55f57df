// Misuse that once ended the process, lost memory or showed memory that was gone.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  array,
  copy,
  dlopen,
  free,
  getDumpFlags,
  isLive,
  JSCallback,
  malloc,
  memoryUsage,
  read,
  realloc,
  releasePtr,
  setAllocator,
  setDumpFlags,
  Struct,
  toBuffer,
} from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf, runProgram } from '../support/subprocess';
import { libc } from './library';

interface Functions {
  malloc?: (size: number | bigint) => number | bigint;
  realloc?: (block: number | bigint, size: number | bigint) => number | bigint;
  free?: (block: number | bigint) => void;
}

/** Runs something with an allocator of JSCallbacks over libc's. */
function withAllocator(functions: Functions, run: () => void): void {
  const callbacks = {
    malloc: new JSCallback(functions.malloc ?? ((size) => libc.malloc(size)), {
      args: ['usize'],
      returns: 'ptr',
    }),
    calloc: new JSCallback((n, size) => libc.calloc(n, size), { args: ['usize', 'usize'], returns: 'ptr' }),
    realloc: new JSCallback(functions.realloc ?? ((block, size) => libc.realloc(block, size)), {
      args: ['ptr', 'usize'],
      returns: 'ptr',
    }),
    free: new JSCallback(functions.free ?? ((block) => libc.free(block)), { args: ['ptr'] }),
  };
  setAllocator(callbacks);
  try {
    run();
  } finally {
    setAllocator(null);
    for (const callback of Object.values(callbacks)) callback.close();
  }
}

describe('an allocator', () => {
  test('whose library is closed stays', () => {
    const program = `
      const { dlopen, setAllocator, malloc, free } = require(entry);
      const lib = dlopen('libc.so.6', { malloc: {}, calloc: {}, realloc: {}, free: {} });
      setAllocator(lib.symbols);
      const block = malloc(8);
      lib.close();
      free(block);
      free(malloc(8));
      console.log('stays');`;
    expect(outputOf(program)).toBe('stays');
  });

  test('is not exchanged by itself', () => {
    const exchange = (size: number | bigint) => {
      expectError(() => setAllocator(null), 'ERR_FFI_BUSY');
      return libc.malloc(size);
    };
    withAllocator({ malloc: exchange }, () => free(malloc(16)));
  });

  test('that gives an address twice loses no block', () => {
    let other = 0;
    withAllocator({ realloc: () => other }, () => {
      const block = malloc(8);
      other = malloc(8);
      expectError(() => realloc(block, 100), 'ERR_FFI_INVALID_POINTER');
      expect(memoryUsage().blocks).toEqual({ count: 2, bytes: 16 });
      free(block);
      free(other);
    });
  });

  test('whose free throws: the block is gone all the same, and its views are empty', () => {
    const thrown = new Error('thrown');
    let throws = true;
    const release = (block: number | bigint) => {
      libc.free(block);
      if (throws) throw thrown;
    };
    withAllocator({ free: release }, () => {
      const block = malloc(16);
      const view = toBuffer(block, 0, 16);
      expect(() => free(block)).toThrow(thrown);
      expect([view.length, isLive(block)]).toEqual([0, false]);
      const arena = new Arena();
      arena.alloc(10);
      arena.alloc(100_000);
      expect(() => arena.close()).toThrow(thrown);
      expect(memoryUsage().arenas.count).toBe(0);
      throws = false;
    });
  });

  test('that closes the arena which asks it', () => {
    let arena: Arena | undefined;
    const close = (size: number | bigint) => {
      arena?.close();
      return libc.malloc(size);
    };
    withAllocator({ malloc: close }, () => {
      arena = new Arena();
      expectError(() => arena?.alloc(5000), 'ERR_FFI_CLOSED');
      expect(memoryUsage().arenas).toEqual({ count: 0, bytes: 0 });
    });
  });
});

test('a large struct result is known by the addresses in it', () => {
  const Large = Struct({ bytes: array('u8', 4096) });
  const { symbols } = dlopen(fixture, { large: { symbol: 'ow_large', returns: Large } });
  const result = symbols.large();
  expect(isLive(result + 8)).toBe(true);
  expectError(() => read.u8(result + 8, 4096 - 8), 'ERR_FFI_OUT_OF_BOUNDS');
  const view = toBuffer(result, 8, 16);
  expect(releasePtr(result)).toBe(true);
  expect(view.length).toBe(0);
});

test('the struct of a call that throws is released', () => {
  const Quotient = Struct({ quot: 'int', rem: 'int' });
  const { div } = dlopen('libc.so.6', {
    div: { args: ['int', 'int'], returns: Quotient, throws: () => true },
  }).symbols;
  const { count } = memoryUsage().structReturns;
  for (let n = 0; n < 100; n++) expect(() => div(n, 7)).toThrow();
  expect(memoryUsage().structReturns.count).toBe(count);
});

test('owned memory is closed for all once it has been freed at the end', () => {
  const program = `
    const { dlopen, own } = require(entry);
    const { strdup, free } = dlopen('libc.so.6', { strdup: { args: ['CString'], returns: 'ptr' }, free: { args: ['ptr'] } }).symbols;
    const owned = own(strdup('text'), free);
    process.on('exit', () => {
      assert.throws(() => owned.ptr, { code: 'ERR_FFI_CLOSED' });
      assert.throws(() => owned.forget(), { code: 'ERR_FFI_CLOSED' });
      console.log('closed');
    });`;
  expect(outputOf(program)).toBe('closed');
});

test('a finalizer that adds itself does not run for ever', () => {
  const program = `
    const { addFinalizer } = require(entry);
    let count = 0;
    const again = () => { count++; addFinalizer(again); };
    addFinalizer(again);
    process.on('exit', () => console.log(count > 1));`;
  expect(runProgram(program)).toMatchObject({ status: 0, stdout: 'true' });
});

test('a view larger than buffers can be is refused', () => {
  const program = `
    const { dlopen, toArrayBuffer } = require(entry);
    const { constants } = require('node:buffer');
    if (constants.MAX_LENGTH > 2 ** 33) process.exit(console.log('refused'));
    const { mmap } = dlopen('libc.so.6', {
      mmap: { args: ['ptr', 'usize', 'int', 'int', 'int', 'i64'], returns: 'ptr' },
    }).symbols;
    const start = mmap(null, 2 ** 33, 1, 0x4022, -1, 0);
    assert.throws(() => toArrayBuffer(start, 0, constants.MAX_LENGTH + 1), { code: 'ERR_FFI_OUT_OF_RANGE' });
    console.log('refused');`;
  expect(outputOf(program)).toBe('refused');
});

test('nothing of nothing is copied', () => {
  expect(() => copy(new Uint8Array(0), new Uint8Array(0), 0)).not.toThrow();
});

test('flags are read once', () => {
  let reads = 0;
  setDumpFlags({
    get memory() {
      return reads++ === 0 ? false : ('junk' as never);
    },
  });
  expect(getDumpFlags().memory).toBe(false);
});
