// Memory that threads share: one address everywhere, for C and for JavaScript with Atomics.
import { describe, expect, test } from '@jest/globals';
import {
  free,
  isLive,
  memoryUsage,
  own,
  read,
  realloc,
  releasePtr,
  setMemoryLimit,
  sharedAlloc,
  write,
} from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf } from '../support/subprocess';
import { library, prelude } from './library';

describe('sharedAlloc', () => {
  test('is a SharedArrayBuffer and its address', () => {
    const memory = sharedAlloc(64);
    expect(memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memory.buffer.byteLength).toBe(64);
    write.i32(memory.ptr, 60, -5);
    expect(new Int32Array(memory.buffer)[15]).toBe(-5);
    expect(read.i32(memory, 60)).toBe(-5);
    expectError(() => write.i32(memory.ptr, 61, 0), 'ERR_FFI_OUT_OF_BOUNDS');
    const cells = new Int32Array(memory.buffer);
    library.symbols.ow_add(memory.ptr, 10);
    library.symbols.ow_add(memory, 10);
    library.symbols.ow_add(memory.buffer, 10);
    library.symbols.ow_add(cells, 10);
    expect(Atomics.load(cells, 0)).toBe(40);
    memory.close();
  });

  test('is zeroed, and isLive until close', () => {
    const memory = sharedAlloc(4096);
    const { ptr, buffer } = memory;
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
    expect([isLive(ptr), isLive(ptr + 4095)]).toEqual([true, true]);
    memory.close();
    expect(isLive(ptr)).toBe(false);
    expectError(() => memory.ptr, 'ERR_FFI_CLOSED');
    expectError(() => library.symbols.ow_add(memory, 1), 'ERR_FFI_CLOSED');
    memory.close();
    memory[Symbol.dispose]();
    expect(buffer.byteLength).toBe(4096);
    expect(memoryUsage().shared).toEqual({ count: 0, bytes: 0 });
  });

  test('is given back by close only', () => {
    const memory = sharedAlloc(16);
    for (const run of [
      () => free(memory.ptr),
      () => realloc(memory.ptr, 8),
      () => own(memory.ptr, library.symbols.ow_free),
    ])
      expectError(run, 'ERR_FFI_INVALID_POINTER');
    expect(releasePtr(memory.ptr)).toBe(false);
    expect(memoryUsage().shared).toEqual({ count: 1, bytes: 16 });
    memory.close();
  });

  test('of no bytes has none', () => {
    const memory = sharedAlloc(0);
    expect(memory.buffer.byteLength).toBe(0);
    memory.close();
    expectError(() => memory.ptr, 'ERR_FFI_CLOSED');
  });

  test.each<[unknown, Parameters<typeof expectError>[1]]>([
    [-1, 'ERR_FFI_OUT_OF_RANGE'],
    [0.5, 'ERR_FFI_OUT_OF_RANGE'],
    [2 ** 53, 'ERR_FFI_OUT_OF_RANGE'],
    [2 ** 52, 'ERR_FFI_OUT_OF_MEMORY'],
    ['8', 'ERR_FFI_INVALID_ARG_TYPE'],
    [8n, 'ERR_FFI_INVALID_ARG_TYPE'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('of %p is refused', (size, code) => {
    expectError(() => sharedAlloc(size as number), code, 'sharedAlloc');
    expect(memoryUsage().shared.count).toBe(0);
  });

  test('counts against the limit', () => {
    setMemoryLimit(memoryUsage().bytes + 50);
    const memory = sharedAlloc(50);
    expectError(() => sharedAlloc(1), 'ERR_FFI_MEMORY_LIMIT');
    memory.close();
    sharedAlloc(50).close();
    setMemoryLimit(0);
  });
});

test('four workers and C count in one cell: nothing is lost, and the address is the same in each', () => {
  const program = `${prelude}
    const { Worker } = require('node:worker_threads');
    const memory = ffi.sharedAlloc(64);
    const cells = new Int32Array(memory.buffer);
    const source = \`
      const { dlopen, ptr } = require(\${JSON.stringify(entry)});
      const { parentPort, workerData: { buffer, fixture } } = require('node:worker_threads');
      const { ow_add } = dlopen(fixture, { ow_add: { args: ['ptr', 'i32'] } }).symbols;
      const cells = new Int32Array(buffer);
      Atomics.wait(cells, 1, 0);
      for (let n = 0; n < 1000; n++) { ow_add(buffer, 10); Atomics.add(cells, 0, 10); }
      parentPort.postMessage(ptr(buffer));
    \`;
    const workers = Array.from({ length: 4 }, () => new Worker(source, { eval: true, workerData: { buffer: memory.buffer, fixture } }));
    const addresses = Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('message', resolve))));
    setTimeout(() => { Atomics.store(cells, 1, 1); Atomics.notify(cells, 1); }, 100);
    for (let n = 0; n < 1000; n++) ow.ow_add(memory, 5);
    addresses.then((all) => {
      assert.ok(all.every((address) => address === memory.ptr));
      console.log(Atomics.load(cells, 0));
    });`;
  expect(outputOf(program)).toBe('85000');
});

test('the address stays valid while it is open, whoever has dropped the buffer', () => {
  const program = `${prelude}
    (async () => {
      const memory = ffi.sharedAlloc(1 << 20);
      const { ptr } = memory;
      ffi.write.u32(ptr, 0, 77);
      globalThis.held = memory;
      for (let round = 0; round < 10; round++) { new SharedArrayBuffer(1 << 20); gc(); await turn(); }
      assert.strictEqual(ffi.read.u32(ptr), 77);
      let dropped = ffi.sharedAlloc(1 << 16);
      const address = dropped.ptr;
      ffi.write.u32(address, 0, 78);
      dropped = undefined;
      await collect();
      // Nobody has closed it: the address is good.
      assert.deepStrictEqual([ffi.isLive(address), ffi.read.u32(address)], [true, 78]);
      console.log('valid');
    })();`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('valid');
});

test('what a worker sends outlives the worker', () => {
  const program = `
    const { Worker } = require('node:worker_threads');
    const source = 'const { sharedAlloc, write } = require(' + JSON.stringify(entry) + ');' +
      'const memory = sharedAlloc(4096); write.u32(memory.ptr, 0, 99);' +
      'require("node:worker_threads").parentPort.postMessage(memory.buffer);';
    let buffer;
    const worker = new Worker(source, { eval: true });
    worker.on('message', (given) => { buffer = given; });
    worker.on('exit', () => setTimeout(() => console.log(new Uint32Array(buffer)[0], require(entry).read.u32(buffer, 0)), 20));`;
  expect(outputOf(program)).toBe('99 99');
});
