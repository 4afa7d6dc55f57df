// Views of memory: empty when arkffi's own memory is released, the last of C's to be freed otherwise.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  free,
  malloc,
  memoryUsage,
  own,
  read,
  readMemory,
  realloc,
  releasePtr,
  sharedAlloc,
  toArrayBuffer,
  toBuffer,
  write,
} from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf } from '../support/subprocess';
import { library, prelude } from './library';

const { ow_make, ow_free, pair } = library.symbols;

describe('of memory that is released', () => {
  const made: [string, () => [number, () => unknown]][] = [
    ['a block', () => with_(malloc(16), (block) => free(block))],
    ['a block that grows', () => with_(malloc(16), (block) => free(realloc(block, 1 << 22)))],
    ['a struct result', () => with_(pair(1, 2), (result) => releasePtr(result))],
    [
      'an arena',
      () => {
        const arena = new Arena();
        return [arena.alloc(16), () => arena.close()];
      },
    ],
  ];
  function with_(start: number, release: (start: number) => unknown): [number, () => unknown] {
    return [start, () => release(start)];
  }

  test.each(made)('%s: all of them are empty', (_, make) => {
    const [start, release] = make();
    const whole = toArrayBuffer(start, 0, 16);
    const views = [
      new Uint8Array(whole, 4, 8),
      new DataView(whole),
      toBuffer(start, 8, 8),
      toBuffer(start + 15, 0, 1),
    ];
    const copied = readMemory(start, 16);
    new Uint8Array(whole)[3] = 99;
    expect(read.u8(start, 3)).toBe(99);
    release();
    expect([whole.byteLength, views[0]!.byteLength, views[2]!.byteLength, views[3]!.byteLength]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(() => views[1]!.byteLength).toThrow(TypeError);
    expect((views[0] as Uint8Array)[0]).toBeUndefined();
    expect(copied.byteLength).toBe(16);
    expectError(() => library.symbols.ow_free(views[0]!), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
  });

  test('others than those of it stay', () => {
    const blocks = Array.from({ length: 50 }, (_, index) => {
      const block = calloc(16, 1);
      write.u8(block, 0, index);
      return { block, view: toBuffer(block, 0, 16) };
    });
    for (const { block } of blocks.slice(0, 25)) free(block);
    expect(blocks.map(({ view }) => view.length)).toEqual(blocks.map((_, index) => (index < 25 ? 0 : 16)));
    expect(blocks.slice(25).map(({ view }) => view[0])).toEqual(
      Array.from({ length: 25 }, (_, index) => index + 25),
    );
    for (const { block } of blocks.slice(25)) free(block);
  });

  test('a refused release leaves them', async () => {
    const block = calloc(8, 1);
    const view = toArrayBuffer(block, 0, 8);
    const call = library.symbols.ow_sum_late.async(view, 8, 30);
    expectError(() => free(block), 'ERR_FFI_BUSY');
    expectError(() => free(block + 1), 'ERR_FFI_INVALID_POINTER');
    expect(view.byteLength).toBe(8);
    await call;
    free(block);
    expect(view.byteLength).toBe(0);
  });
});

describe("of C's memory", () => {
  test('without a deallocator count as nothing', () => {
    const address = ow_make(16);
    const before = memoryUsage().views;
    const view = toBuffer(address, 0, 16);
    expect(memoryUsage().views).toEqual(before);
    view[0] = 7;
    expect(read.u8(address)).toBe(7);
    ow_free(address);
  });

  test('of owned memory are the memory', () => {
    const held = own(ow_make(16), ow_free, { size: 16 });
    const view = toBuffer(held, 0, 16);
    view[5] = 9;
    expect(read.u8(held, 5)).toBe(9);
    held.close();
  });

  test('with one count until it has run, and are freed once after collection', () => {
    const program = `${prelude}
      const { toBuffer, toArrayBuffer, memoryUsage, own } = ffi;
      (async () => {
        const addresses = Array.from({ length: 100 }, () => ow.ow_make(64));
        let views = addresses.map((address, index) =>
          (index % 2 === 0 ? toBuffer : toArrayBuffer)(address, 0, 64, ow.ow_free));
        const { bytes } = memoryUsage();
        assert.deepStrictEqual(memoryUsage().views, { count: 100, bytes: 6400 });
        assert.strictEqual(bytes, 0);
        let slice = new Uint8Array(views[1], 10, 10);
        views = undefined;
        await collect(() => ow.ow_recorded() >= 99);
        assert.strictEqual(ow.ow_recorded(), 99);
        assert.strictEqual(ow.ow_times(addresses[1]), 0);
        assert.strictEqual(slice[0], 0);
        slice = undefined;
        await collect(() => ow.ow_recorded() >= 100);
        assert.ok(addresses.every((address) => ow.ow_times(address) === 1));
        assert.deepStrictEqual(memoryUsage().views, { count: 0, bytes: 0 });
        console.log(ow.ow_recorded());
      })();`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('100');
  });

  test('what is left when the process ends by itself is freed then', () => {
    const program = `${prelude} globalThis.view = ffi.toBuffer(ow.ow_make(8), 0, 8, ow.ow_free);
      globalThis.said = ffi.toArrayBuffer(ffi.malloc(8), 0, 8, ow.ow_note);`;
    expect(outputOf(program)).toBe('');
  });
});

test('views of shared memory by its address are empty once it is closed', () => {
  const memory = sharedAlloc(16);
  const view = toArrayBuffer(memory.ptr, 0, 16);
  new Uint8Array(memory.buffer)[2] = 5;
  expect(new Uint8Array(view)[2]).toBe(5);
  memory.close();
  expect([view.byteLength, memory.buffer.byteLength]).toEqual([0, 16]);
});

test('a thousand views of a block cost nothing once they are collected', () => {
  const program = `
    const { malloc, free, toBuffer, memoryUsage } = require(entry);
    const block = malloc(64);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    (async () => {
      const heap = () => (gc(), gc(), process.memoryUsage().heapUsed);
      const run = async () => {
        for (let round = 0; round < 20; round++) {
          for (let n = 0; n < 5000; n++) toBuffer(block, 0, 64);
          gc(); await turn(); await turn();
        }
      };
      await run();
      const before = heap();
      await run();
      const grown = heap() - before;
      assert.ok(grown < 2e6, 'grown by ' + grown);
      free(block);
      console.log('steady');
    })();`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('steady');
});
