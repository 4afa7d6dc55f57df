/** What is allocated and not released, with where in JavaScript: followed while that is switched on. */
import { stackOf } from '../errors';

/** What can be leaked. */
export type LeakKind = 'block' | 'structReturn' | 'arena' | 'owned' | 'shared' | 'callback' | 'library';

interface Held {
  /** Its number, in the order in which things were allocated. */
  readonly order: number;
  readonly kind: LeakKind;
  bytes: number;
  readonly since: number;
  readonly stack: string;
}

/** Whether allocations are followed. */
export const tracking = { on: false };

/** By kind and address, or by kind and object. */
const held = new Map<LeakKind, Map<unknown, Held>>();

let last = 0;

/** What is written to stderr: see `setDumpFlags`. */
export const dumpFlags = { leaks: false, memory: false, gc: false, free: false };

/** Where what is noted now was asked for, if that was earlier: a background call. */
export const askedFor: { stack: string | undefined } = { stack: undefined };

/** Follows something from now on. `key` is its address, or the object that stands for it. */
export function noted(kind: LeakKind, key: unknown, bytes: number): void {
  let ofKind = held.get(kind);
  if (ofKind === undefined) held.set(kind, (ofKind = new Map<unknown, Held>()));
  ofKind.set(key, {
    order: ++last,
    kind,
    bytes,
    since: performance.now(),
    stack: askedFor.stack ?? stackOf(),
  });
}

/** It has become so much larger. */
export function grown(kind: LeakKind, key: unknown, bytes: number): void {
  const found = held.get(kind)?.get(key);
  if (found !== undefined) found.bytes += bytes;
}

function named(key: unknown): string {
  return typeof key === 'number' ? ` 0x${key.toString(16)}` : '';
}

/** It has been released. */
export function gone(kind: LeakKind, key: unknown): void {
  held.get(kind)?.delete(key);
  const address = kind === 'owned' ? '' : named(key);
  if (dumpFlags.free) process.stderr.write(`arkffi: released ${kind}${address}\n`);
}

/** It is a view's to release. */
export function handedOver(kind: LeakKind, key: unknown): void {
  held.get(kind)?.delete(key);
}

/** Forgets everything. */
export function forgetAll(): void {
  held.clear();
}

/** What was never released: all of one kind that were made at one place. */
export interface Leak {
  readonly kind: LeakKind;
  readonly count: number;
  readonly bytes: number;
  /** Milliseconds since the oldest was made. */
  readonly age: number;
  readonly stack: string;
}

export function mostBytesFirst(one: Leak, other: Leak): number {
  return other.bytes - one.bytes || other.count - one.count;
}

/** What was allocated after the thing of that number, and has not been released. The most bytes come first. */
function heldSince(start: number): Leak[] {
  const now = performance.now();
  const grouped = new Map<string, Leak>();
  for (const ofKind of held.values()) {
    for (const { order, kind, bytes, since, stack } of ofKind.values()) {
      if (order <= start) continue;
      const key = `${kind} ${stack}`;
      const known = grouped.get(key) ?? { kind, count: 0, bytes: 0, age: 0, stack };
      const age = Math.max(known.age, now - since);
      grouped.set(key, { kind, count: known.count + 1, bytes: known.bytes + bytes, age, stack });
    }
  }
  return [...grouped.values()].sort(mostBytesFirst);
}

/** What was allocated while that was followed, and has not been released. */
export function leaks(): Leak[] {
  return heldSince(0);
}

/** The watches that have not ended, and whether allocations were followed before the first of them. */
const watches = { count: 0, before: false };

/** Follows allocations until the function it gives is called, which gives what has leaked since. */
export function watch(): () => Leak[] {
  if (watches.count++ === 0) watches.before = tracking.on;
  tracking.on = true;
  const start = last;
  let found: Leak[] | undefined;
  return () => {
    if (found !== undefined) return found;
    found = heldSince(start);
    if (--watches.count === 0) {
      tracking.on = watches.before;
      if (!tracking.on) forgetAll();
    }
    return found;
  };
}

const plurals: Readonly<Record<LeakKind, string>> = {
  block: 'blocks',
  structReturn: 'structReturns',
  arena: 'arenas',
  owned: 'owned',
  shared: 'shared',
  callback: 'callbacks',
  library: 'libraries',
};

/** A leak as a line, and its stack. */
export function describeLeak({ kind, count, bytes, age, stack }: Leak): string {
  const size = bytes > 0 ? `, ${bytes} byte${bytes === 1 ? '' : 's'}` : '';
  const name = count === 1 ? kind : plurals[kind];
  return `  ${count} ${name}${size}, up to ${Math.round(age)} ms old\n${stack}`;
}
