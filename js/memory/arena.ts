/** Arenas: memory, strings, structs and callbacks that all go at once. */
import { isTypedArray } from 'node:util/types';
import { copyAt, writable, writeAt } from '../cell';
import type { Keep } from '../composite/encode';
import { array } from '../composite/types';
import { describe, ffiError, isArray, isRevoked } from '../errors';
import { JSCallback } from '../jscallback';
import { bufferAddress, environment } from '../native';
import { StructSchema } from '../schema/schema';
import { checkSized, resolveMemoryType } from '../types';
import { checkLimit, foreignAllocator } from './foreign';
import { checkLength } from './range';
import { adopt, allocateChunk, forgetAll, freeChunk, kinds } from './routines';
import { gone, grown, noted, tracking } from './track';
import { detachViews } from './views';

/** The first piece of memory that an arena is made of, in bytes; each further one is twice as large, up to the most. */
const firstChunk = 1024;
const largestChunk = 64 * 1024;
/** As malloc's. */
const alignment = 16;
const largestAlignment = 4096;

function checkAlignment(align: unknown): number {
  if (typeof align !== 'number') {
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `alloc: an alignment is a number, got ${describe(align)}`);
  }
  if (Number.isInteger(align) && align >= 1 && align <= largestAlignment && (align & (align - 1)) === 0) {
    return align;
  }
  const message = `alloc: an alignment is a power of two up to ${largestAlignment}, got ${describe(align)}`;
  throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
}

function giveBack(chunk: number): void {
  const { given } = foreignAllocator;
  if (given === undefined) freeChunk(chunk);
  else given.freeChunk(chunk);
}

export class Arena {
  readonly #chunks: number[] = [];
  readonly #callbacks: JSCallback[] = [];
  /** Buffers and strings that what lies in the arena points to. */
  readonly #keep: Keep[] = [];
  /** The starts of all that was allocated. */
  #parts = new Float64Array(16);
  #count = 0;
  /** What is left of the newest chunk: from one address to another. */
  #from = 0;
  #to = 0;
  #next = firstChunk;
  #closed = false;

  constructor() {
    environment.count('arenas', 1, 0);
    if (tracking.on) noted('arena', this, 0);
    Object.freeze(this);
  }

  #check(owner: string): void {
    if (this.#closed) throw ffiError('ERR_FFI_CLOSED', `${owner}: the arena has been closed`);
  }

  #allocate(size: number, align: number, owner: string): number {
    this.#check(owner);
    let start = Math.ceil(this.#from / align) * align;
    // A part of no bytes has an address of its own, too.
    const end = () => start + Math.max(1, size);
    const isOwn = this.#to === 0 || end() > this.#to;
    const bytes = isOwn ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(this.#next, size + align)) : 0;
    if (isOwn) {
      // What would go over the limit is refused before there is a chunk for it.
      checkLimit(size, owner);
      const { given } = foreignAllocator;
      const chunk = given === undefined ? allocateChunk(bytes, owner) : given.allocateChunk(bytes, owner);
      if (this.#closed) {
        // An allocator in JavaScript has closed it.
        giveBack(chunk);
        this.#check(owner);
      }
      this.#chunks.push(chunk);
      this.#next = Math.min(largestChunk, this.#next * 2);
      this.#to = chunk + bytes;
      this.#from = chunk;
      start = Math.ceil(chunk / align) * align;
    }
    adopt(start, size, kinds.arena, owner);
    if (tracking.on) grown('arena', this, size);
    this.#from = end();
    if (this.#count === this.#parts.length) {
      const more = new Float64Array(this.#count * 2);
      more.set(this.#parts);
      this.#parts = more;
    }
    this.#parts[this.#count++] = start;
    return start;
  }

  /** Memory of so many bytes, not set to anything. */
  alloc(size: unknown, align: unknown = alignment): number {
    return this.#allocate(checkLength(size, 'alloc'), checkAlignment(align), 'alloc');
  }

  /** A string as NUL-terminated UTF-8. */
  cstring(text: unknown): number {
    if (typeof text !== 'string' || text.includes('\0')) {
      const given = describe(text).replaceAll('\0', '\\0');
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `cstring takes a string without a NUL, got ${given}`);
    }
    const bytes = Buffer.from(text, 'utf8');
    const start = this.#allocate(bytes.length + 1, 1, 'cstring');
    copyAt(start, bytes, bytes.length, 'cstring');
    copyAt(start + bytes.length, Buffer.of(0), 1, 'cstring');
    return start;
  }

  /** A struct or union, zero or with those fields. What its strings and buffers are lives as long as the arena. */
  struct(schema: unknown, value?: unknown): number {
    this.#check('struct');
    if (isRevoked(schema) || !(schema instanceof StructSchema)) {
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `struct takes a schema, got ${describe(schema)}`);
    }
    const type = checkSized(resolveMemoryType(schema, 'struct'), 'struct');
    return this.#write(type, value === undefined ? schema.create() : value, 'struct');
  }

  /** The values of an array in a row. */
  array(type: unknown, values: unknown): number {
    this.#check('array');
    if (!isArray(values) && !isTypedArray(values)) {
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `array takes an array of values, got ${describe(values)}`);
    }
    if (ArrayBuffer.isView(values) && bufferAddress(values) === -2) {
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', 'array takes a typed array that is not detached');
    }
    const { length } = values;
    const whole = resolveMemoryType(array(type, Math.max(1, length)), 'array');
    if (length === 0) return this.#allocate(0, whole.align, 'array');
    return this.#write(whole, values, 'array');
  }

  #write(type: ReturnType<typeof resolveMemoryType>, value: unknown, owner: string): number {
    const keep: Keep = [];
    const written = writable(type, value, owner, keep) as Uint8Array;
    const start = this.#allocate(Math.max(type.size, written.byteLength), type.align, owner);
    writeAt(type, start, written, owner);
    if (keep.length > 0) this.#keep.push(keep);
    return start;
  }

  /** A callback that is closed with the arena. */
  callback(fn: unknown, def?: unknown): JSCallback {
    this.#check('callback');
    const callback = new JSCallback(fn, def);
    this.#callbacks.push(callback);
    return callback;
  }

  /** Gives everything back. Refused while a call uses any of it. */
  close(): void {
    if (this.#closed) return;
    forgetAll(this.#parts, this.#count, 'close');
    this.#closed = true;
    gone('arena', this);
    for (let index = 0; index < this.#count; index++) detachViews(this.#parts[index]!);
    for (const callback of this.#callbacks) callback.close();
    const chunks = this.#chunks.splice(0);
    this.#callbacks.length = this.#keep.length = this.#count = 0;
    this.#parts = new Float64Array(0);
    environment.count('arenas', -1, 0);
    const errors: unknown[] = [];
    for (const chunk of chunks) {
      try {
        giveBack(chunk);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
