// QuickJS inside of Node: the memory of a script engine, ruled from here.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { linesOf, runExample } from '../support/examples';

const built = runExample('quickjs/build.mjs');
const title = `QuickJS${built.status === 0 ? '' : ` (${built.stderr.split('\n')[0]})`}`;
const describeBuilt = built.status === 0 ? describe : describe.skip;

describeBuilt(title, () => {
  let lines: string[];
  /** What stands behind a label. */
  const said = (label: string): string | undefined => {
    const line = lines.find((text) => text.startsWith(`${label}: `));
    return line?.slice(label.length + 2);
  };
  const bytes = (label: string): number => Number(/^-?\d+/.exec(said(label) ?? '')?.[0] ?? NaN);

  beforeAll(() => {
    lines = linesOf('quickjs/main.mjs');
  });

  test('a script that reaches the memory limit gets an exception, and the runtime lives on', () => {
    expect(said('memory limit')).toBe('524288 bytes');
    expect(said('a script that hoards')).toBe('InternalError: out of memory');
    expect(said('the next script')).toBe('1,4,9');
    expect(said('without a limit')).toBe('1000000');
  });

  test('JSMemoryUsage is read', () => {
    expect(bytes('Malloc limit')).toBe(0);
    expect(bytes('Memory used')).toBeGreaterThan(100_000);
    expect(bytes('Object count')).toBeGreaterThan(1000);
    expect(bytes('String count')).toBeGreaterThanOrEqual(1000);
    expect(lines.join('\n')).toMatch(/JS_DumpMemoryUsage:\n {2}NAME +COUNT +SIZE\n {2}memory allocated +\d+/);
  });

  test('the collector has a threshold and collects cycles', () => {
    expect(said('GC threshold')).toMatch(/^\d+ bytes, then 1048576$/);
    expect(said('500 pairs that refer to each other')).toBe('1000 objects stay');
    expect(said('after JS_RunGC')).toBe('0');
    expect(lines).toContain('Object is alive');
  });

  test('the stack is as large as it was set to', () => {
    expect(said('eight times the stack')).toMatch(/^(7|8|9) times as deep$/);
    expect(said('recursion without end')).toBe('RangeError: Maximum call stack size exceeded');
    expect(said("the engine's own blocks")).toBe('hello world, zeroed: 0,0');
  });

  test('an allocator in JavaScript counts what the engine takes, refuses, and gets it all back', () => {
    const [taken, left] = [bytes('1000 objects'), bytes('without them')];
    expect(bytes('a new runtime')).toBeGreaterThan(50_000);
    expect(taken).toBeGreaterThan(48_000);
    expect(left).toBeLessThan(taken / 4);
    expect(bytes('Peak memory')).toBeGreaterThanOrEqual(bytes('a new runtime') + taken);
    expect(said('100 KB more and no further')).toBe('InternalError: out of memory');
    expect(said('and then')).toBe('1000000');
    expect(said('at the end')).toBe('0 bytes in 0 blocks');
  });

  test("scripts call functions of Node's, with 16-byte values by value", () => {
    expect(said('numbers')).toBe('7.5');
    expect(said('a text')).toBe('BLÅBÆR!');
    expect(said('an object')).toBe("{ name: 'x', count: 2 }");
    expect(said('an exception, caught there')).toBe('Error: there is no more');
    expect(said('an exception, caught here')).toBe('Error: there is no more');
    expect(said('through both engines, nested')).toBe('20');
    expect(said('on another thread')).toBe('done, with progress 25 50 75 100');
  });

  test('both engines see the same shared memory', () => {
    expect(said('shared memory')).toBe('42 there, 42 here');
    expect(said('shared buffers left')).toBe('0');
  });

  test('finalizers run in LIFO order, and what leaked is named', () => {
    expect(lines.filter((line) => line.startsWith('  finalizer'))).toEqual([
      '  finalizer of the third state',
      '  finalizer of the second state',
      '  finalizer of the first state',
    ]);
    const end = lines.slice(lines.indexOf('── ending')).join('\n');
    expect(end).toMatch(/dump flags: 0x1c000[^]*QuickJS-ng memory usage/);
    expect(end).toMatch(/Atom leaks:[^]*"anAtom"\nString leaks:[^]*"a text"$/);
  });
});
