/** From a native function to the function that the user calls. */
import { switches, type NativeFunction } from '../native';
import { compileWrapper } from './compile';
import { interpretWrapper } from './interpret';
import type { Shape } from './shape';

let codegen = switches.codegen;

/** Makes the wrapper: generated code, or closures where the runtime refuses to generate any. */
export function wrap(native: NativeFunction, shape: Shape, owner: string): (...args: unknown[]) => unknown {
  if (codegen) {
    try {
      return compileWrapper(native, shape, owner);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'EvalError') throw error;
      codegen = false;
    }
  }
  return interpretWrapper(native, shape, owner);
}
