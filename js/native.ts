/** The one import of the native binding, and the slots of this environment. */
import * as binding from '../binding.js';
import { FFIError, ffiError, type ErrorCode } from './errors';
import { unknownRuntime } from './runtime';

export type { GuardRoutines, NativeLibrary, PlanInfo } from '../binding.js';
export type NativeFunction = (...values: unknown[]) => unknown;

/** Runs a native operation; its error becomes one of the class that belongs to its code. */
export function native<T>(operation: (from: typeof binding) => T): T {
  try {
    return operation(binding);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !code.startsWith('ERR_FFI_')) throw error;
    throw error instanceof FFIError ? error : ffiError(code as ErrorCode, String(message));
  }
}

/** The native state of this environment. */
export const environment = new binding.Environment();
environment.tellWarn((text: string) => {
  process.emitWarning(text);
});

/**
 * Switches for tests and for finding faults: `ARKFFI_PATH=libffi`, `ARKFFI_CODEGEN=off`, `ARKFFI_COROUTINES=off`,
 * `ARKFFI_BARE=off`, `ARKFFI_LEAF=off`, `ARKFFI_CHECK_LEAF=1`.
 */
export const switches = {
  fast: process.env.ARKFFI_PATH !== 'libffi',
  codegen: process.env.ARKFFI_CODEGEN !== 'off',
  coroutines: process.env.ARKFFI_PATH !== 'libffi' && process.env.ARKFFI_COROUTINES !== 'off',
  bare: process.env.ARKFFI_BARE !== 'off',
  leaf: process.env.ARKFFI_PATH !== 'libffi' && process.env.ARKFFI_LEAF !== 'off',
  checkLeaf: process.env.ARKFFI_CHECK_LEAF === '1',
} as const;

/** So many times something is read or written before code is generated, or anything kept, for it. */
export const often = 500;

/** Not 0 where leaf calls are turned off: for fast calls without a gate, of what is arkffi's own. */
export const turnedOff = new Uint8Array(1);

if (switches.bare && unknownRuntime() === undefined) {
  environment.allowBare(Number(process.versions.modules));
}

/** Where results, flags and the status stand among the slots. */
export const layout = environment.layout();

const memory = environment.slots();

/** The slots, as values of every machine type. Native code holds the same memory. */
export const slots = {
  I8: new Int8Array(memory),
  U8: new Uint8Array(memory),
  I16: new Int16Array(memory),
  U16: new Uint16Array(memory),
  I32: new Int32Array(memory),
  U32: new Uint32Array(memory),
  F32: new Float32Array(memory),
  F64: new Float64Array(memory),
  I64: new BigInt64Array(memory),
  U64: new BigUint64Array(memory),
} as const;

/** The same memory for values that are not aligned. */
export const slotsView = new DataView(memory);

/** Where the slots lie. */
export const slotsAddress = environment.slotsAddress();

export const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

let fillings = 0;

/**
 * What to set the flags to while fields are read into the slots. Each time it is another value, so that
 * code of the user's which fills slots meanwhile shows, even where it made no call.
 */
export function fillingFlags(): number {
  fillings = (fillings + 1) & 0x7f_ffff;
  return layout.flagFilling | (fillings << 8);
}

const addressFunction = environment.addressFunction();

/** The address of a buffer's first byte; -1 for anything but a buffer, -2 for one that is detached. */
export function bufferAddress(value: object): number {
  addressFunction(value);
  return slots.F64[layout.resultNumber]!;
}
