/** Wrappers of callbacks without generated code: the same steps, looked up per call. */
import type { Parameter, Shape } from '../call/shape';
import { codecOf } from '../composite/codec';
import { decode, exact, narrowed, present } from '../composite/decode';
import { layout, slots, slotsView } from '../native';
import { opaquePointer } from '../opaque';
import { readText } from '../text';
import { isAggregate, isText } from '../types';
import { fail, storeAnyResult, type Control, type Upcall } from './control';
import { pending, resume, suspend } from './pending';

const { U32 } = slots;

/** An argument, as it stands in the slots: a string as its address. */
function read({ type, word, second }: Parameter, owner: string): unknown {
  if (isAggregate(type)) return codecOf(type).decode(word * 8, second * 8);
  if (isText(type) || type.convert === 'array') return narrowed(slots.U64[word]!);
  if (type.convert === 'float') return decode(type, slotsView, word * 8);
  const value = decode({ ...type, convert: 'bigint' }, slotsView, word * 8) as bigint;
  if (type.convert === 'fast') return exact(narrowed(value), type, owner);
  if (type.convert === 'opaque') return opaquePointer(narrowed(value), type.tag!);
  return present(type, type.size === 8 ? value : Number(value));
}

/** Makes the wrappers of callbacks of a signature. */
export function interpretUpcall({ parameters }: Shape): (control: Control) => Upcall {
  return (control) => (inside) => {
    const { fn, context, owner } = control;
    const origin = U32[layout.origin * 2]!;
    const outer = pending.list === null ? null : suspend();
    control.running++;
    try {
      const values = parameters.map((parameter) => read(parameter, owner));
      const args = values.map((value, index) => {
        const { type } = parameters[index]!;
        return isText(type) ? readText(type, value as number, owner) : value;
      });
      const result =
        inside === true || context === undefined
          ? fn(...args)
          : context.runInAsyncScope(fn, undefined, ...args);
      storeAnyResult(control, result);
    } catch (error) {
      fail(control, error, origin);
    }
    if (--control.running === 0 && control.closing) control.finish();
    if (outer !== null) resume(outer);
  };
}
