// Memcheck over a loop of calls: no invalid access, and no memory that grows with the rounds.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const loop = join(dirname(fileURLToPath(import.meta.url)), 'valgrind-loop.cjs');
const known = join(dirname(loop), 'valgrind.supp');
const folder = mkdtempSync(join(tmpdir(), 'arkffi-valgrind-'));
/** Bytes a round may leave behind: the engine's own, which vary from run to run, and closed callbacks. */
const slack = 32;

function measure(rounds) {
  const log = join(folder, `${rounds}.log`);
  const node = [process.execPath, '--jitless', '--single-threaded', loop, String(rounds)];
  // Stacks of suspended calls lie close to each other: going from one to the next is no large frame.
  const flags = ['--leak-check=summary', '--num-callers=20', '--max-stackframe=65536'];
  flags.push(`--suppressions=${known}`, `--log-file=${log}`);
  execFileSync('valgrind', [...flags, ...node], { stdio: ['ignore', 'ignore', 'ignore'] });
  const text = readFileSync(log, 'utf8');
  const number = (pattern) => Number(pattern.exec(text)[1].replaceAll(',', ''));
  return {
    text,
    errors: number(/ERROR SUMMARY: ([\d,]+)/),
    lost: number(/definitely lost: ([\d,]+)/),
    inUse: number(/in use at exit: ([\d,]+)/),
  };
}

const [few, many] = [100, 1100];
const [first, second] = [measure(few), measure(many)];
rmSync(folder, { recursive: true });
const growth = (second.inUse - first.inUse) / (many - few);
console.log(`memcheck: ${second.errors} errors, ${growth.toFixed(1)} bytes a round left in use`);
if (second.errors > 0 || second.lost > first.lost || growth > slack) {
  console.log(second.text);
  process.exitCode = 1;
}
