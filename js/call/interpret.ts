/** Wrappers without generated code, for runtimes that allow none: the same steps, looked up per call. */
import { convertAll } from '../convert';
import { layout, slots, type NativeFunction } from '../native';
import { exact, place, readSigned, readUnsigned, resultWord } from './results';
import type { Shape } from './shape';
import { failure, storeAny, wrongCount } from './support';

const { U32 } = slots;
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
      return wide();
    default:
      return returned;
  }
}

/** Makes the wrapper of a native function. */
export function interpretWrapper(
  native: NativeFunction,
  shape: Shape,
  owner: string,
): (...args: unknown[]) => unknown {
  const { parameters, result } = shape;
  const types = parameters.map(({ type }) => type);
  let lastText: unknown = null;
  const wrapper = (...args: unknown[]): unknown => {
    if (args.length !== parameters.length) throw wrongCount(owner, parameters.length, args.length);
    // Every conversion comes before the first store: it may run user code, which may call C.
    const values = convertAll(types, args, owner);
    U32[flags] = storeAny(parameters, owner, values);
    const handed = values.filter((_, index) => ['text', 'value'].includes(parameters[index]!.store));
    const returned = native(...handed);
    const left = U32[status]!;
    U32[status] = 0;
    if (left !== 0) throw failure(left, owner, shape, args);
    if (result.convert !== 'utf8') return readResult(shape, owner, returned);
    if (returned !== undefined) lastText = returned;
    return lastText;
  };
  Object.defineProperty(wrapper, 'length', { value: parameters.length });
  return wrapper;
}
