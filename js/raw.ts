/** The raw bridge: functions by handle and name, with their values in two lists. */
import { alive } from './alive';
import { bindFunction, type Bound } from './call/function';
import { readText } from './text';
import { codeAddress, groupOf } from './code';
import { plainFunction, resolveResult, resolveTypes, type FunctionDefinition } from './define';
import { describe, ffiError, isArray } from './errors';
import { callbackOf, JSCallback } from './jscallback';
import { libraryOf, Opened } from './library';
import { ptr, readMemory, textAt } from './memory/bytes';
import type { NativeLibrary } from './native';
import { deallocatorOf } from './symbols';
import { isText, typeNamed } from './types';

interface Defined {
  readonly def: FunctionDefinition;
  readonly bound: Pick<Bound, 'call' | 'start'>;
}

/** The functions defined on each library, and those called with their types, by name and types. */
const definitions = new WeakMap<Opened, Map<string, Defined>>();

function find(handle: unknown, owner: string): Opened | 'closed' {
  const opened = libraryOf(handle);
  if (opened !== undefined) return opened;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner}: ${describe(handle)} is not a handle that load gave`);
}

function findOpen(handle: unknown, owner: string): Opened {
  const opened = find(handle, owner);
  if (opened !== 'closed') return opened;
  throw ffiError('ERR_FFI_CLOSED', `${owner}: the library of handle ${describe(handle)} has been closed`);
}

function checkName(name: unknown, owner: string): string {
  if (typeof name === 'string' && name !== '' && !name.includes('\0')) return name;
  throw ffiError(
    'ERR_FFI_INVALID_ARG_TYPE',
    `${owner}: a symbol is named by a string, got ${describe(name)}`,
  );
}

function define(argTypes: unknown, returnType: unknown, owner: string): FunctionDefinition {
  const args = resolveTypes(argTypes ?? [], owner);
  const { result, holds, free } = resolveResult(returnType, owner);
  return { ...plainFunction(args, result), traced: true, holds, free };
}

function functionsOf(opened: Opened): Map<string, Defined> {
  let functions = definitions.get(opened);
  if (functions === undefined) definitions.set(opened, (functions = new Map<string, Defined>()));
  return functions;
}

/** What names a function of a signature. `free` is where the deallocator of its result stands. */
function keyOf(name: string | number, { args, result, holds }: FunctionDefinition, free?: number): string {
  const disposed = free === undefined ? '' : `~${free}`;
  return `${name}(${args.map((type) => type.id).join()})${result.id}${holds ? '*' : ''}${disposed}`;
}

/** Where the deallocator of a result stands. */
function freeOf({ free }: FunctionDefinition, owner: string): number | undefined {
  return free === undefined ? undefined : codeAddress(free, `${owner}: the deallocator of its result`);
}

function bindNamed(opened: Opened, name: string, def: FunctionDefinition): Defined {
  const functions = functionsOf(opened);
  const key = keyOf(name, def, freeOf(def, name));
  let defined = functions.get(key);
  if (defined === undefined) {
    const address = opened.get(name);
    defined = { def, bound: bindFunction(opened.native, address, name, def, deallocatorOf(def, name)) };
    functions.set(key, defined);
  }
  return defined;
}

/** A function by address, and what it is closed with. */
interface Pointed {
  readonly def: FunctionDefinition;
  readonly bound: Bound;
  readonly group: NativeLibrary;
}

/** Those that were called last, oldest first. */
const pointed = new Map<string, Pointed>();
/** How many there are: a new one takes the place of the oldest. */
const mostPointed = 256;

/** The function of a signature at an address; another one where its library has been closed meanwhile. */
function bindPointed(pointer: unknown, argTypes: unknown, returnType: unknown, owner: string): Defined {
  const address = codeAddress(pointer, owner);
  const def = define(argTypes, returnType, owner);
  const key = `${owner} ${keyOf(address, def, freeOf(def, owner))}`;
  const group = groupOf(address);
  const known = pointed.get(key);
  if (known?.group === group) return known;
  pointed.delete(key);
  const [oldest] = pointed.keys();
  if (pointed.size >= mostPointed && oldest !== undefined) {
    pointed.get(oldest)!.bound.close();
    pointed.delete(oldest);
  }
  const made = { def, bound: bindFunction(group, address, owner, def, deallocatorOf(def, owner)), group };
  pointed.set(key, made);
  return made;
}

function list(values: unknown, owner: string): readonly unknown[] {
  if (values === undefined || values === null) return [];
  if (isArray(values)) return values;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${owner}: arguments come in an array, got ${describe(values)}`);
}

/** Deals the values out in the order of the types: strings take from one list, all else from the other. */
function deal(def: FunctionDefinition, numArgs: unknown, strArgs: unknown, owner: string): unknown[] {
  const given = def.args.filter(({ convert }) => convert !== 'env');
  const [numbers, strings] = [list(numArgs, owner), list(strArgs, owner)];
  const texts = given.filter(isText).length;
  if (strings.length !== texts || numbers.length !== given.length - texts) {
    const message = `${owner} takes ${texts} strings and ${given.length - texts} other arguments, got ${strings.length} and ${numbers.length}`;
    throw ffiError('ERR_FFI_ARG_COUNT', message);
  }
  let [number, string] = [0, 0];
  return given.map((type, index) => {
    if (isText(type)) return strings[string++];
    const value = numbers[number++];
    if (type.convert === 'function' || type.convert === 'code')
      refuseHandle(value, `${owner}: args[${index}]`);
    return value;
  });
}

/** Refuses the handle of a callback where its address belongs: C would call whatever stands there. */
function refuseHandle(value: unknown, where: string): void {
  if (typeof value !== 'bigint' || callbackOf(value) === undefined) return;
  const message = `${where} takes a function pointer, got the handle of a callback; give getCallbackPtr of it`;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

function apply({ def, bound }: Defined, numArgs: unknown, strArgs: unknown, owner: string): unknown {
  return bound.call(...deal(def, numArgs, strArgs, owner));
}

function load(path: unknown): bigint {
  return new Opened(path).handle;
}

function close(handle: unknown): void {
  const opened = find(handle, 'close');
  if (opened !== 'closed') opened.close();
}

function defineFunction(handle: unknown, name: unknown, argTypes: unknown, returnType: unknown): void {
  const opened = findOpen(handle, 'defineFunction');
  const symbol = checkName(name, 'defineFunction');
  functionsOf(opened).set(symbol, bindNamed(opened, symbol, define(argTypes, returnType, symbol)));
}

function callBySig(handle: unknown, name: unknown, numArgs?: unknown, strArgs?: unknown): unknown {
  const opened = findOpen(handle, 'callBySig');
  const symbol = checkName(name, 'callBySig');
  const defined = functionsOf(opened).get(symbol);
  if (defined !== undefined) return apply(defined, numArgs, strArgs, symbol);
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `callBySig: '${symbol}' has not been defined by defineFunction`);
}

function callMixed(
  handle: unknown,
  name: unknown,
  argTypes: unknown,
  returnType: unknown,
  numArgs?: unknown,
  strArgs?: unknown,
): unknown {
  const opened = findOpen(handle, 'callMixed');
  const symbol = checkName(name, 'callMixed');
  return apply(bindNamed(opened, symbol, define(argTypes, returnType, symbol)), numArgs, strArgs, symbol);
}

function callString(
  handle: unknown,
  name: unknown,
  argTypes?: unknown,
  numArgs?: unknown,
  strArgs?: unknown,
): string {
  return (callMixed(handle, name, argTypes, 'CString', numArgs, strArgs) as string | null) ?? '';
}

function callPtr(
  pointer: unknown,
  argTypes: unknown,
  returnType: unknown,
  numArgs?: unknown,
  strArgs?: unknown,
): unknown {
  return apply(bindPointed(pointer, argTypes, returnType, 'callPtr'), numArgs, strArgs, 'callPtr');
}

async function callAsync(
  handle: unknown,
  name: unknown,
  argTypes: unknown,
  returnType: unknown,
  numArgs?: unknown,
  strArgs?: unknown,
): Promise<unknown> {
  const opened = findOpen(handle, 'callAsync');
  const symbol = checkName(name, 'callAsync');
  const { def, bound } = bindNamed(opened, symbol, define(argTypes, returnType, symbol));
  return bound.start(deal(def, numArgs, strArgs, symbol));
}

async function callPtrAsync(
  pointer: unknown,
  argTypes: unknown,
  returnType: unknown,
  numArgs?: unknown,
  strArgs?: unknown,
): Promise<unknown> {
  const { def, bound } = bindPointed(pointer, argTypes, returnType, 'callPtrAsync');
  return bound.start(deal(def, numArgs, strArgs, 'callPtrAsync'));
}

function findCallback(handle: unknown, owner: string): JSCallback | 'closed' {
  const found = callbackOf(handle);
  if (found !== undefined) return found;
  const message = `${owner}: ${describe(handle)} is not a handle that createCallback gave`;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

function openCallback(handle: unknown, owner: string): JSCallback {
  const found = findCallback(handle, owner);
  if (found === 'closed') {
    throw ffiError('ERR_FFI_CLOSED', `${owner}: the callback of handle ${describe(handle)} has been closed`);
  }
  return found;
}

function createCallback(fn: unknown, argTypes?: unknown, returnType?: unknown, threadsafe?: unknown): bigint {
  const args = typeof argTypes === 'string' ? argTypes.split('') : (argTypes ?? []);
  return new JSCallback(fn, { args, returns: returnType, threadsafe: threadsafe ?? false }).getHandle();
}

function destroyCallback(handle: unknown): void {
  const found = findCallback(handle, 'destroyCallback');
  if (found !== 'closed') found.close();
}

function invokeCallback(handle: unknown, ...args: unknown[]): unknown {
  return openCallback(handle, 'invokeCallback').call(...args);
}

function getCallbackThreadsafe(handle: unknown): boolean {
  return openCallback(handle, 'getCallbackThreadsafe').threadsafe;
}

function getCallbackPtr(handle: unknown): number {
  return openCallback(handle, 'getCallbackPtr').ptr;
}

/** Has another thread call the callback; gives its value when it has run. */
async function callCallbackThreadSafe(handle: unknown, ...args: unknown[]): Promise<unknown> {
  return openCallback(handle, 'callCallbackThreadSafe').bound().start(args);
}

function getSymbolPtr(handle: unknown, name: unknown): number {
  const opened = findOpen(handle, 'getSymbolPtr');
  const symbol = checkName(name, 'getSymbolPtr');
  const address = opened.get(symbol);
  opened.give(address, symbol);
  return address;
}

function readCString(pointer: unknown): string {
  const { start, bytes } = textAt(pointer, 0, 'readCString');
  return alive(readText(typeNamed('CString'), start, 'readCString') ?? '', bytes);
}

export const ffi = Object.freeze({
  load,
  close,
  defineFunction,
  callBySig,
  callMixed,
  callString,
  callPtr,
  callAsync,
  callPtrAsync,
  getSymbolPtr,
  createCallback,
  destroyCallback,
  invokeCallback,
  getCallbackThreadsafe,
  getCallbackPtr,
  callCallbackThreadSafe,
  readCString,
  ptr,
  readMemory,
});
