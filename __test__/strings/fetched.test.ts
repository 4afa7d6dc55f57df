/** String results of functions that take no strings: given anew only where they have changed. */
import { afterAll, expect, test } from '@jest/globals';
import { CFunction, dlopen, free, read, strdup, write } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectError } from '../support/errors';

const { echo } = dlopen(fixture, {
  echo: { symbol: 'echo_string', args: ['ptr'], returns: 'CString' },
}).symbols;

const blocks = ['', 'a', 'b', 'é€😀', 'x'.repeat(191), 'x'.repeat(192), 'y'.repeat(5000)].map((text) => ({
  text,
  ptr: strdup(text),
}));

afterAll(() => blocks.forEach(({ ptr }) => free(ptr)));

test('are those of the address, whatever came before', () => {
  for (const first of blocks) {
    for (const second of blocks) {
      for (const { ptr, text } of [first, first, second, second, first]) expect(echo(ptr)).toBe(text);
      expect([echo(null), echo(null), echo(second.ptr), echo(null), echo(first.ptr)]).toEqual([
        null,
        null,
        second.text,
        null,
        first.text,
      ]);
    }
  }
});

test('that change in place are seen', () => {
  const block = strdup('counter 0');
  for (let digit = 0; digit < 10; digit++) {
    write.u8(block, 8, 0x30 + digit);
    expect([echo(block), echo(block)]).toEqual([`counter ${digit}`, `counter ${digit}`]);
  }
  write.u8(block, 0, 0);
  expect([echo(block), read.u8(block, 1)]).toEqual(['', 'o'.charCodeAt(0)]);
  free(block);
});

test('at an address that cannot be read are refused, and leave the last one alone', () => {
  const [, a] = blocks;
  for (let round = 0; round < 3; round++) {
    expect(echo(a!.ptr)).toBe('a');
    expectError(() => echo(8), 'ERR_FFI_INVALID_POINTER');
    expect(echo(a!.ptr)).toBe('a');
    expectError(() => echo('text' as never), 'ERR_FFI_INVALID_ARG_TYPE');
  }
});

test('of two functions do not mix, nor those of one that is closed', () => {
  const other = CFunction({ args: ['ptr'], returns: 'CString', ptr: echo });
  for (const { ptr, text } of blocks) {
    expect([echo(ptr), other(blocks[1]!.ptr), echo(ptr), other(ptr), echo(blocks[1]!.ptr)]).toEqual([
      text,
      'a',
      text,
      text,
      'a',
    ]);
  }
  other.close();
  expectError(() => other(blocks[1]!.ptr), 'ERR_FFI_CLOSED');
  expect(echo(blocks[1]!.ptr)).toBe('a');
});
