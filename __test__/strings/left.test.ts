/** Strings that JavaScript leaves in the slots: each call of C has its own, wherever it stands and whatever C does. */
import { describe, expect, test } from '@jest/globals';
import { CFunction, dlopen, JSCallback } from 'arkffi';
import { fixture } from '../support/fixture';
import { nodes } from '../support/nodes';
import { runProgram } from '../support/subprocess';

const hash = { args: ['CString'], returns: 'u32' } as const;
const { string_hash, left_around, left_set, spoil } = dlopen(fixture, {
  string_hash: hash,
  left_around: hash,
  left_set: { args: ['callback'] },
  spoil: { symbol: 'string_hash_and_spoil', ...hash },
}).symbols;

/** FNV-1a of the UTF-8 bytes. */
const hashOf = (text: string) =>
  Buffer.from(text, 'utf8').reduce((sum, byte) => Math.imul(sum ^ byte, 16777619) >>> 0, 2166136261);

/** As C sees a string: lone surrogates are replaced. */
const wellFormed = (text: string) => Buffer.from(text, 'utf8').toString('utf8');

const texts = [
  '',
  'a',
  'ab',
  'x'.repeat(15),
  'x'.repeat(16),
  'é',
  '€'.repeat(64),
  '\ud800',
  '😀',
  'y'.repeat(64),
];
const long = ['z'.repeat(65), 'z'.repeat(5000), '€'.repeat(65)];

describe('a string', () => {
  test.each([...texts, ...long].map((text) => [text.length, text] as const))('of %i units', (_, text) => {
    const same = wellFormed(text);
    for (let round = 0; round < 3; round++) expect(string_hash(text)).toBe(hashOf(same));
    expect(string_hash(`${text}!`)).toBe(hashOf(`${same}!`));
    expect(string_hash(text)).toBe(hashOf(same));
  });

  test('after one that was refused', () => {
    for (const refused of ['a\0b', '\0', 'é\0', `${'a'.repeat(63)}\0`]) {
      expect(string_hash('kept')).toBe(hashOf('kept'));
      expect(() => string_hash(refused)).toThrow(/NUL/);
      expect(string_hash('kept')).toBe(hashOf('kept'));
    }
  });

  test('of several functions in turn', () => {
    for (let round = 0; round < 100; round++) {
      const text = wellFormed(texts[round % texts.length]!);
      expect([string_hash(text), spoil(text), string_hash('constant'), spoil(text)]).toEqual(
        [text, text, 'constant', text].map(hashOf),
      );
    }
  });

  test('is the same for C when a callback makes calls with others', () => {
    using callback = new JSCallback(
      () => {
        string_hash('another one that is longer than the first');
        spoil('short');
        left_set(nothing);
        if (depth++ < 5) left_around(`level ${depth}`);
        left_set(callback);
      },
      { args: [] },
    );
    using nothing = new JSCallback(() => undefined, { args: [] });
    let depth = 0;
    for (const text of [...texts, ...long]) {
      depth = 0;
      left_set(callback);
      const same = wellFormed(text);
      expect(left_around(text)).toBe(hashOf(same));
      left_set(nothing);
      expect(left_around(text)).toBe(hashOf(same));
      expect(depth).toBe(1);
    }
  });

  test('given to a function that is closed', () => {
    const closing = CFunction({ ...hash, ptr: string_hash });
    expect([closing('one'), closing('one')]).toEqual([hashOf('one'), hashOf('one')]);
    closing.close();
    for (const text of ['one', 'two']) expect(() => closing(text)).toThrow(/closed/);
    const untouched = CFunction({ ...hash, ptr: string_hash });
    untouched.close();
    expect(() => untouched('one')).toThrow(/closed/);
  });
});

describe('beside numbers', () => {
  const ints = ['i8', 'int', 'u64', 'int', 'i64'] as const;
  const given = [-1, 2, 3, 4, 5] as const;
  const sum = -1 + 20 + 300 + 4000 + 50000 + 0.5 + 0.25;

  test.each([0, 1, 2, 3, 4, 5])('in integer register %i', (place) => {
    const types = [...ints.slice(0, place), 'CString', ...ints.slice(place), 'f64', 'f32'];
    const f = dlopen(fixture, { f: { symbol: `left_${place}`, args: types, returns: 'f64' } } as never)
      .symbols as Record<string, (...values: unknown[]) => unknown>;
    const call = (text: unknown, numbers: readonly unknown[] = given) =>
      f['f']!(...numbers.slice(0, place), text, ...numbers.slice(place), 0.5, 0.25);
    for (const text of ['', 'seven c', 'seven c', 'x'.repeat(64), 'x'.repeat(65)]) {
      expect(call(text)).toBe(sum + text.length);
      // Bigints go another way, with the same string.
      expect(call(text, [-1, 2, 3n, 4, 5n])).toBe(sum + text.length);
      expect(call(text)).toBe(sum + text.length);
    }
    expect(call(Buffer.from('buffer\0'))).toBe(sum + 6);
    expect(() => call('text', [-1, 2.5, 3, 4, 5])).toThrow(RangeError);
    expect(call('text')).toBe(sum + 4);
  });

  test('on the stack', () => {
    const { f } = dlopen(fixture, {
      f: { symbol: 'left_6', args: [...ints, 'i64', 'CString', 'f64', 'f32'], returns: 'f64' },
    }).symbols;
    for (const text of ['a', 'a', 'another']) expect(f(...given, 0, text, 0.5, 0.25)).toBe(sum + text.length);
  });
});

describe.each(nodes)('Node.js %s', (_, node) => {
  test.each([
    ['', ''],
    ['--jitless', ''],
    ['--stress-compaction', ''],
    ['--no-opt', ''],
    ['--expose-gc', 'off'],
  ])('%s ARKFFI_BARE=%s', (flag, bare) => {
    const program = `
      const { dlopen } = require(entry);
      const { length, add } = dlopen(fixture, {
        length: { symbol: 'string_length_plus', args: ['CString', 'u64'], returns: 'u64' },
        add: { symbol: 'add_i32', args: ['i32', 'i32'], returns: 'i32' },
      }).symbols;
      let sum = 0;
      for (let i = 0; i < 20000; i++) sum += length('x'.repeat(i % 70), i) + add(i, -i) + length('constant', 1);
      console.log(sum);`;
    const lengths = Array.from({ length: 20000 }, (_, i) => (i % 70) + i + 9);
    // Some versions warn that they turn off WebAssembly too.
    const { status, stdout } = runProgram(program, {
      node,
      flags: flag === '' ? [] : [flag],
      env: { ARKFFI_BARE: bare },
    });
    expect([status, stdout]).toEqual([0, String(lengths.reduce((sum, one) => sum + one, 0))]);
  });
});
