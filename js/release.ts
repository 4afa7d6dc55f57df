/** The release of struct results. */
import { releaseResult } from './memory/routines';
import { gone } from './memory/track';
import { detachViews } from './memory/views';

/** Gives a struct result back; `false`, and nothing happens, for any other value. */
export function releasePtr(pointer: unknown): boolean {
  const address = typeof pointer === 'bigint' ? Number(pointer) : pointer;
  if (typeof address !== 'number' || !Number.isSafeInteger(address) || address <= 0) return false;
  if (!releaseResult(address)) return false;
  detachViews(address);
  gone('structReturn', address);
  return true;
}
