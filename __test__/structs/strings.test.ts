// Strings as fields: made and kept with a buffer, read as addresses.
import { describe, expect, test } from '@jest/globals';
import { calloc, CString, free, read, strdup } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { array, functions, releasePtr, Struct, Union, type Call } from './loose';

const Person = Struct({ name: 'CString', age: 'i32', mail: 'CString' });
const Texts = Struct({ utf8: 'CString', utf16: 'string16', utf32: 'string32', wide: 'wstring' });
const Group = Struct({ title: 'cstring', people: array(Person, 2), words: array('s', 2) });

const { person_length, person_length_at, person_oldest, oldest_held, ...others } = functions(fixture, {
  person_length: { args: [Person], returns: 'size_t' },
  person_length_at: { args: ['ptr'], returns: 'size_t' },
  person_oldest: { args: [array(Person), 'size_t'], returns: Person.object },
  oldest_held: { symbol: 'person_oldest', args: [array(Person), 'size_t'], returns: Person },
  texts_measure: { args: [Texts, 'i32'], returns: 'i32' },
  texts_measure_at: { args: ['ptr', 'i32'], returns: 'i32' },
  words_length: { args: [array('CString', 3)], returns: 'size_t' },
}).symbols as Record<'person_length' | 'person_length_at' | 'person_oldest' | 'oldest_held', Call> &
  Record<'texts_measure' | 'texts_measure_at' | 'words_length', Call>;
const { texts_measure, texts_measure_at, words_length } = others;

const texts = [
  '',
  'a',
  'text',
  'ünïcödé €',
  '💥 astral 💥',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(100_000),
];
const address = (value: unknown) => value as number;

describe('create', () => {
  test.each(texts)('%.20p', (text) => {
    const buffer = Person.create({ name: text, age: 1, mail: text });
    const { name, mail } = Person.fromBuffer(buffer);
    expect(typeof name).toBe('number');
    expect(name).not.toBe(mail);
    expect([read.cstring(address(name)), new CString(address(mail)).toString()]).toEqual([text, text]);
    expect(person_length(buffer)).toBe(2 * Buffer.byteLength(text));
    expect(person_length_at(buffer)).toBe(2 * Buffer.byteLength(text));
  });

  test('null, undefined and missing strings are NULL', () => {
    for (const value of [{}, { name: null }, { name: undefined, mail: null }, { name: 0, mail: 0n }]) {
      const buffer = Person.create(value);
      expect(Person.fromBuffer(buffer)).toEqual({ name: 0, age: 0, mail: 0 });
      expect(person_length(buffer)).toBe(1000);
    }
  });

  test('addresses, buffers and CStrings are taken as they are', () => {
    const [block, bytes] = [strdup('block'), Buffer.from('bytes\0')];
    const buffer = Person.create({ name: block, mail: bytes });
    expect(Person.get(buffer, 'name')).toBe(block);
    expect(person_length(buffer)).toBe(10);
    expect(person_length({ name: new CString(block, 2), mail: BigInt(block) })).toBe(8);
    free(block);
  });

  test('in structs, arrays and unions within', () => {
    const buffer = Group.create({
      title: 'tïtle',
      people: [{ name: 'Ada', mail: 'a@b' }, { name: 'Eve' }],
      words: ['x', 'yz'],
    });
    const at = (path: string) => read.cstring(address(Group.get(buffer, path)));
    expect([at('title'), at('people[0].name'), at('people[0].mail')]).toEqual(['tïtle', 'Ada', 'a@b']);
    expect([at('people[1].name'), at('words[0]'), at('words[1]')]).toEqual(['Eve', 'x', 'yz']);
    const Either = Union({ text: 'CString', number: 'i64' });
    const { text } = Either.fromBuffer(Either.create({ text: 'either' }));
    expect(read.cstring(address(text))).toBe('either');
  });

  test('lone surrogates become U+FFFD', () => {
    const { name } = Person.fromBuffer(Person.create({ name: 'a\ud800b' }));
    expect(read.cstring(address(name))).toBe('a\ufffdb');
  });

  test('what is no string', () => {
    for (const name of [true, 0.5, {}, [], Symbol('s'), () => 'text', new Date(0), Object('text')]) {
      expect(() => Person.create({ name })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_FFI_/) }) as never,
      );
      expect(() => person_length({ name })).toThrow(/args\[0\]\.name/);
    }
  });

  test('a NUL within', () => {
    for (const text of ['\0', 'a\0b', 'text\0']) {
      expectError(() => Person.create({ name: text }), 'ERR_FFI_INVALID_ARG_TYPE', 'NUL');
      expectError(() => person_length({ mail: text }), 'ERR_FFI_INVALID_ARG_TYPE', /args\[0\]\.mail.*NUL/);
      for (const field of ['utf16', 'utf32', 'wide']) {
        expectError(
          () => Texts.create({ [field]: text }),
          'ERR_FFI_INVALID_ARG_TYPE',
          new RegExp(`${field}.*NUL`),
        );
      }
    }
    expect(() => Person.create({ name: '\0' })).toThrow(/\\0/);
  });
});

describe('set and write', () => {
  test('on a buffer make and keep the bytes', () => {
    const buffer = Person.create({ name: 'first', age: 5 });
    Person.set(buffer, 'name', 'second');
    Person.set(new Uint8Array(buffer), 'mail', 'third');
    expect(person_length(buffer)).toBe(11);
    Person.write(buffer, { name: 'fourth', mail: 'fifth' });
    expect([read.cstring(address(Person.get(buffer, 'name'))), Person.get(buffer, 'age')]).toEqual([
      'fourth',
      0,
    ]);
    const group = Group.create();
    Group.set(group, 'people[1]', { name: 'Ada' });
    Group.set(group, 'words', ['a', 'b']);
    expect(read.cstring(address(Group.get(group, 'people[1].name')))).toBe('Ada');
    expect(read.cstring(address(Group.get(group, 'words[1]')))).toBe('b');
  });

  test('at an address refuse text, and change nothing', () => {
    const block = calloc(1, Group.size);
    const code = 'ERR_FFI_INVALID_ARG_TYPE';
    expectError(() => Person.set(block, 'name', 'text'), code, /name.*strdup/);
    expectError(() => Person.write(block, { age: 1, name: 'text' }), code, /name.*strdup/);
    expectError(() => Person.write(block, { age: 1, name: '' }), code, 'strdup');
    expectError(() => Group.set(block, 'people[1].mail', 'text'), code, 'strdup');
    expectError(() => Group.write(block, { people: [{}, { mail: 'text' }] }), code, 'people[1].mail');
    expectError(() => Group.set(block, 'words', ['text']), code, 'strdup');
    expect(Group.fromPtr(block)).toMatchObject({ title: 0, words: [0, 0] });
    const text = strdup('kept by hand');
    Person.set(block, 'name', text);
    Person.write(block, { name: text, mail: null }, Person.size);
    expect(person_length_at(block)).toBe(1012);
    free(text);
    free(block);
  });

  test('a value that a buffer gave is taken by an address', () => {
    const [buffer, block] = [Person.create({ name: 'Ada', age: 3 }), calloc(1, Person.size)];
    Person.write(block, Person.fromBuffer(buffer));
    Person.write(block, buffer);
    expect(Person.fromPtr(block)).toEqual(Person.fromBuffer(buffer));
    free(block);
  });
});

describe('arguments and results', () => {
  test('text in an argument lives as long as the call', () => {
    for (const text of texts) {
      expect(person_length({ name: text, mail: '' })).toBe(Buffer.byteLength(text));
      expect(person_length({ name: text })).toBe(Buffer.byteLength(text) + 1000);
    }
    expect(words_length(['a', 'bc', 'def'])).toBe(6);
    expect(words_length(['a', null, ''])).toBe(101);
    expect(words_length(['a'])).toBe(201);
  });

  test('a result gives addresses of C', () => {
    const name = strdup('Grace');
    const people = [
      { name: 'Ada', age: 36 },
      { name, age: 85 },
      { name: 'Eve', age: 20 },
    ];
    expect(person_oldest(people, 3)).toEqual({ name, age: 85, mail: 0 });
    const held = oldest_held(people, 3);
    expect(Person.fromPtr(held)).toEqual({ name, age: 85, mail: 0 });
    expect(read.cstring(address(Person.get(held, 'name')))).toBe('Grace');
    expect([releasePtr(held), releasePtr(name)]).toEqual([true, false]);
    expect(read.cstring(name)).toBe('Grace');
    free(name);
  });
});

describe('wider strings', () => {
  const all = { utf8: 'ab💥', utf16: 'ab💥', utf32: 'ab💥', wide: 'ab💥' };
  const lasts = [6, 0xdca5, 0x1f4a5, 0x1f4a5];

  test('in a buffer, by value and at its address', () => {
    const buffer = Texts.create(all);
    expect(lasts.map((_, which) => texts_measure(buffer, which))).toEqual(lasts);
    expect(lasts.map((_, which) => texts_measure(all, which))).toEqual(lasts);
    expect(lasts.map((_, which) => texts_measure_at(buffer, which))).toEqual(lasts);
    expect(Object.values(Texts.fromBuffer(buffer)).map((value) => typeof value)).toEqual(
      Array(4).fill('number'),
    );
  });

  test('null, addresses and lone surrogates', () => {
    const { utf16, utf32, wide } = Texts.fromBuffer(Texts.create({ utf16: null, utf32: undefined }));
    expect([utf16, utf32, wide]).toEqual([0, 0, 0]);
    const units = Uint16Array.of(0x61, 0x62, 0);
    expect(texts_measure({ utf16: units }, 1)).toBe(0x62);
    expect(
      [1, 2, 3].map((which) => texts_measure({ utf16: '\ud800', utf32: '\ud800', wide: '\ud800' }, which)),
    ).toEqual(Array(3).fill(0xfffd));
  });
});
