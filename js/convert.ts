/**
 * The conversion rules, once: from any JavaScript value to what a slot takes, or the error that says
 * why not. Generated wrappers accept the common case by themselves and come here for the rest.
 */
import { isSharedArrayBuffer } from 'node:util/types';
import { describe, ffiError } from './errors';
import { bufferAddress } from './native';
import type { TypeInfo } from './types';

/** What a slot takes: a bigint only for what a number cannot hold. */
export type SlotValue = number | bigint;

const minusOne = 2n ** 64n - 1n;

/** The position of a value in an error message: an argument, or the owner itself for -1. */
function at(owner: string, index: number): string {
  return index < 0 ? owner : `${owner}: args[${index}]`;
}

function refuse(type: TypeInfo, value: unknown, owner: string, index: number, wanted: string): Error {
  const message = `${at(owner, index)} (${type.c}) takes ${wanted}, got ${describe(value)}`;
  return ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

function outOfRange(type: TypeInfo, value: unknown, owner: string, index: number, wanted: string): Error {
  const message = `${at(owner, index)} (${type.c}) takes ${wanted}, got ${describe(value)}`;
  return ffiError('ERR_FFI_OUT_OF_RANGE', message);
}

function small(value: bigint): SlotValue {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function boolean(type: TypeInfo, value: unknown, owner: string, index: number): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number') throw refuse(type, value, owner, index, 'true, false, 0 or 1');
  if (value !== 0 && value !== 1) throw outOfRange(type, value, owner, index, 'true, false, 0 or 1');
  return value;
}

function integer(type: TypeInfo, value: unknown, owner: string, index: number): SlotValue {
  const bigints = type.convert !== 'int';
  const wanted = `an integer ${bigints ? 'number or bigint' : 'number'} from ${type.min} to ${type.max}`;
  if (typeof value === 'bigint' && bigints) {
    if (value < type.min || value > type.max) throw outOfRange(type, value, owner, index, wanted);
    return small(value);
  }
  if (typeof value !== 'number') throw refuse(type, value, owner, index, wanted);
  if (!Number.isSafeInteger(value)) {
    const exact = bigints && Number.isInteger(value) ? `${wanted}; from 2^53 on give a bigint` : wanted;
    throw outOfRange(type, value, owner, index, exact);
  }
  if (value < type.min || value > type.max) throw outOfRange(type, value, owner, index, wanted);
  return value;
}

function address(type: TypeInfo, value: unknown, owner: string, index: number): SlotValue {
  const wanted = 'an address from 0 to 2^53-1 (or a bigint to 2^64-1)';
  if (typeof value === 'number') {
    if (value === -1 || (Number.isSafeInteger(value) && value >= 0)) return value;
    throw outOfRange(type, value, owner, index, wanted);
  }
  const bits = value as bigint;
  if (bits === -1n) return minusOne;
  if (bits >= 0n && bits <= minusOne) return small(bits);
  throw outOfRange(type, value, owner, index, wanted);
}

/** Whether a value is a buffer of any kind. */
export function isBuffer(value: unknown): value is ArrayBufferLike | ArrayBufferView {
  return typeof value === 'object' && value !== null && bufferAddress(bytesOf(value)) !== -1;
}

/** Node-API tells the address of a view over shared memory, but not of the shared buffer itself. */
function bytesOf(value: object): object {
  return isSharedArrayBuffer(value) ? new Uint8Array(value) : value;
}

/** Whether values of the type are addresses, or strings in whose place an address may stand. */
function takesAddress({ convert }: TypeInfo): boolean {
  return ['pointer', 'function', 'utf8', 'utf16', 'utf32', 'wide_text'].includes(convert);
}

/**
 * The part of a conversion that can run user code: reads the `ptr` of an object that is no buffer.
 * It comes first for every argument of a call, since it may detach a buffer or close a library.
 */
export function resolve(type: TypeInfo, value: unknown): unknown {
  if (!takesAddress(type) || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (value === null || (typeof value === 'object' && bufferAddress(bytesOf(value)) !== -1)) return value;
  const { ptr } = value as { ptr?: unknown };
  return typeof ptr === 'number' || typeof ptr === 'bigint' ? ptr : value;
}

function pointer(type: TypeInfo, value: unknown, owner: string, index: number): SlotValue {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'number' || typeof value === 'bigint') return address(type, value, owner, index);
  if (type.convert !== 'function' && typeof value === 'object') {
    const start = bufferAddress(bytesOf(value));
    if (start >= 0) return start;
    if (start === -2) throw refuse(type, value, owner, index, 'a buffer that is not detached');
  }
  const wanted =
    type.convert === 'function'
      ? 'a C function: a CFunction, a library symbol, an address or null'
      : type.convert === 'pointer'
        ? 'an address, null, a buffer or an object with a numeric ptr'
        : 'a string, null, a buffer or an address';
  throw refuse(type, value, owner, index, wanted);
}

/** The part of a conversion that runs no user code: gives what the slot takes, or says why not. */
export function settle(type: TypeInfo, value: unknown, owner: string, index: number): unknown {
  switch (type.convert) {
    case 'bool':
      return boolean(type, value, owner, index);
    case 'int':
    case 'wide':
    case 'fast':
    case 'bigint':
      return integer(type, value, owner, index);
    case 'float':
      if (typeof value !== 'number') throw refuse(type, value, owner, index, 'a number');
      return value;
    case 'utf8':
    case 'utf16':
    case 'utf32':
    case 'wide_text':
      return typeof value === 'string' ? value : pointer(type, value, owner, index);
    case 'pointer':
    case 'function':
      return pointer(type, value, owner, index);
    case 'value':
      return value;
    case 'void':
    case 'env':
      throw refuse(type, value, owner, index, 'no value');
  }
}

/** Converts the arguments of a call: first whatever can run user code, then the rest. */
export function convertAll(types: readonly TypeInfo[], given: ArrayLike<unknown>, owner: string): unknown[] {
  const resolved = types.map((type, index) => resolve(type, given[index]));
  return types.map((type, index) => settle(type, resolved[index], owner, index));
}

/** Converts one value that is no argument. */
export function convert(type: TypeInfo, value: unknown, owner: string): unknown {
  return settle(type, resolve(type, value), owner, -1);
}

const pointerType = { c: 'void*', convert: 'pointer' } as TypeInfo;

/** What names memory, without the objects whose `ptr` is user code: an address or a buffer. */
export function resolvePointer(value: unknown): unknown {
  return resolve(pointerType, value);
}

/** The address of anything that an argument of type `ptr` accepts. */
export function addressOf(value: unknown, owner: string): SlotValue {
  return convert(pointerType, value, owner) as SlotValue;
}
