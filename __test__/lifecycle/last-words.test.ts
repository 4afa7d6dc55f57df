// What a process says that dies of a signal inside a call of C.
import { describe, expect, test } from '@jest/globals';
import { fixture } from '../support/fixture';
import { runProgram } from '../support/subprocess';

const load = `
  const { dlopen, fn } = require(entry);
  const { symbols } = dlopen(fixture, {
    lw_segv: { args: ['i32', 'CString', 'f64', 'ptr', 'u64'], returns: 'i32' },
    lw_abort: { args: ['i64'] },
    lw_divide: { args: ['i32', 'i32'], returns: 'i32' },
    lw_deep: { args: ['i32'], returns: 'i32' },
    lw_later: { args: [fn({ args: ['i32'], returns: 'i32' }), 'i32'], returns: 'i32' },
  });
`;

function lastWords(code: string, env: Record<string, string> = {}) {
  const { signal, stderr } = runProgram(`${load} ${code}`, { env });
  return { signal, said: stderr.split('\n').filter((line) => line.startsWith('arkffi: ')) };
}

describe('the last words name the signal, the function, its arguments and the library', () => {
  test.each([
    [
      'a bad address',
      "symbols.lw_segv(-7, 'héllo\\n', 2.5, 4096, 2n ** 64n - 1n);",
      'SIGSEGV',
      'lw_segv(-7, "héllo\\n", 2.5, 0x1000, 18446744073709551615)',
    ],
    ['NULL arguments', 'symbols.lw_segv(0, null, 0, null, 1);', 'SIGSEGV', 'lw_segv(0, NULL, 0, NULL, 1)'],
    ['abort', 'symbols.lw_abort(-5);', 'SIGABRT', 'lw_abort(-5)'],
    ['a division by zero', 'symbols.lw_divide(5, 0);', 'SIGFPE', 'lw_divide(5, 0)'],
    [
      'a thread of the pool',
      "symbols.lw_segv.async(1, 'text', 0.5, 0, 3);",
      'SIGSEGV',
      'lw_segv(1, "text", 0.5, NULL, 3)',
    ],
    ['a stack that is used up', 'symbols.lw_deep(1e9);', 'SIGSEGV', 'lw_deep(1000000000)'],
    ['that of a thread of the pool', 'symbols.lw_deep.async(1e9);', 'SIGSEGV', 'lw_deep(1000000000)'],
    ['arguments that are gone', 'symbols.lw_later((value) => value, 3);', 'SIGSEGV', 'lw_later(…)'],
    [
      'a worker',
      `const program = \`const { dlopen } = require('\${entry}');
        dlopen('\${fixture}', { lw_abort: { args: ['i64'] } }).symbols.lw_abort(2);\`;
      new (require('node:worker_threads').Worker)(program, { eval: true });`,
      'SIGABRT',
      'lw_abort(2)',
    ],
  ])('%s', (_, code, signal, call) => {
    expect(lastWords(code)).toEqual({ signal, said: [`arkffi: ${signal} in C: ${call} of ${fixture}`] });
  });

  test.each([
    ['an allocator', 'malloc(16);', 'malloc(16) of setAllocator'],
    ['an allocator that is to clear', 'calloc(2, 8);', 'calloc(1, 16) of setAllocator'],
    ['a struct result', 'make();', 'malloc(3000) of setAllocator'],
  ])('%s of the user’s', (_, code, call) => {
    const program = `
      const { Struct, array, setAllocator, malloc, calloc } = require(entry);
      const { symbols: own } = dlopen(fixture, {
        abort: { symbol: 'lw_abort', args: ['i64'] }, make: { symbol: 'ow_page_of', args: [], returns: Struct({ x: array('u8', 3000) }) },
      });
      const { make } = own;
      setAllocator({ malloc: own.abort, calloc: own.abort, realloc: own.abort, free: own.abort });
      ${code}`;
    expect(lastWords(program)).toEqual({ signal: 'SIGABRT', said: [`arkffi: SIGABRT in C: ${call}`] });
  });

  test('a finalizer', () => {
    const program = `const { addFinalizer } = require(entry);
      process.on('exit', () => process.exit()); addFinalizer(symbols.lw_abort, 4096);`;
    const said = ['arkffi: SIGABRT in C: the function(0x1000) of addFinalizer or own'];
    expect(lastWords(program)).toEqual({ signal: 'SIGABRT', said });
  });

  test('through libffi, and with the kernel copy', () => {
    for (const env of [{ ARKFFI_PATH: 'libffi' }, { ARKFFI_GUARD: 'kernel' }]) {
      const said = [`arkffi: SIGFPE in C: lw_divide(7, 0) of ${fixture}`];
      expect(lastWords('symbols.lw_divide(7, 0);', env)).toEqual({ signal: 'SIGFPE', said });
    }
  });
});

describe('there are none', () => {
  test('with ARKFFI_CRASH=0', () => {
    expect(lastWords('symbols.lw_abort(1);', { ARKFFI_CRASH: '0' })).toEqual({ signal: 'SIGABRT', said: [] });
  });

  test('outside of C', () => {
    const code =
      "symbols.lw_divide(4, 2); process.kill(process.pid, 'SIGSEGV'); setTimeout(() => {}, 10_000);";
    expect(lastWords(code)).toEqual({ signal: 'SIGSEGV', said: [] });
  });

  test('in a callback, whose own abort it is', () => {
    expect(lastWords('symbols.lw_later(() => process.abort(), 1);')).toEqual({ signal: 'SIGABRT', said: [] });
  });

  test('where WebAssembly leaves its memory, which is no crash', () => {
    const code = `
      const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1,
        102, 0, 0, 10, 12, 1, 10, 0, 65, 128, 128, 128, 8, 40, 2, 0, 11];
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
      try { exports.f(); } catch { process.exit(0); }`;
    expect(lastWords(code)).toEqual({ signal: null, said: [] });
  });
});
