/** Random signatures of calls and callbacks, always the same ones. `npm run fuzz:abi` checks as many others as one likes. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const run = join(__dirname, '..', '..', 'fuzz', 'abi', 'run.mjs');
const count = '500';

test(`${count} random signatures`, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [run, '--seed', '1', '--count', count], {
    encoding: 'utf8',
    timeout: 55_000,
  });
  // What it says tells how to run a mismatch again.
  expect(status === 0 ? '' : stdout + stderr).toBe('');
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(`${count} signatures, 0 mismatches`);
});
