/** A call that the JavaScript stack had no room for leaves nothing behind that the next call would take. */
import { expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import { fixture } from '../support/fixture';

test('a string whose call overflowed the stack is passed anew', () => {
  const { symbols } = dlopen(fixture, { echo_string: { args: ['CString'], returns: 'CString' } });
  const wrong: string[] = [];
  for (let pad = 0; pad < 60; pad++) {
    let last = '';
    const dive = (depth: number): number => {
      last = `${pad}:${depth}`;
      symbols.echo_string(last);
      return dive(depth + 1) + 1;
    };
    // Frames of other sizes make the overflow fall on every point of the wrapper.
    const frame = (rest: number): number => (rest === 0 ? dive(0) : frame(rest - 1) + 1);
    expect(() => frame(pad)).toThrow('Maximum call stack size exceeded');
    const given = symbols.echo_string(last);
    if (given !== last) wrong.push(`${last} gave ${given}`);
  }
  expect(wrong).toEqual([]);
});
