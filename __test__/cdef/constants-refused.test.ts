// Constant expressions that C leaves undefined, or that are wrong; where they stand; assertions.
import { describe, expect, test } from '@jest/globals';
import { c, cdef, sizeof } from 'arkffi';
import { expectError } from '../support/errors';

const type = c as (text: string, ...uses: object[]) => Parameters<typeof sizeof>[0];
const lengthOf = (text: string): number => sizeof(type(`char[${text}]`));
const known = cdef('struct whole { char a; int b; };');

test('lengths and widths are constant expressions too', () => {
  expect(lengthOf('~0u >> 28')).toBe(15);
  expect(lengthOf("'\\xff' + 3")).toBe(2);
  expect(type('struct { unsigned a : sizeof(int) * 8 - 31 + (-1 > 0u); }')).toMatchObject({ size: 4 });
  expectError(() => type('char[~0]'), 'ERR_FFI_INVALID_TYPE', 'the length of an array cannot be -1');
  expectError(() => type('struct { int a : -1; }'), 'ERR_FFI_INVALID_TYPE', 'cannot be -1');
});

const refused: readonly [text: string, column: number, message: string][] = [
  ['2147483647 + 1', 21, "2147483648 is beyond what 'int' holds"],
  ['-2147483647 - 2', 22, "-2147483649 is beyond what 'int' holds"],
  ['9223372036854775807 * 2', 30, "beyond what 'long long' holds"],
  ['1 << 32', 12, 'a shift by more than 31 bits'],
  ['1ll << 64', 14, 'a shift by more than 63 bits'],
  ['1 << -1', 12, 'a shift by more than 31 bits'],
  ['1 / (3 - 3)', 12, 'a division by zero'],
  ['5 % 0', 12, 'a division by zero'],
  ['1uu', 10, "'1uu' is not an integer"],
  ['08', 10, "'08' is not an integer"],
  ['1lL', 10, "'1lL' is not an integer"],
  ['1.5', 10, "'1.5' is not an integer"],
  ["'\\q'", 10, 'an escape that C does not know'],
  ['9'.repeat(1_000_000), 10, 'more than 64 bits'],
  ['(int)1e999', 15, "'1e999' is not an integer"],
  [`U'\\x${'f'.repeat(400)}'`, 10, 'not a single character'],
  [`'${'\\q'.repeat(1_000_000)}'`, 10, "'\\q\\q"],
  ["''", 10, 'a character is missing between the quotes'],
  ["'a", 10, 'the character has no end'],
  ["'\\x100'", 10, 'a character that is too large'],
  ["L'ab'", 10, 'not a single character'],
  ['(double)1', 11, 'a constant is an integer'],
  ['(struct whole)1', 11, 'a constant is an integer'],
  ['sizeof(struct none)', 17, "'struct none' has no fields yet"],
  ['__builtin_offsetof(struct whole, none)', 43, 'the type has no such member'],
  ['nothing', 10, "'nothing' is not a constant"],
];

test.each(refused.map((row) => [row[0].slice(0, 40), ...row] as const))(
  '%s is refused',
  (_, text, column, message) => {
    const found = expectError(() => type(`enum { A=${text} }`, known), 'ERR_FFI_INVALID_TYPE', message);
    expect(found.length).toBeLessThan(600);
    expect(found).toContain(`line 1, column ${column}: `);
  },
);

describe('assertions', () => {
  test('are checked', () => {
    expect(
      cdef('_Static_assert(sizeof(int) == 4, "int"); struct s { int a; _Static_assert(1); };' as string),
    ).toEqual({});
    expectError(
      () => cdef('struct s { char a; };\n_Static_assert(sizeof(struct s) == 2, "two " "bytes");' as string),
      'ERR_FFI_INVALID_TYPE',
      'cdef: line 2, column 1: the assertion fails: two bytes',
    );
  });
});
