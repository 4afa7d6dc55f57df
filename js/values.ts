/** Conversion of whole values, composite ones too: arguments, and what is written to memory. */
import { sizeOf } from './buffer';
import { encode, isElements, resolveElements, resolveValue, type Keep } from './composite/encode';
import { at, isBuffer, resolve, settle, type CheckOpen, type Place } from './convert';
import { ffiError, isArray } from './errors';
import { bufferAddress } from './native';
import { isAggregate, type TypeInfo } from './types';
import { Callback, checkCallback, closeCallbacks } from './upcall/callback';
import type { UserFunction } from './upcall/control';

/** An array parameter is a pointer in C: an Array is put into memory for the call, all else is an address. */
function resolveArgument(type: TypeInfo, value: unknown, owner: string, place: Place): unknown {
  if (isAggregate(type)) return resolveValue(type, value, owner, place);
  if (type.convert !== 'array') return resolve(type, value, owner, place);
  return isArray(value) ? resolveElements(type, value, owner, place) : resolve(type, value, owner, place);
}

function settleArray(type: TypeInfo, value: unknown, owner: string, place: Place, keep: Keep): unknown {
  if (isElements(value)) {
    const bytes = encode(type, value, owner, place, keep);
    keep.push(bytes.buffer);
    return bufferAddress(bytes.buffer);
  }
  const given = isBuffer(value) ? sizeOf(value) : Infinity;
  if (given < type.size && bufferAddress(value as object) !== -2) {
    const message = `${at(owner, place)} (${type.c}) takes ${type.size} bytes at least, got ${given}`;
    throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
  }
  return settle(type, value, owner, place);
}

/** A JavaScript function is a callback until the call ends. `bound`: it runs in the present context. */
function settleFunction(
  type: TypeInfo,
  fn: UserFunction,
  owner: string,
  place: Place,
  keep: Keep,
  bound: boolean,
): number {
  const signature = type.signature!;
  checkCallback(signature, at(owner, place));
  const callback = new Callback(fn, signature, at(owner, place), bound);
  keep.push(callback);
  return callback.ptr;
}

/** Gives what a slot takes, or the bytes of an aggregate. */
function settleArgument(type: TypeInfo, value: unknown, owner: string, place: Place, keep: Keep): unknown {
  if (isAggregate(type)) return encode(type, value, owner, place, keep);
  return type.convert === 'array'
    ? settleArray(type, value, owner, place, keep)
    : settle(type, value, owner, place);
}

/**
 * Converts the arguments of a call: first whatever can run user code, then the rest. Behind the
 * arguments stands what must be kept alive until the call has returned. `later`: the call runs in the
 * background. Where an argument cannot be converted, `checkOpen` has the first word.
 */
export function convertAll(
  types: readonly TypeInfo[],
  given: ArrayLike<unknown>,
  owner: string,
  checkOpen: CheckOpen,
  later = false,
): unknown[] {
  const keep: Keep = [];
  try {
    const resolved = types.map((type, index) => resolveArgument(type, given[index], owner, index));
    const values = types.map((type, index) => {
      const value = resolved[index];
      return typeof value === 'function' && type.signature !== undefined
        ? settleFunction(type, value as UserFunction, owner, index, keep, later)
        : settleArgument(type, value, owner, index, keep);
    });
    values.push(keep);
    return values;
  } catch (error) {
    closeCallbacks(keep);
    checkOpen();
    throw error;
  }
}

/** What keeps the values of `convertAll` alive: among them the callbacks that were made for the call. */
export function keptOf(types: readonly unknown[], values: readonly unknown[]): Keep {
  return values[types.length] as Keep;
}

/** Converts one value that is no argument, and no aggregate. */
export function convert(type: TypeInfo, value: unknown, owner: string): unknown {
  return settle(type, resolve(type, value, owner, ''), owner, '');
}
