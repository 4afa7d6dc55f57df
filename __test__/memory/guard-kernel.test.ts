// The other implementation of guarded access keeps the same rules: the same tests, in a process that uses it.
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

test.each(['read-write', 'bad-addresses', 'wasm', 'bytes'])('ARKFFI_GUARD=kernel: %s', (name) => {
  // Without the set-up, which has built the fixture already.
  const run = `
    const { globalSetup, ...config } = require(${JSON.stringify(join(root, 'jest.config.cjs'))});
    const args = ['--config', JSON.stringify(config), '-i', '--testPathPatterns', 'memory/${name}\\\\.test'];
    require('jest').run(args);`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', run], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ARKFFI_GUARD: 'kernel' },
  });
  expect(stderr).toMatch(/^Tests: .* passed/m);
  expect(status === 0 ? '' : stderr).toBe('');
});
