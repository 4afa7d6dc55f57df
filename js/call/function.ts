/** C functions as JavaScript functions: bound when first needed, variadic ones per combination. */
import type { FunctionDefinition } from '../define';
import { variadicType } from '../define';
import { describe, ffiError, isArray } from '../errors';
import { environment, native, type NativeLibrary } from '../native';
import { typeNamed, type TypeInfo } from '../types';
import { shapeOf } from './shape';
import { wrap } from './wrap';

export type Callable = (...args: unknown[]) => unknown;

/** A function made, and what takes it back. */
export interface Bound {
  readonly call: Callable;
  readonly path: string;
  /** Makes the function refuse; `false` when it did already. */
  close(): boolean;
}

/** Binds one signature to an address. */
function bindSignature(
  group: NativeLibrary,
  address: number,
  owner: string,
  types: readonly TypeInfo[],
  fixed: number,
  result: TypeInfo,
  holds = false,
): Bound {
  const shape = shapeOf(types, fixed, result, holds);
  const [entry, id] = native(() => group.bind(environment, shape.plan.id, address));
  return { call: wrap(entry, shape, owner), path: shape.plan.path, close: () => group.closeFunction(id) };
}

/** A function whose extra arguments come as `[type, value]`: one binding per combination of types. */
function bindVariadic(group: NativeLibrary, address: number, owner: string, def: FunctionDefinition): Bound {
  const fixed = def.args.length;
  const given = def.args.filter(({ convert }) => convert !== 'env').length;
  const bindings = new Map<string, Bound>();
  let closed = false;
  const bindingOf = (types: readonly TypeInfo[]): Bound => {
    const key = types.map((type) => type.id).join();
    let bound = bindings.get(key);
    if (bound === undefined) {
      bound = bindSignature(group, address, owner, [...def.args, ...types], fixed, def.result, def.holds);
      if (closed) bound.close();
      bindings.set(key, bound);
    }
    return bound;
  };
  const call = (...args: unknown[]): unknown => {
    if (args.length < given) {
      const message = `${owner} takes at least ${given} arguments, got ${args.length}`;
      throw ffiError('ERR_FFI_ARG_COUNT', message);
    }
    const extras = args.slice(given).map((extra, index) => {
      const where = `${owner}: args[${given + index}]`;
      if (!isArray(extra) || extra.length !== 2) {
        const message = `${where} of a variadic function takes [type, value], got ${describe(extra)}`;
        throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
      }
      const [spec, value] = extra;
      const type = variadicType(spec, where);
      // C rounds to float before it promotes to double.
      const rounds = type.machine === 'f32' && typeof value === 'number';
      return { type, value: rounds ? Math.fround(value) : value };
    });
    const values = extras.map(({ value }) => value);
    return bindingOf(extras.map(({ type }) => type)).call(...args.slice(0, given), ...values);
  };
  Object.defineProperty(call, 'length', { value: given });
  const close = () => {
    const open = !closed;
    closed = true;
    for (const bound of bindings.values()) bound.close();
    return open;
  };
  return { call, path: bindingOf([]).path, close };
}

/** Binds a definition to an address. `free` disposes of a string result that has been copied. */
export function bindFunction(
  group: NativeLibrary,
  address: number,
  owner: string,
  def: FunctionDefinition,
  free?: (address: unknown) => void,
): Bound {
  const bind = (result: TypeInfo) =>
    def.variadic
      ? bindVariadic(group, address, owner, { ...def, result })
      : bindSignature(group, address, owner, def.args, -1, result, def.holds);
  if (free === undefined) return bind(def.result);
  const bound = bind(typeNamed('ptr'));
  const call = (...args: unknown[]): unknown => {
    const text = bound.call(...args);
    if (text === 0) return null;
    try {
      return readText(def.result, text as number, owner);
    } finally {
      free(text);
    }
  };
  Object.defineProperty(call, 'length', { value: bound.call.length });
  return { ...bound, call };
}

/** Functions of arkffi's own, and those on addresses that lie in no library: never closed together. */
export const ownGroup = environment.group();

const identity = native((binding) => binding.guardRoutines().identity);
const readers = new Map<number, Callable>();

/**
 * The string at an address; null for NULL. A C function that returns its argument reads it, so that
 * strings are decoded in one place.
 */
export function readText(type: TypeInfo, address: number | bigint, owner: string): string | null {
  let reader = readers.get(type.id);
  if (reader === undefined) {
    reader = bindSignature(ownGroup, identity, type.name, [typeNamed('ptr')], -1, type).call;
    readers.set(type.id, reader);
  }
  try {
    return reader(address) as string | null;
  } catch (error) {
    if (error instanceof Error) error.message = `${owner}: ${error.message}`;
    throw error;
  }
}
