/** C strings that stay where they are: their bytes copied out when the object is made. */
import { addressOf } from './convert';
import { copyAt } from './cell';
import { stringLength } from './memory/bytes';
import { checkLength, checkOffset, offsetAddress, readable } from './memory/range';

/** A NUL-terminated string at an address, or exactly so many bytes. */
export class CString {
  /** The address of the first byte. */
  readonly ptr: number | bigint;
  /** In bytes, without the NUL. */
  readonly byteLength: number;
  readonly #bytes: ArrayBuffer;
  #text: string | undefined;

  constructor(pointer: unknown, byteOffset: unknown = 0, byteLength?: unknown) {
    const owner = 'CString';
    const start = addressOf(pointer, owner);
    const offset = checkOffset(byteOffset, owner);
    const null_ = start === 0;
    this.ptr = null_ ? 0 : offsetAddress(start, offset, owner);
    if (null_) this.byteLength = 0;
    else if (byteLength === undefined) this.byteLength = stringLength(this.ptr, owner);
    else this.byteLength = checkLength(byteLength, owner);
    readable(this.ptr, this.byteLength, owner);
    this.#bytes = new ArrayBuffer(this.byteLength);
    if (this.byteLength > 0) copyAt(this.#bytes, this.ptr, this.byteLength, owner);
  }

  /** A copy of the bytes. */
  get arrayBuffer(): ArrayBuffer {
    return this.#bytes.slice(0);
  }

  /** The length of the JavaScript string, in UTF-16 units. */
  get length(): number {
    return this.toString().length;
  }

  toString(): string {
    this.#text ??= Buffer.from(this.#bytes).toString('utf8');
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}
