/** C strings that stay where they are: what they say is read when the object is made. */
import { alive } from './alive';
import { narrow } from './convert';
import { bytesAt, copyOf, freeAddress, recentAt, stringLength, textAt } from './memory/bytes';
import { checkLength } from './memory/range';
import { readUtf8 } from './recent';
import { tooLong } from './text';
import { addClass, typeNamed } from './types';

const owner = 'CString';

function decoded(bytes: ArrayBuffer): string {
  try {
    return Buffer.from(bytes).toString('utf8');
  } catch {
    throw tooLong(owner);
  }
}

/** A NUL-terminated string at an address, or exactly so many bytes. */
export class CString {
  /** The address of the first byte. */
  readonly ptr: number | bigint;
  /** The bytes, where the text does not tell what they are. */
  readonly #bytes: ArrayBuffer | undefined;
  #text: string | undefined;

  static {
    // Its bytes are no wide string.
    narrow.is = (value) => #text in value;
  }

  constructor(pointer: unknown, byteOffset: unknown = 0, byteLength?: unknown) {
    if (byteLength !== undefined) {
      const exact = checkLength(byteLength, owner);
      const { start, length, bytes } = bytesAt(pointer, byteOffset, exact, owner);
      this.ptr = start;
      this.#bytes = copyOf(start, length, bytes, owner);
      return;
    }
    const recent = recentAt(pointer, byteOffset);
    if (recent !== undefined) {
      this.ptr = (pointer as number) + (byteOffset as number);
      this.#text = recent;
      return;
    }
    const address = freeAddress(pointer, byteOffset);
    const { start, bytes } =
      address === 0 ? textAt(pointer, byteOffset, owner) : { start: address, bytes: undefined };
    const text = alive(readUtf8(start, owner) ?? '', bytes);
    this.ptr = start;
    // Each sequence that is no UTF-8 has become a U+FFFD. All other text has one spelling.
    if (text.includes('\ufffd')) this.#bytes = copyOf(start, stringLength(start, owner), bytes, owner);
    else this.#text = text;
  }

  /** In bytes, without the NUL. */
  get byteLength(): number {
    return this.#bytes?.byteLength ?? Buffer.byteLength(this.toString());
  }

  /** A copy of the bytes. */
  get arrayBuffer(): ArrayBuffer {
    return this.#bytes?.slice(0) ?? new Uint8Array(Buffer.from(this.toString())).buffer;
  }

  /** The length of the JavaScript string, in UTF-16 units. */
  get length(): number {
    return this.toString().length;
  }

  toString(): string {
    return (this.#text ??= decoded(this.#bytes!));
  }

  toJSON(): string {
    return this.toString();
  }
}

addClass(CString, typeNamed('CString'));
