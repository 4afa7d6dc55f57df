// Workers that call leaf functions, some of which are terminated meanwhile, while the main thread does too. Each has stubs of
// its own, which are used again after it. Prints 'done'.
'use strict';
const assert = require('node:assert');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { entry, fixture } = isMainThread ? { entry: process.argv[2], fixture: process.argv[3] } : workerData;
const { dlopen, JSCallback } = require(entry);

const { leaf_shift_signed: shift, leaf_echo: echo } = dlopen(fixture, {
  leaf_shift_signed: { args: ['i64', 'i32'], returns: 'i64', leaf: true },
  leaf_echo: { args: ['i32'], returns: 'i32', leaf: true },
}).symbols;

function calls(n) {
  for (let i = 0; i < n; i++) if (shift(i, 20) !== i * 2 ** 20 || echo(-i) !== -i) throw new Error(`at ${i}`);
}

/** A lie on this thread is told on this thread alone. */
function lie() {
  const { lying } = dlopen(fixture, {
    lying: { symbol: 'leaf_lying', args: ['ptr', 'i32'], returns: 'i32', leaf: true },
  }).symbols;
  const callback = new JSCallback((x) => x + 1, { args: ['i32'], returns: 'i32' });
  assert.strictEqual(lying(callback.ptr, 1), 0);
  return () => {
    assert.throws(() => echo(1), { code: 'ERR_FFI_CALLBACK' });
    callback.close();
  };
}

const ended = (worker) => new Promise((resolve) => worker.once('exit', resolve));
const start = (task) => new Worker(__filename, { workerData: { entry, fixture, task } });

async function main() {
  const told = lie();
  for (let round = 0; round < 3; round++) {
    const workers = ['calls', 'calls', 'lie', 'for ever', 'for ever', 'for ever'].map(start);
    for (const worker of workers) worker.on('error', (error) => assert.fail(error));
    const ends = workers.map(ended);
    const endless = workers.slice(3);
    await Promise.all(endless.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    if (round > 0) calls(200_000);
    const codes = await Promise.all([...ends.slice(0, 3), ...endless.map((worker) => worker.terminate())]);
    assert.deepStrictEqual(codes, [0, 0, 0, 1, 1, 1]);
    if (round === 0) told();
  }
  calls(200_000);
  console.log('done');
}

if (isMainThread) {
  main();
} else if (workerData.task === 'lie') {
  lie()();
} else {
  calls(200_000);
  parentPort.postMessage('running');
  if (workerData.task === 'for ever') for (;;) calls(1000);
}
