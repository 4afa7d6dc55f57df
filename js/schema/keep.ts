/** What lives as long as a buffer: strings made for its fields, and buffers that they point to. */
import { isAnyArrayBuffer } from 'node:util/types';
import { memoryOf, offsetOf, type Bytes } from '../buffer';
import { fieldOf, memoryBehind, type Keep } from '../composite/encode';
import { isArray } from '../errors';
import { hasAddresses, type Member, type TypeInfo } from '../types';

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

/** Where a value of a type may be a view, by the type: at members and elements that have addresses in them. */
const places = new WeakMap<TypeInfo, readonly Member[]>();

function placesIn(type: TypeInfo): readonly Member[] {
  let found = places.get(type);
  if (found === undefined) {
    const isPlace = (member: Member) => member.type.machine === 'aggregate' && hasAddresses(member.type);
    places.set(type, (found = type.members!.filter(isPlace)));
  }
  return found;
}

function collect(type: TypeInfo, value: unknown, found: Keep): void {
  if (typeof value !== 'object' || value === null) return;
  if (type.convert === 'array') {
    const element = type.elements!.type;
    if (!isArray(value) || element.machine !== 'aggregate') return;
    const { length } = value;
    for (let index = 0; index < length; index++) collect(element, value[index], found);
    return;
  }
  const memory = memoryBehind(value);
  if (memory !== undefined) found.push(memory);
  else for (const member of placesIn(type)) collect(member.type, fieldOf(value, member.name), found);
}

/**
 * What keeps alive the strings of a value that has been copied: those of the buffer that it is, and of the buffers that
 * views in it are of.
 */
export function sourceOf(type: TypeInfo, value: unknown): Keep {
  if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return [memoryOf(value)];
  const found: Keep = [];
  collect(type, value, found);
  return found;
}
