// `npm test`: everything that must hold, from formatting to the tests on each call path.
// Prints what jest prints, and last the totals of all steps: `N passed, M failed, K skipped`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { majors, nodeOf } from '../bench/binaries.mjs';
import { setUp } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const reports = mkdtempSync(join(tmpdir(), 'arkffi-test-'));
const bin = (name) => join(root, 'node_modules', name);
const total = { passed: 0, failed: 0, skipped: 0 };

function run(command, args, env = {}) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...env } };
  return spawnSync(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A step that passes or fails as a whole. */
function check(title, command, args) {
  const { status, stdout } = run(command, args);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${title}`);
  if (status !== 0) process.stdout.write(stdout ?? '');
  total[status === 0 ? 'passed' : 'failed']++;
}

function has(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function skip(title, why) {
  console.log(`skip ${title}: ${why}`);
  total.skipped++;
}

/** The Rust tests, counted one by one. */
function cargoTest() {
  const { status, stdout } = run('cargo', ['test', '--release', '--quiet', '--lib']);
  const [, passed = 0, failed = 0] = /(\d+) passed; (\d+) failed/.exec(stdout ?? '') ?? [];
  if (status !== 0) process.stdout.write(stdout ?? '');
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} cargo test: ${passed} passed, ${failed} failed`);
  total.passed += Number(passed);
  total.failed += Number(failed) || Number(status !== 0);
}

/** The package as users get it, without the tools that have to be fetched; `npm run test:ecosystem` has them all. */
function ecosystem() {
  const { stdout } = run(process.execPath, ['scripts/ecosystem.mjs', '--quick']);
  console.log(`\n${stdout?.trim()}`);
  const [, passed = 0, failed = 1, skipped = 0] =
    /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout ?? '') ?? [];
  total.passed += Number(passed);
  total.failed += Number(failed);
  total.skipped += Number(skipped);
}

/** The executables of the other Node.js versions that are supported, by version, where npm can fetch them. */
function others() {
  const found = {};
  for (const major of majors) {
    try {
      const node = nodeOf(major);
      if (node !== process.execPath) found[major] = node;
    } catch (error) {
      skip(`Node.js ${major}`, error.message);
    }
  }
  return found;
}

/** The jest tests below those folders, on a call path that switches choose. */
function jest(title, folders, env = {}, flags = [], node = process.execPath) {
  console.log(`\njest, ${title}`);
  const report = join(reports, `${title.replaceAll(/\W+/g, '-')}.json`);
  const args = [...flags, bin('jest/bin/jest.js'), '--json', `--outputFile=${report}`, ...folders];
  const { status } = run(node, args, { ARKFFI_TEST_NODES: 'one', ...env });
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    total.passed += numPassedTests;
    total.failed += numFailedTests || numFailedTestSuites;
    total.skipped += numPendingTests;
  } catch {
    console.log(`FAIL jest ended with ${status} and without a report`);
    total.failed++;
  }
}

setUp();
check('what is generated from types.json and the declarations', process.execPath, [
  'scripts/generate.mjs',
  '--check',
]);
if (has('cargo', 'fmt', '--version')) check('rustfmt', 'cargo', ['fmt', '--check']);
else skip('rustfmt', 'not installed');
if (has('cargo', 'clippy', '--version')) {
  check('clippy', 'cargo', ['clippy', '--release', '--all-targets', '--quiet', '--', '-D', 'warnings']);
} else {
  skip('clippy', 'not installed');
}
cargoTest();
if (has('valgrind', '--version')) check('valgrind', process.execPath, ['scripts/valgrind.mjs']);
else skip('valgrind', 'not installed');
check('tsc and the type tests', process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.json']);
check('eslint', process.execPath, [bin('eslint/bin/eslint.js'), '.']);
check('prettier', process.execPath, [
  bin('prettier/bin/prettier.cjs'),
  '--check',
  '--log-level',
  'warn',
  '.',
]);

const all = ['calls', 'memory', 'structs', 'callbacks', 'threads', 'background'].map(
  (folder) => `__test__/${folder}`,
);
const calls = ['__test__/types', '__test__/strings', ...all];
const collected = ['__test__/lifecycle', '__test__/ownership', ...all];
// Some of all tests run programs on each of them.
const nodes = others();
jest('all tests', [], { ARKFFI_TEST_NODES: 'all' });
jest('with --expose-gc', collected, {}, ['--expose-gc']);
jest('without fast paths', calls, { ARKFFI_PATH: 'libffi' });
jest('without generated code', ['__test__/abi', ...calls], { ARKFFI_CODEGEN: 'off' });
jest('without leaf calls', ['__test__/leaf'], { ARKFFI_LEAF: 'off' });
const views = ['__test__/structs/.*view', '__test__/memory/.*views', '__test__/ownership/views'];
jest(
  'by Node-API, without coroutines',
  ['callbacks', 'calls', 'strings'].map((folder) => `__test__/${folder}`).concat(views),
  {
    ARKFFI_BARE: 'off',
    ARKFFI_COROUTINES: 'off',
  },
);
for (const [major, node] of Object.entries(nodes)) {
  const folders = ['types', 'calls', 'structs', 'callbacks'].map((folder) => `__test__/${folder}`);
  jest(`on Node.js ${major}`, folders, {}, [], node);
}
jest('with the kernel copy', ['__test__/memory'], { ARKFFI_GUARD: 'kernel' });
ecosystem();

rmSync(reports, { recursive: true });
const { passed, failed, skipped } = total;
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
