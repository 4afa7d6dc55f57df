/** Live objects over memory: their properties read and write it. */
import { inspect } from 'node:util';
import { alive } from '../alive';
import { sizeOf } from '../buffer';
import { markUnion } from '../composite/decode';
import { within } from '../composite/encode';
import { isBuffer } from '../convert';
import { ffiError } from '../errors';
import { copyOf, locate } from '../memory/bytes';
import { isFlexible, type Member, type TypeInfo } from '../types';
import { readLocation, writeLocation, type Memory } from './field';
import type { Location } from './path';

const owner = 'view';

/** A struct, union or array is seen through a view of its own, which holds the same buffer. */
function read(location: Location, memory: Memory, step: string | number): unknown {
  const { type, offset } = location;
  if (type.machine !== 'aggregate') return readLocation(location, memory, owner);
  return viewOf(type, { ...memory, offset: memory.offset + offset, path: within(memory.path, step) });
}

/** No array of JavaScript's is longer. */
const maxLength = 2 ** 32 - 1;

/** The view of a flexible array, as long as its counter says or the buffer has room for. */
function tailView(struct: TypeInfo, tail: Member, memory: Memory): object {
  const { type, counter } = tail.type.elements!;
  const offset = memory.offset + tail.offset;
  const counting = struct.members!.find(({ name }) => name === counter);
  let count = isBuffer(memory.bytes) ? Math.floor((sizeOf(memory.bytes) - offset) / type.size) : 0;
  if (counting !== undefined) count = Number(readLocation(locationIn(counting), memory, owner));
  if (count > maxLength) {
    throw ffiError('ERR_FFI_OUT_OF_RANGE', `${owner}: ${tail.name} cannot have ${count} elements`);
  }
  locate(memory.bytes, offset, Math.max(0, count) * type.size, `${owner}: ${tail.name}`);
  return arrayView(type, Math.max(0, count), { ...memory, offset, path: within(memory.path, tail.name) });
}

/** Shows a value on the console as a copy of it would be. */
function showAs(view: object, copy: () => unknown): void {
  Object.defineProperty(view, inspect.custom, { value: copy, configurable: true });
}

function locationIn({ type, offset, bits }: Member): Location {
  return bits === undefined
    ? { type, offset }
    : { type, offset, bits: { first: bits.first % 8, width: bits.width } };
}

function structView(type: TypeInfo, memory: Memory): object {
  const view = {};
  for (const member of type.members!) {
    const { name } = member;
    const location = locationIn(member);
    let nested: unknown;
    const isNested = member.type.machine === 'aggregate';
    Object.defineProperty(view, name, {
      get: () => {
        if (isFlexible(member.type)) return tailView(type, member, memory);
        return isNested ? (nested ??= read(location, memory, name)) : read(location, memory, name);
      },
      set: (value: unknown) => writeLocation(location, memory, value, owner, name),
      enumerable: true,
    });
  }
  if (type.convert === 'union') {
    markUnion(view, type, (reader) => {
      const start = locate(memory.bytes, memory.offset, type.size, reader);
      return alive(new Uint8Array(copyOf(start, type.size, memory.bytes, reader)), memory.given);
    });
  }
  showAs(view, () => ({ ...view }));
  return Object.preventExtensions(view);
}

/** The index that a property name is, if it is one. */
function indexOf(key: string | symbol): number | undefined {
  return typeof key === 'string' && /^(0|[1-9]\d*)$/.test(key) ? Number(key) : undefined;
}

function arrayView(type: TypeInfo, length: number, memory: Memory): unknown[] {
  const location = (index: number): Location => ({ type, offset: index * type.size });
  const isElement = (index: number | undefined): index is number => index !== undefined && index < length;
  const target: unknown[] = [];
  target.length = length;
  const nested: unknown[] = [];
  const get = (index: number): unknown =>
    type.machine === 'aggregate'
      ? (nested[index] ??= read(location(index), memory, index))
      : read(location(index), memory, index);
  showAs(target, () => Array.from({ length }, (_, index) => get(index)));
  return new Proxy(target, {
    get(array, key, receiver) {
      const index = indexOf(key);
      return isElement(index) ? get(index) : (Reflect.get(array, key, receiver) as unknown);
    },
    set(_array, key, value) {
      const index = indexOf(key);
      if (!isElement(index)) {
        const message = `${owner}: '${String(key)}' is none of the ${length} elements`;
        throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
      }
      writeLocation(location(index), memory, value, owner, index);
      return true;
    },
    has: (array, key) => isElement(indexOf(key)) || Reflect.has(array, key),
    ownKeys: () => [...Array.from({ length }, (_, index) => String(index)), 'length'],
    getOwnPropertyDescriptor(array, key) {
      const index = indexOf(key);
      if (!isElement(index)) return Reflect.getOwnPropertyDescriptor(array, key);
      return { value: get(index), writable: true, enumerable: true, configurable: true };
    },
    deleteProperty: () => false,
    defineProperty: () => false,
  });
}

/** A live object over a struct, union or array. */
export function viewOf(type: TypeInfo, memory: Memory): object {
  const { elements } = type;
  if (elements === undefined) return structView(type, memory);
  return arrayView(elements.type, elements.count ?? 0, memory);
}
