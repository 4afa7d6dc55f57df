// How long callbacks of other threads live, and what becomes of their errors: programs of their own.
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { compile } from '../support/compile';
import { outputOf, runProgram } from '../support/subprocess';

const load = `
  const { dlopen, JSCallback } = require(entry);
  const { asleep } = require(${JSON.stringify(join(__dirname, '..', 'support', 'asleep.cjs'))});
  const pause = require('node:timers/promises').setTimeout;
  const library = dlopen(fixture, {
    later: { symbol: 'th_later', args: ['callback', 'i32', 'i32'] },
    count: { symbol: 'th_later_count', returns: 'i32' },
    result: { symbol: 'th_later_result', args: ['i32'], returns: 'i32' },
    apply: { symbol: 'th_apply', args: ['callback', 'i32'], returns: 'i32' },
  });
  const { later, count, result, apply } = library.symbols;
  const plain = { args: ['i32'], returns: 'i32' };
  /** Stops JavaScript until so many threads wait for a callback. */
  const waiting = (wanted) => { while (asleep('later') < wanted); };
  const ended = async (wanted) => { while (count() < wanted) await pause(1); };
`;

describe('the event loop', () => {
  test('threadsafe: true keeps it alive until close', () => {
    const program = `${load}
      const callback = new JSCallback((value) => {
        console.log('called', value);
        callback.close();
        return 0;
      }, { ...plain, threadsafe: true });
      later(callback, 7, 300);`;
    expect(outputOf(program)).toBe('called 7');
  });

  test('one of two that are closed keeps it alive no more; the other does', () => {
    const program = `${load}
      const made = [1, 2].map(() => new JSCallback(() => 0, { ...plain, threadsafe: true }));
      made[0].close();
      made[0].close();
      setTimeout(() => { console.log('alive'); made[1].close(); }, 100).unref();`;
    expect(outputOf(program)).toBe('alive');
  });

  test('without threadsafe the program ends, though a thread would still call', () => {
    const program = `${load}
      later(new JSCallback(() => { console.log('called'); return 0; }, plain), 7, 40_000);
      console.log('end');`;
    const start = Date.now();
    expect(outputOf(program)).toBe('end');
    expect(Date.now() - start).toBeLessThan(30_000);
  });

  test('without threadsafe callbacks are served as long as something else keeps it alive', () => {
    const program = `${load}
      later(new JSCallback((value) => { console.log('called', value); return 5; }, plain), 7, 50);
      ended(1).then(() => console.log(result(0)));`;
    expect(outputOf(program)).toBe('called 7\n5');
  });
});

describe('closing', () => {
  test('while threads wait for it: they get zero, and one warning names it', () => {
    const program = `${load}
      const callback = new JSCallback(function answer() { return 42; }, plain);
      for (let n = 0; n < 20; n++) later(callback, n, 0);
      waiting(20);
      callback.close();
      ended(20).then(() => console.log(Array.from({ length: 20 }, (_, index) => result(index)).join('')));`;
    const { status, stdout, stderr } = runProgram(program);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0'.repeat(20) });
    expect(stderr.match(/Warning/g)).toHaveLength(1);
    expect(stderr).toContain("'answer'");
  });

  test('in its own call, which still gives its value; those behind it get zero', () => {
    const program = `${load}
      const callback = new JSCallback(() => { callback.close(); return 42; }, plain);
      for (let n = 0; n < 5; n++) later(callback, n, 0);
      waiting(5);
      ended(5).then(() => console.log(Array.from({ length: 5 }, (_, index) => result(index)).sort().join(' ')));`;
    const { status, stdout } = runProgram(program);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0 0 0 0 42' });
  });

  test.each<[string, (library: string) => string, string]>([
    [
      'unloads the library where only its own threads have called',
      () => 'assert.strictEqual(symbols.call_here(callback, 1), 2);',
      'false',
    ],
    [
      'leaves it mapped once a thread of C has called a callback',
      () => 'assert.strictEqual(await symbols.call_there.async(callback, 1), 2);',
      'true',
    ],
  ])('%s', (_, calls, mapped) => {
    const library = compile(
      'libcalling.so',
      `#include <pthread.h>
      typedef int Callback(int);
      typedef struct { Callback *callback; int value; } Data;
      static void *run(void *data) { Data *d = data; d->value = d->callback(d->value); return 0; }
      int call_here(Callback *callback, int value) { return callback(value); }
      int call_there(Callback *callback, int value) {
        Data data = {callback, value};
        pthread_t id;
        pthread_create(&id, 0, run, &data);
        pthread_join(id, 0);
        return data.value;
      }`,
    );
    const program = `
      const { dlopen, JSCallback } = require(entry);
      const def = { args: ['callback', 'i32'], returns: 'i32' };
      const isMapped = () => require('node:fs').readFileSync('/proc/self/maps', 'latin1').includes('libcalling.so');
      (async () => {
        const library = dlopen(${JSON.stringify(library)}, { call_here: def, call_there: def });
        const { symbols } = library;
        const callback = new JSCallback((value) => value + 1, { args: ['i32'], returns: 'i32' });
        ${calls(library)}
        assert(isMapped());
        library.close();
        assert.throws(() => symbols.call_here(callback, 1), { code: 'ERR_FFI_CLOSED' });
        console.log(isMapped());
      })();`;
    expect(outputOf(program)).toBe(mapped);
  });
});

describe('errors', () => {
  const throwing = `${load}
    const callback = new JSCallback((value) => {
      if (value < 0) return 'text';
      throw new RangeError('thrown for ' + value);
    }, { ...plain, threadsafe: true });`;

  test('are uncaughtException: a handler sees them, C gets zero, all goes on', () => {
    const program = `${throwing}
      const seen = [];
      process.on('uncaughtException', (error, origin) => seen.push([error, origin]));
      (async () => {
        later(callback, 1, 0);
        await ended(1);
        later(callback, -1, 0);
        await ended(2);
        await pause(10);
        assert.strictEqual(seen[0][0].name + ' ' + seen[0][0].message, 'RangeError thrown for 1');
        assert.strictEqual(seen[1][0].code, 'ERR_FFI_CALLBACK');
        assert.strictEqual(seen[1][0].cause.code, 'ERR_FFI_INVALID_ARG_TYPE');
        assert.deepStrictEqual(seen.map(([, origin]) => origin), ['uncaughtException', 'uncaughtException']);
        console.log(result(0), result(1), seen.length);
        callback.close();
      })();`;
    expect(outputOf(program)).toBe('0 0 2');
  });

  test('each of a hundred that come at once', () => {
    const program = `${throwing}
      const seen = new Set();
      process.on('uncaughtException', (error) => {
        seen.add(error.message);
        if (seen.size === 100) callback.close();
      });
      for (let n = 0; n < 100; n++) later(callback, n, 0);
      process.on('exit', () => console.log(seen.size));`;
    expect(outputOf(program)).toBe('100');
  });

  test('end the process where nobody handles them', () => {
    const { status, signal, stderr } = runProgram(`${throwing} later(callback, 3, 0);`);
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stderr).toContain('RangeError: thrown for 3');
  });

  test("onError's value is what C gets", () => {
    const program = `${load}
      const callback = new JSCallback((value) => { throw value; }, { ...plain, onError: (error) => error * 2 });
      process.on('uncaughtException', (error) => console.log('uncaught', error));
      later(callback, 21, 0);
      ended(1).then(() => console.log(result(0)));`;
    expect(outputOf(program).split('\n').sort()).toEqual(['42', 'uncaught 21']);
  });
});
