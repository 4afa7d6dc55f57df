/** `JSCallback`: a JavaScript function that C can call, until it is closed. */
import { bindFunction, ownGroup, type Bound } from './call/function';
import { markClosed, noteCallback } from './convert';
import { checkObject, plainFunction, resolveSignature } from './define';
import { describe, ffiError, isRevoked } from './errors';
import { holdLoop, releaseLoop } from './loop';
import { gone, noted, tracking } from './memory/track';
import type { Signature } from './signature';
import { checkKeys, signatureIn } from './types';
import { Callback, checkCallback } from './upcall/callback';
import { storeAnyResult, type UserFunction } from './upcall/control';

/** Handles of callbacks are above those of libraries, so that one is never taken for the other. */
const firstHandle = 2n ** 32n;
let lastHandle = firstHandle;
const open = new Map<bigint, JSCallback>();

/** The open callback of a handle; 'closed' for one that was open once. */
export function callbackOf(handle: unknown): JSCallback | 'closed' | undefined {
  if (typeof handle !== 'bigint') return undefined;
  return open.get(handle) ?? (handle > firstHandle && handle <= lastHandle ? 'closed' : undefined);
}

/** Refuses an `onError` value that C could not receive. */
function checkOnError(callback: Callback, onError: unknown): void {
  if (onError === undefined || typeof onError === 'function') return;
  try {
    storeAnyResult(callback.control, onError);
  } catch (error) {
    callback.close();
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
}

export class JSCallback {
  readonly ptr: number;
  readonly threadsafe: boolean;
  readonly #name: string;
  readonly #signature: Signature;
  readonly #callback: Callback;
  readonly #handle = ++lastHandle;
  #bound: Bound | undefined;

  constructor(fn: unknown, def: unknown = {}) {
    if (typeof fn !== 'function' || isRevoked(fn)) {
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `JSCallback takes a function, got ${describe(fn)}`);
    }
    checkObject(def, 'the definition of JSCallback');
    const known = signatureIn(def);
    if (known === undefined) checkKeys('JSCallback', def, ['args', 'returns', 'threadsafe', 'onError']);
    const { threadsafe = false, onError } = known === undefined ? def : {};
    if (typeof threadsafe !== 'boolean') {
      throw ffiError(
        'ERR_FFI_INVALID_TYPE',
        `JSCallback.threadsafe must be true or false, got ${describe(threadsafe)}`,
      );
    }
    this.#signature = known ?? resolveSignature(def, 'JSCallback');
    checkCallback(this.#signature, 'JSCallback');
    const { name } = fn as { name?: unknown };
    this.#name = typeof name === 'string' && name !== '' ? name : 'JSCallback';
    this.#callback = new Callback(fn as UserFunction, this.#signature, this.#name, true, onError);
    checkOnError(this.#callback, onError);
    this.ptr = this.#callback.ptr;
    this.threadsafe = threadsafe;
    if (threadsafe) holdLoop();
    open.set(this.#handle, this);
    noteCallback(this, this.#name);
    if (tracking.on) noted('callback', this, 0);
    Object.freeze(this);
  }

  /** What calls the function by its pointer, as C does. */
  bound(): Bound {
    if (this.#callback.closed) {
      throw ffiError('ERR_FFI_CLOSED', `the callback ${this.#name} has been closed`);
    }
    if (this.#bound === undefined) {
      const { args, result, holds } = this.#signature;
      const def = { ...plainFunction(args, result), holds };
      this.#bound = bindFunction(ownGroup, this.ptr, this.#name, def);
    }
    return this.#bound;
  }

  static #is(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #name in value;
  }

  call(...args: unknown[]): unknown {
    if (!JSCallback.#is(this)) {
      throw ffiError(
        'ERR_FFI_INVALID_ARG_TYPE',
        `call must be called on a JSCallback, got ${describe(this)}`,
      );
    }
    return this.bound().call(...args);
  }

  getHandle(): bigint {
    return this.#handle;
  }

  close(): void {
    if (this.#callback.closed) return;
    open.delete(this.#handle);
    this.#callback.close();
    this.#bound?.close();
    if (this.threadsafe) releaseLoop();
    markClosed(this);
    gone('callback', this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
