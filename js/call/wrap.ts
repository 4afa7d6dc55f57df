/** From a native function to the function that the user calls. */
import { generated } from '../codegen';
import type { CheckOpen } from '../convert';
import type { NativeFunction } from '../native';
import { compileWrapper } from './compile';
import { interpretWrapper } from './interpret';
import type { Shape } from './shape';

/**
 * Makes the wrapper: generated code, or closures where the runtime refuses to generate any. `library` is the file
 * that traces name; without it they leave the function out. `makeRepeating`: see `compileWrapper`.
 */
export function wrap(
  native: NativeFunction,
  shape: Shape,
  owner: string,
  library: string | undefined,
  checkOpen: CheckOpen,
  makeRepeating?: (left: boolean) => NativeFunction,
): (...args: unknown[]) => unknown {
  return (
    generated(() => compileWrapper(native, shape, owner, library, checkOpen, makeRepeating)) ??
    interpretWrapper(native, shape, owner, library, checkOpen)
  );
}
