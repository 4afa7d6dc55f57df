// Strings that no JavaScript string can be: refused with arkffi's own errors, wherever they are read.
import { expect, test } from '@jest/globals';
import { constants } from 'node:buffer';
import { outputOf } from '../support/subprocess';

/** So many bytes of text are mapped without being there: pages of zero, but for a file of letters. */
const program = `
  const { CString, dlopen, ffi, read, Struct } = require(entry);
  const { constants } = require('node:buffer');
  const size = constants.MAX_STRING_LENGTH + 4096;
  const { malloc, memset, free } = dlopen('libc.so.6', {
    malloc: { args: ['usize'], returns: 'ptr' }, memset: { args: ['ptr', 'i32', 'usize'], returns: 'ptr' }, free: { args: ['ptr'] },
  }).symbols;
  const text = malloc(size + 1);
  memset(text, 120, size);
  memset(text + size, 0, 1);
  const { echo } = dlopen(fixture, { echo: { symbol: 'echo_ptr', args: ['ptr'], returns: 'CString' } }).symbols;
  const codes = new Set();
  const long = new CString(text, 0, size);
  assert.strictEqual(long.byteLength, size);
  for (const run of [() => long.toString(), () => long.length, () => long.toJSON(), () => String(long), () => new CString(text), () => read.cstring(text), () => ffi.readCString(text), () => echo(text)]) {
    try { run(); codes.add('none'); } catch (error) { codes.add(error.code); }
  }
  free(text);
  console.log([...codes].join());`;

test('as CString, by read, as a result', () => {
  expect(constants.MAX_STRING_LENGTH).toBeLessThan(2 ** 31);
  expect(outputOf(program)).toBe('ERR_FFI_OUT_OF_RANGE');
});
