// Other versions of Node.js, and other runtimes: fetched by npm into build/ when they are first wanted. Nothing of them is a
// dependency of the package, and nothing is left elsewhere.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildDirectory } from './build.mjs';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const platform = `${process.platform}-${process.arch}`;

/** A file of a package, fetched without running scripts of its own where `scripts` does not say so. */
function fetched(folder, wanted, file, scripts = false) {
  const directory = join(buildDirectory, folder);
  const path = join(directory, 'node_modules', file);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', directory];
  if (!scripts) options.push('--ignore-scripts');
  try {
    execFileSync(npm, ['install', ...options, wanted], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 180_000,
    });
  } catch (error) {
    throw new Error(`npm could not fetch ${wanted}`, { cause: error });
  }
  if (!existsSync(path)) throw new Error(`${wanted} has no ${file}`);
  return path;
}

/** The versions that are supported. */
export const majors = [20, 22, 24, 26];

/** The executable of that Node.js: the running one, or one fetched. */
export function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  return fetched(join('nodes', `${major}`), `node@${major}`, join('node', 'bin', 'node'), true);
}

/** Runtimes with an FFI of their own: the command that runs a program. */
export const runtimes = {
  bun: () => [fetched('bun', `@oven/bun-${platform}@1.4.5`, join('@oven', `bun-${platform}`, 'bin', 'bun'))],
  deno: () => {
    const name = `${platform}${process.platform === 'linux' ? '-glibc' : ''}`;
    const binary = fetched('deno', `@deno/${name}@2.9.6`, join('@deno', name, 'deno'));
    return [binary, 'run', '--quiet', '--allow-all', '--no-config', '--no-lock', '--no-npm'];
  },
};
