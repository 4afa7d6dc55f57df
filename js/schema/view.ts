/** Live objects over memory: their properties read and write it. */
import { inspect } from 'node:util';
import { alive } from '../alive';
import { sizeOf } from '../buffer';
import { markUnion } from '../composite/decode';
import { viewed } from '../composite/encode';
import { isBuffer } from '../convert';
import { ffiError } from '../errors';
import { copyOf, locate } from '../memory/bytes';
import { environment } from '../native';
import { isFlexible, type Member, type TypeInfo } from '../types';
import {
  elementReader,
  fieldReader,
  fieldWriter,
  memoryAt,
  partAt,
  readLocation,
  writeLocation,
  type Memory,
} from './field';
import type { Location } from './path';

const owner = 'view';

/** A struct, union or array is seen through a view of its own, which holds the same buffer. */
function partOf(type: TypeInfo, memory: Memory, at: number, step: string | number): object {
  return viewOf(type, partAt(memory, at, step));
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
  return arrayView(type, Math.max(0, count), partAt(memory, tail.offset, tail.name));
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

/** Shows a view on the console as a copy of it. */
function copyOfFields(this: object): object {
  return { ...this };
}

/** What a view is of. */
interface Viewed extends Memory {
  /** The views of its parts, by the number of the member: always the same ones. */
  parts?: (object | undefined)[];
}

interface View {
  [viewed]: Viewed;
}

/** What a view is of: an accessor may be called on anything. */
function memoryIn(view: Partial<View> | null | undefined): Viewed {
  const memory = view?.[viewed];
  if (memory !== undefined) return memory;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner}: the field of a view was asked of another object`);
}

/** What gets a member of a struct. */
function getterOf(type: TypeInfo, member: Member, index: number): (this: View) => unknown {
  const { name, offset } = member;
  if (isFlexible(member.type)) {
    return function () {
      return tailView(type, member, memoryIn(this));
    };
  }
  if (member.type.machine === 'aggregate') {
    return function () {
      const memory = memoryIn(this);
      const parts = (memory.parts ??= []);
      return (parts[index] ??= partOf(member.type, memory, offset, name));
    };
  }
  const read = fieldReader(locationIn(member), owner);
  return function () {
    return read(memoryIn(this));
  };
}

function propertyOf(type: TypeInfo, member: Member, index: number): PropertyDescriptor & ThisType<View> {
  const write = fieldWriter(locationIn(member), owner, member.name);
  return {
    get: getterOf(type, member, index),
    set(value: unknown) {
      write(memoryIn(this), value);
    },
    enumerable: true,
  };
}

type Maker = (memory: Viewed) => View;

/**
 * What makes views of a struct or union. Each has the same accessors for its properties. To define them one by one takes
 * a hundred times as long as to copy an object that has them, but for that there is a function of the engine's alone.
 */
function makerOf(type: TypeInfo): Maker {
  const properties = type.members!.map((member, index) => propertyOf(type, member, index));
  const make: Maker = (memory) => {
    const view = {};
    type.members!.forEach(({ name }, index) => Object.defineProperty(view, name, properties[index]!));
    Object.defineProperty(view, viewed, { value: memory, writable: true });
    showAs(view, copyOfFields);
    return Object.preventExtensions(view) as View;
  };
  const copy = environment.copyFunction();
  if (copy === undefined) return make;
  // Nobody sees it: what an object gets when it is first a key, its copies would share.
  const model = make(memoryAt(0, 0, owner));
  return (memory) => {
    const view = copy(model) as View;
    view[viewed] = memory;
    return view;
  };
}

const makers = new WeakMap<TypeInfo, Maker>();

function structView(type: TypeInfo, memory: Memory): object {
  let make = makers.get(type);
  if (make === undefined) makers.set(type, (make = makerOf(type)));
  const view = make(memory);
  if (type.convert === 'union') {
    markUnion(view, type, (reader) => {
      const start = locate(memory.bytes, memory.offset, type.size, reader);
      return alive(new Uint8Array(copyOf(start, type.size, memory.bytes, reader)), memory.given);
    });
  }
  return view;
}

const nine = '9'.charCodeAt(0);

/** The index that a property name is, if it is one. */
function indexOf(key: string | symbol): number | undefined {
  if (typeof key !== 'string' || !(key.charCodeAt(0) <= nine)) return undefined;
  const index = Number(key);
  return index >= 0 && String(index) === key ? index : undefined;
}

const elementReaders = new WeakMap<TypeInfo, ReturnType<typeof elementReader>>();

function elementsOf(type: TypeInfo): ReturnType<typeof elementReader> {
  let read = elementReaders.get(type);
  if (read === undefined) elementReaders.set(type, (read = elementReader(type, owner)));
  return read;
}

function arrayView(type: TypeInfo, length: number, memory: Memory): unknown[] {
  const readElement = elementsOf(type);
  const isElement = (index: number | undefined): index is number => index !== undefined && index < length;
  const target: unknown[] = [];
  target.length = length;
  const nested: unknown[] = [];
  const get = (index: number): unknown =>
    type.machine === 'aggregate'
      ? (nested[index] ??= partOf(type, memory, index * type.size, index))
      : readElement(memory, index * type.size);
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
      writeLocation({ type, offset: index * type.size }, memory, value, owner, index);
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
