/** The types of a C function. */
import type { TypeInfo } from './types';

export interface Signature {
  readonly args: readonly TypeInfo[];
  readonly variadic: boolean;
  readonly result: TypeInfo;
  /** Whether a struct result is kept, and its address is given. */
  readonly holds: boolean;
  /** What a string result is handed to once it has been copied. */
  readonly free: unknown;
}
