// Views of memory that is C's alone: nothing of arkffi's knows of it.
import { describe, expect, test } from '@jest/globals';
import { dlopen, read, toArrayBuffer, toBuffer, write } from 'arkffi';
import { expectError } from '../support/errors';
import { pageBeforeGap, pageSize } from '../support/pages';
import { outputOf, runProgram } from '../support/subprocess';

const c = dlopen(null, {
  calloc: { args: ['size_t', 'size_t'], returns: 'ptr' },
  free: { args: ['ptr'] },
  memcmp: { args: ['ptr', 'ptr', 'size_t'], returns: 'int' },
}).symbols;

const prelude = `
  const { dlopen, read, toArrayBuffer, toBuffer, write } = require(entry);
  const { isMainThread, Worker } = require('node:worker_threads');
  const { calloc } = dlopen(null, { calloc: { args: ['size_t', 'size_t'], returns: 'ptr' } }).symbols;
`;

describe.each([
  ['toArrayBuffer', toArrayBuffer],
  ['toBuffer', (...args: Parameters<typeof toBuffer>) => toBuffer(...args)],
] as const)('%s', (_, view) => {
  const bytes = (memory: ArrayBuffer | Buffer) => (Buffer.isBuffer(memory) ? memory : Buffer.from(memory));

  test('is that memory, from an offset on', () => {
    const memory = c.calloc(32, 1);
    for (const given of [memory, BigInt(memory), { ptr: memory }]) {
      const seen = bytes(view(given, 8, 16));
      expect(seen.byteLength).toBe(16);
      seen[3] = 33;
      expect(read.u8(memory, 11)).toBe(33);
      write.u8(memory, 23, 44);
      expect([...seen]).toEqual([0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44]);
      expect(bytes(view(Number(memory) + 24, -8, 1))[0]).toBe(0);
      expect(view(given, 8, 0).byteLength).toBe(0);
    }
    c.free(memory);
  });

  test('is a buffer as others are', () => {
    const memory = c.calloc(16, 1);
    const seen = view(memory, 0, 16);
    bytes(seen).write('text', 4);
    expect(c.memcmp(seen, Buffer.from('\0\0\0\0text'), 8)).toBe(0);
    const copy = structuredClone(bytes(seen));
    expect(new TextDecoder().decode(copy).replaceAll('\0', '')).toBe('text');
    copy[4] = 0;
    expect(bytes(seen).toString('latin1', 4, 8)).toBe('text');
    expect(seen.slice(4, 5).byteLength).toBe(1);
    c.free(memory);
  });

  test('is refused where a byte cannot be read', () => {
    const size = pageSize;
    const start = pageBeforeGap('unmapped') - size;
    expect(view(start, 0, size).byteLength).toBe(size);
    expectError(() => view(start, 0, size + 1), 'ERR_FFI_INVALID_POINTER');
    expectError(() => view(start, size - 1, 2), 'ERR_FFI_INVALID_POINTER');
    expectError(() => view(start, 0, 2 ** 40), 'ERR_FFI_INVALID_POINTER');
    expectError(() => view(start, 0, Number.MAX_SAFE_INTEGER), 'ERR_FFI_INVALID_POINTER');
    for (const bad of [0, 1, 4096, -1, 2 ** 52, 2n ** 63n]) {
      expectError(() => view(bad, 0, 8), 'ERR_FFI_INVALID_POINTER');
    }
    expectError(() => view(start, 0, 1.5), 'ERR_FFI_OUT_OF_RANGE');
    expectError(() => view(start, 0, -1), 'ERR_FFI_OUT_OF_RANGE');
  });
});

test('views that are collected leave the memory as it is, and nothing behind', () => {
  const program = `${prelude}
    const size = 1 << 16;
    const memory = calloc(size, 1);
    write.u32(memory, size - 4, 7);
    const kept = toArrayBuffer(memory, size - 4, 4);
    const round = async () => {
      for (let n = 0; n < 30_000; n++) {
        const view = toArrayBuffer(memory, 0, size);
        if (n % 1000 === 0) new Uint8Array(view)[0]++;
      }
      gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
      return process.memoryUsage.rss();
    };
    (async () => {
      for (let n = 0; n < 3; n++) await round();
      const before = await round();
      for (let n = 0; n < 3; n++) await round();
      const grown = (await round()) - before;
      assert(grown < 10e6, 'grows by ' + grown);
      console.log(read.u8(memory), new Uint32Array(kept)[0], read.u32(memory, size - 4));
    })();`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('240 7 7');
});

test.each(['--jitless', '--no-opt', '--stress-compaction'])(
  'with %s, in workers too, also where they are stopped',
  (flag) => {
    const program = `${prelude}
      const use = (memory, times) => {
        const views = [];
        for (let n = 0; n < times; n++) {
          const view = toArrayBuffer(memory, n & 63, 8);
          new Uint8Array(view)[0] = n;
          assert.strictEqual(read.u8(memory, n & 63), n & 255);
          if (views.push(view) > 500) views.length = 0;
        }
      };
      use(calloc(128, 1), 1000);
      const source = 'const entry = ' + JSON.stringify(entry) + ';const assert = require("node:assert");'
        + ${JSON.stringify(prelude)} + 'const use = ' + use + ';';
      const ends = new Worker(source + 'use(calloc(128, 1), 1000);', { eval: true });
      const runs = new Worker(source + 'postMessage = require("worker_threads").parentPort;'
        + 'postMessage.postMessage(1); for (;;) use(calloc(128, 1), 1000);', { eval: true });
      runs.once('message', () => setTimeout(() => runs.terminate(), 50));
      for (const [name, worker] of Object.entries({ ends, runs })) {
        worker.on('exit', (code) => console.log(name, code));
      }`;
    // V8 itself prints that --jitless turns another flag off.
    const { stdout, status, signal } = runProgram(program, { flags: [flag] });
    expect([status, signal]).toEqual([0, null]);
    expect(stdout.split('\n').sort()).toEqual(['ends 0', 'runs 1']);
  },
);

test('is a copy where external memory is forbidden', () => {
  const program = `${prelude}
    const memory = calloc(16, 1);
    const [first, second] = [toArrayBuffer(memory, 0, 16), toBuffer(memory, 0, 16)];
    new Uint8Array(first)[0] = second[1] = 1;
    console.log(first.byteLength, second.length, read.u8(memory), read.u8(memory, 1));`;
  expect(outputOf(program, { env: { ARKFFI_EXTERNAL_MEMORY: 'off' } })).toBe('16 16 0 0');
});
