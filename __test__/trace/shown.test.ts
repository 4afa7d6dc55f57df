// What traces show of values: nothing of the user's is run for it.
import { expect, test } from '@jest/globals';
import { runProgram } from '../support/subprocess';

const load = `
  const { dlopen, trace, ptr } = require(entry);
  const { free, variadic } = dlopen(fixture, {
    free: { symbol: 'counting_free', args: ['ptr'] },
  }).symbols;
  let ran = 0;
  const run = () => { ran++; throw new Error('on purpose'); };
  const tag = { get: run };
  const hidden = { ptr: 0 };
  const traced = (value) => { trace(true); try { free(value); } catch {} finally { trace(false); } };
`;

test.each<[string, string, string]>([
  ['a tag', 'Object.defineProperty({ ptr: 0 }, Symbol.toStringTag, { get: run })', '[object]'],
  [
    'a tag of the class',
    'new (class { ptr = 0; get [Symbol.toStringTag]() { return run(); } })()',
    '[object]',
  ],
  ['a tag further in', '({ ptr: 0, a: [{ get [Symbol.toStringTag]() { return run(); } }] })', '[object]'],
  ['a name of the class', 'new (class { ptr = 0; static get name() { return run(); } })()', '[object]'],
  [
    'a proxy',
    'new Proxy({ ptr: 0 }, { getOwnPropertyDescriptor: run, getPrototypeOf: run, ownKeys: run })',
    '[proxy]',
  ],
  [
    'a tag of a buffer',
    'Object.defineProperty(Buffer.alloc(1), Symbol.toStringTag, { get: run })',
    '[object]',
  ],
  ['an error', "Object.defineProperty(new Error('x'), 'stack', { get: run })", '[error]'],
  ['a function', 'Object.defineProperty(() => 1, Symbol.toStringTag, { get: run })', '[function]'],
  ['nothing hidden', "({ ptr: 0, name: 'x' })", "{ ptr: 0, name: 'x' }"],
  ['a typed array', 'new Float64Array(2)', 'Float64Array(2) [ 0, 0 ]'],
  ['a long array', 'Array(200).fill(1)', '... 192 more items ]'],
])('%s', (_, value, shown) => {
  const { stdout, stderr } = runProgram(`${load} traced(${value}); console.log(ran);`);
  expect(stdout).toBe('0');
  expect(stderr).toContain(`free(`);
  expect(stderr).toContain(shown);
});

test('what a call throws that is no error of the engine', () => {
  const { stdout, stderr } = runProgram(`${load}
    traced({ get ptr() { throw { get message() { ran++; }, get [Symbol.toStringTag]() { ran++; } }; } });
    traced({ get ptr() { throw new Error('mine'); } });
    console.log(ran);`);
  expect(stdout).toBe('0');
  expect(stderr).toMatch(/threw \[object\] .*\n.*threw mine /);
});
