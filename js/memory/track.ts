/** What is allocated and not released, with where in JavaScript: followed while that is switched on. */
import { stackOf } from '../errors';

/** What can be leaked. */
export type LeakKind = 'block' | 'structReturn' | 'arena' | 'owned' | 'shared' | 'callback' | 'library';

interface Held {
  readonly kind: LeakKind;
  readonly bytes: number;
  readonly since: number;
  readonly stack: string;
}

/** Whether allocations are followed. */
export const tracking = { on: false };

/** By kind and address, or by kind and object. */
const held = new Map<LeakKind, Map<unknown, Held>>();

/** What is written to stderr: see `setDumpFlags`. */
export const dumpFlags = { leaks: false, memory: false, gc: false, free: false };

/** Follows something from now on. `key` is its address, or the object that stands for it. */
export function noted(kind: LeakKind, key: unknown, bytes: number): void {
  let ofKind = held.get(kind);
  if (ofKind === undefined) held.set(kind, (ofKind = new Map<unknown, Held>()));
  ofKind.set(key, { kind, bytes, since: performance.now(), stack: stackOf() });
}

function named(key: unknown): string {
  return typeof key === 'number' ? ` 0x${key.toString(16)}` : '';
}

/** It has been released. */
export function gone(kind: LeakKind, key: unknown): void {
  held.get(kind)?.delete(key);
  if (dumpFlags.free) process.stderr.write(`arkffi: released ${kind}${named(key)}\n`);
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

/** What was allocated while that was followed, and has not been released. The most bytes come first. */
export function leaks(): Leak[] {
  const now = performance.now();
  const grouped = new Map<string, Leak>();
  for (const ofKind of held.values()) {
    for (const { kind, bytes, since, stack } of ofKind.values()) {
      const key = `${kind} ${stack}`;
      const known = grouped.get(key) ?? { kind, count: 0, bytes: 0, age: 0, stack };
      const age = Math.max(known.age, now - since);
      grouped.set(key, { kind, count: known.count + 1, bytes: known.bytes + bytes, age, stack });
    }
  }
  return [...grouped.values()].sort((one, other) => other.bytes - one.bytes || other.count - one.count);
}
