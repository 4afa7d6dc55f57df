/** What a callback is besides its function, and what its wrapper leaves to be done for it. */
import type { AsyncResource } from 'node:async_hooks';
import { encode, resolveValue, convertField, type Keep } from '../composite/encode';
import { codecOf } from '../composite/codec';
import { ffiError } from '../errors';
import { fillingFlags, layout, slots } from '../native';
import { isAggregate, type TypeInfo } from '../types';
import type { Shape } from '../call/shape';
import { surface } from './pending';

const { F32, F64, I32, I64, U8, U32 } = slots;
const { result, resultFloat } = layout;

export type UserFunction = (...args: unknown[]) => unknown;

/** Runs a callback whose arguments are in the slots; `inside`, that its context has been entered. */
export type Upcall = (inside?: boolean) => void;

/** The results of so many calls are kept: C may still read the strings of those before the last. */
const keptResults = 256;

/** A callback. */
export class Control {
  /** How many of its calls run. */
  running = 0;
  /** Whether it is to be closed when they have ended. */
  closing = false;
  /** What strings and buffers in its last results live with. */
  readonly #kept: Keep[] = [];
  #calls = 0;

  constructor(
    readonly shape: Shape,
    readonly owner: string,
    readonly fn: UserFunction,
    /** The context that the function runs in; absent where that of the caller will do. */
    readonly context: AsyncResource | undefined,
    /** What C receives after an error, or what makes it. */
    readonly onError: unknown,
    /** Makes the function pointer inert. */
    readonly finish: () => void,
  ) {}

  /** Keeps what a result points to. */
  keep(things: Keep): void {
    if (things.length > 0) this.#kept[this.#calls++ % keptResults] = things;
  }
}

function refused(error: unknown, owner: string): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('ERR_FFI_')) return error;
  const { message } = error as Error;
  return ffiError('ERR_FFI_CALLBACK', `the callback ${message.replace(`${owner}: `, `${owner}: its `)}`, {
    cause: error,
  });
}

function isFunction(value: unknown): value is (error: unknown) => unknown {
  return typeof value === 'function';
}

function zero(shape: Shape): void {
  const { result: type } = shape;
  for (const word of [result, result + 1, resultFloat, resultFloat + 1]) {
    U32[word * 2] = U32[word * 2 + 1] = 0;
  }
  if (isAggregate(type)) storeBytes(shape, new Uint8Array(type.size));
}

/** Writes the bytes of a struct where native code looks for them. */
function storeBytes({ plan, result: { size } }: Shape, bytes: Uint8Array): void {
  const [p, q] = plan.resultWords as [number, number];
  if (size <= 8 || size > 16 || q === p + 1) {
    U8.set(bytes, p * 8);
  } else {
    U8.set(bytes.subarray(0, 8), p * 8);
    U8.set(bytes.subarray(8), q * 8);
  }
}

function storeScalar(type: TypeInfo, value: number | bigint): void {
  if (type.machine === 'f64') F64[resultFloat] = Number(value);
  else if (type.machine === 'f32') F32[resultFloat * 2] = Number(value);
  else if (type.size === 8) I64[result] = BigInt.asIntN(64, BigInt(value));
  else I32[result * 2] = Number(value) | 0;
}

/** Stores any value that the callback's type accepts, or throws. */
export function storeAnyResult(control: Control, value: unknown): void {
  const { shape, owner } = control;
  const type = shape.result;
  if (type.convert === 'void') return;
  const keep: Keep = [];
  try {
    if (isAggregate(type)) {
      // Its fields may be user code that makes calls: nothing is stored before they have been read.
      const resolved = resolveValue(type, value, owner, 'result');
      storeBytes(shape, encode(type, resolved, owner, 'result', keep));
    } else {
      storeScalar(type, convertField(type, value, owner, 'result', keep));
    }
  } catch (error) {
    throw refused(error, owner);
  }
  control.keep(keep);
}

/** Stores a plain object of a struct's fields; `false` for anything less common. */
export function storeObject(type: TypeInfo, value: unknown, p: number, q: number): boolean {
  const flags = layout.flags * 2;
  const filling = (U32[flags] = fillingFlags());
  const stored = codecOf(type).encode(value, p, q) && U32[flags] === filling;
  U32[flags] = 0;
  return stored;
}

/** The callback has thrown, or its value does not convert: C gets what `onError` says, else zero. */
export function fail(control: Control, error: unknown, origin: number): void {
  const { onError, shape } = control;
  const errors = [error];
  try {
    if (onError === undefined) zero(shape);
    else storeAnyResult(control, isFunction(onError) ? onError(error) : onError);
  } catch (second) {
    zero(shape);
    errors.push(second);
  }
  // Last: a call of C that `onError` makes must not take them for its own.
  for (const one of errors) surface(one, origin);
}
