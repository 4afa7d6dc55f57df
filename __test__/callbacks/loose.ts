/** Callbacks without their static types, for tests that hand in anything. */
import * as arkffi from 'arkffi';
import { fixture } from '../support/fixture';
import { functions, type Call } from '../structs/loose';

export interface LooseCallback {
  readonly ptr: number;
  readonly threadsafe: boolean;
  call(...args: unknown[]): unknown;
  getHandle(): bigint;
  close(): void;
  [Symbol.dispose](): void;
}

export type AnyFunction = (...args: never[]) => unknown;

export const JSCallback = arkffi.JSCallback as unknown as new (fn?: unknown, def?: unknown) => LooseCallback;

/** A function of the fixture whose name begins with `cb_`. */
export function bind(name: string, args: readonly unknown[], returns: unknown = 'void', more = {}): Call {
  return functions(fixture, { [name]: { symbol: `cb_${name}`, args, returns, ...more } }).symbols[name]!;
}

/** Runs something with a callback that is closed afterwards. */
export function withCallback<T>(fn: AnyFunction, def: object, run: (callback: LooseCallback) => T): T {
  const callback = new JSCallback(fn, def);
  try {
    return run(callback);
  } finally {
    callback.close();
  }
}

/** What the call throws, as it is. */
export function thrownBy(call: () => unknown): unknown {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return error;
  }
  throw new Error(`expected an error, but ${String(value)} was returned`);
}
