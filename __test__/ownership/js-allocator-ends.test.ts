// What an allocator of JSCallbacks gets back at the environment's end.
import { expect, test } from '@jest/globals';
import { outputOf, runProgram } from '../support/subprocess';

const program = `
  const { dlopen, JSCallback, setAllocator, malloc, Arena } = require(entry);
  const { symbols: libc } = dlopen(null, { malloc: { args: ['usize'], returns: 'ptr' }, free: { args: ['ptr'] } });
  let live = 0;
  const get = (bytes) => (live++, libc.malloc(bytes));
  const ptr = (args, fn, returns = 'ptr') => new JSCallback(fn, { args, returns });
  setAllocator({
    malloc: ptr(['usize'], get),
    calloc: ptr(['usize', 'usize'], (count, bytes) => get(count * bytes)),
    realloc: ptr(['ptr', 'usize'], () => 0),
    free: ptr(['ptr'], (block) => { live--; libc.free(block); if (live === 0) console.log('all back'); }, 'void'),
  });
  for (let n = 0; n < 5; n++) malloc(n);
  new Arena().alloc(100);
  console.log(live);
`;

test.each([
  ['by itself', '', 0],
  ['by process.exit', 'process.exit(2);', 2],
  ['by an uncaught error', "throw new Error('on purpose');", 1],
])('what is left is handed back when the process ends %s', (_, end, status) => {
  const result = runProgram(program + end);
  expect(result).toMatchObject({ status, signal: null, stdout: '6\nall back' });
});

test('a worker that is terminated hands nothing back, and ends', () => {
  const inWorker = `
    const { Worker } = require('node:worker_threads');
    const source = 'const { workerData: { entry }, parentPort } = require("node:worker_threads");' +
      ${JSON.stringify(program)} + ';parentPort.postMessage(1); setInterval(() => {}, 1000);';
    const worker = new Worker(source, { eval: true, workerData: { entry } });
    worker.on('message', () => setTimeout(() => worker.terminate().then(() => console.log('end')), 50));`;
  expect(outputOf(inWorker)).toBe('6\nend');
});
