/** Small C libraries of a test's own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directory = mkdtempSync(join(tmpdir(), 'arkffi-test-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** Compiles C source into a shared library of that file name and returns its path. `flags` say what the compiler warns of. */
export function compile(
  fileName: string,
  source: string,
  flags: readonly string[] = ['-Wall', '-Werror'],
): string {
  const path = join(directory, fileName);
  writeFileSync(`${path}.c`, source);
  execFileSync(process.env['CC'] ?? 'cc', ['-shared', '-fPIC', ...flags, '-o', path, `${path}.c`]);
  return path;
}
