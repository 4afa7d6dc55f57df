// What arkffi itself reads and writes at an address that is not mapped is an error, and the process lives.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copy, CString, dlopen, ffi, read, readMemory, toArrayBuffer, toBuffer, write } from 'arkffi';
import type { Accessible, Pointer } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import {
  access,
  mapFile,
  mapPages,
  pageBeforeGap,
  pageSize,
  protectPages,
  unmapPages,
} from '../support/pages';

const { text_at, text16_at, text32_at } = dlopen(fixture, {
  text_at: { symbol: 'echo_ptr', args: ['ptr'], returns: 'CString' },
  text16_at: { symbol: 'echo_ptr', args: ['ptr'], returns: 'string16' },
  text32_at: { symbol: 'echo_ptr', args: ['ptr'], returns: 'string32' },
}).symbols;

const names = Object.keys(read) as (keyof Accessible)[];
const valueOf = (name: keyof Accessible) => (name === 'bool' ? true : name === 'cstring' ? 'text' : 1);

type Named<F> = [string, F];
const readers: Named<(from: Pointer) => unknown>[] = [
  ...names.map((name): Named<(from: Pointer) => unknown> => [`read.${name}`, (from) => read[name](from)]),
  ['copy from', (from) => copy(Buffer.alloc(16), from, 16)],
  ['readMemory', (from) => readMemory(from, 16)],
  ['toArrayBuffer', (from) => toArrayBuffer(from, 0, 16)],
  ['toBuffer', (from) => toBuffer(from, 0, 16)],
  ['CString', (from) => new CString(from)],
  ['CString of a length', (from) => new CString(from, 0, 16)],
  ['readCString', (from) => ffi.readCString(from)],
  ['a CString result', (from) => text_at(from)],
  ['a string16 result', (from) => text16_at(from)],
  ['a string32 result', (from) => text32_at(from)],
];
const writers: Named<(to: Pointer) => unknown>[] = [
  ...names.map((name): Named<(to: Pointer) => unknown> => [
    `write.${name}`,
    (to) => write[name](to, 0, valueOf(name) as never),
  ]),
  ['copy to', (to) => copy(to, Buffer.alloc(16, 0xff), 16)],
];

const pages: Record<string, number> = {};
beforeAll(() => {
  pages['unmapped'] = mapPages(1);
  unmapPages(pages['unmapped'], 1);
  pages['protected'] = mapPages(1);
  protectPages(pages['protected'], 1, access.none);
});

const addresses: Named<() => Pointer>[] = [
  ['16', () => 16],
  ['an odd address in the first page', () => 4095],
  ['the end of user space', () => 2 ** 47 - 3],
  ['the start of the non-canonical half', () => 2 ** 47 + 1],
  ['2^53-1', () => Number.MAX_SAFE_INTEGER],
  ['2^60', () => 2n ** 60n],
  ['the kernel', () => 2n ** 64n - 2n ** 47n],
  ['the last byte', () => 2n ** 64n - 1n],
  ['-1', () => -1],
  ['-1n', () => -1n],
  ['a page that is unmapped', () => pages['unmapped']!],
  ['a page without permissions', () => pages['protected']!],
  ['unaligned in a page without permissions', () => pages['protected']! + 1234],
];

describe.each(addresses)('%s', (_, address) => {
  test.each([...readers, ...writers])('%s', (_, use) => {
    expectError(() => use(address()), 'ERR_FFI_INVALID_POINTER');
  });
});

describe('NULL', () => {
  const without = ['CString', 'CString of a length', 'readCString', 'a CString result', 'a string16 result'];
  const strict = [...readers, ...writers].filter(
    ([name]) => ![...without, 'a string32 result'].includes(name),
  );

  test.each(strict)('%s', (_, use) => {
    for (const address of [0, 0n, null])
      expectError(() => use(address as Pointer), 'ERR_FFI_INVALID_POINTER', 'NULL');
    expectError(() => use({ ptr: 0 } as never), 'ERR_FFI_INVALID_POINTER', 'NULL');
  });

  test('is no string for results, and the empty string for the rest', () => {
    expect([text_at(0), text16_at(0), text32_at(0)]).toEqual([null, null, null]);
    expect([ffi.readCString(0), new CString(0).toString()]).toEqual(['', '']);
  });
});

describe('a page that can only be read', () => {
  let page: number;
  beforeAll(() => {
    page = mapPages(1);
    write.cstring(page, 0, 'constant text');
    protectPages(page, 1, access.read);
  });
  afterAll(() => unmapPages(page, 1));

  test.each(readers)('%s', (_, use) => {
    expect(() => use(page)).not.toThrow();
  });

  test.each(writers)('%s', (_, use) => {
    expectError(() => use(page), 'ERR_FFI_INVALID_POINTER');
    expect(read.cstring(page)).toBe('constant text');
  });
});

describe.each(['unmapped', 'protected'] as const)('before a page that is %s', (kind) => {
  let end: number;
  beforeAll(() => {
    end = pageBeforeGap(kind);
  });
  afterAll(() => unmapPages(end - pageSize, 1));

  test.each([1, 2, 7, 15, 16, 17, 64, 4096])(
    'a string of %d bytes that ends at the last byte is read whole',
    (size) => {
      const text = 'x'.repeat(size - 1);
      write.cstring(end - size, 0, text);
      for (const address of [end - size, BigInt(end - size)]) {
        expect(read.cstring(address)).toBe(text);
        expect(new CString(address).toString()).toBe(text);
        expect(ffi.readCString(address)).toBe(text);
        expect(text_at(address)).toBe(text);
      }
    },
  );

  test('strings of wider units that end there', () => {
    copy(end - 6, Buffer.from('ab\0', 'utf16le'), 6);
    expect(text16_at(end - 6)).toBe('ab');
    copy(end - 8, Uint32Array.of(0x1f600, 0), 8);
    expect(text32_at(end - 8)).toBe('😀');
  });

  test.each([1, 2, 15, 16, 17, 4096])('a string of %d bytes that runs into it is an error', (size) => {
    copy(end - size, Buffer.alloc(size, 'y'), size);
    for (const run of [
      () => read.cstring(end - size),
      () => new CString(end - size),
      () => ffi.readCString(end - size),
      () => text_at(end - size),
      () => text16_at(end - size),
      () => text32_at(end - size),
    ]) {
      expectError(run, 'ERR_FFI_INVALID_POINTER');
    }
    expect(new CString(end - size, 0, size).length).toBe(size);
  });

  test('values and ranges that reach into it', () => {
    expectError(() => read.u64(end - 4), 'ERR_FFI_INVALID_POINTER');
    expectError(() => write.u64(end - 4, 0, 0), 'ERR_FFI_INVALID_POINTER');
    expectError(() => read.u16(end, -1), 'ERR_FFI_INVALID_POINTER');
    expectError(() => readMemory(end - 16, 17), 'ERR_FFI_INVALID_POINTER');
    expectError(() => copy(Buffer.alloc(17), end - 16, 17), 'ERR_FFI_INVALID_POINTER');
    expectError(() => copy(end - 16, Buffer.alloc(17), 17), 'ERR_FFI_INVALID_POINTER');
    expectError(() => copy(end - 20, end - 16, 17), 'ERR_FFI_INVALID_POINTER');
    expectError(() => toArrayBuffer(end - pageSize, 0, pageSize + 1), 'ERR_FFI_INVALID_POINTER');
    expect(readMemory(end - 16, 16).byteLength).toBe(16);
  });
});

test('a mapped file that has become shorter', () => {
  const directory = mkdtempSync(join(tmpdir(), 'arkffi-map-'));
  const descriptor = openSync(join(directory, 'file'), 'w+');
  ftruncateSync(descriptor, 2 * pageSize);
  const start = mapFile(descriptor, 2 * pageSize);
  write.u32(start, pageSize, 7);
  expect(read.u32(start, pageSize)).toBe(7);
  ftruncateSync(descriptor, pageSize);
  for (const use of [...readers, ...writers]) {
    expectError(() => use[1](start + pageSize), 'ERR_FFI_INVALID_POINTER');
  }
  expect(read.u32(start)).toBe(0);
  unmapPages(start, 2);
  closeSync(descriptor);
  rmSync(directory, { recursive: true });
});

test('a hundred thousand bad reads in a row', () => {
  for (let round = 0; round < 100_000; round++) {
    try {
      read.u8(16);
    } catch {
      continue;
    }
    throw new Error('address 16 was read');
  }
});

test('the last address is named as C prints it', () => {
  for (const last of [-1, -1n]) {
    expectError(() => read.u8(last), 'ERR_FFI_INVALID_POINTER', '0xffffffffffffffff');
  }
});
