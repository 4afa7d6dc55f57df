// Callbacks without number.
import { expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';
import { bind, JSCallback } from './loose';

const unary = { args: ['i32'], returns: 'i32' };

test('100,000 live at once, each its own', () => {
  const count = 100_000;
  const call = bind('with', ['callback', 'i32'], 'i32');
  const callbacks = Array.from(
    { length: count },
    (_, index) => new JSCallback((value: number) => value + index, unary),
  );
  expect(new Set(callbacks.map(({ ptr }) => ptr)).size).toBe(count);
  const wrong = callbacks.findIndex((callback, index) => call(callback, 7) !== index + 7);
  expect(wrong).toBe(-1);
  callbacks.forEach((callback, index) => {
    if (index % 2 === 0) callback.close();
  });
  const odd = callbacks.filter((_, index) => index % 2 === 1);
  expect(odd.findIndex((callback, index) => call(callback, 0) !== index * 2 + 1)).toBe(-1);
  odd.forEach((callback) => callback.close());
});

test('many signatures at once', () => {
  const types = ['i8', 'u16', 'i32', 'f32', 'f64', 'i64', 'ptr', 'bool'];
  const callbacks = types.flatMap((first) =>
    types.flatMap((second) =>
      types.map((third) => {
        const args = [first, second, third];
        return new JSCallback((...values: unknown[]) => values.map(Number).join(), {
          args,
          returns: 'CString',
        });
      }),
    ),
  );
  expect(callbacks).toHaveLength(512);
  expect(callbacks.every((callback) => callback.call(1, 0, 1) === '1,0,1')).toBe(true);
  callbacks.forEach((callback) => callback.close());
});

test('a million made, called and closed need no more memory than some', () => {
  const source = `
    const { dlopen, JSCallback } = require(entry);
    const call = dlopen(fixture, { cb_with: { args: ['callback', 'i32'], returns: 'i32' } }).symbols.cb_with;
    const def = { args: ['i32'], returns: 'i32' };
    let wrong = 0;
    function round(count) {
      for (let index = 0; index < count; index++) {
        const callback = new JSCallback((value) => value + 1, def);
        if (call(callback, index) !== index + 1) wrong++;
        callback.close();
      }
      gc();
      const { rss, heapTotal, heapUsed } = process.memoryUsage();
      // What the engine keeps for objects to come is its own affair.
      return { native: rss - heapTotal, heapUsed };
    }
    const before = round(200_000);
    const after = round(800_000);
    const grown = (what) => (after[what] - before[what]) / 2 ** 20;
    console.log(wrong, grown('native') < 48, grown('heapUsed') < 8);`;
  expect(outputOf(source, { flags: ['--expose-gc'] })).toBe('0 true true');
});

test('of structs through libffi, too', () => {
  const source = `
    const { JSCallback, Struct } = require(entry);
    const Point = Struct({ x: 'f64', y: 'f64', z: 'f64' });
    const def = { args: [Point], returns: 'f64' };
    let wrong = 0;
    function round(count) {
      for (let index = 0; index < count; index++) {
        const callback = new JSCallback(({ z }) => z, def);
        if (index % 100 === 0 && callback.call({ z: index }) !== index) wrong++;
        callback.close();
      }
      gc();
      const { rss, heapTotal } = process.memoryUsage();
      return rss - heapTotal;
    }
    const before = round(66_000);
    const after = round(10_000);
    console.log(wrong, (after - before) / 2 ** 20 < 32);`;
  const env = { ARKFFI_PATH: 'libffi' };
  expect(outputOf(source, { flags: ['--expose-gc'], env })).toBe('0 true');
});
