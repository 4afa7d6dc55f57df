/** What a call throws, and whether its class is the one that belongs to its code. */
import { expect } from '@jest/globals';
import { FFIError, type ErrorCode } from 'arkffi';

const typeErrors: readonly ErrorCode[] = [
  'ERR_FFI_INVALID_TYPE',
  'ERR_FFI_ARG_COUNT',
  'ERR_FFI_INVALID_ARG_TYPE',
  'ERR_FFI_CALLBACK',
];
const rangeErrors: readonly ErrorCode[] = ['ERR_FFI_OUT_OF_RANGE', 'ERR_FFI_OUT_OF_BOUNDS'];

function classOf(code: ErrorCode): new (...args: never[]) => Error {
  if (typeErrors.includes(code)) return TypeError;
  return rangeErrors.includes(code) ? RangeError : FFIError;
}

/** Expects an error of that code, of its class, with that text in its message; returns the message. */
export function expectError(run: () => unknown, code: ErrorCode, message: RegExp | string = ''): string {
  let thrown: unknown;
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`expected ${code}, but ${String(result)} was returned`);
  expect(thrown).toMatchObject({ code });
  expect(thrown).toBeInstanceOf(classOf(code));
  const text = (thrown as Error).message;
  if (typeof message === 'string') expect(text).toContain(message);
  else expect(text).toMatch(message);
  return text;
}
