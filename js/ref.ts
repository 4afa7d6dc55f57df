/** Out-parameters: one value in memory that C can be given the address of. */
import { readAt, writable, writeAt } from './cell';
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
    this.#memory = new ArrayBuffer(Math.max(8, this.#type.size));
    if (value !== undefined) this.value = value;
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
    const converted = writable(this.#type, value, 'ref', keep);
    const room = this.#memory?.byteLength ?? 0;
    if (typeof converted === 'object' && this.#memory !== undefined && converted.byteLength > room) {
      const message = `ref: ${converted.byteLength} bytes do not fit into its ${room}`;
      throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
    }
    writeAt(this.#type, this.ptr, converted, 'ref');
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
