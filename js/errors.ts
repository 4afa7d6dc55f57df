import { isPromise, isProxy } from 'node:util/types';
import type { ErrorCode } from '../index';

export type { ErrorCode };

/** An error that is neither a wrong kind of value nor a value out of range. */
export class FFIError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  override get name(): string {
    return 'FFIError';
  }
}

const typeErrors: ReadonlySet<ErrorCode> = new Set([
  'ERR_FFI_INVALID_TYPE',
  'ERR_FFI_ARG_COUNT',
  'ERR_FFI_INVALID_ARG_TYPE',
  'ERR_FFI_CALLBACK',
]);
const rangeErrors: ReadonlySet<ErrorCode> = new Set(['ERR_FFI_OUT_OF_RANGE', 'ERR_FFI_OUT_OF_BOUNDS']);

/** The error of that code, of the class that belongs to it. */
export function ffiError(code: ErrorCode, message: string, options?: ErrorOptions): Error {
  if (typeErrors.has(code)) return Object.assign(new TypeError(message, options), { code });
  if (rangeErrors.has(code)) return Object.assign(new RangeError(message, options), { code });
  return new FFIError(code, message, options);
}

/** Whether a value is an array; a revoked proxy, of which that cannot be asked, is none. */
export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a value is a proxy that has been revoked: whatever is asked of one throws. */
export function isRevoked(value: unknown): boolean {
  if (!isProxy(value)) return false;
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/** What to throw for what reading a value has thrown: a revoked proxy is refused, and what user code throws is the user's. */
export function unread(value: unknown, error: unknown, refusal: () => Error): unknown {
  return isRevoked(value) ? refusal() : error;
}

const shown = 60;

/** A value as an error message names it; runs no user code. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > shown ? `the string '${value.slice(0, shown)}\u2026'` : `the string '${value}'`;
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return 'a symbol';
    case 'function':
      return isRevoked(value) ? 'a revoked proxy' : 'a function';
    case 'object':
      if (value === null) return 'null';
      if (isRevoked(value)) return 'a revoked proxy';
      if (isArray(value)) return 'an array';
      if (isPromise(value)) return 'a Promise';
      return ArrayBuffer.isView(value) ? 'a buffer' : 'an object';
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

/** Where the caller of arkffi stands: the JavaScript stack without arkffi's own functions. */
export function stackOf(): string {
  let stack: unknown;
  try {
    ({ stack } = new Error());
  } catch {
    // Error.prepareStackTrace is the user's.
  }
  const lines = typeof stack === 'string' ? stack.split('\n').slice(1) : [];
  return lines.filter((line) => !line.includes(__dirname)).join('\n');
}

/** An address as messages show it; -1 stands for the last one. */
export function hex(address: number | bigint): string {
  return `0x${(address < 0 ? BigInt.asUintN(64, BigInt(address)) : address).toString(16)}`;
}
