/** The programs of `examples/`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const folder = join(__dirname, '..', '..', 'examples');

/** Runs an example and says how it ended. */
export function runExample(file: string, args: readonly string[] = [], input = '') {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(folder, file), ...args], {
    encoding: 'utf8',
    input,
    timeout: 200_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}
