/** What is to be done at the environment's end, or before: C memory that is owned, finalizers. */
import { bindFunction, type Callable } from '../call/function';
import { codeAddress, refuseCallback } from '../code';
import { addressOf, isBuffer, resolvePointer } from '../convert';
import { checkObject, plainFunction } from '../define';
import { describe, ffiError, isRevoked } from '../errors';
import { environment, native, type NativeLibrary } from '../native';
import { Ref } from '../ref';
import { checkKeys, typeNamed } from '../types';
import { checkLength } from './range';
import { addEnd, takeEnd } from './routines';
import { gone, handedOver, noted, tracking } from './track';
import { detachViews } from './views';

/** A C function of one pointer, and the library that it keeps mapped while anything is to be passed to it. */
interface Deallocator {
  readonly code: number;
  readonly call: Callable;
  readonly group: NativeLibrary;
  users: number;
}

const deallocators = new Map<number, Deallocator>();
const definition = plainFunction([typeNamed('ptr')], typeNamed('void'));

function deallocatorAt(code: number, owner: string): Deallocator {
  let found = deallocators.get(code);
  if (found === undefined) {
    const module = native((binding) => binding.moduleOf(code));
    const group = environment.group(module?.path);
    const { call } = bindFunction(group, code, owner, definition);
    deallocators.set(code, (found = { code, call, group, users: 0 }));
  }
  found.users++;
  return found;
}

function leave(deallocator: Deallocator): void {
  if (--deallocator.users > 0) return;
  deallocators.delete(deallocator.code);
  deallocator.group.close();
}

/** A function to be called at the end: C's, which native code knows by a number, or JavaScript's. */
type End =
  | {
      readonly number: number;
      readonly deallocator: Deallocator;
      readonly argument: number | bigint;
      readonly owned: boolean;
      /** What the address is of, if that is JavaScript's. */
      readonly kept?: unknown;
    }
  | { readonly fn: (argument: unknown) => unknown; readonly argument: unknown };

/** By their order. */
const ends = new Map<number, End>();
let last = 0;

/** Does what an end says, unless that has been done. It is done with when it begins. */
function run(order: number, end: End, owner: string): void {
  if ('fn' in end) {
    ends.delete(order);
    end.fn(end.argument);
  } else if (takeEnd(end.number, owner)) {
    ends.delete(order);
    gone('owned', order);
    if (end.owned) detachViews(Number(end.argument));
    try {
      end.deallocator.call(end.argument);
    } finally {
      leave(end.deallocator);
    }
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_FFI_BUSY';
}

let listening = false;
/** Whether the ends have been run: what is added later is late. */
let ended = false;

/** What is done when the process or worker exits, before the ends are run and after that. */
export const exitHooks: { before?: () => void; after?: () => readonly unknown[] } = {};

/** So many ends may be added while the ends run. */
const mostAdded = 10_000;

/** Has the ends be run when the process or worker exits, as the last of the listeners that there are now. */
export function listen(): void {
  if (listening && process.listeners('exit').at(-1) === atExit) return;
  process.removeListener('exit', atExit);
  process.on('exit', atExit);
  listening = true;
}

/** Runs all ends, the last first. One that throws does not stop the others. */
function atExit(): void {
  const errors: unknown[] = [];
  exitHooks.before?.();
  // Ends may add ends, but not for ever.
  const most = last + mostAdded;
  while (ends.size > 0 && last <= most) {
    const [order, end] = [...ends].at(-1)!;
    try {
      run(order, end, 'finalizer');
    } catch (error) {
      // What a background call uses at the end is left to it.
      if ('fn' in end || !isBusy(error)) errors.push(error);
    }
    ends.delete(order);
  }
  errors.push(...(exitHooks.after?.() ?? []));
  ended = true;
  if (errors.length > 0) throw errors[0];
}

/** Has a function called at the environment's end, the last added first. */
export function addFinalizer(fn: unknown, argument?: unknown): void {
  if (typeof fn === 'function' && !isRevoked(fn) && !('ptr' in fn)) {
    // A listener of the exit adds it after the ends have been run: no other JavaScript comes later for sure.
    if (ended && (process as { _exiting?: unknown })._exiting === true) {
      (fn as (argument: unknown) => unknown)(argument);
      return;
    }
    listen();
    ends.set(++last, { fn: fn as (argument: unknown) => unknown, argument });
    return;
  }
  const code = codeAddress(fn, 'addFinalizer');
  if (!deallocators.has(code)) refuseCallback(code, 'addFinalizer');
  const address = addressOf(argument, 'addFinalizer: arg');
  const deallocator = deallocatorAt(code, 'addFinalizer');
  listen();
  ends.set(++last, {
    number: addEnd(code, address, false, 0),
    deallocator,
    argument: address,
    owned: false,
    kept: argument,
  });
}

const collected = new FinalizationRegistry<number>((order) => {
  try {
    dispose(order, 'own');
  } catch (error) {
    if (!isBusy(error)) throw error;
    // A call still uses the memory: it is tried again after the next collection.
    collected.register({}, order);
  }
});

/** Frees what is owned; nothing where that has been done. */
function dispose(order: number, owner: string): void {
  const end = ends.get(order);
  if (end === undefined) return;
  run(order, end, owner);
}

/** Forgets the owner of what starts there: it is a view's to free. */
export function disown(start: number): void {
  for (const [order, end] of ends) {
    if ('fn' in end || !end.owned || end.argument !== start) continue;
    if (takeEnd(end.number, 'own')) leave(end.deallocator);
    ends.delete(order);
    handedOver('owned', order);
    return;
  }
}

/** C memory with its deallocator, which is called exactly once. */
export class Owned {
  readonly #pointer: number | bigint;
  readonly #order: number;
  #open = true;

  constructor(pointer: number | bigint, order: number) {
    this.#pointer = pointer;
    this.#order = order;
    collected.register(this, order, this);
  }

  static is(value: unknown): value is Owned {
    return typeof value === 'object' && value !== null && #order in value;
  }

  /** The address; throws once the memory is freed. */
  get ptr(): number | bigint {
    if (!this.#open || !ends.has(this.#order)) {
      throw ffiError('ERR_FFI_CLOSED', 'own: the memory has been freed or given away');
    }
    return this.#pointer;
  }

  /** Frees the memory. Refused while a call uses it. */
  close(): void {
    if (!this.#open) return;
    dispose(this.#order, 'close');
    this.#open = false;
    collected.unregister(this);
  }

  /** Gives the memory away: it is not freed any more. Gives its address. */
  forget(): number | bigint {
    const { ptr } = this;
    const end = ends.get(this.#order);
    if (end !== undefined && 'number' in end && takeEnd(end.number, 'forget')) leave(end.deallocator);
    ends.delete(this.#order);
    gone('owned', this.#order);
    this.#open = false;
    collected.unregister(this);
    return ptr;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Takes C memory over: `free` gets it by `close`, when the object has been collected, or at the end. */
export function own(pointer: unknown, free: unknown, options: unknown = {}): Owned {
  checkObject(options, 'the options of own', 'ERR_FFI_INVALID_ARG_TYPE');
  checkKeys('own', options, ['size'], 'ERR_FFI_INVALID_ARG_TYPE');
  const size = options.size === undefined ? 0 : checkLength(options.size, 'own: size');
  const memory = resolvePointer(pointer, 'own');
  const address = addressOf(memory, 'own');
  // What is JavaScript's, or code, is no memory of C's: its owner would not know of the deallocator.
  if (isBuffer(memory) || Ref.is(pointer) || environment.isCallback(Number(address))) {
    throw ffiError(
      'ERR_FFI_INVALID_ARG_TYPE',
      `own takes the address of C's memory, got ${describe(pointer)}`,
    );
  }
  if (address === 0) throw ffiError('ERR_FFI_INVALID_POINTER', 'own: the address is NULL');
  const code = codeAddress(free, 'own: free');
  // What is a deallocator already has been looked at.
  if (!deallocators.has(code)) refuseCallback(code, 'own');
  const number = addEnd(code, address, true, size);
  const deallocator = deallocatorAt(code, 'own: free');
  listen();
  ends.set(++last, { number, deallocator, argument: address, owned: true });
  if (tracking.on) noted('owned', last, size);
  return new Owned(address, last);
}
