// What it costs before the first call: loading the package, defining a thousand functions, and the memory they take.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDirectory, compile } from './build.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const child = join(folder, 'startup-child.cjs');
const importing = join(folder, 'startup-import.mjs');
const library = join(buildDirectory, 'libmany.so');

/** Implementations that startup-child.cjs knows. */
export const startable = ['arkffi', 'koffi', 'ffi-rs', 'node:ffi'];

/** A library of a thousand functions of four kinds. */
function buildLibrary() {
  const kinds = [
    (name) => `int ${name}(int a, int b) { return a + b; }`,
    (name) => `double ${name}(double a) { return a; }`,
    (name) => `unsigned long ${name}(const char *text) { return text[0]; }`,
    (name) => `void *${name}(void *at, unsigned long by) { return (char *)at + by; }`,
  ];
  const source = join(buildDirectory, 'many.c');
  const lines = Array.from({ length: 1000 }, (_, index) => kinds[index % 4](`f${index}`));
  writeFileSync(source, `${lines.join('\n')}\n`);
  compile(library, source);
}

const node = (...args) =>
  execFileSync(process.execPath, ['--no-warnings', ...args], {
    encoding: 'utf8',
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

const run = (flags, ...args) => node(...flags, child, ...args, library);

function timed(start) {
  const before = process.hrtime.bigint();
  start();
  return Number(process.hrtime.bigint() - before) / 1e6;
}

const round = (value) => Math.round(value * 100) / 100;

/** The least of some figures of each implementation, which take turns. */
function least(implementations, rounds, figures) {
  const best = {};
  for (let at = 0; at < rounds; at++) {
    for (const name of implementations) {
      for (const [what, value] of Object.entries(figures(name))) {
        best[what] ??= {};
        best[what][name] = round(Math.min(best[what][name] ?? Infinity, value));
      }
    }
  }
  return best;
}

/**
 * Measures it for the implementations named.
 *
 * @returns rows by what is measured: milliseconds, bytes for `memory` ones, by implementation
 */
export function measureStartup(implementations, { processes }) {
  buildLibrary();
  const whole = least(['', ...implementations], processes, (name) => ({
    load: timed(() => (name === '' ? run([], 'empty', '-') : run([], 'load', name))),
    first: timed(() => (name === '' ? run([], 'empty', '-') : run([], 'first', name))),
    imported: timed(() => node(importing, name === '' ? 'node:fs' : name)),
  }));
  const empty = whole.load[''];
  /** By what they take beyond a script that does nothing. */
  const beyond = (figures) =>
    Object.fromEntries(
      implementations.map((name) => [name, round(Math.max(0, figures[name] - figures['']))]),
    );
  const [load, first, imported] = [whole.load, whole.first, whole.imported].map(beyond);
  const define = least(implementations, Math.ceil(processes / 5), (name) =>
    JSON.parse(run([], 'define', name)),
  );
  const memory = least(implementations, Math.ceil(processes / 10), (name) => {
    const { defined, called } = JSON.parse(run(['--expose-gc'], 'memory', name));
    return { defined, called };
  });
  return { empty, load, first, imported, define, memory };
}
