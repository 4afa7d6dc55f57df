/** Out-parameters: one value in memory that C can be given the address of. */
import { readAt, writable, writeAt, type Written } from './cell';
import type { Keep } from './composite/encode';
import { addressOf } from './convert';
import { ffiError } from './errors';
import { checkSized, resolveMemoryType, type TypeInfo } from './types';

/** One value of a type in memory of its own, which lives as long as this object. */
export class Ref {
  readonly #type: TypeInfo;
  #memory: ArrayBuffer | undefined;
  /** Strings that the fields of a struct point to. */
  #keep: Keep = [];

  constructor(type: unknown, value?: unknown) {
    this.#type = checkSized(resolveMemoryType(type, 'ref'), 'ref');
    const keep: Keep = [];
    const first = value === undefined ? 0 : writable(this.#type, value, 'ref', keep);
    // A struct with a flexible tail needs room for its first value.
    const size = typeof first === 'object' ? first.byteLength : this.#type.size;
    this.#memory = new ArrayBuffer(Math.max(8, size, this.#type.size));
    if (value !== undefined) this.#write(first, keep);
  }

  /** Whether a value is one; asks nothing of the value itself. */
  static is(value: unknown): value is Ref {
    return typeof value === 'object' && value !== null && #type in value;
  }

  get ptr(): number {
    if (this.#memory === undefined) throw ffiError('ERR_FFI_CLOSED', 'ref: it has been closed');
    return addressOf(this.#memory, 'ref') as number;
  }

  get value(): unknown {
    return readAt(this.#type, this.ptr, 'ref');
  }

  set value(value: unknown) {
    const keep: Keep = [];
    this.#write(writable(this.#type, value, 'ref', keep), keep);
  }

  #write(value: Written, keep: Keep): void {
    const [address, room] = [this.ptr, this.#memory!.byteLength];
    if (typeof value === 'object' && value.byteLength > room) {
      throw ffiError('ERR_FFI_OUT_OF_BOUNDS', `ref: ${value.byteLength} bytes do not fit into its ${room}`);
    }
    writeAt(this.#type, address, value, 'ref');
    this.#keep = keep;
  }

  close(): void {
    this.#memory = undefined;
    this.#keep = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Memory for one value of a type, zero or `value`. */
export function ref(type: unknown, value?: unknown): Ref {
  return new Ref(type, value);
}
