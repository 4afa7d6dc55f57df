// The engine turns faults of WebAssembly code into exceptions by a signal handler of its own, which must go on
// working beside arkffi's.
import { describe, expect, test } from '@jest/globals';
import { Worker } from 'node:worker_threads';
import { read, write } from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf, runProgram } from '../support/subprocess';

// The part of WebAssembly that is used here; Node's types leave it to those of browsers.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { exports: Record<string, unknown> };
    RuntimeError: new () => Error;
  };
};

// (module (memory 1) (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
const wasm = Buffer.from(
  '0061736d01000000' + // magic, version
    '01060160017f017f' + // type (i32) -> i32
    '03020100' + // one function
    '0503010001' + // a memory of one page
    '070801046c6f61640000' + // export "load"
    '0a0901070020002802000b', // its code
  'hex',
);

const program = `
  const { read } = require(entry);
  const load = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from('${wasm.toString('hex')}', 'hex'))).exports.load;
  const trap = () => assert.throws(() => load(1 << 20), WebAssembly.RuntimeError);
  const bad = () => assert.throws(() => read.u32(16), { code: 'ERR_FFI_INVALID_POINTER' });
  assert.strictEqual(load(0), 0);
  for (let round = 0; round < 100; round++) { trap(); bad(); trap(); bad(); bad(); }
`;

function loader(): (address: number) => number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  return exports['load'] as (address: number) => number;
}

describe('WebAssembly traps', () => {
  test('before and after bad reads', () => {
    const load = loader();
    expect(load(0)).toBe(0);
    for (let round = 0; round < 10; round++) {
      expect(() => load(65536)).toThrow(WebAssembly.RuntimeError);
      expect(() => load(-4)).toThrow(WebAssembly.RuntimeError);
      expectError(() => read.u32(16), 'ERR_FFI_INVALID_POINTER');
      expectError(() => write.f64(16, 0, 1), 'ERR_FFI_INVALID_POINTER');
    }
    expect(load(65532)).toBe(0);
  });

  test('in a worker', async () => {
    const source = `
      const assert = require('node:assert');
      const entry = ${JSON.stringify(require.resolve('arkffi'))};
      ${program}
      require('node:worker_threads').parentPort.postMessage('trapped');`;
    const worker = new Worker(source, { eval: true });
    const message = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(message).toBe('trapped');
    await worker.terminate();
  });

  test('in a process of its own', () => {
    expect(outputOf(`${program} console.log('trapped');`)).toBe('trapped');
  });
});

describe('faults in C', () => {
  test.each([
    ['raised', "raise: { args: ['int'], returns: 'int' }", 'raise(11)'],
    ['by a bad address', "strlen: { args: ['ptr'], returns: 'size_t' }", 'strlen(16)'],
  ])('end the process by their signal: %s', (_, def, call) => {
    const { status, signal } = runProgram(`
      const { dlopen, read } = require(entry);
      assert.throws(() => read.u8(16));
      dlopen(null, { ${def} }).symbols.${call};
      console.log('alive');`);
    expect([status, signal]).toEqual([null, 'SIGSEGV']);
  });
});
