/** Callbacks: JavaScript functions behind C function pointers. */
import { AsyncResource } from 'node:async_hooks';
import { generated } from '../codegen';
import { shapeOf, type Shape } from '../call/shape';
import { ffiError } from '../errors';
import { startLoop } from '../loop';
import { environment, layout, native, slots, switches } from '../native';
import type { Signature } from '../signature';
import { typeNamed, type TypeInfo } from '../types';
import { compileUpcall } from './compile';
import { Control, type Upcall, type UserFunction } from './control';
import { interpretUpcall } from './interpret';
import { pending } from './pending';
import { measureStack } from './stack';

type Make = (control: Control) => Upcall;

/** What the callbacks of a signature have in common. */
interface Class {
  readonly shape: Shape;
  /** What native code knows it by. */
  readonly number: number;
  readonly make: Make;
}

const { U32 } = slots;
const classes = new WeakMap<Signature, Class>();
const byShape = new WeakMap<Shape, Class>();

function rowOf(type: TypeInfo): number {
  return type.convert === 'array' ? typeNamed('ptr').row : type.row;
}

function classOf(signature: Signature): Class {
  const known = classes.get(signature);
  if (known !== undefined) return known;
  const shape = shapeOf(signature.args, -1, signature.result);
  let found = byShape.get(shape);
  if (found === undefined) {
    const rows = signature.args.map(rowOf);
    const number = native(() => environment.callbackClass(rows, signature.result.row, switches.fast));
    const make = generated(() => compileUpcall(shape)) ?? interpretUpcall(shape);
    byShape.set(shape, (found = { shape, number, make }));
  }
  classes.set(signature, found);
  return found;
}

/** The wrappers of the open callbacks, by number. */
const wrappers: (Upcall | undefined)[] = [];
/** The contexts that they run in. */
const contexts: (AsyncResource | undefined)[] = [];
const unused: number[] = [];

/** Runs the callback that C has called. */
function dispatch(): void {
  wrappers[U32[layout.callback * 2]!]!();
}

const resume = environment.resumeFunction();
const suspended = layout.suspended * 2;
const callback = layout.callback * 2;
const flags = layout.flags * 2;
const status = layout.status * 2;
const { flagFilling, couldNotRun } = layout;

/** What the callbacks of a suspended call of C have left, set aside for the call. */
interface Left {
  status: number;
  errors: unknown[];
}

/**
 * Runs the callbacks of a context that a suspended call of C calls in a row, from the one of that number on.
 * C runs in between, which knows of no context: it need not be left and entered each time. Entering and
 * leaving may run code of the user's, which may make calls: so the values of the first callback may have to
 * be put into the slots again, and what failed ones have left is set aside. Gives the number of the first
 * callback of another context, or -1 when C has returned.
 */
function serve(context: AsyncResource | undefined, first: number, left: Left): number {
  for (let number = first; ;) {
    if (U32[flags] !== flagFilling) environment.reload();
    U32[flags] = 0;
    try {
      wrappers[number]!(true);
    } catch {
      // Only the stack can have overflowed, so nothing is called here.
      U32[suspended] = couldNotRun;
    }
    resume();
    if (U32[status] !== 0) {
      left.status = U32[status]!;
      if (pending.list !== null) left.errors.push(...pending.list);
      pending.list = null;
      U32[status] = 0;
    }
    if (U32[suspended] === 0) return -1;
    U32[suspended] = 0;
    number = U32[callback]!;
    if (contexts[number] !== context) return number;
  }
}

/** Runs the callbacks of a call of C that is suspended until it has returned. */
function drive(): void {
  const left: Left = { status: 0, errors: [] };
  let number = U32[callback]!;
  U32[suspended] = 0;
  do {
    const context = contexts[number];
    number =
      context === undefined
        ? serve(undefined, number, left)
        : context.runInAsyncScope(serve, undefined, context, number, left);
  } while (number !== -1);
  if (left.status === 0) return;
  U32[status] = left.status;
  if (left.errors.length > 0) pending.list = left.errors;
}

/** Refuses what cannot be in the signature of a callback. */
export function checkCallback({ args, result, variadic, free }: Signature, where: string): void {
  if (variadic) {
    const advice = 'make a JSCallback of the arguments before the dots';
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: a callback cannot be variadic; ${advice}`);
  }
  if (free !== undefined) {
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: the result of a callback cannot be disposable`);
  }
  const foreign = [...args, result].find(({ convert }) => convert === 'env' || convert === 'value');
  if (foreign === undefined) return;
  throw ffiError('ERR_FFI_UNSUPPORTED', `${where}: ${foreign.name} is for calls of C, not for callbacks`);
}

const [openNative, closeNative] = environment.callbackFunctions();
const opened = layout.opened * 2;

/** The numbers of the names that native code knows. Beyond so many all callbacks share one. */
const names = new Map<string, number>();
const mostNames = 10_000;

/** A name as warnings print it. */
function printable(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, ' ').slice(0, 80);
}

function nameNumber(given: string): number {
  const name = printable(given);
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size >= mostNames) return 0;
  const number = environment.callbackName(name);
  names.set(name, number);
  return number;
}
names.set('a callback', environment.callbackName('a callback'));

/** The address of a new function pointer for the callback of a number. */
function openPointer({ number }: Class, own: number, name: string): number {
  const named = nameNumber(name);
  U32[opened] = own;
  U32[opened + 2] = number;
  U32[opened + 4] = named;
  openNative();
  const address = slots.F64[layout.resultNumber]!;
  if (address !== 0) return address;
  const message = 'the system grants no more executable memory for callbacks';
  throw ffiError('ERR_FFI_OUT_OF_MEMORY', message);
}

/**
 * The context that a callback was made in. It keeps no event loop alive: that is the loop's own affair, which
 * tools that look for open handles ask apart.
 */
class Context extends AsyncResource {
  hasRef(): boolean {
    return false;
  }
}

/** An open callback: a function and the C function pointer that stands for it. */
export class Callback {
  /** The address of the C function. It stays what it is, even when the callback is closed. */
  readonly ptr: number;
  readonly #control: Control;
  #closed = false;

  /** Whether a value is one; asks nothing of the value itself. */
  static is(value: unknown): value is Callback {
    return typeof value === 'object' && value !== null && #control in value;
  }

  /** `bound`: whether the function runs in the context that it is given in, not in its caller's. */
  constructor(fn: UserFunction, signature: Signature, name: string, bound: boolean, onError?: unknown) {
    const its = classOf(signature);
    startLoop();
    measureStack();
    const context = bound ? new Context('JSCallback') : undefined;
    const own = unused.pop() ?? wrappers.length;
    this.#control = new Control(its.shape, name, fn, context, onError, () => {
      U32[opened] = own;
      closeNative();
      wrappers[own] = contexts[own] = undefined;
      unused.push(own);
      context?.emitDestroy();
    });
    wrappers[own] = its.make(this.#control);
    contexts[own] = context;
    try {
      this.ptr = openPointer(its, own, name);
    } catch (error) {
      wrappers[own] = contexts[own] = undefined;
      unused.push(own);
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  get control(): Control {
    return this.#control;
  }

  /** Makes the function pointer inert, when the calls that run have ended. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#control.running === 0) this.#control.finish();
    else this.#control.closing = true;
  }
}

/** The callbacks that were made of functions among the arguments of a call. */
export function closeCallbacks(kept: readonly unknown[]): void {
  for (const thing of kept) if (Callback.is(thing)) thing.close();
}

environment.tellCallbacks(dispatch, drive);
