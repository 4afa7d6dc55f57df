// Runs batches of signatures in child processes, so that a crash ends one batch and is a finding.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mismatchText } from './report.mjs';
import { signature } from './signatures.mjs';

const child = fileURLToPath(new URL('batch.mjs', import.meta.url));

/** A batch that says nothing for so long hangs. Compiling comes before the first word. */
const patienceMs = 180_000;

export const defaults = {
  seed: '1',
  from: 0,
  count: 2000,
  batch: 200,
  compiler: process.env.CC ?? 'cc',
  level: '1',
  /** Sets of values for each signature. */
  rounds: 4,
  jobs: availableParallelism(),
  /** 'libffi' forbids the fast path. */
  path: undefined,
  keep: false,
  callbacks: true,
  /** Parts of the signatures to leave out; see signatures.mjs. */
  without: [],
  /** Differences reported for each signature. */
  most: 3,
  onMismatch: () => {},
};

/** Runs one child; gives how it ended and, if it did not finish, where it was. */
function runChild(options, onMismatch) {
  const env = { ...process.env, ...(options.path === undefined ? {} : { ARKFFI_PATH: options.path }) };
  const args = [child, JSON.stringify(options)];
  const running = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const state = { at: undefined, done: undefined, stderr: '', hangs: false };
  running.stderr
    .setEncoding('utf8')
    .on('data', (text) => (state.stderr = (state.stderr + text).slice(-4000)));
  const watch = setTimeout(() => {
    state.hangs = true;
    running.kill('SIGKILL');
  }, patienceMs);
  createInterface({ input: running.stdio[3] }).on('line', (line) => {
    const { at, done, mismatch, index, kind } = JSON.parse(line);
    if (at !== undefined) {
      state.at = at;
      watch.refresh();
    }
    if (done !== undefined) state.done = done;
    if (mismatch !== undefined) onMismatch({ text: mismatch, index, kind });
  });
  return new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('close', (status, signal) => {
      clearTimeout(watch);
      resolve({ ...state, status, signal });
    });
  });
}

/** Checks the signatures of one batch, going on behind those that crash. */
async function runBatch(options, total) {
  const end = options.from + options.count;
  const found = (mismatch) => {
    total.mismatches++;
    options.onMismatch(mismatch);
  };
  for (let from = options.from; from < end;) {
    const run = await runChild({ ...options, from, count: end - from }, found);
    if (run.done !== undefined) {
      add(total, run.done);
      break;
    }
    // Before the first signature nothing of arkffi's has run but loading: that is no finding.
    if (run.at === undefined) throw new Error(`a batch from ${from} on failed: ${run.stderr}`);
    const how = run.hangs ? 'hangs' : `crashes (${run.signal ?? `status ${run.status}`})`;
    const text = mismatchText(
      signature(options.seed, run.at, options.without),
      [{ what: 'throws', got: `${how} ${run.stderr}` }],
      options,
    );
    found({ text, index: run.at, kind: how });
    from = run.at + 1;
  }
  total.signatures += options.count;
}

function add(total, { calls, callbacks, refused, compileMs, paths }) {
  total.calls += calls;
  total.callbacks += callbacks;
  total.refused += refused;
  total.compileMs += compileMs;
  for (const [path, count] of Object.entries(paths)) total.paths[path] = (total.paths[path] ?? 0) + count;
}

/**
 * Checks `count` signatures. Gives { signatures, mismatches, calls, callbacks, refused, compileMs, paths };
 * `onMismatch` is called with { text, index, kind } for each signature that fails.
 */
export async function fuzz(given = {}) {
  const options = { ...defaults, ...given };
  const total = { signatures: 0, mismatches: 0, calls: 0, callbacks: 0, refused: 0, compileMs: 0, paths: {} };
  const directory = mkdtempSync(join(tmpdir(), 'arkffi-fuzz-'));
  const last = options.from + options.count;
  let next = options.from;
  const work = async () => {
    while (next < last) {
      const from = next;
      next += options.batch;
      await runBatch({ ...options, directory, from, count: Math.min(options.batch, last - from) }, total);
    }
  };
  const remove = () => rmSync(directory, { recursive: true, force: true });
  if (options.keep) console.log(`kept: ${directory}`);
  else process.once('exit', remove);
  await Promise.all(Array.from({ length: options.jobs }, work)).finally(() => {
    process.off('exit', remove);
    if (!options.keep) remove();
  });
  return total;
}
