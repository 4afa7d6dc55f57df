/** Strings that stand at an address, decoded in one place. */
import { ffiError } from './errors';
import { environment, layout, slots } from './native';
import type { TypeInfo } from './types';

const { U32, U64 } = slots;
const read = environment.textFunction();

/** The size of a code unit of each kind of string, in bytes. */
function unitOf({ convert }: TypeInfo): number {
  if (convert === 'utf8') return 1;
  return convert === 'utf16' || process.platform === 'win32' ? 2 : 4;
}

/** The error for a status that a string has left. */
export function textError(status: number, owner: string): Error {
  if (layout.statuses[status - 1] === 'unreadableText') {
    const at = `0x${U64[layout.result]!.toString(16)}`;
    return ffiError('ERR_FFI_INVALID_POINTER', `${owner}: the string at ${at} is not readable`);
  }
  return tooLong(owner);
}

/** The error for a string with more units than a JavaScript string can have. */
export function tooLong(owner: string): Error {
  return ffiError('ERR_FFI_OUT_OF_RANGE', `${owner}: the string is longer than a JavaScript string can be`);
}

/**
 * The string at an address; null for NULL. Native code may keep it at a place among the recent ones, counted from 1 on: see
 * `js/recent.ts`.
 */
export function readText(type: TypeInfo, address: number | bigint, owner: string, place = 0): string | null {
  if (address === 0) return null;
  if (typeof address === 'number') {
    U32[layout.result * 2] = address;
    U32[layout.result * 2 + 1] = address / 0x1_0000_0000;
  } else {
    U64[layout.result] = address;
  }
  U32[layout.wanted * 2] = unitOf(type) | (place << 8);
  const text = read() as string | null;
  const status = U32[layout.status * 2]!;
  if (status === 0) return text;
  U32[layout.status * 2] = 0;
  throw textError(status, owner);
}
