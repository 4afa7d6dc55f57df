// A va_list is a parameter: a callback hands on what it got.
import { expect, test } from '@jest/globals';
import { cdef, dlopen } from 'arkffi';
import { compile } from '../support/compile';

const library = compile(
  'libvalist.so',
  `#include <stdarg.h>
  void log_with(void (*write)(int level, const char *format, va_list args), const char *format, ...) {
    va_list args;
    va_start(args, format);
    write(3, format, args);
    va_end(args);
  }`,
);

test('a logger in JavaScript', () => {
  const { log_with } = dlopen(
    library,
    cdef('void log_with(void (*write)(int, const char *, va_list), const char *format, ...);'),
  ).symbols;
  const { vsnprintf } = dlopen(null, cdef('int vsnprintf(char *, size_t, const char *, va_list);')).symbols;
  const lines: string[] = [];
  const write = (level: number, format: string | null, args: number): void => {
    const buffer = Buffer.alloc(64);
    const length = vsnprintf(buffer, 64, format, args);
    lines.push(`${level} ${buffer.toString('utf8', 0, length)}`);
  };
  log_with(write, '%s is %d of %.2f', ['CString', 'x'], ['int', 5], ['double', 0.25]);
  expect(lines).toEqual(['3 x is 5 of 0.25']);
});
