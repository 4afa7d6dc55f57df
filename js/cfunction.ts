/** Functions by address: `CFunction` and `linkSymbols`. */
import { bindFunction, type Bound, type Callable } from './call/function';
import { codeAddress, groupOf, releaseGroup } from './code';
import { checkObject, defineFunction, pointerKeys } from './define';
import { ffiError } from './errors';
import { arity, asynchronous, deallocatorOf, publish } from './symbols';

type Closable = Callable & { close(): void };

function make(def: unknown, name: string, where: string, background = false): Closable {
  checkObject(def, where);
  const checked = defineFunction(def, where, pointerKeys);
  if (!('ptr' in def))
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `${where} needs ptr, the address of the function`);
  const address = codeAddress(def.ptr, `${where}.ptr`);
  const free = deallocatorOf(checked, where);
  const group = groupOf(address, true);
  const bound: Bound = bindFunction(group, address, name, checked, free);
  const close = () => {
    if (bound.close()) releaseGroup(group);
  };
  const made = background ? { ...bound, call: asynchronous(bound, name, arity(checked)) } : bound;
  const call = publish(made, name, arity(checked), address, bound.checkOpen);
  return Object.defineProperties(call, {
    close: { value: close },
    [Symbol.dispose]: { value: close },
  }) as Closable;
}

/** A C function by its address. */
export function CFunction(def: unknown): Closable {
  return make(def, 'CFunction', 'CFunction');
}

/** The same, called in the background: gives promises. */
export function AsyncCFunction(def: unknown): Closable {
  return make(def, 'AsyncCFunction', 'AsyncCFunction', true);
}

/** Several C functions by their addresses, as `dlopen` binds several by their names. */
export function linkSymbols(defs: unknown) {
  checkObject(defs, 'defs');
  const symbols: Record<string, unknown> = {};
  const functions: { close(): void }[] = [];
  const close = () => functions.forEach((call) => call.close());
  try {
    for (const name of Object.keys(defs)) {
      const call = make(defs[name], name, `defs.${name}`);
      functions.push(call);
      Object.defineProperty(symbols, name, { value: call, enumerable: true });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { symbols: Object.freeze(symbols), close, [Symbol.dispose]: close };
}
