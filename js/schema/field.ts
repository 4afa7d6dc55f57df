/** Single fields of structs in buffers and at addresses. */
import { alive } from '../alive';
import { sizeOf as byteLengthOf, type Bytes } from '../buffer';
import { directReader, directWriter, readBitField, readField, writeAt, writeBitField } from '../cell';
import { convertField, encode, resolveValue, within, type Keep } from '../composite/encode';
import { at, isBuffer, resolvePointer } from '../convert';
import { locate } from '../memory/bytes';
import { checkOffset } from '../memory/range';
import { holds, mayBeHeld } from '../memory/routines';
import { bufferAddress } from '../native';
import { keepWith } from './keep';
import { isRow } from '../types';
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
}

/** The memory that a value names, from an offset on. */
export function memoryAt(given: unknown, byteOffset: unknown, owner: string): Memory {
  return { given, bytes: resolvePointer(given, owner), offset: checkOffset(byteOffset, owner), path: '' };
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

/** How the common kind of value goes to and fro: see `directReader` and `directWriter`. */
interface Direct {
  readonly read: (address: number) => unknown;
  readonly write: (address: number, value: unknown) => boolean;
}

const none: Direct = { read: () => undefined, write: () => false };

/** By the row of the type, each made when it is first used. */
const directs: Direct[] = [];

function directOf({ type, bits }: Location): Direct {
  if (bits !== undefined || !isRow(type)) return none;
  return (directs[type.id] ??= ['int', 'float', 'bool', 'wide', 'pointer'].includes(type.convert)
    ? { read: directReader(type), write: directWriter(type) }
    : none);
}

/** The address of a field in the common case, where all of it lies within its memory; 0 for anything else. */
function commonAddress({ bytes, offset }: Memory, location: Location): number {
  const at = offset + location.offset;
  const { size } = location.type;
  if (typeof bytes === 'number') {
    const address = bytes + at;
    if (bytes <= 0 || !Number.isSafeInteger(at) || !Number.isSafeInteger(address)) return 0;
    return mayBeHeld(bytes) && !holds(bytes, at, size) ? 0 : address;
  }
  if (!isBuffer(bytes) || at < 0 || at + size > byteLengthOf(bytes)) return 0;
  const start = bufferAddress(bytes);
  return start > 0 ? start + at : 0;
}

/** Reads a field. */
export function readLocation(location: Location, memory: Memory, owner: string): unknown {
  const direct = directOf(location);
  const address = direct === none ? 0 : commonAddress(memory, location);
  if (address > 0) {
    const value = alive(direct.read(address), memory.given);
    if (value !== undefined) return value;
  }
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
  const direct = directOf(location);
  const address = direct === none ? 0 : commonAddress(memory, location);
  if (address > 0 && direct.write(address, value)) {
    const { bytes, offset } = memory;
    if (isBuffer(bytes)) keepWith(bytes, 'set', offset + location.offset, location.type.size, []);
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
