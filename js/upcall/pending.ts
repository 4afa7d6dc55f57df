/**
 * Errors of callbacks on their way: to the call of C that the callback was called by, to a background call,
 * or to nobody, who leaves them uncaught.
 */
import { layout, slots } from '../native';

const { U32 } = slots;
const status = layout.status * 2;
const callbackStatus = layout.statuses.indexOf('callback') + 1;

/** Where errors go, as native code numbers it: background calls have numbers of their own from 2 on. */
export const origins = { call: 0, thread: 1, background: 2 } as const;

/** The errors of the callbacks that the running call of C has made so far. */
export const pending: { list: unknown[] | null } = { list: null };

/** The errors of callbacks of background calls, by the call's number. */
const background = new Map<number, unknown[]>();

/**
 * Sets the errors of an outer call of C aside, so that calls made within do not take them for theirs. Without
 * a status they are of a call that JavaScript was stopped in, and are forgotten.
 */
export function suspend(): unknown[] | null {
  const outer = U32[status] === 0 ? null : pending.list;
  pending.list = null;
  U32[status] = 0;
  return outer;
}

/** Brings them back. Those of this callback come after them. */
export function resume(outer: unknown[]): void {
  pending.list = pending.list === null ? outer : [...outer, ...pending.list];
  U32[status] = callbackStatus;
}

/** Sends an error on its way. */
export function surface(error: unknown, origin: number): void {
  if (origin === origins.call) {
    if (pending.list === null) pending.list = [error];
    else pending.list.push(error);
    U32[status] = callbackStatus;
  } else if (origin === origins.thread) {
    process.nextTick(() => {
      throw error;
    });
  } else {
    const errors = background.get(origin);
    if (errors === undefined) background.set(origin, [error]);
    else errors.push(error);
  }
}

/** What an error carries already: of an inner call of C, or of its own. */
function carried(error: object): readonly unknown[] {
  if (!('suppressed' in error) || error.suppressed === undefined) return [];
  return Array.isArray(error.suppressed) ? error.suppressed : [error.suppressed];
}

/** The first error, which carries the others where it can. */
function combined(errors: readonly unknown[]): unknown {
  const [first, ...others] = errors;
  const isObject = (typeof first === 'object' && first !== null) || typeof first === 'function';
  if (others.length > 0 && isObject) {
    try {
      const all = new Set([...carried(first), ...others]);
      all.delete(first);
      if (all.size === 0) return first;
      Object.defineProperty(first, 'suppressed', { value: [...all], configurable: true, writable: true });
    } catch {
      // It is frozen, or of a kind that refuses: it goes alone.
    }
  }
  return first;
}

/** The error that the call of C throws which has just ended; `fallback` where no callback left one. */
export function takePending(fallback: () => unknown): unknown {
  const errors = pending.list;
  if (errors === null) return fallback();
  pending.list = null;
  return combined(errors);
}

/** Whether callbacks of a background call have failed, and the error that it is rejected with. */
export function takeBackground(number: number): { failed: boolean; error?: unknown } {
  const errors = background.get(number);
  if (errors === undefined) return { failed: false };
  background.delete(number);
  return { failed: true, error: combined(errors) };
}
