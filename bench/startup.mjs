// What it costs before the first call: loading the package, defining a thousand functions, and the memory they take.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDirectory, compile } from './build.mjs';

const child = join(dirname(fileURLToPath(import.meta.url)), 'startup-child.cjs');
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

const run = (flags, ...args) =>
  execFileSync(process.execPath, [...flags, '--no-warnings', child, ...args, library], {
    encoding: 'utf8',
    cwd: dirname(child),
    stdio: ['ignore', 'pipe', 'ignore'],
  });

function timed(...args) {
  const start = process.hrtime.bigint();
  run([], ...args);
  return Number(process.hrtime.bigint() - start) / 1e6;
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
  const { load } = least(['', ...implementations], processes, (name) => ({
    load: name === '' ? timed('empty', '-') : timed('load', name),
  }));
  const empty = load[''];
  delete load[''];
  for (const name of implementations) load[name] = round(Math.max(0, load[name] - empty));
  const define = least(implementations, Math.ceil(processes / 5), (name) =>
    JSON.parse(run([], 'define', name)),
  );
  const memory = least(implementations, Math.ceil(processes / 10), (name) => {
    const { defined, called } = JSON.parse(run(['--expose-gc'], 'memory', name));
    return { defined, called };
  });
  return { empty, load, define, memory };
}
