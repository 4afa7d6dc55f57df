/** Accounts as they have changed since the test began; no test leaves a limit. */
import { afterEach, beforeEach } from '@jest/globals';
import { memoryUsage, setMemoryLimit, type MemoryUsage } from 'arkffi';

let start: MemoryUsage;

beforeEach(() => {
  start = memoryUsage();
});
afterEach(() => {
  setMemoryLimit(0);
});

/** The accounts when the test began. */
export const before = (): MemoryUsage => start;

/** Of an account that nothing is in, or nothing was added to. */
export const nothing = { count: 0, bytes: 0 };

type Name =
  'blocks' | 'structReturns' | 'arenas' | 'owned' | 'strings' | 'shared' | 'callbacks' | 'libraries';

/** What has been added to an account since the test began. */
export function added(name: Name) {
  const now = memoryUsage()[name];
  return { count: now.count - start[name].count, bytes: now.bytes - start[name].bytes };
}

/** What has been added to the bytes that the limit is for. */
export const addedBytes = (): number => memoryUsage().bytes - start.bytes;
