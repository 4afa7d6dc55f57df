/** The programs of `examples/`. */
import { expect } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const examples = join(__dirname, '..', '..', 'examples');

/**
 * Runs an example in a folder of its own, and gives how it ended and the files that it left there. What it has not
 * released is named on stderr.
 */
export function runExample(file: string, args: readonly string[] = [], input: string | Buffer = '') {
  const folder = mkdtempSync(join(tmpdir(), 'arkffi-example-'));
  try {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(examples, file), ...args], {
      cwd: folder,
      env: { ...process.env, TMPDIR: folder, ARKFFI_LEAKS: '1' },
      input,
      timeout: 200_000,
      maxBuffer: 2 ** 26,
    });
    const files = Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
    );
    return { status, signal, stderr: `${stderr}`.trim(), stdout, files };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The lines that an example prints that must end well and leave nothing behind. */
export function linesOf(file: string, args: readonly string[] = [], input = ''): string[] {
  const { stdout, ...end } = runExample(file, args, input);
  expect(end).toEqual({ status: 0, signal: null, stderr: '', files: {} });
  return `${stdout}`.trimEnd().split('\n');
}
