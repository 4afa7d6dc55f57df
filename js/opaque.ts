/** Pointers whose type C keeps to itself. */

/** What the pointers of an opaque type have in common. */
export interface Tag {
  readonly name: string;
}

/** A pointer to a value of an opaque type, as a function returned it. It owns nothing. */
export class OpaquePointer {
  readonly ptr: number | bigint;
  readonly #tag: Tag;

  constructor(ptr: number | bigint, tag: Tag) {
    this.ptr = ptr;
    this.#tag = tag;
    Object.freeze(this);
  }

  /** The tag of an OpaquePointer; undefined for any other value. Runs no user code. */
  static tagOf(value: unknown): Tag | undefined {
    return typeof value === 'object' && value !== null && #tag in value ? value.#tag : undefined;
  }
}

/** A result of an opaque type. */
export function opaquePointer(ptr: number | bigint, tag: Tag): OpaquePointer | null {
  return ptr === 0 ? null : new OpaquePointer(ptr, tag);
}
