/** Blocks of bytes, allocated by hand. */
import { copyAt } from '../cell';
import { addressOf } from '../convert';
import { describe, ffiError } from '../errors';
import { foreignAllocator } from './foreign';
import { checkLength } from './range';
import { allocate, release, resize } from './routines';
import { gone, noted, tracking } from './track';
import { detachViews } from './views';

function allocated(size: number, zeroed: boolean, owner: string): number {
  const { given } = foreignAllocator;
  const block = given === undefined ? allocate(size, zeroed, owner) : given.allocate(size, zeroed, owner);
  if (tracking.on) noted('block', block, size);
  return block;
}

/** Allocates a block; 0 bytes give a block of its own. */
export function malloc(size: unknown): number {
  return allocated(checkLength(size, 'malloc'), false, 'malloc');
}

/** Allocates a zeroed block of `count` times `size` bytes. */
export function calloc(count: unknown, size: unknown): number {
  const bytes = checkLength(count, 'calloc') * checkLength(size, 'calloc');
  if (!Number.isSafeInteger(bytes)) {
    const message = `calloc: ${describe(count)} times ${describe(size)} bytes are too many`;
    throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
  }
  return allocated(bytes, true, 'calloc');
}

function blockOf(pointer: unknown, owner: string): number {
  const address = addressOf(pointer, owner);
  if (typeof address === 'number') return address;
  throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${address} is not a block of malloc's`);
}

/** Changes the size of a block, which may move it; NULL gives a new one. */
export function realloc(pointer: unknown, size: unknown): number {
  const bytes = checkLength(size, 'realloc');
  const block = blockOf(pointer, 'realloc');
  if (block === 0) return malloc(bytes);
  const { given } = foreignAllocator;
  const moved = given === undefined ? resize(block, bytes, 'realloc') : given.resize(block, bytes, 'realloc');
  detachViews(block);
  gone('block', block);
  if (tracking.on) noted('block', moved, bytes);
  return moved;
}

/** Frees a block; NULL is none. */
export function free(pointer: unknown): void {
  const block = blockOf(pointer, 'free');
  if (block === 0) return;
  const { given } = foreignAllocator;
  const forgotten = () => {
    detachViews(block);
    gone('block', block);
  };
  if (given !== undefined) {
    given.free(block, 'free', forgotten);
    return;
  }
  release(block, 'free');
  forgotten();
}

function duplicate(text: unknown, limit: number, owner: string): number {
  if (typeof text !== 'string' || text.includes('\0')) {
    const given = describe(text).replaceAll('\0', '\\0');
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner} takes a string without a NUL, got ${given}`);
  }
  let bytes = Buffer.from(text, 'utf8');
  if (bytes.length > limit) {
    // A character that does not fit whole is left out.
    let end = limit;
    while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
    bytes = bytes.subarray(0, end);
  }
  const block = allocated(bytes.length + 1, false, owner);
  copyAt(block, Buffer.concat([bytes, Buffer.of(0)]), bytes.length + 1, owner);
  return block;
}

/** A block with the string as NUL-terminated UTF-8, to be freed. */
export function strdup(text: unknown): number {
  return duplicate(text, Infinity, 'strdup');
}

/** The same with at most so many bytes of the string, cut between characters. */
export function strndup(text: unknown, bytes: unknown): number {
  return duplicate(text, checkLength(bytes, 'strndup'), 'strndup');
}
