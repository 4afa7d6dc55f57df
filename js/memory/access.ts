/** `read.T` and `write.T`: single values at any address, aligned or not. */
import { alive } from '../alive';
import { lengthOf } from '../buffer';
import { nothing, remembered } from '../call/support';
import { copyAt, plainReader, plainWriter, readAt, readerFrom, writable, writeAt, writerFrom } from '../cell';
import { describe, ffiError } from '../errors';
import { resolvePointer } from '../convert';
import { typeNamed } from '../types';
import { often } from '../native';
import { readUtf8 } from '../recent';
import { commonAddress, freeAddress, locate, recentAt, textAt } from './bytes';
import { dataFrom, loaderOf } from './data';
import { holds } from './routines';

type ScalarName =
  | 'i8'
  | 'u8'
  | 'i16'
  | 'u16'
  | 'i32'
  | 'u32'
  | 'i64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'bool'
  | 'ptr'
  | 'long'
  | 'ulong'
  | 'usize';

export type AccessName = ScalarName | 'cstring';
type Reader = (pointer: unknown, offset?: unknown) => unknown;
type Writer = (pointer: unknown, offset: unknown, value: unknown) => void;

/** By name, those of generated code, once a type is read or written often. They give undefined for what they leave to others. */
type Quick = Record<ScalarName, ((...args: unknown[]) => unknown) | undefined>;

const none = {
  ...{ i8: undefined, u8: undefined, i16: undefined, u16: undefined, i32: undefined, u32: undefined },
  ...{ i64: undefined, u64: undefined, f32: undefined, f64: undefined, bool: undefined, ptr: undefined },
  ...{ long: undefined, ulong: undefined, usize: undefined },
};
const readers: Quick = { ...none };
const writers: Quick = { ...none };

let lastArray = nothing;
let lastData: DataView | null = null;

/** The bytes of a typed array that was read last time too, which the engine reads by itself; null for anything else. */
function dataOf(given: unknown): DataView | null {
  if (given !== lastArray) {
    lastArray = remembered(given);
    lastData = null;
    return null;
  }
  // One that was detached has none.
  return lengthOf(given) === 0 ? null : (lastData ??= dataFrom(given, 0));
}

function reader(name: ScalarName): Reader {
  const type = typeNamed(name);
  const owner = `read.${name}`;
  const load = loaderOf(type);
  let count = 0;
  return (pointer, offset) => {
    if (typeof pointer === 'object' && typeof offset === 'number') {
      const data = dataOf(pointer);
      if (
        data !== null &&
        offset >= 0 &&
        offset + type.size <= data.byteLength &&
        Math.floor(offset) === offset
      ) {
        return load(data, offset);
      }
    }
    const address = commonAddress(pointer, offset, type.size);
    if (address !== 0) {
      if (++count === often) readers[name] = readerFrom(type, holds);
      const value = alive(plainReader(type)(address), pointer);
      if (value !== undefined) return value;
    }
    const bytes = resolvePointer(pointer, owner);
    return alive(readAt(type, locate(bytes, offset, type.size, owner), owner), pointer);
  };
}

function writer(name: ScalarName): Writer {
  const type = typeNamed(name);
  const owner = `write.${name}`;
  let count = 0;
  return (pointer, offset, value) => {
    const address = commonAddress(pointer, offset, type.size);
    if (address !== 0) {
      if (++count === often) writers[name] = writerFrom(type, holds);
      if (alive(plainWriter(type)(address, value), pointer) === true) return;
    }
    const bytes = resolvePointer(pointer, owner);
    const converted = writable(type, value, owner);
    writeAt(type, locate(bytes, offset, type.size, owner), converted, owner);
    alive(converted, pointer);
  };
}

const firstReaders: Partial<Record<ScalarName, Reader>> = {};
const firstWriters: Partial<Record<ScalarName, Writer>> = {};

function firstRead(name: ScalarName, pointer: unknown, offset: unknown): unknown {
  return (firstReaders[name] ??= reader(name))(pointer, offset);
}

function firstWrite(name: ScalarName, pointer: unknown, offset: unknown, value: unknown): void {
  (firstWriters[name] ??= writer(name))(pointer, offset, value);
}

/** Reads the NUL-terminated string that stands there. */
function readString(pointer: unknown, offset: unknown = 0): string {
  const owner = 'read.cstring';
  const recent = recentAt(pointer, offset);
  if (recent !== undefined) return recent;
  const address = freeAddress(pointer, offset);
  if (address !== 0) return readUtf8(address, owner)!;
  const { start } = textAt(pointer, offset, owner);
  if (start === 0) throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: the address is NULL`);
  return alive(readUtf8(start, owner) ?? '', pointer);
}

/** Writes a string as NUL-terminated UTF-8. */
function writeString(pointer: unknown, offset: unknown, value: unknown): void {
  const owner = 'write.cstring';
  if (typeof value !== 'string' || value.includes('\0')) {
    const given = describe(value).replaceAll('\0', '\\0');
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner} takes a string without a NUL, got ${given}`);
  }
  const bytes = Buffer.from(`${value}\0`, 'utf8');
  const target = resolvePointer(pointer, owner);
  copyAt(locate(target, offset, bytes.length, owner), bytes, bytes.length, owner);
  alive(bytes, pointer);
}

// Each is a function with a text of its own: one that all types shared would be as fast as the slowest of them.
export const read: Readonly<Record<AccessName, Reader>> = Object.freeze({
  i8: (p, offset = 0) => readers.i8?.(p, offset) ?? firstRead('i8', p, offset),
  u8: (p, offset = 0) => readers.u8?.(p, offset) ?? firstRead('u8', p, offset),
  i16: (p, offset = 0) => readers.i16?.(p, offset) ?? firstRead('i16', p, offset),
  u16: (p, offset = 0) => readers.u16?.(p, offset) ?? firstRead('u16', p, offset),
  i32: (p, offset = 0) => readers.i32?.(p, offset) ?? firstRead('i32', p, offset),
  u32: (p, offset = 0) => readers.u32?.(p, offset) ?? firstRead('u32', p, offset),
  i64: (p, offset = 0) => readers.i64?.(p, offset) ?? firstRead('i64', p, offset),
  u64: (p, offset = 0) => readers.u64?.(p, offset) ?? firstRead('u64', p, offset),
  f32: (p, offset = 0) => readers.f32?.(p, offset) ?? firstRead('f32', p, offset),
  f64: (p, offset = 0) => readers.f64?.(p, offset) ?? firstRead('f64', p, offset),
  bool: (p, offset = 0) => readers.bool?.(p, offset) ?? firstRead('bool', p, offset),
  ptr: (p, offset = 0) => readers.ptr?.(p, offset) ?? firstRead('ptr', p, offset),
  long: (p, offset = 0) => readers.long?.(p, offset) ?? firstRead('long', p, offset),
  ulong: (p, offset = 0) => readers.ulong?.(p, offset) ?? firstRead('ulong', p, offset),
  usize: (p, offset = 0) => readers.usize?.(p, offset) ?? firstRead('usize', p, offset),
  cstring: readString,
} satisfies Record<AccessName, Reader>);

export const write: Readonly<Record<AccessName, Writer>> = Object.freeze({
  i8(p, offset, value) {
    if (writers.i8?.(p, offset, value) !== true) firstWrite('i8', p, offset, value);
  },
  u8(p, offset, value) {
    if (writers.u8?.(p, offset, value) !== true) firstWrite('u8', p, offset, value);
  },
  i16(p, offset, value) {
    if (writers.i16?.(p, offset, value) !== true) firstWrite('i16', p, offset, value);
  },
  u16(p, offset, value) {
    if (writers.u16?.(p, offset, value) !== true) firstWrite('u16', p, offset, value);
  },
  i32(p, offset, value) {
    if (writers.i32?.(p, offset, value) !== true) firstWrite('i32', p, offset, value);
  },
  u32(p, offset, value) {
    if (writers.u32?.(p, offset, value) !== true) firstWrite('u32', p, offset, value);
  },
  i64(p, offset, value) {
    if (writers.i64?.(p, offset, value) !== true) firstWrite('i64', p, offset, value);
  },
  u64(p, offset, value) {
    if (writers.u64?.(p, offset, value) !== true) firstWrite('u64', p, offset, value);
  },
  f32(p, offset, value) {
    if (writers.f32?.(p, offset, value) !== true) firstWrite('f32', p, offset, value);
  },
  f64(p, offset, value) {
    if (writers.f64?.(p, offset, value) !== true) firstWrite('f64', p, offset, value);
  },
  bool(p, offset, value) {
    if (writers.bool?.(p, offset, value) !== true) firstWrite('bool', p, offset, value);
  },
  ptr(p, offset, value) {
    if (writers.ptr?.(p, offset, value) !== true) firstWrite('ptr', p, offset, value);
  },
  long(p, offset, value) {
    if (writers.long?.(p, offset, value) !== true) firstWrite('long', p, offset, value);
  },
  ulong(p, offset, value) {
    if (writers.ulong?.(p, offset, value) !== true) firstWrite('ulong', p, offset, value);
  },
  usize(p, offset, value) {
    if (writers.usize?.(p, offset, value) !== true) firstWrite('usize', p, offset, value);
  },
  cstring: writeString,
} satisfies Record<AccessName, Writer>);
