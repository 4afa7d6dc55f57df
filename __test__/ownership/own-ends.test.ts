// Owned C memory that nobody closes: freed once, after its collection or at the end, whatever the end is.
import { describe, expect, test } from '@jest/globals';
import { outputOf, runProgram } from '../support/subprocess';
import { prelude } from './library';

const flags = ['--expose-gc'];
/** `own` with a deallocator that says its argument on stdout at once. */
const saying = `${prelude}
  const { own } = ffi;
  const say = (number) => own(number, ow.ow_say);
  globalThis.kept = [];
  const keep = (number) => kept.push(say(number));
`;

describe('the collector', () => {
  test('frees what nobody holds, once, and nothing that somebody holds', () => {
    const program = `${prelude}
      const address = ow.ow_make(64);
      const other = ow.ow_make(64);
      (async () => {
        let held = ffi.own(address, ow.ow_free, { size: 64 });
        const kept = ffi.own(other, ow.ow_free);
        await collect();
        assert.strictEqual(ow.ow_recorded(), 0);
        held = undefined;
        await collect(() => ow.ow_recorded() > 0);
        assert.deepStrictEqual([ow.ow_recorded(), ow.ow_times(address)], [1, 1]);
        assert.strictEqual(ffi.memoryUsage().owned.count, 1);
        kept.close();
        await collect();
        assert.deepStrictEqual([ow.ow_recorded(), ow.ow_times(other)], [2, 1]);
        console.log('once');
      })();`;
    expect(outputOf(program, { flags })).toBe('once');
  });

  test('does not free what was closed or given away', () => {
    const program = `${prelude}
      (async () => {
        for (let round = 0; round < 200; round++) {
          ffi.own(ow.ow_make(8), ow.ow_note).close();
          ffi.own(ow.ow_make(8), ow.ow_note).forget();
        }
        await collect();
        console.log(ow.ow_recorded(), ffi.memoryUsage().owned.count);
      })();`;
    expect(outputOf(program, { flags })).toBe('200 0');
  });

  test('frees a thousand, each once, outside of any collection', () => {
    const program = `${prelude}
      const addresses = Array.from({ length: 1000 }, () => ow.ow_make(16));
      (async () => {
        for (const address of addresses) ffi.own(address, ow.ow_free, { size: 16 });
        // While JavaScript runs on, nothing is freed.
        gc();
        assert.strictEqual(ow.ow_recorded(), 0);
        await collect(() => ow.ow_recorded() === 1000);
        assert.ok(addresses.every((address) => ow.ow_times(address) === 1));
        console.log(ow.ow_recorded(), ffi.memoryUsage().owned.bytes);
      })();`;
    expect(outputOf(program, { flags })).toBe('1000 0');
  });

  test.each([
    ['the object', 'held'],
    ['its address', 'held.ptr'],
  ])('waits for a call that was given %s', (_, given) => {
    const program = `${prelude}
      const start = () => {
        const held = ffi.own(ow.ow_make(64), ow.ow_note);
        return ow.ow_sum_late.async(${given}, 64, 400);
      };
      (async () => {
        const call = start();
        for (let round = 0; round < 10; round++) { gc(); await turn(); }
        assert.deepStrictEqual([ow.ow_recorded(), ffi.memoryUsage().owned.count], [0, 1]);
        assert.strictEqual(await call, 0);
        await collect(() => ow.ow_recorded() > 0);
        console.log(ow.ow_recorded(), ffi.memoryUsage().owned.count);
      })();`;
    expect(outputOf(program, { flags })).toBe('1 0');
  });

  test('keeps the library of the deallocator until the last is freed', () => {
    const program = `
      const { dlopen, own } = require(entry);
      const isMapped = () => require('node:fs').readFileSync('/proc/self/maps', 'latin1').includes('libfixture.so');
      const library = dlopen(fixture, { ow_note: { args: ['ptr'] } });
      let held = [own(1, library.symbols.ow_note), own(2, library.symbols.ow_note)];
      library.close();
      assert.ok(isMapped());
      held[0].close();
      assert.ok(isMapped());
      held.pop();
      let rounds = 0;
      const look = () => {
        gc();
        if (isMapped() && ++rounds < 50) setTimeout(look, 5);
        else console.log(isMapped() ? 'kept' : 'gone');
      };
      look();`;
    expect(outputOf(program, { flags })).toBe('gone');
  });
});

describe('the end of the process frees each, the last first', () => {
  test.each<[string, string, number]>([
    ['by itself', '', 0],
    ['by process.exit', 'process.exit(3);', 3],
    ['by process.exit in a listener of exit', "process.on('exit', () => process.exit(4));", 4],
    ['by an uncaught error', "throw new Error('on purpose');", 1],
    ['by a rejection that nobody handles', "Promise.reject(new Error('on purpose'));", 1],
  ])('%s', (_, end, status) => {
    const { stdout, ...rest } = runProgram(
      `${saying} keep(1); keep(2); kept[1].close(); keep(3); say(4); ${end}`,
    );
    expect(stdout.split('\n')).toEqual(['C 2', 'C 4', 'C 3', 'C 1']);
    expect(rest.status).toBe(status);
    expect(rest.signal).toBeNull();
  });

  test('also what listeners of exit own', () => {
    expect(outputOf(`${saying} process.on('exit', () => keep(5)); keep(1);`)).toBe('C 5\nC 1');
  });
});

describe('what a call uses when the process ends is left to it, and the others are freed', () => {
  test.each([
    ['a background call', 'ow.ow_sum_late.async(ffi.own(2 ** 32, ow.ow_say), 0, 3000); process.exit();'],
    [
      'a call that has called back',
      `const exit = new ffi.JSCallback(() => process.exit(), { args: [], returns: 'i32' });
       ow.ow_during(ffi.own(2 ** 32, ow.ow_say), exit);`,
    ],
  ])('%s', (_, end) => {
    expect(outputOf(`${saying} keep(1); keep(2); ${end}`)).toBe('C 2\nC 1');
  });
});

describe('the end of a worker frees each, once', () => {
  const ends: [string, string, string][] = [
    ['by itself', '', ''],
    ['by process.exit', 'process.exit(0);', ''],
    ['by an error', "setImmediate(() => { throw new Error('on purpose'); });", ''],
    ['by terminate', 'setInterval(() => {}, 1000);', 'worker.terminate();'],
    ['by terminate in a loop', 'setImmediate(() => { for (;;); });', 'worker.terminate();'],
  ];
  test.each(ends)('%s', (_, end, then) => {
    const program = `
      const { Worker } = require('node:worker_threads');
      const source = ${JSON.stringify(`
        const assert = require('node:assert');
        const { parentPort, workerData: { entry, fixture } } = require('node:worker_threads');
        ${saying} keep(1); keep(2); keep(3); kept[2].close();
        parentPort.postMessage('ready');
        ${end}`)};
      const worker = new Worker(source, { eval: true, workerData: { entry, fixture } });
      worker.on('error', () => {});
      worker.on('message', () => setTimeout(() => { ${then} }, 20));
      worker.on('exit', () => console.log('end'));`;
    expect(outputOf(program).split('\n')).toEqual(['C 3', 'C 2', 'C 1', 'end']);
  });
});
