/** What wrappers call for everything but the common case. */
import { isArrayBuffer, isTypedArray } from 'node:util/types';
import { arrayBufferSize, isResizable, lengthOf, memoryOf } from '../buffer';
import { describe, ffiError } from '../errors';
import { environment, layout, slots } from '../native';
import { settle, type CheckOpen } from '../convert';
import { textError } from '../text';
import { takePending } from '../upcall/pending';
import type { Parameter, Shape } from './shape';

const { F32, F64, I64, U8, U32 } = slots;

/** Buffers larger than this, in bytes, are not remembered: a function would keep its last one alive. */
const rememberedBytes = 64 * 1024;

/** The longest string, in UTF-16 units, that is kept for the next call: a third of the native room in bytes. */
export const keptLength = layout.textRoom / 3;

/** Where the bytes of a string that is left in the slots stand. */
const first = layout.text * 8 + 16;
const room = Buffer.from(U8.buffer, first, layout.textRoom);

/** The longest string, in UTF-16 units, that is written unit by unit. */
const spelledLength = 24;

/** Writes ASCII text into the room, and gives its length; -1 for any other. */
function spell(text: string): number {
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0 || unit > 0x7f) return -1;
    U8[first + index] = unit;
  }
  return length;
}

/**
 * Leaves a string in the slots for the native function that makes a call with it; `false` where it must be handed over, as
 * it is long, holds a NUL, or is none. One that is not written unit by unit is handed over too, which is faster, but where it
 * `repeats` the one before, and may do so again. `owner` is the number of the wrapper, which then knows that the string is there.
 */
export function leaveText(text: unknown, repeats: boolean, owner: number): boolean {
  U32[layout.textOwner * 2] = 0;
  if (typeof text !== 'string' || text.length > keptLength) return false;
  let length = text.length <= spelledLength ? spell(text) : -1;
  if (length === -1) {
    if (!repeats || text.includes('\0')) return false;
    length = room.write(text, 'utf8');
  }
  U8[first + length] = 0;
  U32[layout.text * 2] = (length + 16) & ~15;
  U32[layout.text * 2 + 2] = length + 1;
  U32[layout.textOwner * 2] = owner;
  return true;
}

/** Takes the place of a remembered value where there is none: equal to nothing a user can have. */
export const nothing: unknown = Object.freeze({});

/** The value if it is a typed array whose address the wrapper may remember, else `nothing`. */
export function remembered(value: unknown): unknown {
  if (!isTypedArray(value) || lengthOf(value) === 0) return nothing;
  const buffer = memoryOf(value);
  const isFixed = isArrayBuffer(buffer) && !isResizable(buffer);
  return isFixed && arrayBufferSize(buffer) <= rememberedBytes ? value : nothing;
}

/** Copies the bytes of an aggregate to where it travels. */
function storeBytes({ word, second }: Parameter, bytes: Uint8Array): void {
  if (bytes.length > 8 && second !== word + 1) {
    U8.set(bytes.subarray(0, 8), word * 8);
    U8.set(bytes.subarray(8), second * 8);
  } else {
    U8.set(bytes, word * 8);
  }
}

/** What a `CheckOpen` throws. */
export function closedError(owner: string): Error {
  return ffiError('ERR_FFI_CLOSED', `${owner}: its library or the function itself has been closed`);
}

/**
 * Converts and stores the arguments that stand in the slots, or throws for the first that cannot be.
 * Where one of them is a bigint, every integer is stored as its 64-bit pattern. Gives the call's flags.
 * Aggregates have been converted to bytes before.
 */
export function storeAny(
  parameters: readonly Parameter[],
  owner: string,
  values: ArrayLike<unknown>,
  checkOpen: CheckOpen,
): number {
  try {
    return store(parameters, owner, values);
  } catch (error) {
    checkOpen();
    throw error;
  }
}

function store(parameters: readonly Parameter[], owner: string, values: ArrayLike<unknown>): number {
  const settled: unknown[] = [];
  let bits = false;
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index]!;
    const { type, store } = parameter;
    let value: unknown = undefined;
    if (store === 'aggregate') {
      storeBytes(parameter, values[index] as Uint8Array);
    } else if (store !== 'text' && store !== 'value') {
      value = settle(type, values[index], owner, index);
      bits ||= typeof value === 'bigint';
    }
    settled.push(value);
  }
  for (let index = 0; index < parameters.length; index++) {
    const { store, word } = parameters[index]!;
    const value = settled[index] as number | bigint | undefined;
    if (value === undefined) continue;
    if (store === 'f32') F32[word * 2] = value as number;
    else if (bits && store === 'number') I64[word] = BigInt.asIntN(64, BigInt(value));
    else F64[word] = value as number;
  }
  return bits ? layout.flagBits : 0;
}

/** Refuses a wrong number of arguments. */
export function wrongCount(owner: string, wanted: number, given: number, checkOpen: CheckOpen): Error {
  checkOpen();
  const plural = wanted === 1 ? '' : 's';
  return ffiError('ERR_FFI_ARG_COUNT', `${owner} takes ${wanted} argument${plural}, got ${given}`);
}

/** The error for a status that native code left instead of making the call. */
export function failure(status: number, owner: string, shape: Shape, given: ArrayLike<unknown>): unknown {
  return takePending(() => refusal(status, owner, shape, given));
}

const fetchLeft = environment.fetchFunction();

/** The string that the function which was called last has left to be fetched. */
export function fetchText(owner: string, shape: Shape): unknown {
  const text = fetchLeft();
  const left = U32[layout.status * 2]!;
  if (left === 0) return text;
  U32[layout.status * 2] = 0;
  throw failure(left, owner, shape, []);
}

/** The error for a leaf function that has called back: calls are refused until somebody has been told. */
function lie(): Error | undefined {
  const names = environment.takeLie();
  if (names === null) return undefined;
  const [name, callback] = names;
  return ffiError(
    'ERR_FFI_CALLBACK',
    `${name} is declared leaf: true, but has called the callback '${callback}', which got zero: remove leaf`,
  );
}

function refusal(status: number, owner: string, shape: Shape, given: ArrayLike<unknown>): Error {
  const args = Array.from(given);
  const reason = layout.statuses[status - 1];
  switch (reason) {
    case 'closed':
      return closedError(owner);
    case 'stackOverflow':
      return (
        lie() ??
        new RangeError(`Maximum call stack size exceeded: ${owner} is called too deep in the native stack`)
      );
    case 'embeddedNul': {
      const index = args.findIndex((arg) => typeof arg === 'string' && arg.includes('\0'));
      const type = shape.parameters[index]?.type.c ?? 'string';
      const message = `${owner}: args[${index}] (${type}) takes a string without a NUL, got ${describe(args[index])}`;
      return ffiError('ERR_FFI_INVALID_ARG_TYPE', message.replaceAll('\0', '\\0'));
    }
    case 'outOfMemory':
      return ffiError(
        'ERR_FFI_OUT_OF_MEMORY',
        `${owner}: no memory for a string argument, a struct result or a thread`,
      );
    case 'memoryLimit': {
      const { limit, bytes } = environment.memoryUsage();
      const message = `${owner}: its result or strings would go over the limit of ${limit} bytes, of which ${bytes} are in use`;
      return ffiError('ERR_FFI_MEMORY_LIMIT', message);
    }
    case 'unreadableText':
    case 'textTooLong':
      return textError(status, owner);
    default:
      return ffiError('ERR_FFI_UNSUPPORTED', `${owner}: Node-API refused a conversion`);
  }
}
