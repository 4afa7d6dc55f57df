/**
 * Writing values of any type into bytes, without generated code, in two steps as for every argument:
 * `resolveValue` runs what user code there is, `encode` takes addresses and cannot be disturbed.
 */
import { isTypedArray } from 'node:util/types';
import { bytesOf, memoryOf, sizeOf, type Bytes } from '../buffer';
import { at, isBuffer, outOfRange, refuse, resolve, settle, type Place } from '../convert';
import { describe, ffiError, isArray, isRevoked } from '../errors';
import { bufferAddress, littleEndian } from '../native';
import {
  checkElements,
  hint,
  isAddress,
  isAggregate,
  isFlexible,
  nearest,
  type Member,
  type TypeInfo,
} from '../types';
import { stored, unionBytes } from './decode';
import { maxSize } from './layout';

/** The fields of a struct, or the elements of an array, resolved but not converted. */
class Resolved {
  /** Its presence is what `is` looks for. */
  readonly #brand = true;

  /** `source`: what the strings in them live with, where they are those of a view. */
  constructor(
    readonly values: readonly unknown[],
    readonly source?: object,
  ) {}

  /** Whether a value is one; asks nothing of the value itself. */
  static is(value: unknown): value is Resolved {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

/** What must live as long as the bytes: strings made for them, buffers that they point to. */
export type Keep = unknown[];

/**
 * Where a view has what it is of. A property, no private field: who reads a view through a proxy, or an object that
 * inherits from it, finds it too.
 */
export const viewed = Symbol('memory');

/** The memory of the buffer that a view is of, with which the strings in it live; nothing for any other value. */
export function memoryBehind(value: object): object | undefined {
  const bytes = (value as { [viewed]?: { readonly bytes: unknown } })[viewed]?.bytes;
  return isBuffer(bytes) ? memoryOf(bytes) : undefined;
}

/** The path of a field or element. */
export function within(place: Place, name: string | number): string {
  if (typeof name === 'number') return `${typeof place === 'number' ? `args[${place}]` : place}[${name}]`;
  if (place === '') return name;
  return `${typeof place === 'number' ? `args[${place}]` : place}.${name}`;
}

function wrongKind(type: TypeInfo, value: unknown, owner: string, place: Place): Error {
  const names = type.members!.map(({ name }) => name).join(', ');
  return refuse(
    type,
    value,
    owner,
    place,
    `an object with the fields ${names}, or a buffer of ${type.size} bytes`,
  );
}

function checkSize(type: TypeInfo, value: unknown, owner: string, place: Place): void {
  if (bufferAddress(value as object) === -2)
    throw refuse(type, value, owner, place, 'a buffer that is not detached');
  const byteLength = sizeOf(value as Bytes);
  if (isFlexible(type) ? byteLength >= type.size : byteLength === type.size) return;
  throw refuse(type, value, owner, place, `a buffer of ${type.size} bytes, not of ${byteLength}`);
}

function unknownField(type: TypeInfo, name: string, owner: string, place: Place): Error {
  const near = hint(
    nearest(
      name,
      type.members!.map((member) => member.name),
    ),
  );
  return ffiError(
    'ERR_FFI_INVALID_ARG_TYPE',
    `${at(owner, within(place, name))} is not a field of the ${type.c}${near}`,
  );
}

/** Whether an object without a field of the type is one made to hold fields. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A field of an object; what every object has of `Object.prototype` is none. */
export function fieldOf(value: object, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function resolveFields(type: TypeInfo, value: object, owner: string, place: Place): Resolved {
  const members = type.members!;
  const names = Object.keys(value);
  for (const name of names) {
    if (!members.some((member) => member.name === name)) throw unknownField(type, name, owner, place);
  }
  const values = members.map((member) => {
    const field = fieldOf(value, member.name);
    return field === undefined
      ? undefined
      : resolveValue(member.type, field, owner, within(place, member.name));
  });
  const count = values.filter((field) => field !== undefined).length;
  if (count === 0 && !isPlain(value)) throw wrongKind(type, value, owner, place);
  if (type.convert === 'union' && count !== 1) {
    const fields = members.map(({ name }) => name).join(', ');
    throw refuse(type, value, owner, place, `exactly one of ${fields}, not ${count}`);
  }
  return new Resolved(values, memoryBehind(value));
}

/** Whether a value is the elements of an array that `resolveElements` has read. */
export function isElements(value: unknown): boolean {
  return Resolved.is(value);
}

/** Reads the elements of an array or typed array, of which there may be at most so many. */
export function resolveElements(type: TypeInfo, value: unknown, owner: string, place: Place): Resolved {
  const { type: element, count } = type.elements!;
  if (!isArray(value) && !isTypedArray(value)) {
    throw refuse(type, value, owner, place, 'an array or typed array');
  }
  if (isTypedArray(value) && bufferAddress(value) === -2) {
    throw refuse(type, value, owner, place, 'a typed array that is not detached');
  }
  const { length } = value;
  if (length > (count ?? Infinity)) {
    const message = `${at(owner, place)} (${type.c}) takes at most ${count} elements, got ${length}`;
    throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
  }
  checkElements(length, at(owner, place));
  const values: unknown[] = [];
  for (let index = 0; index < length; index++) {
    const item: unknown = value[index];
    if (item === undefined && !isAddress(element))
      throw refuse(element, item, owner, within(place, index), 'a value');
    values.push(resolveValue(element, item, owner, within(place, index)));
  }
  return new Resolved(values);
}

/** Runs all user code of a value: what it gives is converted by `encode` alone. */
export function resolveValue(type: TypeInfo, value: unknown, owner: string, place: Place): unknown {
  if (type.convert === 'array') return resolveElements(type, value, owner, place);
  if (!isAggregate(type)) return resolve(type, value, owner, place);
  if (typeof value !== 'object' || value === null || isArray(value) || isRevoked(value))
    throw wrongKind(type, value, owner, place);
  if (isBuffer(value)) {
    checkSize(type, value, owner, place);
    return value;
  }
  return unionBytes(type, value, owner) ?? resolveFields(type, value, owner, place);
}

const stores: Readonly<Record<string, (view: DataView, offset: number, value: number | bigint) => void>> = {
  i8: (view, offset, value) => view.setInt8(offset, Number(value)),
  u8: (view, offset, value) => view.setUint8(offset, Number(value)),
  i16: (view, offset, value) => view.setInt16(offset, Number(value), littleEndian),
  u16: (view, offset, value) => view.setUint16(offset, Number(value), littleEndian),
  i32: (view, offset, value) => view.setInt32(offset, Number(value), littleEndian),
  u32: (view, offset, value) => view.setUint32(offset, Number(value), littleEndian),
  f32: (view, offset, value) => view.setFloat32(offset, Number(value), littleEndian),
  f64: (view, offset, value) => view.setFloat64(offset, Number(value), littleEndian),
  i64: (view, offset, value) => view.setBigInt64(offset, BigInt.asIntN(64, BigInt(value)), littleEndian),
  u64: (view, offset, value) => view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), littleEndian),
};

/** Stores a converted scalar. */
export function storeScalar(view: DataView, offset: number, type: TypeInfo, value: number | bigint): void {
  stores[stored(type.machine)]!(view, offset, value);
}

/** Stores a bit-field whose first bit is bit `first` of the byte at `offset`, and leaves the bits around it. */
export function storeBits(view: DataView, offset: number, first: number, width: number, value: bigint): void {
  const [start, end] = [offset + Math.floor(first / 8), offset + Math.ceil((first + width) / 8)];
  const shift = BigInt(first % 8);
  const mask = ((1n << BigInt(width)) - 1n) << shift;
  let bits = (value << shift) & mask;
  let kept = ~mask;
  for (let byte = start; byte < end; byte++) {
    view.setUint8(byte, (view.getUint8(byte) & Number(kept & 255n)) | Number(bits & 255n));
    bits >>= 8n;
    kept >>= 8n;
  }
}

/** A string with its terminating NUL, in the units of its type. */
function textBytes(type: TypeInfo, text: string, owner: string, place: Place): Uint8Array {
  if (text.includes('\0')) {
    const message = `${at(owner, place)} (${type.c}) takes a string without a NUL, got ${describe(text)}`;
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message.replaceAll('\0', '\\0'));
  }
  const wide = type.convert === 'wide_text' && process.platform !== 'win32';
  if (type.convert === 'utf8') {
    const bytes = room(Buffer.byteLength(text) + 1, owner, place);
    Buffer.from(bytes.buffer).write(text);
    return bytes;
  }
  const whole = text.toWellFormed();
  if (type.convert === 'utf32' || wide) {
    const bytes = room((lengthInCharacters(whole) + 1) * 4, owner, place);
    const units = new Uint32Array(bytes.buffer);
    let count = 0;
    for (const character of whole) units[count++] = character.codePointAt(0)!;
    return bytes;
  }
  const bytes = room((whole.length + 1) * 2, owner, place);
  const units = new Uint16Array(bytes.buffer);
  for (let index = 0; index < whole.length; index++) units[index] = whole.charCodeAt(index);
  return bytes;
}

function lengthInCharacters(text: string): number {
  let count = 0;
  for (const { length } of text) if (length > 0) count++;
  return count;
}

/** So many bytes of zero, in memory of their own. */
function room(bytes: number, owner: string, place: Place): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(new ArrayBuffer(bytes));
  } catch {
    throw ffiError('ERR_FFI_OUT_OF_MEMORY', `${at(owner, place)}: no memory for a string of ${bytes} bytes`);
  }
}

/** Memory that holds a string for as long as `keep` lives. */
function keepText(type: TypeInfo, text: string, owner: string, place: Place, keep: Keep | undefined): number {
  if (keep === undefined) {
    const message = `${at(owner, place)} (${type.c}): a string has no memory of its own; write an address, from strdup for one`;
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
  }
  const bytes = textBytes(type, text, owner, place);
  // A small typed array may lie in memory that the engine moves; an ArrayBuffer's does not.
  const { buffer } = bytes;
  keep.push(buffer);
  return bufferAddress(buffer);
}

function encodeScalar(
  type: TypeInfo,
  value: unknown,
  owner: string,
  place: Place,
  keep: Keep | undefined,
): number | bigint {
  const settled = settle(type, value, owner, place);
  if (typeof settled === 'string') return keepText(type, settled, owner, place, keep);
  if (typeof value === 'object' && value !== null) keep?.push(value);
  return settled as number | bigint;
}

/** Converts the value of a scalar field. */
export function convertField(
  type: TypeInfo,
  value: unknown,
  owner: string,
  place: Place,
  keep: Keep | undefined,
): number | bigint {
  return encodeScalar(type, resolve(type, value, owner, place), owner, place, keep);
}

function encodeMember(
  member: Member,
  value: unknown,
  view: DataView,
  offset: number,
  owner: string,
  place: Place,
  keep: Keep | undefined,
): void {
  const { type, bits } = member;
  if (bits === undefined) {
    encodeInto(type, value, view, offset + member.offset, owner, place, keep);
  } else {
    const settled = encodeScalar(type, value, owner, place, keep);
    storeBits(view, offset, bits.first, bits.width, BigInt(settled));
  }
}

/** Converts what `resolveValue` gave and writes it at an offset of bytes that are zero. */
export function encodeInto(
  type: TypeInfo,
  value: unknown,
  view: DataView,
  offset: number,
  owner: string,
  place: Place,
  keep: Keep | undefined,
): void {
  if (Resolved.is(value)) {
    if (type.convert === 'array') {
      const element = type.elements!.type;
      value.values.forEach((item, index) =>
        encodeInto(element, item, view, offset + index * element.size, owner, within(place, index), keep),
      );
    } else {
      if (value.source !== undefined) keep?.push(value.source);
      type.members!.forEach((member, index) => {
        const field = value.values[index];
        if (field === undefined) return;
        encodeMember(member, field, view, offset, owner, within(place, member.name), keep);
      });
    }
  } else if (isAggregate(type)) {
    checkSize(type, value, owner, place);
    new Uint8Array(view.buffer, view.byteOffset + offset).set(bytesOf(value as Bytes));
    // What the strings in it live with.
    keep?.push(memoryOf(value as Bytes));
  } else {
    storeScalar(view, offset, type, encodeScalar(type, value, owner, place, keep));
  }
}

function lengthOf(value: unknown): number {
  return Resolved.is(value) ? value.values.length : 0;
}

/** How many bytes a value needs: more than its type where that has a flexible tail. */
function bytesFor(type: TypeInfo, value: unknown, owner: string, place: Place): number {
  if (type.convert === 'array') return Math.max(type.size, lengthOf(value) * type.elements!.type.size);
  if (!isFlexible(type)) return type.size;
  if (!Resolved.is(value)) return sizeOf(value as Bytes);
  const { offset, type: tail } = type.members!.at(-1)!;
  const { type: element, counter } = tail.elements!;
  let length = lengthOf(value.values.at(-1));
  if (counter !== undefined) {
    const index = type.members!.findIndex(({ name }) => name === counter);
    const member = type.members![index]!;
    const count = settle(member.type, value.values[index] ?? length, owner, within(place, counter));
    (value.values as unknown[])[index] = count;
    if ((count as number | bigint) < 0) {
      throw outOfRange(member.type, count, owner, within(place, counter), 'the number of elements');
    }
    length = Math.max(length, Number(count));
  }
  return Math.max(type.size, offset + length * element.size);
}

function allocate(size: number, owner: string): ArrayBuffer {
  if (size > maxSize) {
    throw ffiError('ERR_FFI_OUT_OF_RANGE', `${owner}: ${size} bytes are more than ${maxSize}`);
  }
  try {
    return new ArrayBuffer(size);
  } catch {
    throw ffiError('ERR_FFI_OUT_OF_MEMORY', `${owner}: no memory for ${size} bytes`);
  }
}

/** The bytes of what `resolveValue` gave. */
export function encode(
  type: TypeInfo,
  value: unknown,
  owner: string,
  place: Place,
  keep: Keep | undefined,
): Uint8Array {
  const bytes = new Uint8Array(allocate(bytesFor(type, value, owner, place), owner));
  encodeInto(type, value, new DataView(bytes.buffer), 0, owner, place, keep);
  return bytes;
}
