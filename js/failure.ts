/** errno, and results that mean failure. */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { describe, ffiError } from './errors';
import { layout, slots } from './native';
import { isAddress, type TypeInfo } from './types';

const { I32, U32 } = slots;

/** Tells of a result that it means failure. */
export type FailureTest = (result: unknown) => boolean;

/** errno as the last call of C on this thread left it; with a number, sets it for the next. */
export function errno(value?: unknown): number {
  if (value !== undefined) {
    if (typeof value !== 'number') {
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `errno takes an integer, got ${describe(value)}`);
    }
    if ((value | 0) !== value) {
      throw ffiError('ERR_FFI_OUT_OF_RANGE', `errno takes a 32-bit integer, got ${describe(value)}`);
    }
    I32[layout.errno * 2] = value;
    U32[layout.errnoSet * 2] = 1;
  }
  return I32[layout.errno * 2]!;
}

/** The error code of the last call of C on this thread, which Windows keeps apart from errno. */
export function lastError(): number {
  if (process.platform === 'win32') return U32[layout.lastError * 2]!;
  throw ffiError('ERR_FFI_UNSUPPORTED', 'lastError: only Windows has it; use errno');
}

const tests: Readonly<Record<string, FailureTest>> = {
  negative: (result) => (result as number | bigint) < 0,
  nonzero: (result) => Number(result) !== 0,
  null: (result) => result === null || result === 0,
};

const accepted: Readonly<Record<string, (type: TypeInfo) => boolean>> = {
  negative: ({ min, convert }) => min < 0n || convert === 'float',
  nonzero: (type) => ['bool', 'int', 'wide', 'fast', 'bigint', 'enum'].includes(type.convert),
  null: isAddress,
};

/** The test of a definition's `throws`, which must suit the result. */
export function failureTest(throws: unknown, result: TypeInfo, where: string): FailureTest | undefined {
  if (typeof throws === 'function') return (value) => Boolean((throws as (value: unknown) => unknown)(value));
  if (typeof throws !== 'string' || !Object.hasOwn(tests, throws)) {
    const message = `${where} must be 'negative', 'nonzero', 'null' or a function, got ${describe(throws)}`;
    throw ffiError('ERR_FFI_INVALID_TYPE', message);
  }
  if (accepted[throws]!(result)) return tests[throws];
  throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: a result of type '${result.name}' is never '${throws}'`);
}

function names(): Map<number, readonly [string, string]> {
  const found = new Map<number, readonly [string, string]>();
  for (const [name, number] of Object.entries(constants.errno)) found.set(number, [name, name]);
  for (const [number, [name, message]] of getSystemErrorMap()) found.set(-number, [name, message]);
  return found;
}

let known: Map<number, readonly [string, string]> | undefined;

/**
 * The error of a failed call, as Node's own are: `code` 'ENOENT', `errno` -2, `syscall` the C name. `result` is what C
 * returned: libraries with errors of their own tell by it which it was.
 */
export function systemError(number: number, syscall: string, result: unknown): Error {
  known ??= names();
  const [code, message] = known.get(number) ?? [`ERRNO_${number}`, 'unknown error'];
  if (number === 0) {
    const text = `UNKNOWN: ${syscall} has failed with ${describe(result)} and left errno 0`;
    return Object.assign(new Error(text), { code: 'UNKNOWN', errno: 0, syscall, result });
  }
  return Object.assign(new Error(`${code}: ${message}, ${syscall}`), {
    code,
    errno: -number,
    syscall,
    result,
  });
}
