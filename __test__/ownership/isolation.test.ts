// Each worker has limits, accounts, allocators and handles of its own; its end gives back what it held, and nothing else.
import { describe, expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';
import { prelude } from './library';

/** Runs one program in the main thread and one in a worker, which gets `post` and `next()` for messages. */
const both = (main: string, worker: string) =>
  outputOf(`${prelude}
    const { Worker } = require('node:worker_threads');
    const { once } = require('node:events');
    const source = ${JSON.stringify(`
      const assert = require('node:assert');
      const { once } = require('node:events');
      const { parentPort, workerData: { entry, fixture } } = require('node:worker_threads');
      ${prelude}
      const post = (value) => parentPort.postMessage(value);
      const next = async () => (await once(parentPort, 'message'))[0];
      const codeOf = (run) => { try { run(); return 'none'; } catch (error) { return error.code; } };
      (async () => { ${worker}; parentPort.unref(); })();`)};
    const worker = new Worker(source, { eval: true, workerData: { entry, fixture } });
    worker.on('error', (error) => { throw error; });
    const next = async () => (await once(worker, 'message'))[0];
    const ended = once(worker, 'exit');
    (async () => { ${main} })();`);

describe('a worker', () => {
  test('has accounts and a limit of its own', () => {
    const main = `
      const block = ffi.malloc(1000);
      ffi.setMemoryLimit(5000);
      const [usage, refused] = await next();
      assert.strictEqual(usage.limit, 100);
      assert.deepStrictEqual(usage.blocks, { count: 1, bytes: 77 });
      assert.strictEqual(refused, 'ERR_FFI_MEMORY_LIMIT');
      const { limit, blocks } = ffi.memoryUsage();
      assert.deepStrictEqual([limit, blocks], [5000, { count: 1, bytes: 1000 }]);
      await ended;
      assert.deepStrictEqual(ffi.memoryUsage().blocks, { count: 1, bytes: 1000 });
      ffi.free(block);
      console.log('isolated');`;
    const worker = `
      assert.strictEqual(ffi.memoryUsage().limit, 0);
      ffi.setMemoryLimit(100);
      ffi.malloc(77);
      post([ffi.memoryUsage(), codeOf(() => ffi.malloc(24))]);`;
    expect(both(main, worker)).toBe('isolated');
  });

  test('cannot give back what is another’s, and knows nothing of it', () => {
    const main = `
      const block = ffi.calloc(1, 64);
      const result = ow.ow_pair_of(1, 2);
      const part = new ffi.Arena().alloc(8);
      const callback = new ffi.JSCallback(() => 1, { args: [], returns: 'i32' });
      worker.postMessage([block, result, part, callback.ptr]);
      const answers = await next();
      assert.deepStrictEqual(answers, ['ERR_FFI_INVALID_POINTER', false, false, false, false, false]);
      assert.ok(ffi.isLive(block) && ffi.isLive(result) && ffi.isLive(part) && ffi.isLive(callback.ptr));
      await ended;
      assert.strictEqual(ffi.read.u8(block, 63), 0);
      ffi.free(block);
      console.log('nothing');`;
    const worker = `
      const [block, result, part, callback] = await next();
      const live = [block, result, part, callback].map((address) => ffi.isLive(address));
      post([codeOf(() => ffi.free(block)), ffi.releasePtr(result), ...live]);`;
    expect(both(main, worker)).toBe('nothing');
  });

  test('that reads or writes memory of another’s does so without bounds, as with any of C’s', () => {
    const main = `
      const block = ffi.calloc(1, 8);
      worker.postMessage(block);
      assert.strictEqual(await next(), 0);
      await ended;
      assert.strictEqual(ffi.read.u32(block), 5);
      ffi.free(block);
      console.log('written');`;
    const worker = `const block = await next(); post(ffi.read.u32(block)); ffi.write.u32(block, 0, 5);`;
    expect(both(main, worker)).toBe('written');
  });

  test('has an allocator, a threshold, flags and leaks of its own', () => {
    const main = `
      ffi.setGCThreshold(12345);
      ffi.trackAllocations(true);
      ffi.setDumpFlags({ gc: true });
      const block = ffi.malloc(10);
      const [threshold, leaks, flags] = await next();
      assert.strictEqual(threshold, 2 ** 20);
      assert.deepStrictEqual(leaks, []);
      assert.strictEqual(flags.gc, false);
      assert.strictEqual(ffi.leaks().length, 1);
      await ended;
      assert.strictEqual(ffi.leaks().length, 1);
      assert.strictEqual(ffi.getGCThreshold(), 12345);
      ffi.free(block);
      console.log('own');`;
    expect(both(main, `post([ffi.getGCThreshold(), ffi.leaks(), ffi.getDumpFlags()]);`)).toBe('own');
  });

  test('that ends unloads no library, and frees its memory', () => {
    const main = `
      await ended;
      assert.strictEqual(ow.ow_recorded(), 0);
      const { symbols } = ffi.dlopen(null, { mallinfo2: { returns: ffi.Struct({
        arena: 'usize', ordblks: 'usize', smblks: 'usize', hblks: 'usize', hblkhd: 'usize',
        usmblks: 'usize', fsmblks: 'usize', uordblks: 'usize', fordblks: 'usize', keepcost: 'usize' }).object, optional: true } });
      const mapped = () => symbols.mallinfo2 === null ? 0 : symbols.mallinfo2().hblkhd;
      const before = mapped();
      for (let round = 0; round < 5; round++) {
        const large = new Worker('const { malloc } = require(' + JSON.stringify(entry) + '); for (let n = 0; n < 10; n++) malloc(1 << 25);', { eval: true });
        await once(large, 'exit');
      }
      assert.ok(mapped() - before < 2 ** 25, 'grown by ' + (mapped() - before));
      console.log('freed');`;
    expect(both(main, '')).toBe('freed');
  });
});
