/** Ranges of bytes: located within known bounds, copied, viewed. */
import { constants } from 'node:buffer';
import { maxSafe } from '../accepts';
import { bindFunction, ownGroup } from '../call/function';
import { sizeOf, type Bytes } from '../buffer';
import { copyAt } from '../cell';
import { addressOf, isBuffer, resolvePointer } from '../convert';
import { plainFunction } from '../define';
import { describe, ffiError, hex } from '../errors';
import { lazily } from '../lazy';
import { bufferAddress, native } from '../native';
import { recentText } from '../recent';
import { typeNamed } from '../types';
import { checkLength, checkOffset, offsetAddress, readable } from './range';
import { holds, mayBeHeld, roomFrom } from './routines';

const routines = lazily(['length'], (name) => {
  const address = native((binding) => binding.guardRoutines()[name]);
  return bindFunction(ownGroup, address, name, plainFunction([typeNamed('ptr')], typeNamed('i64'))).call;
});

/** The bytes before the NUL of a string at an address. */
export function stringLength(address: number | bigint, owner: string): number {
  const length = routines.length(address) as number;
  if (length >= 0) return length;
  throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: the string at ${hex(address)} is not readable`);
}

/** Anything that names memory: its start, and how many bytes there are from it on where that is known. */
function rangeOf(value: unknown, owner: string): { start: number | bigint; size: number | undefined } {
  const start = addressOf(value, owner);
  return { start, size: isBuffer(value) ? sizeOf(value) : roomFrom(start) };
}

/**
 * Where the NUL-terminated string at an offset starts. Where the bounds of its memory are known it ends within them;
 * elsewhere who reads it finds out whether it can be read.
 */
export function textAt(
  value: unknown,
  offset: unknown,
  owner: string,
): { start: number | bigint; bytes: unknown } {
  const bytes = resolvePointer(value, owner);
  const by = checkOffset(offset, owner);
  if (Number.isSafeInteger(bytes) && (bytes as number) > 0 && !mayBeHeld(bytes as number)) {
    return { start: offsetAddress(bytes as number, by, owner), bytes };
  }
  const { start: base, size } = rangeOf(bytes, owner);
  if (base === 0) return { start: 0, bytes };
  const start = locate(bytes, by, 1, owner);
  if (size !== undefined && by + stringLength(start, owner) >= size) {
    const message = `${owner}: no NUL ends the string at offset ${by} of the ${size} bytes`;
    throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
  }
  return { start, bytes };
}

/** The address of `bytes` bytes at an offset, within known bounds. `value` has been resolved. */
export function locate(value: unknown, offset: unknown, bytes: number, owner: string): number | bigint {
  const start = addressOf(value, owner);
  const by = checkOffset(offset, owner);
  const held = typeof start === 'number' && mayBeHeld(start);
  const fits = isBuffer(value) ? by >= 0 && by + bytes <= sizeOf(value) : !held || holds(start, by, bytes);
  if (!fits) {
    const { size } = rangeOf(value, owner);
    const message = `${owner}: ${bytes} bytes at offset ${by} lie outside the ${size} bytes of it`;
    throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
  }
  return bytes === 0 && (held || isBuffer(value)) ? start : offsetAddress(start, by, owner);
}

/**
 * Where memory and an offset lead in the common case: an address as a number, or a buffer, and bytes that lie within one
 * piece of memory; 0 for anything else. The buffer must be kept alive. Runs no user code.
 */
export function commonAddress(memory: unknown, offset: unknown, bytes: number): number {
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset)) return 0;
  if (typeof memory === 'number') {
    const address = memory + offset;
    if (!Number.isSafeInteger(memory) || memory <= 0 || address <= 0 || address > maxSafe) return 0;
    return mayBeHeld(memory) && !holds(memory, offset, bytes) ? 0 : address;
  }
  if (typeof memory !== 'object' || memory === null || offset < 0) return 0;
  const start = bufferAddress(memory);
  return start > 0 && offset + bytes <= sizeOf(memory as Bytes) ? start + offset : 0;
}

/** Where an address and an offset lead, if they are numbers and arkffi has no memory there; else 0. */
export function freeAddress(memory: unknown, offset: unknown): number {
  if (typeof memory !== 'number' || mayBeHeld(memory)) return 0;
  return commonAddress(memory, offset, 1);
}

/** The string where an address and an offset lead, if they are numbers, and it is a recent one that ends within its memory's bounds. */
export function recentAt(memory: unknown, offset: unknown): string | undefined {
  if (typeof memory !== 'number') return undefined;
  const address = commonAddress(memory, offset, 1);
  const text = address === 0 ? undefined : recentText(address);
  if (text === undefined || !mayBeHeld(memory)) return text;
  return holds(memory, offset as number, text.length + 1) ? text : undefined;
}

/** Copies bytes between addresses or buffers; the ranges may overlap. */
export function copy(to: unknown, from: unknown, bytes: unknown): void {
  const length = checkLength(bytes, 'copy');
  if (length === 0 && isBuffer(to) && isBuffer(from)) return;
  const [target, source] = [resolvePointer(to, 'copy'), resolvePointer(from, 'copy')];
  if (locate(target, 0, length, 'copy') === 0 || locate(source, 0, length, 'copy') === 0) {
    throw ffiError('ERR_FFI_INVALID_POINTER', 'copy: the address is NULL');
  }
  if (length > 0) copyAt(target, source, length, 'copy');
}

/** The address of a buffer's first byte, or of anything else that names memory. */
export function ptr(value: unknown): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint' || value === null || value === undefined) {
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `ptr takes a buffer, got ${describe(value)}`);
  }
  return addressOf(value, 'ptr');
}

/** So many bytes at an offset, within known bounds; NULL has none. */
export function bytesAt(
  value: unknown,
  offset: unknown,
  length: number,
  owner: string,
): { start: number | bigint; length: number; bytes: unknown } {
  const bytes = resolvePointer(value, owner);
  if (addressOf(bytes, owner) === 0) return { start: 0, length: 0, bytes };
  return { start: locate(bytes, offset, length, owner), length, bytes };
}

/** A copy of a range that is checked before anything is allocated. `bytes` is kept alive meanwhile. */
export function copyOf(start: number | bigint, length: number, bytes: unknown, owner: string): ArrayBuffer {
  readable(start, length, owner);
  if (length > constants.MAX_LENGTH) {
    throw ffiError('ERR_FFI_OUT_OF_MEMORY', `${owner}: no buffer has ${length} bytes`);
  }
  const memory = allocateBuffer(length, owner);
  if (length > 0) copyAt(memory, start, length, owner);
  // Naming the source here keeps it alive until it has been copied.
  if (memory.byteLength !== length) throw new Error(describe(bytes));
  return memory;
}

/** A copy of memory. */
export function readMemory(pointer: unknown, length: unknown): ArrayBuffer {
  const { start, length: size, bytes } = bytesAt(pointer, 0, checkLength(length, 'readMemory'), 'readMemory');
  if (start === 0) throw ffiError('ERR_FFI_INVALID_POINTER', 'readMemory: the address is NULL');
  return copyOf(start, size, bytes, 'readMemory');
}

function allocateBuffer(bytes: number, owner: string): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw ffiError('ERR_FFI_OUT_OF_MEMORY', `${owner}: no memory for ${bytes} bytes`);
  }
}
