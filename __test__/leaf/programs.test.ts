/** Leaf functions in code that V8 has compiled, which no test in jest's own contexts is, on each Node.js at hand. */
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { nodes } from '../support/nodes';
import { outputOfFile, runProgram } from '../support/subprocess';

const program = (name: string) => join(__dirname, '..', 'support', 'leaf', `${name}.cjs`);

// A switch may turn them off. Asked in a process of its own: here, other tests may have used up what there is for such functions.
const { stdout: path } = runProgram(
  'console.log(require(entry).dlopen(fixture, { leaf_increase: { leaf: true } }).symbols.leaf_increase.path);',
);

(path === 'leaf' ? describe : describe.skip).each(nodes)('Node.js %s', (_, node) => {
  test('values of every kind, cold and compiled, have the results and errors of the slots', () => {
    const output = outputOfFile(program('values'), { node, flags: ['--allow-natives-syntax'] });
    expect(output).toMatch(/^50 of 50 leaves, 2\d{4} agree$/);
  });

  test('compiled code calls C directly, which shows by errno', () => {
    const output = outputOfFile(program('errno'), { node });
    expect(output).toBe('slots, leaf, slots, leaf');
  });

  test('a function that calls back is refused, in compiled code too', () => {
    expect(outputOfFile(program('lies'), { node })).toBe('refused');
  });

  test('so is one that was called often before there was any callback', () => {
    expect(outputOfFile(program('first-callback'), { node })).toBe('refused');
  });

  test('wrong numbers of arguments and closed functions are refused in compiled code', () => {
    expect(outputOfFile(program('counts'), { node })).toBe('refused');
  });

  test('workers that end, are terminated, and lie', () => {
    expect(outputOfFile(program('workers'), { node })).toBe('done');
  });

  const leaves = 'done leaf leaf leaf leaf leaf slots';
  const flags: [string, string][] = [
    ['', leaves],
    ['--jitless', leaves.replaceAll('leaf', 'slots')],
    ['--no-opt', leaves],
    ['--stress-compaction', leaves],
    ['--disallow-code-generation-from-strings', leaves],
  ];
  const more: [string, string][] = [
    ['--no-lazy-feedback-allocation', leaves],
    ['--deopt-every-n-times=1000', leaves],
    ['--stress-scavenge=30', leaves],
    ['--single-threaded', leaves],
  ];
  test.each(node === process.execPath ? [...flags, ...more] : flags)('with %s', (flag, expected) => {
    const source = `process.argv.splice(1, Infinity, '', entry, fixture); require(${JSON.stringify(program('flags'))});`;
    const options = flag === '' ? [] : ['--no-warnings', flag];
    const rounds = flag === '--stress-compaction' ? '1' : '3';
    // V8 itself prints that --jitless turns another flag off.
    const { status, signal, stdout } = runProgram(source, { node, flags: options, env: { ROUNDS: rounds } });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    expect(stdout.split('\n').at(-1)).toBe(expected);
  });
});
