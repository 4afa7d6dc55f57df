/** What is loaded when: a program pays for what it uses. */
import { expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';

/** The files of the package that a program has loaded when it ends, without their folders. */
const loaded = `process.on('exit', () => {
  const { basename } = require('node:path');
  console.log(Object.keys(require.cache).map((file) => basename(file)).sort().join(' '));
});`;

test.each([
  ['loading the package', 'require(entry);', 'part-core.js'],
  [
    'opening a library',
    "require(entry).dlopen(null, { abs: { args: ['int'], returns: 'int' } });",
    'part-core.js',
  ],
  [
    'calling a function',
    "require(entry).dlopen(null, { abs: { args: ['int'], returns: 'int' } }).symbols.abs(-1);",
    'part-calls.js part-core.js',
  ],
  [
    'declaring a struct',
    "require(entry).Struct({ x: 'int' });",
    'part-calls.js part-core.js part-memory.js part-structs.js',
  ],
])('%s loads what that needs', (_, program, parts) => {
  const names = outputOf(`${loaded} ${program}`).split(' ');
  const others = names.filter(
    (name) => !name.endsWith('.node') && name !== 'binding.js' && name !== 'index.js',
  );
  expect(others.join(' ')).toBe(parts);
});

test('each export can be the first to be used', () => {
  const program = `
    const { dirname, sep } = require('node:path');
    process.on('warning', (warning) => console.log(String(warning)));
    process.setMaxListeners(1000);
    for (const name of Object.keys(require(entry))) {
      for (const file of Object.keys(require.cache)) {
        if (file.startsWith(dirname(entry) + sep) && !file.endsWith('part-core.js')) delete require.cache[file];
      }
      if (require(entry)[name] === undefined) console.log(name);
    }`;
  expect(outputOf(program)).toBe('');
});

test('an export can be replaced', () => {
  const program = `
    const arkffi = require(entry);
    arkffi.malloc = () => 'replaced';
    Object.defineProperty(arkffi, 'free', { value: () => 'defined' });
    console.log(arkffi.malloc(), arkffi.free());`;
  expect(outputOf(program)).toBe('replaced defined');
});
