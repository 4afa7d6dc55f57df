/** Pages of memory with chosen permissions. */
import { dlopen } from 'arkffi';

const { mmap, munmap, mprotect } = dlopen(null, {
  mmap: { args: ['ptr', 'size_t', 'int', 'int', 'int', 'i64'], returns: 'ptr' },
  munmap: { args: ['ptr', 'size_t'], returns: 'int' },
  mprotect: { args: ['ptr', 'size_t', 'int'], returns: 'int' },
}).symbols;

export const pageSize = 4096;
export const access = { none: 0, read: 1, write: 2 } as const;
const privateAnonymous = process.platform === 'darwin' ? 0x1002 : 0x22;
const shared = 1;

function check(ok: boolean, what: string): void {
  if (!ok) throw new Error(`${what} failed`);
}

/** Maps zeroed pages that can be read and written. */
export function mapPages(count: number): number {
  const start = mmap(0, count * pageSize, access.read | access.write, privateAnonymous, -1, 0);
  check(Number(start) < 2 ** 48, 'mmap');
  return start;
}

/** Maps the beginning of an open file. */
export function mapFile(descriptor: number, bytes: number): number {
  const start = mmap(0, bytes, access.read | access.write, shared, descriptor, 0);
  check(Number(start) < 2 ** 48, 'mmap');
  return start;
}

export function unmapPages(start: number, count: number): void {
  check(munmap(start, count * pageSize) === 0, 'munmap');
}

export function protectPages(start: number, count: number, permissions: number): void {
  check(mprotect(start, count * pageSize, permissions) === 0, 'mprotect');
}

/** Two pages of which the first can be written and the second cannot be touched; the start of the second. */
export function pageBeforeGap(kind: 'unmapped' | 'protected'): number {
  const start = mapPages(2);
  if (kind === 'unmapped') unmapPages(start + pageSize, 1);
  else protectPages(start + pageSize, 1, access.none);
  return start + pageSize;
}
