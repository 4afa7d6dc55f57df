// The packages as they would be published, and empty projects that they are installed into.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const work = mkdtempSync(join(tmpdir(), 'arkffi-ecosystem-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true, maxRetries: 5 }));

const windows = process.platform === 'win32';

/** A tool that cannot be had here: the check is skipped. */
export class Absent extends Error {}

/** Runs a command to its end; anything but success is an error that shows what it printed. */
export function run(command, args, { cwd, env = {}, timeout = 120_000 } = {}) {
  const shell = windows && !command.endsWith('.exe');
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    shell,
    timeout,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, ...env },
  });
  if (error !== undefined && signal === null) throw error;
  if (status === 0) return stdout.trim();
  throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? status}\n${stdout}\n${stderr}`);
}

/** The same for a program that must print just that. */
export function prints(wanted, command, args, options) {
  const printed = run(command, args, options);
  if (printed !== wanted) throw new Error(`${command} ${args.join(' ')} printed ${JSON.stringify(printed)}`);
}

const npm = (args, options) =>
  run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { timeout: 300_000, ...options });

/** `npm pack`: the tarball's path. */
export function pack(folder) {
  const out = mkdtempSync(join(work, 'tarball-'));
  npm(['pack', '--pack-destination', out], { cwd: folder });
  return join(out, readdirSync(out)[0]);
}

/** A registry that nobody serves. */
const nowhere = ['--registry=http://127.0.0.1:9/', '--fetch-retries=0'];

let projects = 0;

/** An empty project with these packages installed; `offline`: without any registry. */
export function project(packages, { offline = false } = {}) {
  const folder = join(work, `project-${++projects}`);
  mkdirSync(folder);
  write(folder, { 'package.json': '{ "private": true }' });
  npm(['install', ...packages, ...(offline ? nowhere : [])], { cwd: folder });
  return folder;
}

/** Adds tools of exact versions to a project: `{ name: version }`. */
export function install(folder, tools) {
  const wanted = Object.entries(tools).map(([name, version]) => `${name}@${version}`);
  try {
    npm(['install', '--save-exact', '--fetch-retries=1', ...wanted], { cwd: folder });
  } catch (error) {
    const reason = /npm error (?!code)(.+)/.exec(String(error))?.[1] ?? String(error).split('\n')[0];
    throw new Absent(`${wanted.join(', ')} cannot be installed here: ${reason}`);
  }
}

/** Writes files into a folder: `{ name: text }`. */
export function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The binary that an installed tool brings. */
export function tool(folder, name) {
  return join(folder, 'node_modules', '.bin', windows ? `${name}.cmd` : name);
}

/** The files of a folder and those below it, except of node_modules. */
export function filesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => !file.includes('node_modules'));
}
