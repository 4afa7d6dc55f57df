// Closing callbacks while they run, and C that calls them afterwards.
import { describe, expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { outputOf, runProgram } from '../support/subprocess';
import { bind, JSCallback, thrownBy, withCallback } from './loose';

const unary = { args: ['i32'], returns: 'i32' };
const applied = bind('with', ['callback', 'i32'], 'i32');

describe('close inside its own call', () => {
  test('C gets the value, and that call goes on to its end', () => {
    const callback = new JSCallback((value: number) => (callback.close(), value * 2), unary);
    expect(applied(callback, 21)).toBe(42);
    expectError(() => applied(callback, 21), 'ERR_FFI_CLOSED');
    expectError(() => callback.call(1), 'ERR_FFI_CLOSED');
  });

  test('by call, and with an error', () => {
    const error = new Error('thrown');
    const callback = new JSCallback(() => {
      callback[Symbol.dispose]();
      throw error;
    }, unary);
    expect(thrownBy(() => callback.call(1))).toBe(error);
    expectError(() => callback.call(1), 'ERR_FFI_CLOSED');
  });

  test('nested: it stays until the outermost of its calls has ended', () => {
    const seen: number[] = [];
    const callback = new JSCallback((depth: number): number => {
      seen.push(depth);
      if (depth === 2) callback.close();
      // By address: C may go on to call it.
      return depth === 0 ? 100 : (applied(callback.ptr, depth - 1) as number) + 1;
    }, unary);
    expect(applied(callback, 3)).toBe(103);
    expect(seen).toEqual([3, 2, 1, 0]);
  });

  test('another closes it while it runs', () => {
    const outer = new JSCallback((value: number) => (applied(inner, value), value + 1), unary);
    const inner = new JSCallback((value: number) => (outer.close(), value), unary);
    expect(applied(outer, 1)).toBe(2);
    expectError(() => outer.call(1), 'ERR_FFI_CLOSED');
    inner.close();
  });
});

test('closing the library whose function has called it', () => {
  const path = compile(
    'libcloses.so',
    'int again(int (*call)(int), int value) { int sum = call(value); return sum + call(value + 1); }',
  );
  const library = dlopen(path, { again: { args: ['callback', 'i32'], returns: 'i32' } });
  const seen: number[] = [];
  const answer = (value: number) => {
    seen.push(value);
    library.close();
    expectError(() => library.symbols.again(null, 1), 'ERR_FFI_CLOSED');
    return value;
  };
  withCallback(answer, unary, (callback) => expect(library.symbols.again(callback as never, 20)).toBe(41));
  expect(seen).toEqual([20, 21]);
  expectError(() => library.symbols.again(null, 1), 'ERR_FFI_CLOSED');
});

test('its library stays closed, and loaded until the outermost call has returned', () => {
  const path = compile('libnested.so', 'int pass(int (*call)(int), int value) { return call(value) + 1; }');
  const library = dlopen(path, { pass: { args: ['callback', 'i32'], returns: 'i32' } });
  const callback = new JSCallback((depth: number): number => {
    if (depth > 0) return library.symbols.pass(callback as never, depth - 1);
    library.close();
    return 0;
  }, unary);
  expect(library.symbols.pass(callback as never, 5)).toBe(6);
  callback.close();
});

describe('C calls a closed callback', () => {
  const prelude = `
    const { dlopen, JSCallback, Struct } = require(entry);
    const { cb_keep, cb_kept, cb_with, cb_run } = dlopen(fixture, {
      cb_keep: { args: ['callback'] },
      cb_kept: { args: ['i32'], returns: 'i32' },
      cb_with: { args: ['callback', 'i32'], returns: 'i32' },
      cb_run: { args: ['callback'] },
    }).symbols;
    const unary = { args: ['i32'], returns: 'i32' };
    const callback = new JSCallback(function compareItems(value) { return value + 1; }, unary);
    cb_keep(callback);
    assert.equal(cb_kept(1), 2);
    callback.close();`;

  test('it gets zero, the process lives, and one warning names it', () => {
    const source = `${prelude}
      for (let round = 0; round < 1000; round++) assert.equal(cb_kept(41), 0);
      setTimeout(() => console.log(cb_kept(1), 'alive'), 20);`;
    const { status, stdout, stderr } = runProgram(source);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0 alive' });
    expect(stderr.match(/Warning/g)).toHaveLength(1);
    expect(stderr).toMatch(/Warning:.*compareItems.*closed/);
  });

  test('each closed callback is warned of', () => {
    const source = `${prelude}
      cb_kept(1);
      const other = new JSCallback(function another() {}, {});
      other.close();
      cb_run(other.ptr);
      cb_run(other.ptr);
      console.log(cb_with(callback.ptr, 5));`;
    const { status, stdout, stderr } = runProgram(source);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '0' });
    expect(stderr.match(/Warning/g)).toHaveLength(2);
    expect(stderr).toMatch(/compareItems/);
    expect(stderr).toMatch(/another/);
  });

  test('the warning is an event of the process, as all of Node are', () => {
    const source = `${prelude}
      process.on('warning', ({ message }) => console.log(/compareItems/.test(message)));
      cb_kept(1);`;
    const { status, stdout } = runProgram(source, { flags: ['--no-warnings'] });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true' });
  });

  test('inside the call that closed it', () => {
    const source = `${prelude}
      const { cb_sum } = dlopen(fixture, { cb_sum: { args: ['callback', 'i32'], returns: 'i64' } }).symbols;
      const once = new JSCallback((index) => { once.close(); return 5; }, unary);
      console.log(cb_sum(once, 10));`;
    const { status, stdout } = runProgram(source);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '5' });
  });

  test('a struct result is all zeros', () => {
    const source = `${prelude}
      const { cb_store_memory } = dlopen(fixture, { cb_store_memory: { args: ['ptr', 'ptr'] } }).symbols;
      const Memory = Struct({ a: 'i64', b: 'f64', c: 'u8' });
      const struct = new JSCallback(() => ({ a: 1, b: 2, c: 3 }), { returns: Memory });
      const bytes = Buffer.alloc(24, 0x55);
      cb_store_memory(struct, bytes);
      console.log(Memory.fromBuffer(bytes.buffer, bytes.byteOffset).c);
      struct.close();
      cb_store_memory(struct.ptr, bytes);
      console.log(bytes.subarray(0, 17).every((byte) => byte === 0));`;
    for (const env of [{}, { ARKFFI_PATH: 'libffi' }]) {
      const { status, stdout } = runProgram(source, { env });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '3\ntrue' });
    }
  });

  test('its pointer is inert for the next 65,536 closes, and then serves the same signature alone', () => {
    const source = `${prelude}
      process.removeAllListeners('warning');
      let early = 0;
      for (let round = 0; round < 65_536; round++) {
        const next = new JSCallback((value) => 7, unary);
        if (next.ptr === callback.ptr || cb_kept(1) !== 0) early++;
        next.close();
      }
      const pointers = new Set();
      for (let round = 0; round < 10; round++) {
        const other = new JSCallback((value) => 7, { args: ['u32'], returns: 'i32' });
        pointers.add(other.ptr);
        other.close();
      }
      console.log(early, pointers.has(callback.ptr));
      let reused = false;
      const open = [];
      for (let round = 0; round < 20 && !reused; round++) {
        open.push(new JSCallback((value) => value + 100, unary));
        reused = open.at(-1).ptr === callback.ptr;
      }
      console.log(reused, cb_kept(1));`;
    expect(runProgram(source)).toMatchObject({ status: 0, stdout: '0 false\ntrue 101' });
  });

  test('while its process exits', () => {
    const source = `
      const { dlopen, JSCallback } = require(entry);
      const { cb_at_exit } = dlopen(fixture, { cb_at_exit: { args: ['callback'], returns: 'int' } }).symbols;
      assert.equal(cb_at_exit(new JSCallback(() => console.log('never'))), 0);
      console.log('ends');`;
    expect(runProgram(source)).toMatchObject({ status: 0, stdout: 'ends' });
  });
});

test('programs that close in order are not warned', () => {
  const source = `
    const { dlopen, JSCallback } = require(entry);
    const { cb_with } = dlopen(fixture, { cb_with: { args: ['callback', 'i32'], returns: 'i32' } }).symbols;
    const def = { args: ['i32'], returns: 'i32' };
    for (let round = 0; round < 100; round++) {
      const callback = new JSCallback((value) => value, def);
      assert.equal(cb_with(callback, round), round);
      callback.close();
    }
    console.log('done');`;
  expect(outputOf(source)).toBe('done');
});
