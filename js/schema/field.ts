/** Single fields of structs in buffers and at addresses. */
import { alive } from '../alive';
import type { Bytes } from '../buffer';
import { directReader, directWriter, readBitField, readField, writeAt, writeBitField } from '../cell';
import { convertField, encode, resolveValue, within, type Keep } from '../composite/encode';
import { at, isBuffer, resolvePointer } from '../convert';
import { commonAddress, locate } from '../memory/bytes';
import { checkOffset } from '../memory/range';
import { holds, mayBeHeld } from '../memory/routines';
import { often } from '../native';
import { dataFrom, loaderOf } from '../memory/data';
import { keepWith } from './keep';
import { isRow, type TypeInfo } from '../types';
import type { Location } from './path';

/** Memory in which a struct stands: a buffer or an address, and where in it. */
export interface Memory {
  /** What was given: it must live as long as the memory is used. */
  readonly given: unknown;
  /** The same resolved: no object whose `ptr` is user code. */
  readonly bytes: unknown;
  readonly offset: number;
  /** The path to it, where it is a part of what was given. */
  readonly path: string;
  /** Its address where that was given as a number, and nothing has to be kept alive for it; else 0. */
  readonly near: number;
  /** Its bytes where they are a buffer's, else null; undefined until they are looked for. */
  data: DataView | null | undefined;
}

/** No address is so great, nor one that the size of a type is added to. */
const beyond = 2 ** 52;

/** The memory that a value names, from an offset on. */
export function memoryAt(given: unknown, byteOffset: unknown, owner: string): Memory {
  const bytes = resolvePointer(given, owner);
  return memoryOf(given, bytes, checkOffset(byteOffset, owner), '');
}

/** A part of a struct. */
export function partAt({ given, bytes, offset, path }: Memory, by: number, step: string | number): Memory {
  return memoryOf(given, bytes, offset + by, within(path, step));
}

function memoryOf(given: unknown, bytes: unknown, offset: number, path: string): Memory {
  const start = typeof given === 'number' && given > 0 ? given + offset : 0;
  return { given, bytes, offset, path, near: start > 0 && start < beyond ? start : 0, data: undefined };
}

function startOf(
  { bytes, offset }: Memory,
  location: Location,
  size: number,
  owner: string,
): number | bigint {
  return locate(bytes, offset + location.offset, size, owner);
}

function sizeOf({ type, bits }: Location): number {
  return bits === undefined ? type.size : Math.ceil((bits.first + bits.width) / 8);
}

/** Whether common values of a field go straight to and fro. */
function isDirect({ type, bits }: Location): boolean {
  if (bits !== undefined || !isRow(type)) return false;
  return ['int', 'float', 'bool', 'wide', 'pointer'].includes(type.convert);
}

/** Where such a field stands, in the common case; else 0. */
function directAddress({ bytes, offset }: Memory, location: Location): number {
  return isDirect(location) ? commonAddress(bytes, offset + location.offset, location.type.size) : 0;
}

/** Where a field stands, in the commonest case: in memory whose address was given as a number; else 0. */
function nearAddress({ near, given, offset }: Memory, at: number, size: number): number {
  if (near === 0) return 0;
  return !mayBeHeld(near) || holds(given as number, offset + at, size) ? near + at : 0;
}

function dataOf(memory: Memory): DataView | null {
  if (memory.data === undefined) memory.data = memory.near > 0 ? null : dataFrom(memory.bytes, memory.offset);
  return memory.data;
}

/** After so many uses what reads or writes a type is no longer replaced by something faster: that has happened by then. */
const uses = 2 * often;

/** What may be replaced while it is new. Once `settled` is there it stays, so that the engine can take it for a constant. */
function settling<T>(find: () => T): { settled?: T; next: () => T } {
  let left = uses;
  const found: { settled?: T; next: () => T } = {
    next: () => (--left > 0 ? find() : (found.settled = find())),
  };
  return found;
}

/** What reads a scalar whose common values go straight to and fro; it gives undefined in any other case. */
function scalarReader(type: TypeInfo): (memory: Memory, at: number) => unknown {
  const { size } = type;
  const load = loaderOf(type);
  const reader = settling(() => directReader(type));
  return (memory, at) => {
    const address = nearAddress(memory, at, size);
    if (address > 0) return (reader.settled ?? reader.next())(address);
    const data = memory.data ?? dataOf(memory);
    try {
      return data === null ? undefined : load(data, at);
    } catch {
      // Who reads it in the common way says what is wrong with the buffer.
      return undefined;
    }
  };
}

/** What reads a field of any memory. */
export function fieldReader(location: Location, owner: string): (memory: Memory) => unknown {
  if (!isDirect(location)) return (memory) => readSlowly(location, memory, owner);
  const { type, offset } = location;
  const read = scalarReader(type);
  return (memory) => {
    const value = read(memory, offset);
    return value === undefined ? readLocation(location, memory, owner) : value;
  };
}

/** What reads the elements of any array of a type. */
export function elementReader(type: TypeInfo, owner: string): (memory: Memory, at: number) => unknown {
  if (!isDirect({ type, offset: 0 })) {
    return (memory, at) => readSlowly({ type, offset: at }, memory, owner);
  }
  const read = scalarReader(type);
  return (memory, at) => {
    const value = read(memory, at);
    return value === undefined ? readLocation({ type, offset: at }, memory, owner) : value;
  };
}

/** What writes a field of any memory. `step` leads to it. */
export function fieldWriter(
  location: Location,
  owner: string,
  step: string | number,
): (memory: Memory, value: unknown) => void {
  if (!isDirect(location)) return (memory, value) => writeLocation(location, memory, value, owner, step);
  const { type, offset } = location;
  const { size } = type;
  const writer = settling(() => directWriter(type));
  return (memory, value) => {
    const address = nearAddress(memory, offset, size);
    if (address > 0 && (writer.settled ?? writer.next())(address, value)) return;
    writeLocation(location, memory, value, owner, step);
  };
}

/** Reads a field. */
export function readLocation(location: Location, memory: Memory, owner: string): unknown {
  const address = directAddress(memory, location);
  if (address > 0) {
    const value = alive(directReader(location.type)(address), memory.given);
    if (value !== undefined) return value;
  }
  return readSlowly(location, memory, owner);
}

function readSlowly(location: Location, memory: Memory, owner: string): unknown {
  const start = startOf(memory, location, sizeOf(location), owner);
  const { type, bits } = location;
  const value =
    bits === undefined
      ? readField(type, start, owner)
      : readBitField(type, start, bits.first, bits.width, owner);
  return alive(value, memory.given);
}

/** Writes a field. Strings are kept with a buffer; at an address there is nothing to keep them with. */
export function writeLocation(
  location: Location,
  memory: Memory,
  value: unknown,
  owner: string,
  step: string | number,
): void {
  const address = directAddress(memory, location);
  if (address > 0 && directWriter(location.type)(address, value)) {
    const { bytes, offset } = memory;
    if (typeof bytes !== 'number')
      keepWith(bytes as Bytes, 'set', offset + location.offset, location.type.size, []);
    alive(undefined, memory.given);
    return;
  }
  const path = within(memory.path, step);
  const keep: Keep | undefined = isBuffer(memory.bytes) ? [] : undefined;
  const { type, bits } = location;
  const converted =
    type.machine === 'aggregate'
      ? encode(type, resolveValue(type, value, owner, path), owner, path, keep)
      : convertField(type, value, owner, path, keep);
  // A flexible array has the size of what is written.
  const size = typeof converted === 'object' ? converted.byteLength : sizeOf(location);
  const start = startOf(memory, location, size, at(owner, path));
  if (bits !== undefined) writeBitField(start, bits.first, bits.width, converted as number | bigint, owner);
  else if (size > 0) writeAt(type, start, converted, owner);
  if (keep !== undefined) keepWith(memory.bytes as Bytes, 'set', memory.offset + location.offset, size, keep);
  alive(undefined, memory.given);
}
