// Brings a fresh clone to a state in which arkffi runs: dependencies, the native binding, the facade.
// Does only what is missing or out of date.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function run(...args) {
  execFileSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2] });
}

/** When the newest file below any of the paths was written. */
function newest(paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const full = join(root, path);
      if (!existsSync(full)) return 0;
      const stat = statSync(full);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return newest(readdirSync(full).map((entry) => join(path, entry)));
    }),
  );
}

function stale(output, inputs) {
  return !existsSync(join(root, output)) || newest([output]) < newest(inputs);
}

/** Installs and builds what is missing. */
export function setUp() {
  if (stale('node_modules/.package-lock.json', ['package-lock.json'])) run('ci');
  const binary = readdirSync(root).find((file) => file.endsWith('.node')) ?? 'none';
  if (stale(binary, ['src', 'Cargo.toml', 'Cargo.lock', 'build.rs'])) run('run', 'build:native');
  if (stale('dist/index.js', ['js', 'tsconfig.build.json', 'rollup.config.mjs', 'binding.d.ts']))
    run('run', 'build:js');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
