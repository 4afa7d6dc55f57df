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

test('a part that the end of the stack has kept from being loaded is loaded later', () => {
  const program = `
    const arkffi = require(entry);
    const uses = {
      call: () => arkffi.dlopen(null, { abs: { args: ['int'], returns: 'int' } }).symbols.abs(-5),
      struct: () => arkffi.Struct({ x: 'int', y: 'int' }).size,
      block: () => arkffi.free(arkffi.malloc(8)) ?? 'freed',
      callback: () => new arkffi.JSCallback(() => 0, { args: [], returns: 'int' }).close() ?? 'closed',
      read: () => arkffi.read.i32(Buffer.of(1, 0, 0, 0)),
    };
    for (const [name, use] of Object.entries(uses)) {
      let refused = 0;
      const descend = () => {
        try {
          descend();
        } finally {
          try { use(); } catch { refused++; }
        }
      };
      try { descend(); } catch {}
      console.log(name, refused > 0, use());
    }`;
  const results = { call: 5, struct: 8, block: 'freed', callback: 'closed', read: 1 };
  const lines = Object.entries(results).map(([name, result]) => `${name} true ${result}`);
  expect(outputOf(program, { flags: ['--stack-size=400'] })).toBe(lines.join('\n'));
});

test('loading a part leaves the slots alone: it may happen in the middle of a call', () => {
  const program = `
    const { dirname, join } = require('node:path');
    const { parts, slots } = require(join(dirname(entry), 'part-core.js'));
    slots.U8.fill(0xab);
    for (const load of Object.values(parts)) load();
    console.log(Object.keys(parts).length > 5, slots.U8.every((byte) => byte === 0xab));`;
  expect(outputOf(program)).toBe('true true');
});

test('of two copies in one process each loads parts of its own', () => {
  const program = `
    const first = require(entry);
    for (const file of Object.keys(require.cache)) delete require.cache[file];
    const second = require(entry);
    for (const { c, dlopen, fn, malloc, memoryUsage, Struct } of [second, first]) {
      const div = c('struct { int quot, rem; }');
      const compare = fn({ args: ['ptr', 'ptr'], returns: 'int' });
      const { symbols } = dlopen(null, {
        div: { args: ['int', 'int'], returns: div },
        abs: { args: ['int'], returns: 'int' },
        qsort: { args: ['ptr', 'size_t', 'size_t', compare] },
      });
      symbols.qsort(Int32Array.of(2, 1), 2, 4, () => 0);
      malloc(8);
      console.log(symbols.abs(-1), div.fromPtr(symbols.div(7, 2)).rem, Struct({ x: div }).size, memoryUsage().blocks.count);
    }
    second.dlopen(null, { abs: { args: ['int'], returns: 'int' } }).symbols.abs.async(-2).then(console.log);`;
  expect(outputOf(program)).toBe('1 1 8 1\n1 1 8 1\n2');
});
