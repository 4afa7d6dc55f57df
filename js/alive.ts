/** Keeping buffers alive while only their addresses are in use. */
import { describe } from './errors';

const nothing = Object.freeze({});

/** Gives a result, and keeps a buffer alive up to here: the engine cannot know that no result is `nothing`. */
export function alive<T>(result: T, bytes: unknown): T {
  if (result === nothing) throw new Error(describe(bytes));
  return result;
}
