// What is to be done when the environment ends: the last added first, C and JavaScript, at every kind of end.
import { describe, expect, test } from '@jest/globals';
import { addFinalizer, JSCallback } from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf, runProgram } from '../support/subprocess';
import { library, prelude } from './library';

const base = `${prelude}
  const { addFinalizer } = ffi;
  const say = (text) => require('node:fs').writeSync(1, text + '\\n');
  const js = (name) => addFinalizer(say, 'JS ' + name);
  const c = (number) => addFinalizer(ow.ow_say, number);
`;
const lines = (program: string) => outputOf(base + program).split('\n');

describe('are called in LIFO order', () => {
  test('of C and of JavaScript, mixed with owned memory', () => {
    const program = 'c(1); js(2); c(3); globalThis.held = ffi.own(4, ow.ow_say); js(5); c(6);';
    expect(lines(program)).toEqual(['C 6', 'JS 5', 'C 4', 'C 3', 'JS 2', 'C 1']);
  });

  test.each<[string, string, number]>([
    ['process.exit', 'process.exit(7);', 7],
    ['an uncaught error', "throw new Error('on purpose');", 1],
    ['an uncaught error in a promise', "Promise.reject(new Error('on purpose'));", 1],
  ])('also at %s', (_, end, status) => {
    const result = runProgram(`${base} c(1); js(2); c(3); js(4); ${end}`);
    expect(result).toMatchObject({ status, signal: null, stdout: 'JS 4\nC 3\nJS 2\nC 1' });
  });

  test('after the listeners of exit that were added before the last of them, and what those add is called, too', () => {
    expect(lines("process.on('exit', () => { say('exit'); js(2); }); c(1);")).toEqual([
      'exit',
      'JS 2',
      'C 1',
    ]);
  });

  test.each<[string, string, number]>([
    ['calls process.exit', "process.on('exit', () => process.exit(5));", 5],
    ['throws', "process.on('exit', () => { throw new Error('on purpose'); });", 1],
  ])('those of C also where an earlier listener of exit %s', (_, listener, status) => {
    const { stdout, ...end } = runProgram(
      `${listener} ${base} c(1); globalThis.held = ffi.own(2, ow.ow_say); js(3); c(4);`,
    );
    expect(stdout.split('\n')).toEqual(['C 4', 'C 2', 'C 1']);
    expect(end).toMatchObject({ status, signal: null });
  });

  test('those of C also where C ends the process', () => {
    const program = `${base} c(1); c(2);
      ffi.dlopen(null, { exit: { args: ['i32'] } }).symbols.exit(6);`;
    expect(runProgram(program)).toMatchObject({ status: 6, signal: null, stdout: 'C 2\nC 1' });
  });

  test.each([
    ['natural end', ''],
    ['process.exit', 'process.exit();'],
  ])('what a later listener of exit adds is called too, JavaScript at once: %s', (_, end) => {
    const program = `js(1); c(2);
      process.on('exit', () => { say('later'); js(3); c(4); js(5); say('added'); });
      ${end}`;
    expect(lines(program)).toEqual(['C 2', 'JS 1', 'later', 'JS 3', 'JS 5', 'added', 'C 4']);
  });

  test('what a finalizer adds is called next', () => {
    expect(lines("js(1); addFinalizer(() => { say('adds'); js(3); c(4); }); c(2);")).toEqual([
      'C 2',
      'adds',
      'C 4',
      'JS 3',
      'JS 1',
    ]);
  });
});

test('get their argument: any value for JavaScript, an address for C', () => {
  const program = `
    addFinalizer((given) => say(typeof given + ' ' + JSON.stringify(given)), { name: 'one' });
    addFinalizer((given) => say(String(given)));
    addFinalizer(ow.ow_say);
    addFinalizer(ow.ow_say.ptr, 5n);`;
  expect(lines(program)).toEqual(['C 5', 'C 0', 'undefined', 'object {"name":"one"}']);
});

test('as often as they were added', () => {
  expect(lines('c(1); c(1); js(1); js(1);')).toEqual(['JS 1', 'JS 1', 'C 1', 'C 1']);
});

test('one that throws does not stop the others, and its error is told', () => {
  const program = "c(1); addFinalizer(() => { throw new Error('of a finalizer'); }); js(2); c(3);";
  const { status, stdout, stderr } = runProgram(base + program);
  expect(stdout.split('\n')).toEqual(['C 3', 'JS 2', 'C 1']);
  expect(stderr).toContain('of a finalizer');
  expect(status).not.toBe(0);
});

test('can use arkffi', () => {
  const program = `const block = ffi.strdup('still here');
    addFinalizer((start) => { say(new ffi.CString(start).toString()); ffi.free(start); }, block);
    addFinalizer(() => say(String(ow.ow_sum_late(Buffer.of(1, 2), 2, 0))));`;
  expect(lines(program)).toEqual(['3', 'still here']);
});

test('keep the library of a C function, which can be closed', () => {
  const program = `
    const other = ffi.dlopen(fixture, { ow_say: { args: ['isize'] } });
    addFinalizer(other.symbols.ow_say, 8);
    other.close();`;
  expect(lines(program)).toEqual(['C 8']);
});

test('nothing runs after a signal', () => {
  const { signal, stdout } = runProgram(`${base} c(1); js(2); process.kill(process.pid, 'SIGKILL');
    setInterval(() => {}, 1000);`);
  expect([signal, stdout]).toEqual(['SIGKILL', '']);
});

describe('of a worker', () => {
  const worker = (source: string, then = '') => `
    const { Worker } = require('node:worker_threads');
    const source = ${JSON.stringify(`const assert = require('node:assert');
      const { parentPort, workerData: { entry, fixture } } = require('node:worker_threads');
      ${base}
      c(1); js(2); c(3); js(4); parentPort.postMessage('ready');
      ${source}`)};
    const worker = new Worker(source, { eval: true, workerData: { entry, fixture } });
    worker.on('error', () => {});
    worker.on('message', () => setTimeout(() => { ${then} }, 30));
    worker.on('exit', () => console.log('end'));`;

  test.each([
    ['ends by itself', ''],
    ['calls process.exit', 'process.exit(3);'],
    ['throws', "throw new Error('on purpose');"],
  ])('that %s: all of them', (_, source) => {
    expect(outputOf(worker(source)).split('\n')).toEqual(['JS 4', 'C 3', 'JS 2', 'C 1', 'end']);
  });

  test.each([
    ['that waits', 'setInterval(() => {}, 1000);'],
    ['in a loop', 'for (;;);'],
    ['in a call of C', 'setImmediate(() => ow.ow_sum_late(null, 0, 200)); setInterval(() => {}, 1000);'],
  ])('%s and is terminated: those of C', (_, source) => {
    expect(outputOf(worker(source, 'worker.terminate();')).split('\n')).toEqual(['C 3', 'C 1', 'end']);
  });
});

describe('refused', () => {
  test.each<[string, unknown, Parameters<typeof expectError>[1]]>([
    ['nothing', undefined, 'ERR_FFI_INVALID_POINTER'],
    ['NULL', 0, 'ERR_FFI_INVALID_POINTER'],
    ['an address of no code', 4096, 'ERR_FFI_INVALID_POINTER'],
    ['text', 'free', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an object', {}, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('%s', (_, fn, code) => {
    expectError(() => addFinalizer(fn as never), code);
  });

  test('a JSCallback, which is to be given as the function it is', () => {
    const callback = new JSCallback(() => undefined, { args: ['ptr'] });
    expectError(() => addFinalizer(callback), 'ERR_FFI_INVALID_ARG_TYPE', 'JSCallback');
    expectError(() => addFinalizer(callback.ptr), 'ERR_FFI_INVALID_ARG_TYPE', 'JSCallback');
    callback.close();
  });

  test('an argument for C that is no address', () => {
    for (const wrong of ['text', {}, Symbol('s')])
      expectError(() => addFinalizer(library.symbols.ow_note, wrong as never), 'ERR_FFI_INVALID_ARG_TYPE');
    expectError(() => addFinalizer(library.symbols.ow_note, 0.5), 'ERR_FFI_OUT_OF_RANGE');
  });
});
