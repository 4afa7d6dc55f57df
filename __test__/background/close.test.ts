// Closing a library with background calls in flight: programs of their own, each with a library of its own.
import { describe, expect, test } from '@jest/globals';
import { compile } from '../support/compile';
import { outputOf } from '../support/subprocess';

const library = compile(
  'libleaving.so',
  `#include <unistd.h>
  #include <stdlib.h>
  #include <string.h>
  int slow(int ms, int value) { usleep(ms * 1000); return value; }
  int gated(volatile int *open, int value) { while (!*open) usleep(1000); return value; }
  int call(int (*callback)(int), int value) { return callback(value); }
  char *text(int ms) { usleep(ms * 1000); return strdup("text"); }
  void release(char *text) { free(text); }`,
);

const load = `
  const { dlopen, disposable, CFunction, AsyncCFunction, JSCallback, calloc, setPoolSize, write } = require(entry);
  const path = ${JSON.stringify(library)};
  const isMapped = () => require('node:fs').readFileSync('/proc/self/maps', 'latin1').includes('libleaving.so');
  const pause = require('node:timers/promises').setTimeout;
  const slow = { args: ['i32', 'i32'], returns: 'i32' };
  const gated = { args: ['ptr', 'i32'], returns: 'i32' };
  const defs = { slow, gated, call: { args: ['callback', 'i32'], returns: 'i32' } };
  const codes = (promises) => Promise.allSettled(promises).then((all) => all.map(({ value, reason }) => value ?? reason.code));
`;

const run = (source: string) => outputOf(`${load} (async () => { ${source} })();`);

describe('close with calls in flight', () => {
  test('accepted ones settle, queued ones included; later ones reject; then the library is unloaded', () => {
    const program = `
      setPoolSize(2);
      const library = dlopen(path, defs);
      const { slow } = library.symbols;
      const accepted = Array.from({ length: 10 }, (_, index) => slow.async(20, index));
      library.close();
      library.close();
      assert(isMapped());
      const later = await codes([slow.async(0, 1), slow.async.with({ errno: true })(0, 1)]);
      assert.throws(() => slow(0, 1), { code: 'ERR_FFI_CLOSED' });
      assert(isMapped());
      console.log(...await Promise.all(accepted), ...new Set(later), isMapped());`;
    expect(run(program)).toBe('0 1 2 3 4 5 6 7 8 9 ERR_FFI_CLOSED false');
  });

  test('it returns at once', () => {
    const program = `
      const library = dlopen(path, defs);
      const gate = calloc(1, 4);
      const call = library.symbols.gated.async(gate, 1);
      library.close();
      assert(isMapped());
      write.i32(gate, 0, 1);
      console.log(await call, isMapped());`;
    expect(run(program)).toBe('1 false');
  });

  test('in a callback of such a call', () => {
    const program = `
      const library = dlopen(path, defs);
      const callback = new JSCallback((value) => { library.close(); return value + 1; }, { args: ['i32'], returns: 'i32' });
      const calls = [1, 2, 3].map((value) => library.symbols.call.async(callback, value));
      console.log(...await Promise.all(calls), isMapped());`;
    expect(run(program)).toBe('2 3 4 false');
  });

  test('another library of the same file stays', () => {
    const program = `
      const [first, second] = [dlopen(path, defs), dlopen(path, defs)];
      const calls = [first.symbols.slow.async(20, 1), second.symbols.slow.async(20, 2)];
      first.close();
      console.log(...await Promise.all(calls), isMapped(), await second.symbols.slow.async(0, 3));
      second.close();
      console.log(isMapped());`;
    expect(run(program)).toBe('1 2 true 3\nfalse');
  });

  test('a disposable string is still copied and freed', () => {
    const program = `
      const { release } = dlopen(path, { release: { args: ['ptr'] } }).symbols;
      const library = dlopen(path, { text: { args: ['i32'], returns: disposable('CString', release) } });
      const calls = [library.symbols.text.async(20), library.symbols.text.async(40)];
      library.close();
      console.log(...await Promise.all(calls));`;
    expect(run(program)).toBe('text text');
  });

  test('calls that are given up hold it no longer', () => {
    const program = `
      setPoolSize(1);
      const library = dlopen(path, defs);
      const control = new AbortController();
      const first = library.symbols.slow.async(50, 1);
      const second = library.symbols.slow.async.with({ signal: control.signal })(5000, 2);
      library.close();
      control.abort();
      console.log(...await codes([second, first]), isMapped());`;
    expect(run(program)).toBe('ABORT_ERR 1 false');
  });

  test('without awaiting anything: the program ends when they have settled', () => {
    const program = `
      const library = dlopen(path, defs);
      library.symbols.slow.async(100, 7).then(console.log);
      library.close();`;
    expect(run(program)).toBe('7');
  });
});

describe('functions by address', () => {
  test.each(['CFunction', 'AsyncCFunction'])('%s: close lets accepted calls settle', (kind) => {
    const program = `
      const library = dlopen(path, defs);
      const found = ${kind}({ ...slow, ptr: library.symbols.slow });
      const calls = [found.async(20, 1), found.async(40, 2)];
      found.close();
      const later = await codes([found.async(0, 3)]);
      library.close();
      console.log(...await Promise.all(calls), ...later);
      await pause(0);
      console.log(isMapped());`;
    expect(run(program)).toBe('1 2 ERR_FFI_CLOSED\nfalse');
  });

  test('the library that one was found in is closed: it rejects', () => {
    const program = `
      const library = dlopen(path, defs);
      const found = AsyncCFunction({ ...slow, ptr: library.symbols.slow });
      assert.strictEqual(await found(0, 1), 1);
      library.close();
      console.log(...await codes([found(0, 1)]));`;
    expect(run(program)).toBe('ERR_FFI_CLOSED');
  });
});
