// Strings live as long as the buffer that they were made for.
import { describe, expect, test } from '@jest/globals';
import { read } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';
import { functions, ref, Struct, type Call } from './loose';

const Person = Struct({ name: 'CString', age: 'i32', mail: 'CString' });
const { person_length_at } = functions(fixture, {
  person_length_at: { args: ['ptr'], returns: 'size_t' },
}).symbols as Record<'person_length_at', Call>;

/** A program that makes many buffers with strings, lets the collector run and reads them all. */
const keeping = (make: string, read: string) => `
  const { Struct, array, ref, readMemory } = require(entry);
  const Person = Struct({ name: 'CString', age: 'i32', mail: 'CString' });
  const Group = Struct({ people: array(Person, 2), n: 'i32' });
  const [make, stringsOf] = [${make}, ${read}];
  const litter = () => Array.from({ length: 50 }, (_, n) => 'litter '.repeat(n) + new Uint8Array(n).fill(88).join());
  const texts = Array.from({ length: 150 }, (_, n) => 'text number ' + n + ' '.repeat(n % 40));
  const kept = texts.map((text, n) => { const b = make(text); if (n % 30 === 0) { gc(); litter(); } return b; });
  for (let n = 0; n < 5; n++) { gc(); litter(); }
  const isText = (pointer, n) => Buffer.from(readMemory(pointer, texts[n].length)).toString() === texts[n];
  const wrong = kept.filter((buffer, n) => !stringsOf(buffer).every((pointer) => isText(pointer, n)));
  console.log(wrong.length === 0 ? 'kept' : \`\${wrong.length} lost\`);`;

const address = (value: unknown) => value as number;

describe('the collector', () => {
  test.each<[string, string]>([
    ['create', '(text) => Person.create({ name: text, mail: text })'],
    [
      'set',
      "(text) => { const b = Person.create(); Person.set(b, 'name', text); Person.set(b, 'mail', text); return b; }",
    ],
    [
      'set, of a number beside it',
      "(text) => { const b = Person.create({ name: text, mail: text }); Person.set(b, 'age', 3); return b; }",
    ],
    [
      'set, of another string',
      "(text) => { const b = Person.create({ name: 'first', mail: text }); Person.set(b, 'name', text); return b; }",
    ],
    [
      'set on a view of it',
      "(text) => { const b = Person.create({ mail: text }); Person.set(new Uint8Array(b), 'name', text); return b; }",
    ],
    [
      'write',
      '(text) => { const b = Person.create(); Person.write(b, { name: text, mail: text }); return b; }',
    ],
    [
      'a view',
      '(text) => { const b = Person.create(); Object.assign(Person.view(b), { name: text, mail: text }); return b; }',
    ],
    ['a ref', '(text) => ref(Person, { name: text, mail: text })'],
    [
      'buffers to which fields point',
      "(text) => Person.create({ name: Buffer.from(text + '\\0'), mail: new Uint8Array([...Buffer.from(text), 0]).buffer })",
    ],
  ])('leaves what %s has made as long as the buffer', (_, make) => {
    const read =
      '(buffer) => Object.values(buffer.value ?? Person.fromBuffer(buffer)).filter((_, n) => n !== 1)';
    expect(outputOf(keeping(make, read), { flags: ['--expose-gc'] })).toBe('kept');
  });

  // Two people in a buffer, all with the text as name and mail; 'first' is text that is replaced.
  const all = 'people: [{ name: text, mail: text }, { name: text, mail: text }]';
  const first = "people: [{ name: 'first', mail: text }, { name: text, mail: text }]";
  test.each<[string, string]>([
    ['create', `(text) => Group.create({ ${all} })`],
    [
      'create, of views',
      `(text) => Group.create({ people: [
        Person.view(Person.create({ name: text, mail: text })), Group.view(Group.create({ ${all} })).people[1],
      ] })`,
    ],
    [
      'create, of a view that has them within',
      `(text) => {
        const { people } = Group.view(Group.create({ ${all} }));
        return Group.create({ people });
      }`,
    ],
    ['create, of a view as a whole', `(text) => Group.create(Group.view(Group.create({ ${all} })))`],
    [
      'write, of a view',
      `(text) => { const b = Group.create(); Group.write(b, Group.view(Group.create({ ${all} }))); return b; }`,
    ],
    [
      'set and a view, of views',
      `(text) => {
        const b = Group.create();
        Group.set(b, 'people[0]', Person.view(Person.create({ name: text, mail: text })));
        Group.view(b).people[1] = Person.view(Person.create({ name: text, mail: text }));
        return b;
      }`,
    ],
    [
      'a field that is replaced',
      `(text) => { const b = Group.create({ ${first} }); Group.set(b, 'people[0].name', text); return b; }`,
    ],
    [
      'a field that is replaced after set',
      `(text) => {
      const b = Group.create();
      Group.set(b, 'people', [{ name: 'first', mail: text }, { name: text, mail: text }]);
      Group.set(b, 'people[0].name', text);
      return b;
    }`,
    ],
    [
      'an element that is replaced after set',
      `(text) => {
      const b = Group.create();
      Group.set(b, 'people', [{ name: 'first' }, { name: text, mail: text }]);
      Group.set(b, 'people[0]', { name: text, mail: text });
      return b;
    }`,
    ],
    [
      'a field that is replaced after write',
      `(text) => {
      const b = Group.create();
      Group.write(b, { ${first} });
      Group.view(b).people[0].name = text;
      return b;
    }`,
    ],
    [
      'a part that is written over',
      `(text) => {
      const b = Group.create();
      Group.write(b, { ${first} });
      Person.write(b, { name: text, mail: text });
      return b;
    }`,
    ],
    [
      'parts, one after the other',
      `(text) => {
      const b = Group.create();
      Person.write(b, { name: text, mail: text });
      Person.write(new Uint8Array(b, Person.size), { name: text, mail: text });
      Group.set(b, 'n', 5);
      return b;
    }`,
    ],
    [
      'views of views',
      `(text) => {
      const b = Group.create();
      const { people } = Group.view(b);
      people[0] = { name: 'first', mail: 'first' };
      people[1] = { name: text, mail: 'first' };
      people[0].name = text;
      people[0].mail = people[1].mail = text;
      return b;
    }`,
    ],
    [
      'buffers as values',
      '(text) => Group.create({ people: [Person.create({ name: text, mail: text }), Person.create({ name: text, mail: text })] })',
    ],
  ])('leaves what stands in structs within: %s', (_, make) => {
    const read = '(buffer) => Group.fromBuffer(buffer).people.flatMap(({ name, mail }) => [name, mail])';
    expect(outputOf(keeping(make, read), { flags: ['--expose-gc'] })).toBe('kept');
  });

  test('takes the strings when the buffers have gone', () => {
    const program = `
      const { Struct } = require(entry);
      const Person = Struct({ name: 'CString', age: 'i32' });
      const rss = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
      const text = 'x'.repeat(10_000);
      const run = (count) => { for (let n = 0; n < count; n++) Person.create({ name: text, age: n }); };
      const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
      (async () => {
        for (let n = 0; n < 5; n++) { run(1000); await turn(); rss(); }
        const before = rss();
        for (let n = 0; n < 40; n++) { run(1000); await turn(); }
        let grown = rss() - before;
        for (let n = 0; n < 100 && grown > 128; n++) { await turn(); grown = rss() - before; }
        assert.ok(grown < 128, \`grown by \${grown} MB\`);
        console.log('steady');
      })();`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('steady');
  });

  test('strings that are replaced again and again do not pile up', () => {
    const program = `
      const { Struct } = require(entry);
      const Person = Struct({ name: 'CString', age: 'i32' });
      const rss = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
      const buffer = Person.create();
      const view = Person.view(buffer);
      const run = (count) => { for (let n = 0; n < count; n++) view.name = 'some text of a certain length ' + n; };
      run(20_000);
      const before = rss();
      run(200_000);
      const grown = rss() - before;
      assert.ok(grown < 32, \`grown by \${grown} MB\`);
      console.log('steady');`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('steady');
  });
});

test('ref gives its text back only while it lives', () => {
  const person = ref(Person, { name: 'Ada' });
  expect(read.cstring(address((person.value as Record<string, unknown>)['name']))).toBe('Ada');
  person.value = { name: 'Eve', age: 3 };
  expect(person_length_at(person)).toBe(1003);
  person.close();
  expectError(() => person_length_at(person), 'ERR_FFI_CLOSED');
});
