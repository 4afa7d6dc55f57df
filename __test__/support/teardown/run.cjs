// Runs one cell of the teardown grid in a process of its own, and says how its end differs from what is due.
const { spawn } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..', '..', '..');

const prelude = `'use strict';
const entry = ${JSON.stringify(join(root, 'dist', 'index.js'))};
const fixture = ${JSON.stringify(join(root, '__test__', 'fixtures', 'build', 'libfixture.so'))};
const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { asleep } = require(${JSON.stringify(join(__dirname, '..', 'asleep.cjs'))});
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { dlopen, JSCallback, setPoolSize, malloc } = require(entry);
const count = { returns: 'int' };
const library = dlopen(fixture, {
  td_threads: count, td_inside: count, td_calls: count, td_zeros: count, td_started: count, td_blocking: count,
  td_start: { args: ['ptr', 'int', 'bool'], returns: 'int' },
  td_stop: {},
  td_join: { args: ['ptr', 'int'], returns: 'int' },
  td_join_pumped: { symbol: 'td_join', args: ['ptr', 'int'], returns: 'int', pump: true },
  td_call: { args: ['ptr'], returns: 'int' },
  td_call_pumped: { symbol: 'td_call', args: ['ptr'], returns: 'int', pump: true },
  td_loop: { args: ['ptr', 'int'], returns: 'int' },
  td_loop_pumped: { symbol: 'td_loop', args: ['ptr', 'int'], returns: 'int', pump: true },
  td_sleep: { args: ['int'], returns: 'int' },
  td_sleep_pumped: { symbol: 'td_sleep', args: ['int'], returns: 'int', pump: true },
  td_fill: { args: ['ptr', 'size_t', 'int'], returns: 'int' },
  td_at_exit: { args: ['ptr'], returns: 'int' },
  td_at_unload: { args: ['ptr'] },
});
const td = library.symbols;
const callback = (name, run) =>
  new JSCallback(Object.defineProperty(run, 'name', { value: name }), { args: ['int'], returns: 'int' });
const wait = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
/** Stops JavaScript until C has come so far. */
const until = (condition) => { while (!condition()) wait(1); };
/** Leaves the event loop running until C has come so far. */
const eventually = async (condition) => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2)); };
const served = callback('served', () => 1);
/** Far longer than a cell may take. */
const long = 120_000;
`;

/** Waits until C's threads have called a callback that is closed: those before may have been stopped, without a warning. */
const moreZeros = 'const zeros = td.td_zeros(); await eventually(() => td.td_zeros() > zeros + 3);';

/** After so many milliseconds a cell hangs. */
const limit = Number(process.env.ARKFFI_TEARDOWN_LIMIT ?? 30_000);

function end(node, { source, deaf = false }) {
  return new Promise((resolve) => {
    const child = spawn(node, ['-e', prelude + source], { stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => (out[name] += text));
    }
    if (deaf) child.stderr.destroy();
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill('SIGKILL');
    }, limit);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, hangs, stdout: out.stdout.trim(), stderr: out.stderr.trim() });
    });
  });
}

const line =
  /^\(node:\d+\) Warning: arkffi: C has called the callback '([^']+)', which is closed or .*; it got zero$/;
const hint = /^\(Use `node --trace-warnings \.\.\.` to show where the warning was created\)$/;

/** The names of the callbacks that warnings are about, each once, and what else was printed. */
function sift(stderr) {
  const lines = stderr.split('\n').filter((text) => text !== '' && !hint.test(text));
  const names = lines.map((text) => line.exec(text)?.[1]).filter((name) => name !== undefined);
  return { names, rest: lines.filter((text) => !line.test(text)).join('\n') };
}

/** Runs the cell once; a text that says what is wrong, or undefined. */
async function runCell(cell, node = process.execPath) {
  const { status = 0, stdout = 'ended', error, warns = [], mayWarn = [], many = false } = cell;
  const found = await end(node, cell);
  const { names, rest } = sift(found.stderr);
  const wrong = [];
  if (found.hangs) wrong.push('hangs');
  else if (found.signal !== null || found.status !== status) {
    wrong.push(`ends with ${found.signal ?? found.status}, not ${status}`);
  }
  if (found.stdout !== stdout) wrong.push(`prints ${JSON.stringify(found.stdout)}`);
  if (error === undefined ? rest !== '' : !rest.includes(error)) wrong.push(`says ${JSON.stringify(rest)}`);
  const missing = warns.filter((name) => !names.includes(name));
  if (missing.length > 0) wrong.push(`does not warn of ${missing.join()}`);
  const surplus = names.filter(
    (name, index) => (!many && names.indexOf(name) !== index) || ![...warns, ...mayWarn].includes(name),
  );
  if (surplus.length > 0) wrong.push(`warns of ${surplus.join()}`);
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

module.exports = { runCell, moreZeros, prelude };
