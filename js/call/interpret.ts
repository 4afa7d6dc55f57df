/** Wrappers without generated code, for runtimes that allow none: the same steps, looked up per call. */
import { codecOf } from '../composite/codec';
import { exact } from '../composite/decode';
import type { CheckOpen } from '../convert';
import { noted, tracking } from '../memory/track';
import { layout, slots, type NativeFunction } from '../native';
import { opaquePointer } from '../opaque';
import { passed, traced, tracing } from '../trace';
import { closeCallbacks } from '../upcall/callback';
import { convertAll, keptOf } from '../values';
import { place, readSigned, readUnsigned, resultWord } from './results';
import type { Parameter, Shape } from './shape';
import { failure, fetchText, storeAny, wrongCount } from './support';

const { F64, U32 } = slots;
const status = layout.status * 2;
const flags = layout.flags * 2;

/** Reads the result of a call; `returned` is what the native function returned. */
export function readResult(shape: Shape, owner: string, returned: unknown): unknown {
  const type = shape.result;
  const [view, index] = place(type.machine, resultWord(type.machine));
  const wide = () => (type.machine === 'i64' ? readSigned() : readUnsigned());
  switch (type.convert) {
    case 'void':
      return undefined;
    case 'bool':
      return slots[view][index] !== 0;
    case 'int':
    case 'float':
    case 'bigint':
      return slots[view][index];
    case 'wide':
      return type.size === 8 ? wide() : slots[view][index];
    case 'fast':
      return exact(wide(), type, owner);
    case 'pointer':
    case 'function':
    case 'code':
      return wide();
    case 'opaque':
      return opaquePointer(wide(), type.tag!);
    case 'enum':
      return type.size === 8 ? wide() : slots[view][index];
    case 'struct':
    case 'union': {
      const [p, q] = shape.plan.resultWords;
      if (!shape.holds) return codecOf(type).decode(p! * 8, q! * 8);
      const held = slots.F64[layout.resultNumber];
      if (tracking.on) noted('structReturn', held, type.size);
      return held;
    }
    default:
      return returned;
  }
}

/** The values that the native function takes as arguments. */
export function handedOver(parameters: readonly Parameter[], values: readonly unknown[]): unknown[] {
  return values.filter((_, index) => {
    const store = parameters[index]?.store;
    return store === 'text' || store === 'value';
  });
}

/** Makes the wrapper of a native function. */
export function interpretWrapper(
  native: NativeFunction,
  shape: Shape,
  owner: string,
  library: string | undefined,
  checkOpen: CheckOpen,
): (...args: unknown[]) => unknown {
  const { parameters, result } = shape;
  const types = parameters.map(({ type }) => type);
  let lastText: unknown = null;
  const wrapper = (...args: unknown[]): unknown => {
    if (tracing.on && library !== undefined && !passed()) return traced(wrapper, owner, library, args);
    if (args.length !== parameters.length) throw wrongCount(owner, parameters.length, args.length, checkOpen);
    // Every conversion comes before the first store: it may run user code, which may call C.
    const values = convertAll(types, args, owner, checkOpen);
    try {
      U32[flags] = storeAny(parameters, owner, values, checkOpen);
      const returned = native(...handedOver(parameters, values));
      const left = U32[status]!;
      U32[status] = 0;
      if (left !== 0) throw failure(left, owner, shape, args);
      if (result.convert !== 'utf8') return readResult(shape, owner, returned);
      if (returned !== undefined) return (lastText = returned);
      const told = F64[layout.resultNumber];
      if (told !== layout.textSame) lastText = told === layout.textNull ? null : fetchText(owner, shape);
      return lastText;
    } finally {
      // What the values point to was alive up to here.
      closeCallbacks(keptOf(types, values));
    }
  };
  Object.defineProperty(wrapper, 'length', { value: parameters.length });
  return wrapper;
}
