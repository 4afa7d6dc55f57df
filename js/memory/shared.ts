/** Memory that threads share: the engine's own, held by its address until it is closed. */
import { ptr } from './bytes';
import { ffiError } from '../errors';
import { checkLimit } from './foreign';
import { checkLength } from './range';
import { adopt, forget, kinds } from './routines';
import { gone, noted, tracking } from './track';
import { detachViews } from './views';

/** The buffers that are open: their addresses are valid as long as this holds them. */
const open = new Map<number, SharedArrayBuffer>();

class SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #pointer: number;
  #open = true;

  constructor(size: number) {
    checkLimit(size, 'sharedAlloc');
    try {
      this.buffer = new SharedArrayBuffer(size);
    } catch {
      throw ffiError('ERR_FFI_OUT_OF_MEMORY', `sharedAlloc: no memory for ${size} bytes`);
    }
    this.#pointer = size === 0 ? 0 : (ptr(this.buffer) as number);
    if (size > 0) {
      adopt(this.#pointer, size, kinds.shared, 'sharedAlloc');
      open.set(this.#pointer, this.buffer);
      if (tracking.on) noted('shared', this.#pointer, size);
    }
    Object.freeze(this);
  }

  get ptr(): number {
    if (!this.#open) throw ffiError('ERR_FFI_CLOSED', 'sharedAlloc: the memory has been closed');
    return this.#pointer;
  }

  /** Holds the memory no longer. It lives as long as a thread has the buffer. */
  close(): void {
    if (!this.#open) return;
    if (this.#pointer !== 0) {
      forget(this.#pointer, kinds.shared, 'close');
      open.delete(this.#pointer);
      detachViews(this.#pointer);
      gone('shared', this.#pointer);
    }
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Memory that can be sent to other threads, with an address for C. */
export function sharedAlloc(size: unknown): SharedMemory {
  return new SharedMemory(checkLength(size, 'sharedAlloc'));
}
