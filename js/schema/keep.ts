/** What lives as long as a buffer: strings made for its fields, and buffers that they point to. */
import { isAnyArrayBuffer } from 'node:util/types';
import { memoryOf, offsetOf, type Bytes } from '../buffer';
import type { Keep } from '../composite/encode';

/** By the memory, and by what was written where. */
const kept = new WeakMap<object, Map<string, Keep>>();

/**
 * Keeps things alive as long as a buffer's memory is, or until the very same bytes are written in the
 * same way again: `set` of a field does not take what `create` has made, nor what a larger one has.
 */
export function keepWith(
  buffer: Bytes,
  how: 'create' | 'write' | 'set',
  offset: number,
  size: number,
  things: Keep,
): void {
  const memory = memoryOf(buffer);
  const places = kept.get(memory);
  if (places === undefined && things.length === 0) return;
  const key = `${how} ${offsetOf(buffer) + offset} ${size}`;
  if (places !== undefined) places.set(key, things);
  else kept.set(memory, new Map([[key, things]]));
}

/** What keeps alive the strings of a struct whose bytes were copied out of a buffer. */
export function sourceOf(value: unknown): Keep {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value) ? [memoryOf(value)] : [];
}
