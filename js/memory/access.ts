/** `read.T` and `write.T`: single values at any address, aligned or not. */
import { alive } from '../alive';
import { copyAt, directReader, directWriter, readAt, writable, writeAt } from '../cell';
import { readText } from '../text';
import { describe, ffiError } from '../errors';
import { resolvePointer } from '../convert';
import { typeNamed } from '../types';
import { commonAddress, locate, textAt } from './bytes';

const names = [
  'i8',
  'u8',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'f32',
  'f64',
  'bool',
  'ptr',
  'long',
  'ulong',
  'usize',
] as const;

export type AccessName = (typeof names)[number] | 'cstring';
type Reader = (pointer: unknown, offset?: unknown) => unknown;
type Writer = (pointer: unknown, offset: unknown, value: unknown) => void;

function reader(name: (typeof names)[number]): Reader {
  const type = typeNamed(name);
  const owner = `read.${name}`;
  return (pointer, offset = 0) => {
    const address = commonAddress(pointer, offset, type.size);
    if (address !== 0) {
      const value = alive(directReader(type)(address), pointer);
      if (value !== undefined) return value;
    }
    const bytes = resolvePointer(pointer, owner);
    return alive(readAt(type, locate(bytes, offset, type.size, owner), owner), pointer);
  };
}

function writer(name: (typeof names)[number]): Writer {
  const type = typeNamed(name);
  const owner = `write.${name}`;
  return (pointer, offset, value) => {
    const address = commonAddress(pointer, offset, type.size);
    if (address !== 0) {
      if (alive(directWriter(type)(address, value), pointer)) return;
    }
    const bytes = resolvePointer(pointer, owner);
    const converted = writable(type, value, owner);
    writeAt(type, locate(bytes, offset, type.size, owner), converted, owner);
    alive(converted, pointer);
  };
}

const text = typeNamed('CString');

/** Reads the NUL-terminated string that stands there. */
function readString(pointer: unknown, offset: unknown = 0): string {
  const owner = 'read.cstring';
  const { start } = textAt(pointer, offset, owner);
  if (start === 0) throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: the address is NULL`);
  return alive(readText(text, start, owner) ?? '', pointer);
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

export const read = Object.freeze({
  ...Object.fromEntries(names.map((name) => [name, reader(name)])),
  cstring: readString,
}) as Readonly<Record<AccessName, Reader>>;

export const write = Object.freeze({
  ...Object.fromEntries(names.map((name) => [name, writer(name)])),
  cstring: writeString,
}) as Readonly<Record<AccessName, Writer>>;
