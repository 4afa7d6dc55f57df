// A thread that waits for a callback while JavaScript's thread is inside C: after 5 s a warning says so.
import { expect, test } from '@jest/globals';
import { runProgram } from '../support/subprocess';

const load = (how: string) => `
  const { dlopen, JSCallback } = require(entry);
  const { symbols } = dlopen(fixture, {
    wait_for_it: { symbol: 'th_wait_later', args: ['callback', 'i32', 'i32'], returns: 'bool', pump: ${how === 'pump'} },
    result: { symbol: 'th_later_result', args: ['i32'], returns: 'i32' },
    count: { symbol: 'th_later_count', returns: 'i32' },
  });
  const callback = new JSCallback(function answer(value) { return value * 2; }, { args: ['i32'], returns: 'i32' });`;

test('it names callback and function, and says what to do; the callback runs when C has returned', () => {
  const { status, stdout, stderr } = runProgram(`${load('plain')}
    console.log(symbols.wait_for_it(callback, 21, 5300));
    const look = () => symbols.count() === 1 ? console.log(symbols.result(0)) : setImmediate(look);
    look();`);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'false\n42' });
  expect(stderr.match(/Warning/g)).toHaveLength(1);
  expect(stderr).toContain("'answer'");
  expect(stderr).toContain("'wait_for_it'");
  expect(stderr).toMatch(/pump: true.*\.async/);
});

test.each(['pump', 'async'])('there is none under %s, where nobody waits', (how) => {
  const call = how === 'pump' ? 'symbols.wait_for_it' : 'symbols.wait_for_it.async';
  const { status, stdout, stderr } = runProgram(`${load(how)}
    (async () => console.log(await ${call}(callback, 21, 5300), symbols.result(0)))();`);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true 42', stderr: '' });
});

test('there is none where JavaScript itself is busy', () => {
  const { status, stdout, stderr } = runProgram(`${load('async')}
    const calling = symbols.wait_for_it.async(callback, 21, 10000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5300);
    calling.then((done) => console.log(done, symbols.result(0)));`);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true 42', stderr: '' });
});
