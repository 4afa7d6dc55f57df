// The command as a process: what it prints, and how it ends.
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture } from '../support/fixture';

const root = join(__dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  bin: { arkffi: string };
};
const program = join(root, manifest.bin.arkffi);

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 30_000,
    maxBuffer: 2 ** 26,
  });
  return { status, stdout, stderr };
}

/** What a command that works prints. */
function output(...args: string[]): string {
  const { stdout, ...end } = run(args);
  expect(end).toEqual({ status: 0, stderr: '' });
  return stdout.replace(/\n$/, '');
}

/** Expects a command to fail with that status; gives what it says. */
function failure(status: number, ...args: string[]): string {
  const end = run(args);
  expect(end).toMatchObject({ status, stdout: '' });
  return end.stderr;
}

test('the file can be run by its name', () => {
  expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(program).isFile()).toBe(true);
});

describe('call', () => {
  const calls: readonly [args: string[], printed: string][] = [
    [['m', 'double pow(double x, double y)', '2', '10'], '1024'],
    [['m', 'double cos(double);', '0'], '1'],
    [['m', 'double fabs(double)', '-inf'], 'Infinity'],
    [['-', 'int abs(int)', '-5'], '5'],
    [['-', 'int abs(int)', '0x10'], '16'],
    [
      ['-', 'unsigned long long strtoull(const char *, char **, int)', '18446744073709551615', 'NULL', '10'],
      '18446744073709551615',
    ],
    [['-', 'size_t strlen(const char *)', 'four'], '4'],
    [['-', 'size_t strlen(char *)', 'four'], '4'],
    [['-', 'const char *strstr(const char *, const char *)', 'a haystack', 'hay'], 'haystack'],
    [['-', 'const char *strstr(const char *, const char *)', 'a haystack', 'no'], 'NULL'],
    [['-', 'void *memchr(void *, int, size_t)', 'abc', '120', '3'], 'NULL'],
    [['-', 'typedef struct { int quot, rem; } t; t div(int, int)', '-7', '2'], '{ quot: -3, rem: -1 }'],
    [['-', 'int atoi(const char *)', '12'], '12'],
    [['-', 'void free(void *)', 'NULL'], ''],
    [
      [
        '-',
        'int snprintf(char *, size_t, const char *, ...)',
        'NULL',
        '0',
        '%s:%d:%.1f:%ld',
        'text',
        '7',
        '2.5',
        'long:9',
      ],
      '12',
    ],
    [['-', 'int printf(const char *, ...)', 'printed %d\n', '5'], 'printed 5\n10'],
    [
      [
        '-',
        'int printf(const char *, ...)',
        '%.0f %.0f %.0f %s\n',
        'inf',
        '-inf',
        '+Infinity',
        'CString:nan',
      ],
      'inf -inf inf nan\n17',
    ],
    [
      [
        '-',
        'int printf(const char *, ...)',
        '%f %lu %ld\n',
        'NaN',
        '18446744073709551615',
        '-9223372036854775808',
      ],
      'nan 18446744073709551615 -9223372036854775808\n46',
    ],
  ];
  test.each(calls)('%j prints %j', (args, printed) => {
    expect(output('call', ...args)).toBe(printed);
  });

  test('an address is printed in hexadecimal', () => {
    expect(output('call', '-', 'void *malloc(size_t)', '16')).toMatch(/^0x[\da-f]{6,}$/);
    expect(output('call', '-', 'typedef struct s s; s *malloc(size_t)', '16')).toMatch(/^0x[\da-f]{6,}$/);
  });

  test('also one that is no address of memory', () => {
    // mmap fails with (void *)-1.
    expect(
      output('call', '-', 'void *mmap(void *, size_t, int, int, int, long)', ...'NULL 0 0 0 0 0'.split(' ')),
    ).toBe('0xffffffffffffffff');
  });

  const lldiv = 'typedef struct { long long quot, rem; } t; t lldiv(long long, long long)';
  test('64-bit integers keep their digits, in structs too', () => {
    expect(output('call', '-', lldiv, '9223372036854775807', '2')).toBe(
      '{ quot: 4611686018427387903, rem: 1 }',
    );
    const prototype =
      'union u { unsigned long long x; struct { unsigned a, b; } parts; }; union u cli_union(union u)';
    expect(output('call', fixture, prototype, '{ "x": 18446744073709551615 }')).toBe(
      '{ x: 18446744073709551615, parts: { a: 4294967295, b: 4294967295 } }',
    );
  });

  test('--json prints JSON', () => {
    const values: readonly [args: string[], printed: string][] = [
      [['-', lldiv, '9223372036854775807', '2'], '{"quot":4611686018427387903,"rem":1}'],
      [
        [
          '-',
          'unsigned long long strtoull(const char *, char **, int)',
          '18446744073709551615',
          'NULL',
          '10',
        ],
        '18446744073709551615',
      ],
      [['-', 'const char *strstr(const char *, const char *)', 'a "b"', '"'], '"\\"b\\""'],
      [['-', 'const char *strstr(const char *, const char *)', 'a', 'b'], 'null'],
      [['m', 'double acos(double)', '2'], '"NaN"'],
      [['m', 'double fabs(double)', '-inf'], '"Infinity"'],
      [['-', 'void free(void *)', 'NULL'], 'null'],
      [['-', 'void *memchr(void *, int, size_t)', 'abc', '120', '3'], '0'],
      [[fixture, 'extern int data_i32'], '-320000'],
    ];
    for (const [args, printed] of values) expect(output('call', '--json', ...args)).toBe(printed);
  });

  test('JSON that is given may have numbers that JSON lacks', () => {
    const prototype = 'struct t { double x, y; const char *s; }; double cli_sum(struct t)';
    expect(output('call', fixture, prototype, '{ "x": 1.5, "y": -Infinity }')).toBe('-Infinity');
    expect(output('call', fixture, prototype, '{ "x": nan }')).toBe('NaN');
    expect(output('call', fixture, prototype, '{ "x": 0.12345678901234567890, "y": 1e2 }')).toBe(
      '100.12345678901235',
    );
  });

  test('structs and arrays are JSON, enumerations names', () => {
    expect(output('call', '-', 'enum e { A, B = -7 }; int abs(enum e)', 'B')).toBe('7');
    const prototype = 'struct in_addr { unsigned address; }; const char *inet_ntoa(struct in_addr)';
    expect(output('call', '-', prototype, '{ "address": 16777343 }')).toBe('127.0.0.1');
    expect(failure(2, 'call', '-', prototype, '{')).toContain('is not JSON');
  });

  test('a variable is read', () => {
    expect(output('call', fixture, 'extern int data_i32')).toBe('-320000');
  });

  const wrong: readonly [status: number, args: string[], message: string][] = [
    [2, [], 'a library is missing'],
    [2, ['--jsn', 'm', 'double cos(double)', '1'], "unknown option '--jsn'"],
    [2, ['m'], 'a prototype is missing'],
    [2, ['m', 'struct s { int x; };'], 'neither a function nor a variable'],
    [2, ['m', 'double cos(double)', 'x'], "args[0]: 'x' is not a number"],
    [2, ['-', 'int abs(int)', '1.5'], "args[0]: '1.5' is not an integer"],
    [2, ['-', 'extern int opterr', '1'], 'takes no values'],
    [1, ['-', 'int abs(int)'], 'ERR_FFI_ARG_COUNT: abs takes 1 argument, got 0'],
    [1, ['-', 'int abs(int)', '1', '2'], 'ERR_FFI_ARG_COUNT'],
    [1, ['-', 'int abs(int)', '4294967296'], 'ERR_FFI_OUT_OF_RANGE'],
    [1, ['-', 'int abs(imt)', '1'], "ERR_FFI_INVALID_TYPE: cdef: line 1, column 9: unknown type 'imt'"],
    [1, ['m', 'double nosuch(void)'], 'ERR_FFI_SYMBOL_NOT_FOUND'],
    [1, ['nosuchlibrary', 'int f(void)'], 'ERR_FFI_LIBRARY_LOAD'],
  ];
  test.each(wrong)('ends with %d for %j', (status, args, message) => {
    expect(failure(status, 'call', ...args)).toContain(message);
  });
});

describe('symbols', () => {
  test('lists the names that a library exports, in order', () => {
    const names = output('symbols', 'm').split('\n');
    expect(names).toEqual(expect.arrayContaining(['cos', 'pow', 'sqrt']));
    expect(names).toEqual([...new Set(names)].sort());
    expect(names.filter((name) => name.startsWith('GLIBC'))).toEqual([]);
  });

  test('of a file, and of the process itself', () => {
    expect(output('symbols', fixture)).toContain('\ndata_i32\n');
    expect(output('symbols', '-')).toContain('napi_create_object');
  });

  test('of what cannot be loaded', () => {
    expect(failure(1, 'symbols', 'nosuchlibrary')).toContain('ERR_FFI_LIBRARY_LOAD');
    expect(failure(2, 'symbols')).toContain('a library is missing');
    expect(failure(2, 'symbols', 'm', 'c')).toContain("not also 'c'");
  });
});

describe('doctor', () => {
  test('tells of the platform, the paths and the limits', () => {
    const text = output('doctor');
    expect(text).toContain(`${process.platform} ${process.arch}`);
    expect(text).toMatch(/^libffi +\d+\.\d+/m);
    for (const row of [
      'arkffi',
      'node',
      'binary',
      'slots',
      'leaf',
      'coroutines',
      'parameters',
      'structs by value',
      'libclang',
      'works',
    ])
      expect(text).toMatch(new RegExp(`^${row} +\\S`, 'm'));
  });

  test('says which switches are set, and what they turn off', () => {
    const { stdout } = run(['doctor'], {
      ARKFFI_PATH: 'libffi',
      ARKFFI_CODEGEN: 'off',
      ARKFFI_POOL_SIZE: '3',
    });
    expect(stdout).toMatch(/^slots +turned off by ARKFFI_PATH=libffi$/m);
    expect(stdout).toMatch(/^generated code +turned off by ARKFFI_CODEGEN=off$/m);
    expect(stdout).toMatch(/^background calls +3 at once/m);
    expect(stdout).toMatch(/^switches set .*ARKFFI_POOL_SIZE=3/m);
    expect(run(['doctor'], { ARKFFI_PTAH: 'libffi' }).stdout).toMatch(
      /^not a switch +ARKFFI_PTAH; did you mean 'ARKFFI_PATH'/m,
    );
  });
});

describe('help', () => {
  test('of the whole, the version, and commands that do not exist', () => {
    expect(output('--help')).toContain('arkffi call <library>');
    expect(output('help')).toBe(output('-h'));
    expect(output('--version')).toBe(manifest.version);
    expect(failure(2)).toContain('a command is missing');
    expect(failure(2, 'cal')).toContain("unknown command 'cal'; did you mean 'call'?");
  });

  test.each(['call', 'symbols', 'bindgen', 'doctor'])('of %s', (command) => {
    const text = output(command, '--help');
    expect(text).toMatch(new RegExp(`^arkffi ${command}\\b`));
    expect(output(command, '-h')).toBe(text);
    expect(output('help', command)).toBe(text);
  });

  test('a value of a call is no request for help', () => {
    expect(output('call', '-', 'size_t strlen(const char *)', '--help')).toBe('6');
  });
});

test('where no native half loads, the doctor says so, and help works', () => {
  const copy = mkdtempSync(join(tmpdir(), 'arkffi-no-binary-'));
  const files = ['dist', 'package.json', 'binding.js', 'binding-fallback.js'];
  for (const name of files) cpSync(join(root, name), join(copy, name), { recursive: true });
  const start = (...args: string[]) =>
    spawnSync(process.execPath, [join(copy, manifest.bin.arkffi), ...args], { encoding: 'utf8' });
  const doctor = start('doctor');
  expect(doctor.stdout).toMatch(/^binary +arkffi found no native binary that works on/m);
  expect(doctor.status).toBe(1);
  expect(start('--help')).toMatchObject({ status: 0, stderr: '' });
  const call = start('call', 'm', 'double cos(double)', '1');
  expect(call).toMatchObject({ status: 1, stdout: '' });
  expect(call.stderr).toMatch(/^arkffi: ERR_FFI_LIBRARY_LOAD: arkffi found no native binary/);
  rmSync(copy, { recursive: true });
});
