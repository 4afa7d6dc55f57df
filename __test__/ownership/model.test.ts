// Random operations on memory, the accounts compared with a model's after each. `npm run fuzz:memory` does ten times as many.
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const script = join(__dirname, '..', '..', 'fuzz', 'memory', 'run.mjs');

test('100,000 operations, with workers that end meanwhile, come to what the model says', () => {
  const args = [script, '--operations', '100000', '--seed', '1'];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 55_000 });
  expect(output).toContain('--seed 1\n');
  expect(output).toContain('as the model says');
  const done = JSON.parse(output.split('\n')[1]!) as Record<string, number>;
  expect(Object.keys(done)).toHaveLength(18);
  expect(Math.min(...Object.values(done))).toBeGreaterThan(2);
});
