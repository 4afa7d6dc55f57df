// V8 leaves its memory out of a forked process: no JavaScript can run there, not even on the thread that forked.
import { describe, expect, test } from '@jest/globals';
import { runProgram } from '../support/subprocess';

const load = `
  const { dlopen, fn, JSCallback } = require(entry);
  const plain = { args: ['i32'], returns: 'i32' };
  const { symbols } = dlopen(fixture, {
    forked: { symbol: 'fk_call', args: [fn(plain), 'bool'], returns: 'i32' },
    pumped: { symbol: 'fk_call', args: ['callback', 'bool'], returns: 'i32', pump: true },
  });
  const callback = new JSCallback((value) => value, plain);
`;

describe.each([
  ['plainly', {}],
  ['through libffi', { ARKFFI_PATH: 'libffi' }],
  ['without coroutines', { ARKFFI_COROUTINES: 'off' }],
])('a callback that C calls in a process that it has forked, %s', (_, env) => {
  test.each([
    ['of a plain call', 'symbols.forked(callback, false)', 1],
    ['on another thread', 'symbols.forked(callback, true)', 1],
    ['a plain function', 'symbols.forked((value) => value, false)', 1],
    ['in the background', 'await symbols.forked.async(callback, false)', 1],
    ['of a pumped call', 'symbols.pumped(callback, false)', 1],
    ['again and again', 'Math.max(...Array.from({ length: 5 }, () => symbols.forked(callback, false)))', 5],
  ])('%s: it gets zero, with a warning, and the callback lives on here', (_name, call, warnings) => {
    const program = `${load} (async () => { console.log(${call}, callback.call(7)); })();`;
    const { status, stdout, stderr } = runProgram(program, { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '40 7' });
    expect(stderr.match(/Warning: arkffi: .* in a process that it has forked.*got zero$/gm)).toHaveLength(
      warnings,
    );
  });
});
