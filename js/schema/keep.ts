/** What lives as long as a buffer: strings made for its fields, and buffers that they point to. */
import { memoryOf, offsetOf, type Bytes } from '../buffer';
import type { Keep } from '../composite/encode';

/** By the memory, and by what was written where. */
const kept = new WeakMap<object, Map<string, Keep>>();

/**
 * Keeps things alive as long as a buffer's memory is, or until the same is written at the same place
 * again: 'set' of a field does not take what 'create' has made.
 */
export function keepWith(buffer: Bytes, how: 'create' | 'write' | 'set', offset: number, things: Keep): void {
  const [memory, key] = [memoryOf(buffer), `${how} ${offsetOf(buffer) + offset}`];
  const places = kept.get(memory);
  if (places !== undefined) places.set(key, things);
  else if (things.length > 0) kept.set(memory, new Map([[key, things]]));
}
