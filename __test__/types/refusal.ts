/** What a call did, in a form that shows up well in a comparison. */
import { inspect } from 'node:util';
import { expect } from '@jest/globals';

export type AnyFunction = ((...args: unknown[]) => unknown) & {
  readonly ptr: number;
  readonly path: string;
  readonly name: string;
};

/** `'TypeError ERR_FFI_…'` where the call throws, else what it gave. */
export function outcome(call: () => unknown): string {
  try {
    return `gave ${inspect(call())}`;
  } catch (error) {
    const { name, code } = error as { name?: unknown; code?: unknown };
    return `${String(name)} ${String(code)}`;
  }
}

export const wrongType = 'TypeError ERR_FFI_INVALID_ARG_TYPE';
export const outOfRange = 'RangeError ERR_FFI_OUT_OF_RANGE';
export const wrongDefinition = 'TypeError ERR_FFI_INVALID_TYPE';
export const wrongCount = 'TypeError ERR_FFI_ARG_COUNT';
export const badResult = 'TypeError ERR_FFI_CALLBACK';

/** Expects a function to answer every value, each with a label, with the same outcome. */
export function expectAll(
  values: readonly (readonly [label: string, value: unknown])[],
  call: (value: unknown) => unknown,
  wanted: string,
): void {
  const got = values.map(([label, value]) => `${label}: ${outcome(() => call(value))}`);
  expect(got).toEqual(values.map(([label]) => `${label}: ${wanted}`));
}

/** Expects an error whose message has all the parts. */
export function expectMessage(call: () => unknown, ...parts: readonly string[]): void {
  let message: string | undefined;
  try {
    call();
  } catch (error) {
    message = (error as Error).message;
  }
  for (const part of parts) expect(message).toContain(part);
}

/** Values with the labels that a comparison shows. */
export function labelled(...values: readonly unknown[]): (readonly [string, unknown])[] {
  return values.map((value) => [inspect(value), value]);
}
