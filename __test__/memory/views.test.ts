import { describe, expect, test } from '@jest/globals';
import { calloc, dlopen, malloc, read, toArrayBuffer, toBuffer, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { pageBeforeGap } from '../support/pages';
import { outputOf } from '../support/subprocess';

const { fill_bytes, counting_free, freed_count } = dlopen(fixture, {
  fill_bytes: { args: ['ptr', 'size_t', 'u8'] },
  counting_free: { args: ['ptr'] },
  freed_count: { returns: 'int' },
}).symbols;

describe.each([
  ['toArrayBuffer', toArrayBuffer],
  ['toBuffer', toBuffer],
] as const)('%s', (name, view) => {
  const bytes = (memory: ArrayBuffer | Buffer) => (Buffer.isBuffer(memory) ? memory : new Uint8Array(memory));

  test('stays within a block, and is none of a JavaScript buffer', () => {
    expectError(() => view(calloc(8, 1), 0, 9), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => view(calloc(8, 1), -1, 4), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => view(Buffer.alloc(8), 0, 8), 'ERR_FFI_INVALID_ARG_TYPE');
  });

  test('is the same memory, seen from both sides', () => {
    const block = calloc(16, 1);
    const memory = bytes(view(block, 0, 16));
    expect(memory.byteLength).toBe(16);
    memory[3] = 33;
    expect(read.u8(block, 3)).toBe(33);
    fill_bytes(block + 8, 4, 7);
    expect([...memory]).toEqual([0, 0, 0, 33, 0, 0, 0, 0, 7, 7, 7, 7, 0, 0, 0, 0]);
  });

  test('the offset is added to the address; none is 0', () => {
    const block = malloc(8);
    write.u64(block, 0, 0x0807060504030201n);
    expect([...bytes(view(block, 2, 3))]).toEqual([3, 4, 5]);
    expect([...bytes(view(block + 4, -2, 2))]).toEqual([3, 4]);
    expect([...bytes(view(block, undefined, 2))]).toEqual([1, 2]);
    expect([...bytes(view(BigInt(block), 7, 1))]).toEqual([8]);
    expect([...bytes(view({ ptr: block }, 0, 1))]).toEqual([1]);
  });

  test('one address as often as wanted', () => {
    const block = calloc(4, 1);
    const views = Array.from({ length: 100 }, () => bytes(view(block, 0, 4)));
    views[0]![0] = 5;
    expect(views.every((memory) => memory[0] === 5)).toBe(true);
  });

  test('no bytes', () => {
    expect(view(malloc(8), 0, 0).byteLength).toBe(0);
  });

  test.each([2 ** 31, 2 ** 33, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    '%d bytes are refused at once',
    (length) => {
      const end = pageBeforeGap('protected');
      const start = performance.now();
      expectError(() => view(end - 8, 0, length), 'ERR_FFI_INVALID_POINTER', name);
      expect(performance.now() - start).toBeLessThan(1000);
    },
  );

  test.each<[unknown, 'ERR_FFI_INVALID_ARG_TYPE' | 'ERR_FFI_OUT_OF_RANGE']>([
    ['8', 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
    [8n, 'ERR_FFI_INVALID_ARG_TYPE'],
    [-1, 'ERR_FFI_OUT_OF_RANGE'],
    [1.5, 'ERR_FFI_OUT_OF_RANGE'],
  ])('a length of %p is refused', (length, code) => {
    expectError(() => view(malloc(8), 0, length as never), code, name);
  });

  test('a refused range frees nothing', () => {
    const before = freed_count();
    expectError(() => view(16, 0, 8, counting_free), 'ERR_FFI_INVALID_POINTER');
    expectError(() => view(0, 0, 8, counting_free), 'ERR_FFI_INVALID_POINTER', 'NULL');
    expectError(() => view(malloc(8), 0, -1, counting_free), 'ERR_FFI_OUT_OF_RANGE');
    expect(freed_count()).toBe(before);
  });

  test('the deallocator is called once for each buffer collected, with the address of its first byte', () => {
    const program = `
      const { dlopen, toArrayBuffer, toBuffer, malloc, free } = require(entry);
      const { counting_free, freed_count, freed_last } = dlopen(fixture, {
        counting_free: { args: ['ptr'] },
        freed_count: { returns: 'int' },
        freed_last: { returns: 'ptr' },
      }).symbols;
      const block = malloc(64);
      const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
      const collect = async (count) => {
        for (let round = 0; round < 50 && freed_count() < count; round++) { gc(); await turn(); }
        for (let round = 0; round < 3; round++) { gc(); await turn(); }
      };
      (async () => {
        let kept = ${name}(block, 8, 16, counting_free);
        await collect(1);
        assert.strictEqual(freed_count(), 0);
        kept = undefined;
        await collect(1);
        assert.strictEqual(freed_count(), 1);
        assert.strictEqual(freed_last(), block + 8);
        for (let round = 0; round < 100; round++) ${name}(block, 0, 16, counting_free.ptr);
        ${name}(block, 0, 16);
        ${name}(block, 0, 16, null);
        await collect(101);
        assert.strictEqual(freed_count(), 101);
        free(block);
        console.log('freed', freed_count());
      })();`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('freed 101');
  });
});

test('what is left at the end of a worker is freed then, once', () => {
  const program = `
    const { Worker } = require('node:worker_threads');
    const { dlopen, malloc } = require(entry);
    const { freed_count } = dlopen(fixture, { freed_count: { returns: 'int' } }).symbols;
    const block = malloc(64);
    const source = \`
      const { dlopen, toBuffer } = require(\${JSON.stringify(entry)});
      const { counting_free } = dlopen(\${JSON.stringify(fixture)}, { counting_free: { args: ['ptr'] } }).symbols;
      globalThis.kept = [toBuffer(\${block}, 0, 8, counting_free), toBuffer(\${block}, 8, 8, counting_free)];
    \`;
    new Worker(source, { eval: true }).on('exit', (code) => console.log(code, freed_count()));`;
  expect(outputOf(program)).toBe('0 2');
});

test('the library of a deallocator stays until the buffer is freed', () => {
  const program = `
    const { dlopen, toBuffer, malloc, read } = require(entry);
    const library = dlopen(fixture, { counting_free: { args: ['ptr'] } });
    let buffer = toBuffer(malloc(8), 0, 8, library.symbols.counting_free);
    library.close();
    buffer = undefined;
    const isMapped = () => require('node:fs').readFileSync('/proc/self/maps', 'latin1').includes('libfixture.so');
    assert.ok(isMapped());
    let rounds = 0;
    const collect = () => {
      gc();
      if (isMapped() && ++rounds < 50) setTimeout(collect, 5);
      else console.log(isMapped() ? 'kept' : 'gone');
    };
    collect();`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('gone');
});
