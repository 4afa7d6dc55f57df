/** `read.T` and `write.T`: single values at any address, aligned or not. */
import { copyAt, readAt, writeAt } from '../cell';
import { readText } from '../call/function';
import { describe, ffiError } from '../errors';
import { typeNamed } from '../types';
import { locate, rangeOf, stringLength } from './bytes';
import { checkOffset } from './range';

const names = [
  'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'bool', 'ptr', 'long', 'ulong', 'usize',
] as const;

export type AccessName = (typeof names)[number] | 'cstring';
type Reader = (pointer: unknown, offset?: unknown) => unknown;
type Writer = (pointer: unknown, offset: unknown, value: unknown) => void;

function reader(name: (typeof names)[number]): Reader {
  const type = typeNamed(name);
  const owner = `read.${name}`;
  return (pointer, offset = 0) => readAt(type, locate(pointer, offset, type.size, owner), owner);
}

function writer(name: (typeof names)[number]): Writer {
  const type = typeNamed(name);
  const owner = `write.${name}`;
  return (pointer, offset, value) => writeAt(type, locate(pointer, offset, type.size, owner), value, owner);
}

/** Reads the NUL-terminated string that stands there. */
function readString(pointer: unknown, offset: unknown = 0): string {
  const owner = 'read.cstring';
  const { start, size } = rangeOf(pointer, owner);
  const by = checkOffset(offset, owner);
  const address = locate(pointer, by, 1, owner);
  if (size !== undefined && by + stringLength(address, owner) >= size) {
    const message = `${owner}: no NUL ends the string at offset ${by} of the buffer of ${size} bytes from ${start}`;
    throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
  }
  return readText(typeNamed('CString'), address, owner) ?? '';
}

/** Writes a string as NUL-terminated UTF-8. */
function writeString(pointer: unknown, offset: unknown, value: unknown): void {
  const owner = 'write.cstring';
  if (typeof value !== 'string' || value.includes('\0')) {
    const given = describe(value).replaceAll('\0', '\\0');
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner} takes a string without a NUL, got ${given}`);
  }
  const bytes = Buffer.from(`${value}\0`, 'utf8');
  copyAt(locate(pointer, offset, bytes.length, owner), bytes, bytes.length, owner);
}

export const read = Object.freeze({
  ...Object.fromEntries(names.map((name) => [name, reader(name)])),
  cstring: readString,
}) as Readonly<Record<AccessName, Reader>>;

export const write = Object.freeze({
  ...Object.fromEntries(names.map((name) => [name, writer(name)])),
  cstring: writeString,
}) as Readonly<Record<AccessName, Writer>>;
