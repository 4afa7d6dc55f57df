/** Strings that differ at each call, in every encoding that V8 keeps them in and around every length at which another way is taken. */
import { describe, expect, test } from '@jest/globals';
import { dlopen, JSCallback } from 'arkffi';
import { fixture } from '../support/fixture';
import { nodes } from '../support/nodes';
import { outputOf } from '../support/subprocess';

const { string_hash, left_around, left_set } = dlopen(fixture, {
  string_hash: { args: ['CString'], returns: 'u32' },
  left_around: { args: ['CString'], returns: 'u32' },
  left_set: { args: ['callback'] },
}).symbols;
const { strcmp } = dlopen(null, {
  strcmp: { args: ['CString', 'CString'], returns: 'i32' },
}).symbols;

/** FNV-1a of the UTF-8 bytes, where lone surrogates are replaced. */
const hashOf = (text: string) =>
  Buffer.from(text, 'utf8').reduce((sum, byte) => Math.imul(sum ^ byte, 16777619) >>> 0, 2166136261);

const lengths = [1, 23, 24, 25, 63, 64, 65, 66, 95, 96, 97, 191, 192, 193, 1023, 1024, 1025].concat([
  2038, 2039, 2040, 2045, 2046, 2047, 2048, 2049, 4096, 20_000, 131_072, 140_000,
]);

/** Fills a text up to a length, each time with other text before it. */
let made = 0;
const filled = (length: number, unit: string) =>
  `${made++ % 10}${unit.repeat(Math.ceil(length / unit.length))}`.slice(0, length);
const kinds: Record<string, (length: number) => string> = {
  ASCII: (length) => filled(length, 'ab~\x01\x7f'),
  'Latin-1': (length) => filled(length, 'é\x80ÿ'),
  'Latin-1 at the end': (length) => `${filled(length - 1, 'a')}é`,
  'two bytes a unit': (length) => filled(length, 'aé\u07ff\u0800€\uffff'),
  'two bytes a unit at the end': (length) => `${filled(length - 1, 'a')}ł`,
  pairs: (length) => filled(length, '😀a\u{10ffff}'),
  'lone surrogates': (length) => filled(length, '\udc00\ud800a\ud83d😀'),
  'ASCII in two bytes a unit': (length) => `€${filled(length, 'abc')}`.slice(1),
  concatenated: (length) => filled(length >> 1, 'é') + filled(length - (length >> 1), '😀'),
};

describe.each(Object.entries(kinds))('%s', (_, make) => {
  test('arrives as UTF-8, whatever its length', async () => {
    for (const length of lengths) {
      const texts = [make(length), make(length), make(1), make(length)];
      const expected = texts.map(hashOf);
      expect([length, texts.map((text) => string_hash(text))]).toEqual([length, expected]);
      expect([length, texts.map((text) => string_hash(text))]).toEqual([length, expected]);
      const [first] = texts as [string];
      for (let round = 0; round < 3; round++) expect(string_hash(first)).toBe(expected[0]);
      expect([length, await Promise.all(texts.map((text) => string_hash.async(text)))]).toEqual([
        length,
        expected,
      ]);
    }
  });

  test('beside another in the same call', () => {
    for (const length of lengths) {
      const text = make(length);
      expect([length, strcmp(text, text), strcmp(`${text}!`, text)]).toEqual([length, 0, 33]);
    }
  });

  test('is refused with a NUL, which harms no other', () => {
    for (const length of lengths.filter((length) => length < 10_000)) {
      for (const at of [0, length >> 1, length]) {
        const text = make(length);
        expect(() => string_hash(`${text.slice(0, at)}\0${text.slice(at)}`)).toThrow(/NUL/);
        expect([length, string_hash(text)]).toEqual([length, hashOf(text)]);
      }
    }
  });

  test('stays while a callback passes others', () => {
    const others: number[] = [];
    using inner = new JSCallback(
      () => {
        for (const length of [30, 3000, 70_000]) others.push(string_hash(make(length)));
      },
      { args: [], returns: 'void' },
    );
    left_set(inner);
    for (const length of lengths) expect([length, left_around(make(length))]).not.toEqual([length, 0]);
    expect(others).toHaveLength(3 * lengths.length);
  });
});

test.each(nodes)('Node.js %s, in compiled code', (_, node) => {
  const source = `
    const f = require(entry).dlopen(fixture, {
      string_hash: { args: ['CString'], returns: 'u32' } }).symbols.string_hash;
    const hashOf = (text) =>
      Buffer.from(text, 'utf8').reduce((sum, byte) => Math.imul(sum ^ byte, 16777619) >>> 0, 2166136261);
    const texts = ['a', 'é', '€', '😀', '\\ud800'].flatMap((unit) =>
      [1, 20, 60, 64, 65, 500, 2047, 5000].map((length) => 'x' + unit.repeat(length)));
    const expected = texts.map(hashOf);
    const all = (step) => {
      for (let i = 0; i < 20_000; i++) {
        const at = Math.floor(i / step) % texts.length;
        if (f(texts[at]) !== expected[at]) throw new Error(step + ' ' + at);
      }
    };
    for (const step of [1, 2, 3, 4]) all(step);
    console.log('same');`;
  expect(outputOf(source, { node })).toBe('same');
});
