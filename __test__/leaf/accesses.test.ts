/** Reads and writes in code that V8 has compiled, on each Node.js at hand. */
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { nodes } from '../support/nodes';
import { runProgram } from '../support/subprocess';

const program = (name: string) => join(__dirname, '..', 'support', 'leaf', `${name}.cjs`);

describe.each(nodes)('Node.js %s', (_, node) => {
  const cases: [string[], Record<string, string>][] = [
    [[], {}],
    [[], { ARKFFI_LEAF: 'off' }],
    [['--no-opt'], {}],
    [['--jitless'], {}],
    [['--stress-compaction'], {}],
    [['--disallow-code-generation-from-strings'], {}],
  ];
  const more: [string[], Record<string, string>][] = [
    [[], { ARKFFI_CODEGEN: 'off' }],
    [[], { ARKFFI_GUARD: 'kernel' }],
    [[], { ARKFFI_PATH: 'libffi' }],
    [[], { ARKFFI_CHECK_LEAF: '1' }],
    [['--deopt-every-n-times=20000'], {}],
    [['--single-threaded'], {}],
  ];
  test.each(node === process.execPath ? [...cases, ...more] : cases)('with %j %j', (flags, env) => {
    const isPlain = flags.length === 0 && Object.keys(env).length === 0;
    const effort = isPlain ? {} : { OFTEN: '500', ROUNDS: '2', WORKERS: '0' };
    const run = (name: string) => {
      const source = `process.argv.splice(1, Infinity, '', entry, fixture); require(${JSON.stringify(program(name))});`;
      const options = { node, flags: isPlain ? [] : ['--no-warnings', ...flags], env: { ...effort, ...env } };
      // V8 itself prints that --jitless turns another flag off.
      const { status, signal, stdout } = runProgram(source, options);
      expect({ status, signal }).toEqual({ status: 0, signal: null });
      return stdout.split('\n').at(-1);
    };
    expect([run('accesses'), run('texts')]).toEqual(['15 of 15', 'right']);
  });
});
