// Calls within callbacks within calls.
import { describe, expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';
import { bind, JSCallback, thrownBy, withCallback, type LooseCallback } from './loose';

const applied = bind('with', ['callback', 'i32'], 'i32');
const sum = bind('sum', ['callback', 'i32'], 'i64');
const late = bind('apply_f64', ['callback', 'f64'], 'f64');
const unary = { args: ['i32'], returns: 'i32' };

test('hundreds of levels, of the same callback', () => {
  const callback = new JSCallback(
    (depth: number): unknown => (depth === 0 ? 0 : (applied(callback, depth - 1) as number) + 1),
    unary,
  );
  const levels = applied.path === 'libffi' ? 100 : 200;
  expect(applied(callback, levels)).toBe(levels);
  callback.close();
});

test('a callback may call the function that called it, and others, with values of its own', () => {
  const half = new JSCallback((value: number) => value / 2, { args: ['f64'], returns: 'f64' });
  const seen: unknown[] = [];
  const answer = (index: number): number => {
    const halved = late(half, index) as number;
    if (index > 0) seen.push(sum(callback, index));
    return halved * 2 + (late(half, 2) as number) - 1;
  };
  const callback = new JSCallback(answer, unary);
  // 0 + 1 + 2 + 3, and in between the sums for 1, for 2 (with that for 1 within), for 3.
  expect(sum(callback, 4)).toBe(6);
  expect(seen).toEqual([0, 0, 1, 0, 0, 1, 3]);
  [half, callback].forEach((one) => one.close());
});

test('strings of an outer call survive the calls within', () => {
  const equals = bind('string_equals', ['callback', 'CString', 'CString'], 'i32');
  const def = { args: ['CString'], returns: 'CString' };
  const answer = (text: string): string => {
    if (text.length < 40) expect(equals(callback, `${text}x`, 'never')).toBe(0);
    return `${text}!`;
  };
  const callback = new JSCallback(answer, def);
  expect(equals(callback, 'ü', 'ü!')).toBe(1);
  callback.close();
});

describe('errors', () => {
  const [inner, outer] = [new Error('inner'), new Error('outer')];
  const failing = () => {
    throw inner;
  };
  const nested = (answer: (fail: () => unknown) => unknown) =>
    withCallback(failing, unary, (bad) =>
      withCallback(
        () => answer(() => applied(bad, 1)),
        unary,
        (callback) => applied(callback, 1),
      ),
    );

  test('of an inner call, caught by the callback, are gone', () => {
    expect(nested((fail) => (thrownBy(fail) === inner ? 42 : 0))).toBe(42);
  });

  test('of an inner call, not caught, surface from every call on the way', () => {
    expect(thrownBy(() => nested((fail) => fail()))).toBe(inner);
  });

  test('of the outer callback after a caught one are alone', () => {
    const run = () =>
      nested((fail) => {
        thrownBy(fail);
        throw outer;
      });
    expect(thrownBy(run)).toBe(outer);
    expect('suppressed' in outer).toBe(false);
  });

  test('an outer call keeps its error through calls within that succeed or fail', () => {
    const first = new Error('first');
    const answer = (index: number) => {
      if (index === 0) throw first;
      withCallback(
        () => 3,
        unary,
        (good) => expect(applied(good, 1)).toBe(3),
      );
      expect(nested((fail) => (thrownBy(fail) === inner ? 1 : 0))).toBe(1);
      return 0;
    };
    withCallback(answer, unary, (callback) => expect(thrownBy(() => sum(callback, 3))).toBe(first));
    expect('suppressed' in first).toBe(false);
  });

  test('of both are in order', () => {
    const [first, second] = [new Error('first'), new Error('second')];
    const answer = (index: number) => {
      if (index === 0) throw first;
      withCallback(
        () => {
          throw second;
        },
        unary,
        (bad) => applied(bad, 1),
      );
    };
    withCallback(answer, unary, (callback) => expect(thrownBy(() => sum(callback, 2))).toBe(first));
    expect((first as { suppressed?: unknown }).suppressed).toEqual([second]);
  });

  test('a conversion that fails after C was called within it', () => {
    const error = thrownBy(() => nested((fail) => (thrownBy(fail), 'no number')));
    expect(error).toMatchObject({ code: 'ERR_FFI_CALLBACK' });
    expect('suppressed' in (error as object)).toBe(false);
  });
});

describe('infinite recursion through C and a callback is a RangeError', () => {
  /** The engine's own may be of another realm. */
  const nameOf = (error: unknown) => (error as Error).name;

  test('again and again', () => {
    let depth = 0;
    const callback = new JSCallback((): unknown => (depth++, applied(callback, 1)), unary);
    for (let round = 0; round < 3; round++) {
      depth = 0;
      expect(nameOf(thrownBy(() => applied(callback, 1)))).toBe('RangeError');
      expect(depth).toBeGreaterThan(100);
    }
    callback.close();
    withCallback(
      () => 42,
      unary,
      (good) => expect(applied(good, 1)).toBe(42),
    );
  });

  test('through a callback of structs and strings, and through call', () => {
    const def = { args: ['CString'], returns: 'CString' };
    const callback: LooseCallback = new JSCallback((text: string): unknown => callback.call(`${text}x`), def);
    expect(nameOf(thrownBy(() => callback.call('')))).toBe('RangeError');
    callback.close();
  });

  test('caught on the way up, calls work again', () => {
    let recovered = 0;
    const good = new JSCallback((value: number) => value, unary);
    const callback = new JSCallback((): unknown => {
      try {
        return applied(callback, 1);
      } catch (error) {
        if (nameOf(error) !== 'RangeError') throw error;
        if (recovered === 0 && applied(good, 7) === 7) recovered++;
        return 5;
      }
    }, unary);
    // The deepest levels may have no room to recover; the outermost do.
    try {
      applied(callback, 1);
    } catch (error) {
      expect(nameOf(error)).toBe('RangeError');
    }
    expect(applied(good, 42)).toBe(42);
    [good, callback].forEach((one) => one.close());
  });

  test.each(['libffi', ''])('in a worker, by path %p', (path) => {
    const source = `
      const { Worker } = require('node:worker_threads');
      const code = \`
        const { parentPort, workerData } = require('node:worker_threads');
        const { dlopen, JSCallback } = require(workerData.entry);
        const { cb_with } = dlopen(workerData.fixture, {
          cb_with: { args: ['callback', 'i32'], returns: 'i32' },
        }).symbols;
        const def = { args: ['i32'], returns: 'i32' };
        const callback = new JSCallback(() => cb_with(callback, 1), def);
        const good = new JSCallback((value) => value, def);
        const names = [1, 2, 3].map(() => {
          try { cb_with(callback, 1); } catch (error) { return error.name; }
        });
        parentPort.postMessage([...names, cb_with(good, 42)].join());
        callback.close();
        good.close();\`;
      const worker = new Worker(code, { eval: true, workerData: { entry, fixture } });
      worker.on('message', console.log);`;
    const env: Record<string, string> = path === '' ? {} : { ARKFFI_PATH: path };
    expect(outputOf(source, { env })).toBe('RangeError,RangeError,RangeError,42');
  });
});

test('where C has used up the stack of JavaScript, the function is not run, and the call is a RangeError', () => {
  const program = `
    const { dlopen, fn } = require(entry);
    const { symbols } = dlopen(fixture, {
      dp_call_below: { args: [fn({ args: ['i32'], returns: 'i32' }), 'i32'], returns: 'i32' },
    });
    let runs = 0;
    const count = () => ++runs;
    const call = (kilobytes) => {
      try { return symbols.dp_call_below(count, kilobytes); } catch ({ name }) { return name; }
    };
    console.log(call(100), call(1100), call(1600), call(2800), call(1), runs);`;
  expect(outputOf(program)).toBe('101 RangeError RangeError RangeError 3 2');
});
