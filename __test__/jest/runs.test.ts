/** Runs of jest, in a process of its own: with set-up files, without globals, with tests that leak. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../support/subprocess';

const root = join(__dirname, '..', '..');
const entry = join(root, 'dist', 'index.js');
const folder = mkdtempSync(join(tmpdir(), 'arkffi-jest-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Assertion {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** Runs one file of tests, and gives what became of each test. */
function run(source: string, config: object): Record<string, string> {
  writeFileSync(join(folder, 'some.test.js'), source);
  const configuration = {
    rootDir: folder,
    transform: {},
    moduleNameMapper: {
      '^arkffi$': entry,
      '^arkffi/jest$': join(root, 'dist', 'jest', 'index.js'),
    },
    ...config,
  };
  const report = join(folder, 'report.json');
  const { stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      `--config=${JSON.stringify(configuration)}`,
      '--runInBand',
      '--json',
      `--outputFile=${report}`,
    ],
    { cwd: folder, encoding: 'utf8', timeout: 50_000 },
  );
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { message: string; assertionResults: Assertion[] }[];
  };
  const { assertionResults, message } = testResults[0]!;
  if (assertionResults.length === 0) throw new Error(`${message}\n${stderr}`);
  return Object.fromEntries(
    assertionResults.map(({ title, status, failureMessages }) => [
      title,
      [status, ...failureMessages].join(),
    ]),
  );
}

const setUp = { setupFilesAfterEnv: [join(root, 'dist', 'jest', 'each.js')] };

const checked = `
const { free, malloc } = require('arkffi');
const early = malloc(5);
test('clean', () => free(malloc(8)));
test('leaks', () => void malloc(8));
test('after a leak', () => expect(1).toBe(1));
test('frees what is older', () => free(early));
test('has the matcher', () => expect(() => free(malloc(1))).toLeakNothing());
describe('with hooks', () => {
  let block;
  beforeEach(() => (block = malloc(16)));
  afterEach(() => free(block));
  test('that release', () => expect(block).toBeGreaterThan(0));
});
describe('with a hook', () => {
  beforeEach(() => malloc(32));
  test('that leaks', () => undefined);
});`;

function expectChecked(outcomes: Record<string, string>): void {
  expect(outcomes).toEqual({
    clean: 'passed',
    leaks: expect.stringMatching(/^failed.*the test has leaked:\n {2}1 block, 8 bytes.*some\.test\.js/s),
    'after a leak': 'passed',
    'frees what is older': 'passed',
    'has the matcher': 'passed',
    'that release': 'passed',
    'that leaks': expect.stringMatching(/^failed.*1 block, 32 bytes/s),
  });
}

describe('arkffi/jest/after-each', () => {
  test('as a set-up file fails the tests that leak, and no others', () => {
    expectChecked(run(checked, setUp));
  });

  test('does the same without global functions', () => {
    const imports = `const { afterEach, beforeEach, describe, expect, test } = require('@jest/globals');`;
    expectChecked(run(imports + checked, { ...setUp, injectGlobals: false }));
  });
});

test('checkLeaks is for the tests of its describe, after their hooks', () => {
  const outcomes = run(
    `const { malloc, free } = require('arkffi');
     const { checkLeaks } = require('arkffi/jest');
     test('outside', () => void malloc(1));
     describe('checked', () => {
       checkLeaks();
       test('inside', () => void malloc(1));
     });
     let block;
     describe('after hooks', () => {
       afterEach(() => free(block));
       checkLeaks();
       test('of that block', () => void (block = malloc(1)));
     });`,
    {},
  );
  expect(outcomes).toEqual({
    outside: 'passed',
    inside: expect.stringContaining('1 block, 1 byte,'),
    'of that block': 'passed',
  });
});

describe('outside of jest', () => {
  const program = (what: string) => `
    const jest = require('node:path').join(entry, '..', 'jest');
    const { toLeakNothing, checkLeaks } = require(jest);
    const { malloc } = require(entry);
    ${what}`;

  test('the matcher is a function', () => {
    const { stdout, stderr } = runProgram(
      program(`
        console.log(toLeakNothing(() => 1).pass);
        console.log(toLeakNothing(() => malloc(9)).message());`),
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^true\nexpected to leak nothing, but leaked:\n {2}1 block, 9 bytes, up to \d+ ms old\n/,
    );
  });

  test('checkLeaks says what it needs', () => {
    const { stdout } = runProgram(program(`try { checkLeaks() } catch (error) { console.log(error.code) }`));
    expect(stdout).toBe('ERR_FFI_UNSUPPORTED');
  });
});
