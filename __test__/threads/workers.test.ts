// Callbacks of one thread of JavaScript that are called from another: programs of their own.
import { describe, expect, test } from '@jest/globals';
import { outputOf, runProgram } from '../support/subprocess';

/** `other(source)` starts a worker that finds `cb`, `symbols` and `parentPort`; its messages are awaited by `next`. */
const load = `
  const prepare = \`
    const { dlopen, JSCallback } = require(\${JSON.stringify(entry)});
    const plain = { args: ['i32'], returns: 'i32' };
    const calling = { args: ['callback', 'i32'], returns: 'i32' };
    const { symbols } = dlopen(\${JSON.stringify(fixture)}, {
      call: { symbol: 'th_call', ...calling },
      apply: { symbol: 'th_apply', ...calling },
      pumped: { symbol: 'th_call', ...calling, pump: true },
      repeat: { symbol: 'th_repeat', ...calling, returns: 'i64' },
      later: { symbol: 'th_later', args: ['callback', 'i32', 'i32'] },
    });
    const { threadId, parentPort, workerData, Worker } = require('node:worker_threads');\`;
  eval(prepare.replaceAll('const ', 'var '));
  const { once } = require('node:events');
  const other = (source, workerData) => new Worker(prepare + source, { eval: true, workerData });
  const next = async (worker) => (await once(worker, 'message'))[0];
`;

const offering = `
  const callback = new JSCallback((value) => value * 2 + threadId, { ...plain, threadsafe: true });
  parentPort.postMessage(callback.ptr);
  parentPort.once('message', () => callback.close());`;

const main = (source: string) => `${load} (async () => { ${source} })();`;

describe('a callback of a worker', () => {
  test.each(['call', 'apply', 'pumped'])('called by the main thread: %s', (name) => {
    const program = main(`
      const worker = other(${JSON.stringify(offering)});
      const pointer = await next(worker);
      for (let n = 0; n < 500; n++) assert.strictEqual(symbols.${name}(pointer, n), n * 2 + worker.threadId);
      assert.strictEqual(symbols.repeat(pointer, 1000), 999000 + 1000 * worker.threadId);
      assert.strictEqual(await symbols.${name}.async(pointer, 4), 8 + worker.threadId);
      worker.postMessage('end');
      console.log(...await once(worker, 'exit'));`);
    expect(outputOf(program)).toBe('0');
  });

  test('gives zero when the worker has ended, and one warning', () => {
    const program = main(`
      const worker = other(${JSON.stringify(offering)});
      const pointer = await next(worker);
      assert.strictEqual(symbols.call(pointer, 1), 2 + worker.threadId);
      await worker.terminate();
      console.log(symbols.call(pointer, 1), symbols.apply(pointer, 1), await symbols.call.async(pointer, 1));`);
    const { status, stdout, stderr } = runProgram(program);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0 0 0' });
    expect(stderr.match(/Warning/g)).toHaveLength(1);
  });

  test('waited for by the main thread while the worker is terminated', () => {
    const source = `
      const callback = new JSCallback((value) => { for (;;); }, { ...plain, threadsafe: true });
      parentPort.postMessage(callback.ptr);`;
    const program = main(`
      const worker = other(${JSON.stringify(source)});
      const pointer = await next(worker);
      const waiting = [1, 2, 3].map((n) => symbols.call.async(pointer, n));
      setTimeout(() => worker.terminate(), 100);
      console.log(await Promise.all(waiting));`);
    expect(outputOf(program)).toBe('[ 0, 0, 0 ]');
  });

  test("its errors are the worker's", () => {
    const source = `
      const callback = new JSCallback(() => { throw new Error('of the worker'); }, { ...plain, threadsafe: true });
      parentPort.postMessage(callback.ptr);`;
    const program = main(`
      const worker = other(${JSON.stringify(source)});
      const ended = new Promise((resolve) => worker.once('error', resolve));
      const pointer = await next(worker);
      console.log(symbols.call(pointer, 1), (await ended).message);`);
    expect(outputOf(program)).toBe('0 of the worker');
  });
});

describe('a callback of the main thread', () => {
  test.each(['call', 'apply', 'pumped'])('called by four workers: %s', (name) => {
    const source = `
      let sum = 0;
      for (let n = 0; n < 500; n++) sum += symbols.${name}(workerData, n);
      symbols.${name}.async(workerData, 1).then((value) => parentPort.postMessage(sum + value));`;
    const program = main(`
      let calls = 0;
      const callback = new JSCallback((value) => (calls++, value + 1), plain);
      const workers = Array.from({ length: 4 }, () => other(${JSON.stringify(source)}, callback.ptr));
      const sums = await Promise.all(workers.map(next));
      console.log(calls, ...sums);`);
    expect(outputOf(program)).toBe('2004 125252 125252 125252 125252');
  });

  test('both wait for each other under pump', () => {
    const source = `
      const own = new JSCallback((value) => symbols.pumped(workerData, value - 1) + 1, plain);
      parentPort.postMessage(own.ptr);
      parentPort.once('message', () => parentPort.postMessage('end'));`;
    const program = main(`
      let theirs;
      const own = new JSCallback((value) => value <= 0 ? 100 : symbols.pumped(theirs, value - 1) + 1, plain);
      const worker = other(${JSON.stringify(source)}, own.ptr);
      theirs = await next(worker);
      console.log(symbols.pumped(theirs, 41));
      worker.postMessage('end');
      await next(worker);`);
    expect(outputOf(program)).toBe('141');
  });

  test('the worker ends while it is waited for: the callback still runs, and nothing is lost', () => {
    const program = main(`
      const seen = [];
      const callback = new JSCallback((value) => { seen.push(value); return 1; }, { ...plain, threadsafe: true });
      const worker = other("symbols.later(workerData, 1, 50); symbols.later(workerData, 2, 150);", callback.ptr);
      await once(worker, 'exit');
      while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      callback.close();
      console.log(...seen);`);
    expect(outputOf(program)).toBe('1 2');
  });
});
