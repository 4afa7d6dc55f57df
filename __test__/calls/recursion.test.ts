import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import { fixture } from '../support/fixture';

const { symbols } = dlopen(fixture, {
  value_call: { args: ['napi_env', 'napi_value', 'napi_value'], returns: 'napi_value' },
  value_call_then_text: { args: ['napi_env', 'napi_value', 'CString'], returns: 'CString' },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  add_i64: { args: ['i64', 'i64'], returns: 'i64' },
  string_join: { args: ['CString', 'CString'], returns: 'CString' },
  string_length_plus: { args: ['CString', 'u64'], returns: 'u64' },
});

/** The name of the error that a call ends with. The engine's own may be of another realm. */
function errorName(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).name;
  }
  return 'none';
}

describe('infinite recursion through C', () => {
  test('is a RangeError, again and again', () => {
    let depth = 0;
    const recurse = (): unknown => symbols.value_call(() => (depth++, recurse()), 0);
    for (let round = 0; round < 3; round++) {
      depth = 0;
      expect(errorName(recurse)).toBe('RangeError');
      expect(depth).toBeGreaterThan(100);
      expect(symbols.add_i32(1, 2)).toBe(3);
    }
  });

  test('with strings that are on the native stack', () => {
    const text = 'x'.repeat(1500);
    const recurse = (): unknown => symbols.value_call_then_text(recurse, text);
    expect(errorName(recurse)).toBe('RangeError');
    expect(symbols.value_call_then_text(() => 0, text)).toBe(text);
  });

  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { dlopen } = require(workerData.arkffi);
    const { symbols } = dlopen(workerData.fixture, {
      value_call: { args: ['napi_env', 'napi_value', 'napi_value'], returns: 'napi_value' },
      add_i32: { args: ['i32', 'i32'], returns: 'i32' },
    });
    const recurse = () => symbols.value_call(recurse, 0);
    const names = [1, 2, 3].map(() => {
      try { recurse(); } catch (error) { return error instanceof RangeError && error.name; }
    });
    parentPort.postMessage([...names, symbols.add_i32(40, 2)]);`;

  test.each([
    ['of the default size', {}],
    ['of a small stack', { stackSizeMb: 1 }],
    ['of a large stack', { stackSizeMb: 16 }],
  ])('in a worker %s', async (_, resourceLimits) => {
    const arkffi = join(__dirname, '..', '..', 'dist', 'index.js');
    const worker = new Worker(source, { eval: true, resourceLimits, workerData: { arkffi, fixture } });
    const message = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    expect(message).toEqual(['RangeError', 'RangeError', 'RangeError', 42]);
    await worker.terminate();
  });
});

describe('a call that the end of the stack interrupts', () => {
  /** Calls the action at the deepest point of the stack, and again on the way up, as errors allow. */
  function exhaust(action: () => void, padding: number): void {
    const dive = (...values: unknown[]): void => {
      try {
        dive(...values);
      } catch {
        // Out of stack below; a little further up there may be enough for a part of the call.
      }
      action();
    };
    try {
      dive(...Array.from({ length: padding }, (_, index) => index));
    } catch {
      // The outermost call itself had no room.
    }
  }

  const paddings = Array.from({ length: 60 }, (_, index) => index);

  test('leaves the strings of the next call right', () => {
    for (const padding of paddings) {
      symbols.string_join('a', 'b');
      exhaust(() => symbols.string_join(`deep ${padding}`, 'c'), padding);
      expect(symbols.string_join(`deep ${padding}`, 'c')).toBe(`deep ${padding}|c`);
      expect(symbols.string_join('a', 'b')).toBe('a|b');
    }
  });

  test('leaves the numbers of the next call right', () => {
    for (const padding of paddings) {
      exhaust(() => symbols.string_length_plus(`deep ${padding}`, 2n ** 63n), padding);
      expect(symbols.add_i64(20, 22)).toBe(42);
      expect(symbols.add_i32(20, 22)).toBe(42);
    }
  });
});
