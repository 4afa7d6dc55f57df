// Headers as the preprocessor leaves them: all that they declare is read, with the layouts that the compiler has.
import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { c, cdef, dlopen, type StructSchema } from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';

const declare = cdef as unknown as (text: string, ...uses: object[]) => Record<string, { args?: unknown[] }>;
const cc = process.env['CC'] ?? 'cc';

/** What the compiler makes of includes before it reads it. */
function preprocess(...headers: string[]): string {
  const input = headers.map((name) => `#include <${name}>\n`).join('');
  return execFileSync(cc, ['-E', '-x', 'c', '-'], { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** Without the prototypes that have `long double`, which is refused. */
function readable(text: string): string {
  return text.replaceAll(/(?<=[;}]|^)[^;{}]*\blong double\b[^;{}]*;/g, (found) =>
    found.includes('__max_align') ? found : found.replaceAll(/[^\n]/g, ' '),
  );
}

const headers: readonly [name: string, some: readonly string[]][] = [
  ['stdio.h', ['printf', 'fopen', 'vsnprintf', 'stderr', 'sscanf']],
  ['time.h', ['mktime', 'nanosleep', 'tzname']],
  ['sys/stat.h', ['stat', 'mkdirat']],
  ['sys/types.h', ['select']],
  ['stdlib.h', ['qsort', 'strtoull', 'div']],
  ['string.h', ['strdup', 'memcpy']],
  ['ctype.h', ['isalpha', 'toupper']],
  ['locale.h', ['localeconv']],
  ['signal.h', ['sigaction', 'signal']],
  ['pthread.h', ['pthread_create', 'pthread_mutex_lock']],
  ['unistd.h', ['getpid', 'optarg']],
  ['poll.h', ['poll']],
  ['sys/socket.h', ['connect', 'recvmsg']],
  ['netinet/in.h', ['htons', 'in6addr_any']],
  ['dirent.h', ['readdir']],
  ['zlib.h', ['deflate', 'zlibVersion', 'gzvprintf']],
  ['sqlite3.h', ['sqlite3_exec', 'sqlite3_version', 'sqlite3_vmprintf']],
  ['expat.h', ['XML_ParserCreate', 'XML_SetElementHandler']],
];

/** The structs and unions that a text completes, and have tags. */
const tagsIn = (text: string): string[] =>
  [...new Set(Array.from(text.matchAll(/\b((?:struct|union) \w+)\s*\{/g), ([, tag]) => tag!))].filter(
    // Those of a macro's own, and those that are aligned by attribute.
    (tag) => !tag.includes('__fpsimd'),
  );

interface Layout {
  readonly size: number;
  readonly align: number;
  readonly offsets: Record<string, number>;
}

function layoutsInC(
  name: string,
  text: string,
  fields: ReadonlyMap<string, readonly string[]>,
): Map<string, Layout> {
  const measured = [...fields].map(([tag, names]) => {
    const offsets = names.map((name) => `__builtin_offsetof(${tag}, ${name})`);
    return [`sizeof(${tag})`, `_Alignof(${tag})`, ...offsets];
  });
  const all = measured.flat();
  const library = compile(
    `lib${name.replaceAll(/\W/g, '')}.so`,
    `${text}\nconst unsigned long arkffi_all[] = { ${all.join(', ')} };`,
    ['-w'],
  );
  const { symbols } = dlopen(library, {
    all: { type: c(`size_t[${all.length}]` as string), symbol: 'arkffi_all' },
  } as never) as unknown as { symbols: { all: { value: number[] } } };
  const numbers = symbols.all.value;
  return new Map(
    [...fields].map(([tag, names]) => {
      const [size, align] = [numbers.shift()!, numbers.shift()!];
      return [
        tag,
        { size, align, offsets: Object.fromEntries(names.map((name) => [name, numbers.shift()!])) },
      ];
    }),
  );
}

const exists = (name: string): boolean =>
  [
    '/usr/include',
    '/usr/local/include',
    '/usr/include/x86_64-linux-gnu',
    '/usr/include/aarch64-linux-gnu',
  ].some((directory) => existsSync(`${directory}/${name}`));
const isLinux = process.platform === 'linux';

describe.each(headers)('%s', (name, some) => {
  const run = isLinux && exists(name) ? test : test.skip;

  run('is read', () => {
    const defs = declare(readable(preprocess(name)));
    expect(Object.keys(defs)).toEqual(expect.arrayContaining([...some]));
  });

  run('its structs are laid out as in C', () => {
    const text = preprocess(name);
    const defs = declare(readable(text));
    const schemas = new Map<string, StructSchema>();
    for (const tag of tagsIn(text)) {
      try {
        schemas.set(tag, c(tag as string, defs) as unknown as StructSchema);
      } catch (error) {
        expect((error as Error).message).toMatch(/not supported/);
      }
    }
    const isBits = (field: string) =>
      field.startsWith('anonymous') || new RegExp(`\\b${field}\\s*:\\s*\\d`).test(text);
    const fields = new Map(
      [...schemas].map(([tag, { fieldNames }]) => [tag, fieldNames.filter((field) => !isBits(field))]),
    );
    const inC = fields.size === 0 ? new Map<string, Layout>() : layoutsInC(name, text, fields);
    const inJs = [...schemas].map(([tag, schema]): [string, Layout] => {
      const offsets = Object.fromEntries(
        fields.get(tag)!.map((field) => [field, schema.offsetOf(field as never)]),
      );
      return [tag, { size: schema.size, align: schema.align, offsets }];
    });
    expect(new Map(inJs)).toEqual(inC);
  });
});

(isLinux && exists('zlib.h') ? test : test.skip)('what was read works', () => {
  const { crc32, compressBound } = declare(preprocess('zlib.h'));
  const { symbols } = dlopen('libz.so.1', { crc32, compressBound } as never) as never as {
    symbols: Record<string, (...args: unknown[]) => unknown>;
  };
  expect(symbols['crc32']!(0, Buffer.from('abc'), 3)).toBe(0x3524_41c2);
  expect(symbols['compressBound']!(1000)).toBeGreaterThan(1000);
});

test('long double is refused by name', () => {
  expectError(
    () => declare('long double strtold(const char *, char **);'),
    'ERR_FFI_UNSUPPORTED',
    'long double',
  );
});
