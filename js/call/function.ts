/** C functions as JavaScript functions: bound when first needed, variadic ones per combination. */
import type { CheckOpen } from '../convert';
import type { FunctionDefinition } from '../define';
import { isNodes, variadicType } from '../define';
import { describe, ffiError, isArray } from '../errors';
import { systemError } from '../failure';
import { environment, layout, native, slots, type NativeFunction, type NativeLibrary } from '../native';
import { readText } from '../text';
import { tracedStart, tracing } from '../trace';
import { typeNamed, type TypeInfo } from '../types';
import { measureStack } from '../upcall/stack';
import { checkBackground, startCall, type Options, type Settled } from './background';
import { leafWrapper, leavesAllowed } from './leaf';
import { shapeOf, type Shape } from './shape';
import { closedError } from './support';
import { wrap } from './wrap';

export type Callable = (...args: unknown[]) => unknown;

/** Starts a call in the background. */
export type Starter = (args: readonly unknown[], options?: Options) => Promise<unknown>;

/** A function made, and what takes it back. */
export interface Bound {
  readonly call: Callable;
  readonly start: Starter;
  /** How its calls reach C at present. */
  readonly path: () => string;
  readonly checkOpen: CheckOpen;
  /** Makes the function refuse; `false` when it did already. */
  close(): boolean;
}

const none: Options = {};

/** Where the calls of a native function run. */
type Mode = 'direct' | 'suspendable' | 'pumped' | 'background';

/** What a signature is bound to. */
interface Target {
  readonly group: NativeLibrary;
  readonly address: number;
  /** The name in messages. */
  readonly owner: string;
}

function bindNative({ group, address, owner }: Target, shape: Shape, mode: Mode): [NativeFunction, number] {
  return native(() => group.bind(environment, shape.plan.id, address, mode, owner));
}

/** Binds one signature to an address. */
function bindSignature(
  target: Target,
  types: readonly TypeInfo[],
  fixed: number,
  def: Pick<FunctionDefinition, 'result' | 'holds' | 'pump' | 'leaf' | 'throws' | 'traced'>,
): Bound {
  const { group, owner } = target;
  // C can enter JavaScript by itself then: native code must know where the stack ends for that.
  if ([...types, def.result].some(isNodes)) measureStack();
  const shape = shapeOf(types, fixed, def.result, def.holds);
  const mode = def.pump ? 'pumped' : shape.suspends ? 'suspendable' : 'direct';
  const [entry, id] = bindNative(target, shape, mode);
  const library = def.traced ? group.path : undefined;
  let background: [NativeFunction, number] | undefined;
  let open = true;
  const entryOf = () => {
    if (background === undefined) {
      checkBackground(shape, types, owner);
      background = bindNative(target, shape, 'background');
      if (!open) group.closeFunction(background[1]);
    }
    return background[0];
  };
  const checkOpen = () => {
    if (!group.isOpen(id)) throw closedError(owner);
  };
  let repeating: number | undefined;
  const makeRepeating = (left: boolean) => {
    const made = group.repeating(id, left);
    if (made === null) return entry;
    repeating = made[1];
    return made[0];
  };
  const slow = wrap(entry, shape, owner, library, checkOpen, mode === 'direct' ? makeRepeating : undefined);
  // What fails needs errno, which is not kept for leaf calls.
  const isLeaf = def.leaf && !def.pump && def.throws === undefined && fixed < 0;
  const leaf = isLeaf ? leafWrapper(group, id, shape, owner, slow) : undefined;
  return {
    call: leaf ?? slow,
    start: (args, options = none) => {
      const start = () => startCall(entryOf, owner, shape, checkOpen, args, options);
      if (!tracing.on || library === undefined) return start();
      const resultOf = (settled: unknown) => (options.errno === true ? (settled as Settled).value : settled);
      return tracedStart(start, owner, library, args, resultOf);
    },
    path: () => (leaf !== undefined && leavesAllowed() ? 'leaf' : shape.plan.path),
    checkOpen,
    close: () => {
      open = false;
      if (background !== undefined) group.closeFunction(background[1]);
      if (repeating !== undefined) group.closeFunction(repeating);
      return group.closeFunction(id);
    },
  };
}

/** A function whose extra arguments come as `[type, value]`: one binding per combination of types. */
function bindVariadic(target: Target, def: FunctionDefinition): Bound {
  const { owner } = target;
  const fixed = def.args.length;
  const given = def.args.filter(({ convert }) => convert !== 'env').length;
  const bindings = new Map<string, Bound>();
  let closed = false;
  const checkOpen = () => {
    bindingOf([]).checkOpen();
  };
  const bindingOf = (types: readonly TypeInfo[]): Bound => {
    const key = types.map((type) => type.id).join();
    let bound = bindings.get(key);
    if (bound === undefined) {
      bound = bindSignature(target, [...def.args, ...types], fixed, def);
      if (closed) bound.close();
      bindings.set(key, bound);
    }
    return bound;
  };
  /** The binding for the types of the extra arguments, and all values. */
  const resolveExtras = (args: readonly unknown[]): [Bound, unknown[]] => {
    if (args.length < given) {
      const plural = given === 1 ? '' : 's';
      const message = `${owner} takes at least ${given} argument${plural}, got ${args.length}`;
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
    const bound = bindingOf(extras.map(({ type }) => type));
    return [bound, [...args.slice(0, given), ...extras.map(({ value }) => value)]];
  };
  const resolve = (args: readonly unknown[]) => {
    try {
      return resolveExtras(args);
    } catch (error) {
      checkOpen();
      throw error;
    }
  };
  const call = (...args: unknown[]): unknown => {
    const [bound, values] = resolve(args);
    return bound.call(...values);
  };
  Object.defineProperty(call, 'length', { value: given });
  const start: Starter = async (args, options) => {
    const [bound, values] = resolve(args);
    return bound.start(values, options);
  };
  const close = () => {
    const open = !closed;
    closed = true;
    for (const bound of bindings.values()) bound.close();
    return open;
  };
  return { call, start, path: bindingOf([]).path, checkOpen, close };
}

/** The function with its results passed through `finish`, which is given errno too. */
function finishing(bound: Bound, finish: (value: unknown, errno: number) => unknown): Bound {
  const call = (...args: unknown[]) => finish(bound.call(...args), slots.I32[layout.errno * 2]!);
  Object.defineProperty(call, 'length', { value: bound.call.length });
  const start: Starter = async (args, options = none) => {
    const { value, errno } = (await bound.start(args, { ...options, errno: true })) as Settled;
    const finished = finish(value, errno);
    return options.errno === true ? { value: finished, errno } : finished;
  };
  return { ...bound, call, start };
}

/** Copies a string result, and hands it to its deallocator. */
function disposing(bound: Bound, type: TypeInfo, free: (address: unknown) => void, owner: string): Bound {
  return finishing(bound, (text) => {
    if (text === 0) return null;
    try {
      return readText(type, text as number, owner);
    } finally {
      free(text);
    }
  });
}

/** Binds a definition to an address. `free` disposes of a string result that has been copied. */
export function bindFunction(
  group: NativeLibrary,
  address: number,
  owner: string,
  def: FunctionDefinition,
  free?: (address: unknown) => void,
  syscall = owner,
): Bound {
  const target = { group, address, owner };
  const bind = (result: TypeInfo) =>
    def.variadic
      ? bindVariadic(target, { ...def, result })
      : bindSignature(target, def.args, -1, { ...def, result });
  const plain =
    free === undefined ? bind(def.result) : disposing(bind(typeNamed('ptr')), def.result, free, owner);
  const { throws } = def;
  if (throws === undefined) return plain;
  return finishing(plain, (value, errno) => {
    let failed = true;
    try {
      failed = throws(value);
    } finally {
      // Nobody gets the struct of a call that has failed.
      if (failed && def.holds) environment.releaseResult(value as number);
    }
    if (failed) throw systemError(errno, syscall, def.holds ? undefined : value);
    return value;
  });
}

/** Functions of arkffi's own, and those on addresses that lie in no library: never closed together. */
export const ownGroup = environment.group();
