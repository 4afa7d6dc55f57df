/** Programs in a process of their own. */
import { expect } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fixture } from './fixture';

const dist = join(__dirname, '..', '..', 'dist', 'index.js');

const prelude = `
const entry = ${JSON.stringify(dist)};
const fixture = ${JSON.stringify(fixture)};
const assert = require('node:assert');
`;

export interface ProgramOptions {
  /** The executable; the running one by default. */
  readonly node?: string;
  /** Flags of node. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a CommonJS program. It finds `entry` (the path of the package), `fixture` (the path of the C
 * fixture) and `assert`.
 */
export function runProgram(
  source: string,
  { node = process.execPath, flags = [], env = {} }: ProgramOptions = {},
) {
  const { status, signal, stdout, stderr } = spawnSync(node, [...flags, '-e', prelude + source], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 50_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** Runs a program that must end by itself without a word on stderr; returns what it printed. */
export function outputOf(source: string, options?: ProgramOptions): string {
  const { stdout, ...end } = runProgram(source, options);
  expect(end).toEqual({ status: 0, signal: null, stderr: '' });
  return stdout;
}

/** Runs a file, which gets `entry` and `fixture` as its arguments, as `outputOf` does a program. */
export function outputOfFile(file: string, options?: ProgramOptions): string {
  const source = `process.argv.splice(1, Infinity, '', entry, fixture); require(${JSON.stringify(file)});`;
  return outputOf(source, options);
}
