/** Out-parameters: one value in memory that C can be given the address of. */
import { readAt, writable, writeAt } from './cell';
import { addressOf } from './convert';
import { ffiError } from './errors';
import { resolveMemoryType, type TypeInfo } from './types';

/** One value of a type in memory of its own, which lives as long as this object. */
export class Ref {
  readonly #type: TypeInfo;
  #memory: ArrayBuffer | undefined;

  constructor(type: unknown, value?: unknown) {
    this.#type = resolveMemoryType(type, 'ref');
    this.#memory = new ArrayBuffer(8);
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
    const converted = writable(this.#type, value, 'ref');
    writeAt(this.#type, this.ptr, converted, 'ref');
  }

  close(): void {
    this.#memory = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Memory for one value of a type, zero or `value`. */
export function ref(type: unknown, value?: unknown): Ref {
  return new Ref(type, value);
}
