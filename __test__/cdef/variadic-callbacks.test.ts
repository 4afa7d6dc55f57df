// A callback that C calls with `...`: it gets the arguments before the dots.
import { expect, test } from '@jest/globals';
import { cdef, dlopen, JSCallback } from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';

const library = compile(
  'libvariadiccallback.so',
  `void report_to(void (*report)(void *user, const char *format, ...), void *user) {
    report(user, "%s has %d", "x", 5);
  }`,
);
const { report_to } = dlopen(
  library,
  cdef('void report_to(void (*report)(void *user, const char *format, ...), void *user);'),
).symbols;

test('a JSCallback of the arguments before the dots', () => {
  const lines: string[] = [];
  using report = new JSCallback((user, format) => lines.push(`${user} ${format}`), {
    args: ['ptr', 'CString'],
  });
  report_to(report, 7);
  expect(lines).toEqual(['7 %s has %d']);
});

test('a plain function is refused, with advice', () => {
  const report = (): void => {};
  const advice = /cannot be variadic; make a JSCallback of the arguments before the dots/;
  // @ts-expect-error -- nor does it compile
  expectError(() => report_to(report, 7), 'ERR_FFI_INVALID_TYPE', advice);
});
