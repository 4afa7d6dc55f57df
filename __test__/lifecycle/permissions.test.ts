/** Node's permission model, and the other ways in which a runtime forbids addons or generated code. */
import { describe, expect, test } from '@jest/globals';
import { runProgram } from '../support/subprocess';

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const limited = [permission, '--allow-fs-read=*', '--no-warnings'];

const refused = `
  try {
    require(entry);
    console.log('loaded');
  } catch (error) {
    console.log(error.name, error.code, error.cause.code);
    console.log(error.message);
  }`;

const calls = `
  const { dlopen, JSCallback, Struct } = require(entry);
  const symbols = dlopen(fixture, {
    add_i32: { args: ['i32', 'i32'], returns: 'i32' },
    echo_string: { args: ['CString'], returns: 'CString' },
  }).symbols;
  const { div } = dlopen(null, {
    div: { args: ['int', 'int'], returns: Struct({ quot: 'int', rem: 'int' }).object },
  }).symbols;
  const callback = new JSCallback((a, b) => a * b, { args: ['i32', 'i32'], returns: 'i32' });
  const results = [symbols.add_i32(1, 2), symbols.echo_string('ü'), div(17, 5).rem, callback.call(6, 7)];
  callback.close();
  symbols.add_i32.async(3, 4).then((seven) => console.log(...results, seven));`;

describe('where addons may not be loaded', () => {
  test.each([
    ['by the permission model', limited],
    ['by --no-addons', ['--no-addons']],
  ])('%s, the error says so and what allows them', (_, flags) => {
    const { status, stdout, stderr } = runProgram(refused, { flags });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^FFIError ERR_FFI_LIBRARY_LOAD ERR_DLOPEN_DISABLED\n/);
    expect(stdout).toContain('--allow-addons');
    expect(stdout).not.toContain('optional dependency');
  });
});

describe('everything works', () => {
  test.each<[string, string[]]>([
    ['under the permission model, with --allow-addons', [...limited, '--allow-addons']],
    [
      'under it where no code is generated either',
      [...limited, '--allow-addons', '--disallow-code-generation-from-strings'],
    ],
    ['where no code is generated', ['--disallow-code-generation-from-strings']],
  ])('%s', (_, flags) => {
    const { status, stdout, stderr } = runProgram(calls, { flags });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '3 ü 2 42 7', stderr: '' });
  });
});

test('an allowed addon is not limited by the permission model: files it opens are no affair of Node', () => {
  const program = `
    const { dlopen } = require(entry);
    const fs = require('node:fs');
    const { open, close } = dlopen(null, {
      open: { args: ['CString', 'int'], returns: 'int' },
      close: { args: ['int'], returns: 'int' },
    }).symbols;
    assert.throws(() => fs.writeFileSync('/dev/null', ''), { code: 'ERR_ACCESS_DENIED' });
    const file = open('/dev/null', 1);
    console.log(file > 0, close(file));`;
  const { stdout, stderr } = runProgram(program, { flags: [...limited, '--allow-addons'] });
  expect([stdout, stderr]).toEqual(['true 0', '']);
});
