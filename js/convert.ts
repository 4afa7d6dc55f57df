/**
 * The conversion rules of scalars, once: from any JavaScript value to what a slot takes, or the error
 * that says why not. Generated code accepts the common case by itself and comes here for the rest.
 */
import { isSharedArrayBuffer } from 'node:util/types';
import type { Bytes } from './buffer';
import { describe, ffiError, hex, unread } from './errors';
import { bufferAddress, native } from './native';
import { OpaquePointer } from './opaque';
import { hint, isAddress, isText, nearest, type TypeInfo } from './types';

/** What a slot takes: a bigint only for what a number cannot hold. */
export type SlotValue = number | bigint;

const minusOne = 2n ** 64n - 1n;

/** Where a value stands: the number of an argument, the path of a field, or '' for the owner itself. */
export type Place = number | string;

/** A place as an error message names it. */
export function at(owner: string, place: Place): string {
  if (place === '') return owner;
  return typeof place === 'number' ? `${owner}: args[${place}]` : `${owner}: ${place}`;
}

/** The error for a value of a wrong kind. */
export function refuse(type: TypeInfo, value: unknown, owner: string, place: Place, wanted: string): Error {
  const tag = OpaquePointer.tagOf(value);
  const given = tag === undefined ? describe(value) : `a pointer to ${tag.name}`;
  const message = `${at(owner, place)} (${type.c}) takes ${wanted}, got ${given}`;
  return ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

/** The error for a value out of range. */
export function outOfRange(
  type: TypeInfo,
  value: unknown,
  owner: string,
  place: Place,
  wanted: string,
): Error {
  const message = `${at(owner, place)} (${type.c}) takes ${wanted}, got ${describe(value)}`;
  return ffiError('ERR_FFI_OUT_OF_RANGE', message);
}

function small(value: bigint): SlotValue {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function boolean(type: TypeInfo, value: unknown, owner: string, place: Place): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number') throw refuse(type, value, owner, place, 'true, false, 0 or 1');
  if (value !== 0 && value !== 1) throw outOfRange(type, value, owner, place, 'true, false, 0 or 1');
  return value;
}

function integer(
  type: TypeInfo,
  value: unknown,
  owner: string,
  place: Place,
  bigints = type.convert !== 'int' && (type.convert !== 'enum' || type.size === 8),
): SlotValue {
  const wanted = `an integer ${bigints ? 'number or bigint' : 'number'} from ${type.min} to ${type.max}`;
  if (typeof value === 'bigint' && bigints) {
    if (value < type.min || value > type.max) throw outOfRange(type, value, owner, place, wanted);
    return small(value);
  }
  if (typeof value !== 'number') throw refuse(type, value, owner, place, wanted);
  if (!Number.isSafeInteger(value)) {
    const exact = bigints && Number.isInteger(value) ? `${wanted}; from 2^53 on give a bigint` : wanted;
    throw outOfRange(type, value, owner, place, exact);
  }
  if (value < type.min || value > type.max) throw outOfRange(type, value, owner, place, wanted);
  return value;
}

function address(type: TypeInfo, value: unknown, owner: string, place: Place): SlotValue {
  const wanted = 'an address from 0 to 2^53-1 (or a bigint to 2^64-1)';
  if (typeof value === 'number') {
    if (value === -1 || (Number.isSafeInteger(value) && value >= 0)) return value;
    throw outOfRange(type, value, owner, place, wanted);
  }
  const bits = value as bigint;
  if (bits === -1n) return minusOne;
  if (bits >= 0n && bits <= minusOne) return small(bits);
  throw outOfRange(type, value, owner, place, wanted);
}

/** Whether a value is a buffer of any kind. */
export function isBuffer(value: unknown): value is Bytes {
  return typeof value === 'object' && value !== null && bufferAddress(addressed(value)) !== -1;
}

/** Node-API tells the address of a view over shared memory, but not of the shared buffer itself. */
function addressed(value: object): object {
  return isSharedArrayBuffer(value) ? new Uint8Array(value) : value;
}

/** Callbacks, and whether they are closed: C would get nothing of those. */
const callbacks = new WeakMap<object, { name: string; closed: boolean }>();

/** Counts the callbacks that have been closed: as long as it stays the same, none has been. */
export const closings = { count: 0 };

/** Notes an object as a callback whose address stays the same until it is closed. */
export function noteCallback(callback: object, name: string): void {
  callbacks.set(callback, { name, closed: false });
}

/** Has a callback refused from now on. */
export function markClosed(callback: object): void {
  callbacks.get(callback)!.closed = true;
  closings.count++;
}

/** Whether a value is a callback that is open. */
export function isOpenCallback(value: unknown): boolean {
  return typeof value === 'object' && value !== null && callbacks.get(value)?.closed === false;
}

/** Whether an object is a CString: the class, which needs this module, puts its answer here. */
export const narrow: { is: (value: object) => boolean } = { is: () => false };

/**
 * The part of a conversion that can run user code: reads the `ptr` of an object that is no buffer.
 * It comes first for every argument of a call, since it may detach a buffer or close a library.
 */
export function resolve(type: TypeInfo, value: unknown, owner: string, place: Place): unknown {
  if (!isAddress(type) || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (value === null || (typeof value === 'object' && bufferAddress(addressed(value)) !== -1)) return value;
  const tag = OpaquePointer.tagOf(value);
  if (tag !== undefined && type.convert === 'opaque' && tag !== type.tag) return value;
  if (narrow.is(value) && isText(type) && type.convert !== 'utf8') return value;
  const callback = callbacks.get(value);
  if (callback?.closed === true) {
    const message = `${at(owner, place)} (${type.c}): the callback ${callback.name} has been closed`;
    throw ffiError('ERR_FFI_CLOSED', message);
  }
  let ptr: unknown;
  try {
    ({ ptr } = value as { ptr?: unknown });
  } catch (error) {
    throw unread(value, error, () => refuse(type, value, owner, place, wantedAddress(type, value, place)));
  }
  return typeof ptr === 'number' || typeof ptr === 'bigint' ? ptr : value;
}

function pointer(type: TypeInfo, value: unknown, owner: string, place: Place): SlotValue {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'number' || typeof value === 'bigint') return address(type, value, owner, place);
  const isCode = type.convert === 'function' || type.convert === 'code';
  if (!isCode && typeof value === 'object') {
    const start = bufferAddress(addressed(value));
    if (start >= 0) return start;
    if (start === -2) throw refuse(type, value, owner, place, 'a buffer that is not detached');
  }
  throw refuse(type, value, owner, place, wantedAddress(type, value, place));
}

function wantedAddress(type: TypeInfo, value: unknown, place: Place): string {
  const { convert, name } = type;
  if (convert === 'function' || convert === 'code') {
    // Only for the length of a call: not in memory, and not as what a callback returns.
    const isArgument = typeof place === 'number' && type.signature !== undefined;
    const functions = isArgument ? 'a JavaScript function, ' : '';
    return `${functions}a JSCallback, a CFunction, a library symbol, an address or null`;
  }
  if (OpaquePointer.tagOf(value) !== undefined) return `a pointer to ${name}, and to no other opaque type`;
  if (convert === 'array') return 'an array, null, a buffer or an address';
  if (convert === 'pointer' || convert === 'opaque') {
    return 'an address, null, a buffer or an object with a numeric ptr';
  }
  return 'a string, null, a buffer or an address';
}

/** The address of a function, which C is expected to call. */
function code(type: TypeInfo, value: unknown, owner: string, place: Place): SlotValue {
  const address = pointer(type, value, owner, place);
  if (address === 0) return address;
  if (typeof address === 'number' && native((binding) => binding.isExecutable(address))) return address;
  const message = `${at(owner, place)} (${type.c}): there is no code at ${hex(address)}`;
  throw ffiError('ERR_FFI_INVALID_POINTER', message);
}

/** A value of an enumeration, or one of its names. */
function enumerated(type: TypeInfo, value: unknown, owner: string, place: Place): SlotValue {
  if (typeof value !== 'string') return integer(type, value, owner, place);
  const found = type.values!.get(value);
  if (found !== undefined) return integer(type, found, owner, place, true);
  const near = hint(nearest(value, [...type.values!.keys()]));
  throw refuse(type, value, owner, place, `an integer or a name of the enumeration${near}`);
}

/** The part of a conversion that runs no user code: gives what the slot takes, or says why not. */
export function settle(type: TypeInfo, value: unknown, owner: string, place: Place): unknown {
  switch (type.convert) {
    case 'bool':
      return boolean(type, value, owner, place);
    case 'int':
    case 'wide':
    case 'fast':
    case 'bigint':
      return integer(type, value, owner, place);
    case 'float':
      if (typeof value !== 'number') throw refuse(type, value, owner, place, 'a number');
      return value;
    case 'utf8':
    case 'utf16':
    case 'utf32':
    case 'wide_text':
      return typeof value === 'string' ? value : pointer(type, value, owner, place);
    case 'pointer':
    case 'function':
    case 'opaque':
    case 'array':
      return pointer(type, value, owner, place);
    case 'code':
      return code(type, value, owner, place);
    case 'enum':
      return enumerated(type, value, owner, place);
    case 'value':
      return value;
    case 'void':
    case 'env':
    case 'struct':
    case 'union':
      throw refuse(type, value, owner, place, 'no value');
  }
}

/** Throws where a function is closed: then it is of no interest what else is wrong with a call. */
export type CheckOpen = () => void;

const pointerType = { c: 'void*', convert: 'pointer' } as TypeInfo;

/** What names memory, without the objects whose `ptr` is user code: an address or a buffer. */
export function resolvePointer(value: unknown, owner: string): unknown {
  return resolve(pointerType, value, owner, '');
}

/** The address of anything that an argument of type `ptr` accepts; a slot would take -1 too. */
export function addressOf(value: unknown, owner: string): SlotValue {
  const address = settle(pointerType, resolvePointer(value, owner), owner, '') as SlotValue;
  return address === -1 ? minusOne : address;
}
