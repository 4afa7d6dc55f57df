/** C strings that stay where they are: their bytes copied out when the object is made. */
import { bytesAt, copyOf, textAt } from './memory/bytes';
import { checkLength } from './memory/range';
import { addClass, typeNamed } from './types';

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
    const exact = byteLength === undefined ? undefined : checkLength(byteLength, owner);
    const { start, length, bytes } =
      exact === undefined ? textAt(pointer, byteOffset, owner) : bytesAt(pointer, byteOffset, exact, owner);
    this.ptr = start;
    this.byteLength = length;
    this.#bytes = copyOf(start, length, bytes, owner);
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

addClass(CString, typeNamed('CString'));
