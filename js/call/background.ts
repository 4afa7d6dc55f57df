/** Calls in the background: started here, run on arkffi's own threads, settled here in batches. */
import type { CheckOpen } from '../convert';
import { describe, ffiError, isRevoked, stackOf } from '../errors';
import { environment, layout, native, slots, type NativeFunction } from '../native';
import { isNodes } from '../define';
import { holdLoop, releaseLoop, startLoop } from '../loop';
import { askedFor, tracking } from '../memory/track';
import { closeCallbacks } from '../upcall/callback';
import { origins, takeBackground } from '../upcall/pending';
import { convertAll, keptOf } from '../values';
import { handedOver, readResult } from './interpret';
import type { Shape } from './shape';
import { failure, storeAny, wrongCount } from './support';

const { F64, I32, U32 } = slots;

/** What a call is started with besides its arguments. */
export interface Options {
  /** Gives the call up while it has not begun. */
  readonly signal?: AbortSignal;
  /** Whether the result is a `Settled`. */
  readonly errno?: boolean;
}

/** The result of a call, and errno after it. */
export interface Settled {
  readonly value: unknown;
  readonly errno: number;
}

interface Running {
  readonly shape: Shape;
  readonly owner: string;
  /** What must live until C has returned. */
  readonly given: unknown;
  readonly kept: readonly unknown[];
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the result is a `Settled`. */
  readonly errno: boolean;
  /** Where in JavaScript it was started, if what it gives is followed. */
  readonly stack: string | undefined;
  /** What is to be done when it is settled. */
  end: (() => void) | undefined;
}

/** The calls that run, by number. */
const running: (Running | undefined)[] = [];
/** The numbers that are free below the length of the list. */
const unused: number[] = [];

function add(number: number, call: Running): void {
  running[number] = call;
  holdLoop();
}

/** Takes a call off the list. The last lets the event loop end. */
function remove(number: number): void {
  const { kept, end } = running[number]!;
  running[number] = undefined;
  unused.push(number);
  if (kept.length > 0) closeCallbacks(kept);
  if (end !== undefined) end();
  releaseLoop();
}

/** Whether C may use memory of JavaScript's that is not its own copy. */
function usesBuffers(given: readonly unknown[], kept: readonly unknown[]): boolean {
  return kept.length > 0 || given.some((value) => typeof value === 'object' && value !== null);
}

/** Converts the arguments and hands the call to the pool. Throws what is wrong with them. */
function submit(
  number: number,
  entry: NativeFunction,
  owner: string,
  shape: Shape,
  args: readonly unknown[],
  checkOpen: CheckOpen,
): readonly unknown[] {
  const { parameters, types } = shape;
  if (args.length !== parameters.length) throw wrongCount(owner, parameters.length, args.length, checkOpen);
  const values = convertAll(types, args, owner, checkOpen, true);
  const kept = keptOf(types, values);
  try {
    startLoop();
    const flags = storeAny(parameters, owner, values, checkOpen);
    U32[layout.origin * 2] = number;
    U32[layout.flags * 2] = flags | (usesBuffers(args, kept) ? layout.flagUsesBuffers : 0);
    if (shape.handsOver) entry(...handedOver(parameters, values));
    else entry();
    const status = U32[layout.status * 2]!;
    U32[layout.status * 2] = 0;
    if (status !== 0) throw failure(status, owner, shape, args);
  } catch (error) {
    closeCallbacks(kept);
    throw error;
  }
  return kept;
}

const aborted = Reflect.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get!;

function isAborted(signal: AbortSignal): boolean {
  const value: unknown = Reflect.apply(aborted, signal, []);
  return value === true;
}

function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** Starts a call. It never throws: what is wrong rejects the promise. */
export function startCall(
  entry: () => NativeFunction,
  owner: string,
  shape: Shape,
  checkOpen: CheckOpen,
  args: readonly unknown[],
  { signal, errno }: Options,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal !== undefined && isAborted(signal)) throw abortError(signal);
    const native = entry();
    const number = unused.pop() ?? Math.max(running.length, origins.background);
    running[number] = undefined;
    let kept: readonly unknown[];
    try {
      kept = submit(number, native, owner, shape, args, checkOpen);
    } catch (error) {
      unused.push(number);
      throw error;
    }
    const stack = tracking.on && shape.holds ? stackOf() : undefined;
    const call = {
      shape,
      owner,
      given: args,
      kept,
      resolve,
      reject,
      errno: errno === true,
      stack,
      end: undefined,
    };
    add(number, call);
    if (signal !== undefined) listen(number, call, signal);
  });
}

/** What to do when a signal says so: it has one listener, however many calls it is for. */
interface Watched {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

/** Calls the method that every signal has, whatever a property of this one may be. */
function call(signal: AbortSignal, name: 'addEventListener' | 'removeEventListener', args: unknown[]): void {
  Reflect.apply(Reflect.get(EventTarget.prototype, name), signal, args);
}

const signals = new WeakMap<AbortSignal, Watched>();

function watch(signal: AbortSignal): Watched {
  const known = signals.get(signal);
  if (known !== undefined) return known;
  const calls = new Set<() => void>();
  const listener = () => {
    for (const abort of calls) abort();
  };
  const watched = { calls, listener };
  signals.set(signal, watched);
  call(signal, 'addEventListener', ['abort', listener, { once: true }]);
  return watched;
}

function unwatch(signal: AbortSignal, { calls, listener }: Watched, abort: () => void): void {
  calls.delete(abort);
  if (calls.size > 0) return;
  signals.delete(signal);
  call(signal, 'removeEventListener', ['abort', listener]);
}

/** Gives the call up when the signal says so and it has not begun. */
function listen(number: number, call: Running, signal: AbortSignal): void {
  const abort = () => {
    if (!environment.cancel(number)) return;
    remove(number);
    call.reject(abortError(signal));
  };
  const watched = watch(signal);
  watched.calls.add(abort);
  call.end = () => unwatch(signal, watched, abort);
}

/** Refuses a signature of which no call can run on another thread. */
export function checkBackground(shape: Shape, types: readonly { convert: string }[], owner: string): void {
  const found = [...types, shape.result].find((type) => isNodes(type as typeof shape.result));
  if (found === undefined) return;
  const message = `${owner}: a function with Node-API types runs on its own thread, not in the background`;
  throw ffiError('ERR_FFI_UNSUPPORTED', message);
}

const nextFinished = environment.finishedFunction();
/** So many calls are settled before the event loop goes on. */
const atOnce = 4096;

function settleOne(number: number, text: unknown): void {
  const status = U32[layout.status * 2]!;
  U32[layout.status * 2] = 0;
  const errno = I32[layout.finishedErrno * 2]!;
  const held = F64[layout.resultNumber]!;
  const call = running[number]!;
  const { shape, owner, resolve, reject } = call;
  const { failed, error } = takeBackground(number);
  try {
    if (failed) throw error;
    if (status !== 0) throw failure(status, owner, shape, []);
    askedFor.stack = call.stack;
    const value = readResult(shape, owner, text);
    remove(number);
    resolve(call.errno ? { value, errno } : value);
  } catch (reason) {
    if (shape.holds) environment.releaseResult(held);
    remove(number);
    reject(reason);
  } finally {
    askedFor.stack = undefined;
  }
}

/** What a test may replace later on. */
const later = setImmediate;

/** Settles calls that have ended. The others wait until the event loop has come round, so that all events get their turn. */
function settle(): void {
  later(nextTurn);
  for (let count = 0; count < atOnce; count++) {
    const text = nextFinished();
    const number = U32[layout.finished * 2]!;
    if (number === 0) return;
    settleOne(number, text);
  }
}

function nextTurn(): void {
  if (environment.nextTurn()) settle();
}

/** Whether a value is an AbortSignal, and not only made to look like one. */
function isSignal(value: unknown): value is AbortSignal {
  try {
    isAborted(value as AbortSignal);
    return true;
  } catch {
    return false;
  }
}

/** Checks what `with` was given. */
export function checkOptions(options: unknown): Options {
  const invalid = (message: string) => ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
  if (typeof options !== 'object' || options === null || isRevoked(options)) {
    throw invalid(`with takes an object of options, got ${describe(options)}`);
  }
  const unknown = Object.keys(options).find((key) => key !== 'signal' && key !== 'errno');
  if (unknown !== undefined) throw invalid(`with: unknown option '${unknown}'; there are signal and errno`);
  const { signal, errno } = options as Record<string, unknown>;
  if (signal !== undefined && !isSignal(signal)) {
    throw invalid(`with: signal must be an AbortSignal, got ${describe(signal)}`);
  }
  if (errno !== undefined && typeof errno !== 'boolean') {
    throw invalid(`with: errno must be true or false, got ${describe(errno)}`);
  }
  return { ...(signal === undefined ? {} : { signal }), errno: errno === true };
}

/** The most threads that can be asked for. */
const mostThreads = 1024;

/** Sets how many background calls of the process run at once. */
export function setPoolSize(size: unknown): void {
  if (typeof size !== 'number') {
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `setPoolSize takes a number, got ${describe(size)}`);
  }
  if (!Number.isInteger(size) || size < 1 || size > mostThreads) {
    const message = `setPoolSize takes a whole number from 1 to ${mostThreads}, got ${describe(size)}`;
    throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
  }
  native((binding) => binding.setPoolSize(size));
}

environment.tellSettle(settle);
