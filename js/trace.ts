/** Traces: every call of C told as it ends. While none is wanted, a wrapper reads one constant. */
import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, ffiError } from './errors';
import { reasonOf, shown } from './shown';

/** A call that has ended. */
export interface TracedCall {
  /** The file of the library; empty for the running process and for code in no library. */
  readonly library: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
  /** In milliseconds, with the conversions; of a call in the background, until it was settled. */
  readonly time: number;
  readonly async: boolean;
}

type Report = (call: TracedCall) => void;

/** Whether calls are traced. Wrappers look at it first; `changed` is told, for those that do not. */
export const tracing: { on: boolean; changed?: (on: boolean) => void } = { on: false };

function write(call: TracedCall): void {
  try {
    writeSync(2, lineOf(call));
  } catch {
    // There is nobody to tell it to.
  }
}

function lineOf(call: TracedCall): string {
  const { library, name, args, result, error, time, async } = call;
  const from = library === '' ? '' : `${basename(library)} `;
  const end = 'error' in call ? `threw ${reasonOf(error)}` : `= ${shown(result)}`;
  return `arkffi: ${from}${name}(${args.map(shown).join(', ')}) ${end} (${async ? 'async, ' : ''}${time.toFixed(3)} ms)\n`;
}

let report: Report = write;
let reporting = false;
let passing = false;

/** Whether this entry of a wrapper is the call itself, and not one that is yet to be traced. */
export function passed(): boolean {
  if (reporting) return true;
  const was = passing;
  passing = false;
  return was;
}

function tell(call: TracedCall): void {
  reporting = true;
  try {
    report(call);
  } catch (error) {
    // The call has been made, and its result belongs to the caller.
    process.nextTick(() => {
      throw error;
    });
  } finally {
    reporting = false;
  }
}

/** Makes a call by its wrapper, and tells of it. */
export function traced(
  call: (...args: unknown[]) => unknown,
  name: string,
  library: string,
  given: ArrayLike<unknown>,
): unknown {
  const args = Array.from(given);
  const start = performance.now();
  const common = () => ({ library, name, args, time: performance.now() - start, async: false });
  passing = true;
  let result: unknown;
  try {
    result = call(...args);
  } catch (error) {
    passing = false;
    tell({ ...common(), error });
    throw error;
  }
  tell({ ...common(), result });
  return result;
}

/** Starts a call in the background, and tells of it once it is settled: of what C returned, be errno with it or not. */
export function tracedStart<T>(
  start: () => Promise<T>,
  name: string,
  library: string,
  given: readonly unknown[],
  resultOf: (settled: T) => unknown,
): Promise<T> {
  if (reporting) return start();
  const args = [...given];
  const begun = performance.now();
  const common = () => ({ library, name, args, time: performance.now() - begun, async: true });
  const told = async (): Promise<T> => {
    let settled: T;
    try {
      settled = await start();
    } catch (error) {
      tell({ ...common(), error });
      throw error;
    }
    tell({ ...common(), result: resultOf(settled) });
    return settled;
  };
  return told();
}

/** Turns traces on, to stderr or to a function, or off. */
export function trace(to: unknown): void {
  if (typeof to !== 'boolean' && typeof to !== 'function') {
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `trace takes true, false or a function, got ${describe(to)}`);
  }
  report = typeof to === 'function' ? (to as Report) : write;
  tracing.on = to !== false;
  tracing.changed?.(tracing.on);
}

if (!['', '0', 'off', undefined].includes(process.env.ARKFFI_TRACE)) tracing.on = true;
