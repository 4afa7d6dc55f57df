/** ArrayBuffers over memory that arkffi releases: its own, and what an Owned has. They are empty once that is done. */
import { native } from '../native';
import { startFrom } from './routines';

/** By the start of the memory: the buffers over it that have not been collected. */
const views = new Map<number, Set<WeakRef<ArrayBuffer>>>();

/** By the start of memory that a view has taken over: that view. */
const takers = new Map<number, WeakRef<ArrayBuffer>>();

/** The view or the Owned that is to free what a buffer shows: not before the buffer has been collected, too. */
const kept = new WeakMap<ArrayBuffer, object>();

const collected = new FinalizationRegistry<[number, WeakRef<ArrayBuffer>]>(([start, view]) => {
  if (takers.get(start) === view) takers.delete(start);
  const ofMemory = views.get(start);
  if (ofMemory?.delete(view) === true && ofMemory.size === 0) views.delete(start);
});

/** Remembers a buffer over an address, if what lies there is arkffi's. `takes`: the buffer is to free it. */
export function noteView(buffer: ArrayBuffer, address: number, takes: boolean): void {
  const start = startFrom(address);
  if (start === 0) return;
  const view = new WeakRef(buffer);
  const ofMemory = views.get(start) ?? new Set();
  const taker = takers.get(start)?.deref();
  if (!takes) {
    if (taker !== undefined) kept.set(buffer, taker);
  } else if (taker === undefined) {
    takers.set(start, view);
    for (const other of ofMemory) {
      const shown = other.deref();
      if (shown !== undefined) kept.set(shown, buffer);
    }
  }
  views.set(start, ofMemory.add(view));
  collected.register(buffer, [start, view]);
}

/** Remembers a buffer over what an Owned has from that start on: it holds the owner, and is emptied by its `close`. */
export function noteOwnedView(buffer: ArrayBuffer, owner: object, start: number): void {
  const view = new WeakRef(buffer);
  kept.set(buffer, owner);
  views.set(start, (views.get(start) ?? new Set()).add(view));
  collected.register(buffer, [start, view]);
}

/** Empties the buffers over memory that has been released: what they showed is there no longer. */
export function detachViews(start: number): void {
  if (views.size === 0) return;
  const ofMemory = views.get(start);
  if (ofMemory === undefined) return;
  views.delete(start);
  for (const view of ofMemory) {
    const buffer = view.deref();
    if (buffer !== undefined) native((binding) => binding.detach(buffer));
  }
}
