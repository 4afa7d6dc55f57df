/** `binding.d.ts` against the native binary: every declared function, class and method exists, and no other. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const declared = readFileSync(join(root, 'binding.d.ts'), 'utf8');
const binding = require(join(root, 'binding.js')) as Record<string, { prototype?: object }>;

test('functions and classes', () => {
  const names = Array.from(
    declared.matchAll(/^export declare (?:function|class) (\w+)/gm),
    ([, name]) => name,
  );
  expect(Object.keys(binding).sort()).toEqual(names.sort());
});

test.each(['Environment', 'NativeLibrary'])('the members of %s', (name) => {
  const body = new RegExp(`^export declare class ${name} \\{\\n(.*?)^\\}`, 'ms').exec(declared)![1]!;
  const members = Array.from(body.matchAll(/^ {2}(?:get )?(\w+)\(/gm), ([, member]) => member);
  const own = Object.getOwnPropertyNames(binding[name]!.prototype).filter((key) => key !== 'constructor');
  expect(own.sort()).toEqual(members.filter((key) => key !== 'constructor').sort());
});
