// Strings that another thread changes while they are read: what is given then may be a mix, but nothing wrong is kept.
import { expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';

const program = (read: string) => `
  const { Worker } = require('node:worker_threads');
  const { CString, dlopen, read, sharedAlloc } = require(entry);
  const memory = sharedAlloc(64);
  const bytes = new Uint8Array(memory.buffer).fill(97, 0, 48);
  const { same } = dlopen(fixture, { same: { symbol: 'echo_string', args: ['ptr'], returns: 'CString' } }).symbols;
  // What the writer is to do: 0 to write, 1 to rest; 2 while it rests.
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(\`
    const { buffer, turn } = require('node:worker_threads').workerData;
    const bytes = new Uint8Array(buffer);
    for (let count = 0; ; count++) {
      if (Atomics.compareExchange(turn, 0, 1, 2) === 1) while (Atomics.load(turn, 0) === 2);
      bytes[47] = 97 + (count & 7);
      for (let pause = 0; pause < count % 50; pause++);
      bytes[20] = 97 + (count & 7);
    }\`, { eval: true, workerData: { buffer: memory.buffer, turn } });
  const get = () => ${read};
  worker.on('online', () => {
    let wrong = 0;
    const end = Date.now() + 1500;
    while (Date.now() < end) {
      for (let count = 0; count < 1000; count++) get();
      Atomics.store(turn, 0, 1);
      while (Atomics.load(turn, 0) !== 2);
      const written = String.fromCharCode(...bytes.subarray(0, 48));
      if (get() !== written || get() !== written) wrong++;
      Atomics.store(turn, 0, 0);
    }
    console.log(wrong);
    process.exit();
  });`;

test.each(['read.cstring(memory.ptr)', 'new CString(memory.ptr).toString()', 'same(memory.ptr)'])(
  '%s',
  (read) => {
    expect(outputOf(program(read))).toBe('0');
  },
);
