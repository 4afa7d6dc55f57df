/** Memory as buffers, without a copy. A deallocator makes what arkffi would free the buffer's. */
import { constants } from 'node:buffer';
import { codeAddress } from '../code';
import { isBuffer, resolvePointer } from '../convert';
import { describe, ffiError } from '../errors';
import { lazily } from '../lazy';
import { environment, native } from '../native';
import { locate, readMemory } from './bytes';
import { disown, Owned } from './ends';
import { foreignAllocator } from './foreign';
import { checkLength, readable } from './range';
import { claims, claimView, startFrom } from './routines';
import { handedOver } from './track';
import { noteOwnedView, noteView } from './views';

const makers = lazily(['foreign', 'known'], (whose) => environment.externalFunction(whose === 'foreign'));

/**
 * A view that frees nothing, in the common case. Over memory that is none of arkffi's V8 makes it by itself. Node-API's,
 * as those over arkffi's own are, cannot be handed to other threads.
 */
function plainView(start: number | bigint, bytes: number, owner: Owned | undefined): ArrayBuffer | undefined {
  if (typeof start !== 'number' || bytes === 0 || bytes > constants.MAX_LENGTH) return undefined;
  if (owner === undefined && startFrom(start) === 0) return makers.foreign(start, bytes);
  const made = makers.known(start, bytes);
  if (made !== undefined) note(made, start, false, owner);
  return made;
}

function note(made: ArrayBuffer, start: number, takes: boolean, owner: Owned | undefined): void {
  if (owner === undefined) noteView(made, start, takes);
  else noteOwnedView(made, owner, Number(owner.ptr));
}

/** Makes a view, which takes over what its deallocator is to free. */
function view(
  pointer: unknown,
  offset: unknown,
  length: unknown,
  deallocator: unknown,
  owner: string,
): ArrayBuffer {
  const memory = resolvePointer(pointer, owner);
  if (isBuffer(memory)) {
    // A view of a buffer's memory would outlive the buffer.
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner} takes an address, got ${describe(memory)}`);
  }
  const bytes = checkLength(length, owner);
  const start = locate(memory, offset, bytes, owner);
  const frees = deallocator !== undefined && deallocator !== null;
  const owned = Owned.is(pointer) ? pointer : undefined;
  if (!frees) {
    const made = plainView(start, bytes, owned);
    if (made !== undefined) return made;
  }
  const free = frees ? codeAddress(deallocator, `${owner}: free`) : 0;
  readable(start, bytes, owner);
  if (bytes > constants.MAX_LENGTH) {
    throw ffiError('ERR_FFI_OUT_OF_RANGE', `${owner}: a buffer has at most ${constants.MAX_LENGTH} bytes`);
  }
  if (typeof start === 'bigint')
    throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${start} cannot be read`);
  const claim = free === 0 ? claims.none : claimView(start, bytes, free, foreignAllocator.given?.code, owner);
  const takes = claim === claims.taken;
  let made = native((binding) => binding.externalArrayBuffer(environment, start, bytes, free, takes));
  const external = made !== undefined;
  made ??= readMemory(start, bytes);
  if (takes) {
    foreignAllocator.given?.handOver(start);
    handedOver('block', start);
    handedOver('structReturn', start);
  } else if (claim === claims.owned) {
    disown(start);
  }
  if (external) note(made, start, takes, claim === claims.owned ? undefined : owned);
  else native((binding) => binding.deallocate(environment, start, free, takes));
  return made;
}

/** An ArrayBuffer over C's memory, without a copy. */
export function toArrayBuffer(
  pointer: unknown,
  byteOffset: unknown,
  byteLength: unknown,
  free?: unknown,
): ArrayBuffer {
  return view(pointer, byteOffset ?? 0, byteLength, free, 'toArrayBuffer');
}

/** A Buffer over C's memory, without a copy. */
export function toBuffer(pointer: unknown, byteOffset: unknown, byteLength: unknown, free?: unknown): Buffer {
  return Buffer.from(view(pointer, byteOffset ?? 0, byteLength, free, 'toBuffer'));
}
