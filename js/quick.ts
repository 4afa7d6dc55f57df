/**
 * Scalars read and written at addresses by generated code. Each type gets a source text of its own, so that V8 keeps what it
 * learns about one type apart from the others. Where there are leaf calls, code that V8 has compiled reads and
 * writes without Node-API; wherever it does not, the guarded routine is called through the slots.
 */
import { accepts, maxSafe } from './accepts';
import { whyNoLeaves } from './call/leaf';
import { place } from './call/results';
import type { Shape } from './call/shape';
import { generated, namesOf, run, viewsIn } from './codegen';
import { present } from './composite/decode';
import { environment, layout, native, slots, turnedOff, type NativeFunction } from './native';
import type { TypeInfo } from './types';

export type Compiled = (...given: unknown[]) => unknown;

function quickFunction(type: TypeInfo, writes: boolean): unknown {
  if (whyNoLeaves() !== undefined) return null;
  return native((binding) => binding.quickFunction(environment, type.id, writes));
}

/** What all texts can name. */
const shared = namesOf({ slots, turnedOff, present });

/** A function whose text is its own: what it names is constant, which V8 compiles into the code. */
function compiled(type: TypeInfo, text: string, values: object): Compiled {
  const constants = Object.keys(values).filter((name) => text.includes(`${name}Of`));
  return run(
    `'use strict'; // ${type.name}
  ${viewsIn(text)}
  const off = turnedOff${constants.map((name) => `, ${name}Of = ${name}`).join('')};
  return ${text};`,
    shared,
    values,
  ) as Compiled;
}

/** Whether integers are wider than a number's. */
function isWide({ convert }: TypeInfo): boolean {
  return !['int', 'float', 'bool'].includes(convert);
}

/** A statement that returns the number that has been read by V8, if it is the value. */
function returnQuick(type: TypeInfo): string {
  const conditions = [`r !== undefined && r !== ${layout.quickFailed}`];
  if (isWide(type)) conditions.push(`r >= ${type.machine === 'i64' ? -maxSafe : 0} && r <= ${maxSafe}`);
  const value = type.convert === 'bool' ? 'r !== 0' : type.machine === 'u32' ? 'r >>> 0' : 'r';
  return `if (${conditions.join(' && ')}) return ${value};`;
}

/** Statements that return what has been loaded into the slots. */
function returnLoaded(type: TypeInfo): string {
  const [view, index] = place(type.machine, layout.loaded);
  if (!isWide(type)) return `return ${view}[${index}]${type.convert === 'bool' ? ' !== 0' : ''};`;
  const [low, high] = [layout.loaded * 2, layout.loaded * 2 + 1];
  return `const value = ${type.machine === 'i64' ? 'I32' : 'U32'}[${high}] * ${2 ** 32} + U32[${low}];
    return value >= ${-maxSafe} && value <= ${maxSafe} ? value : present(typeOf, ${view}[${index}]);`;
}

/** A guarded routine, which gives 0 where it succeeds: how to call it through the slots, and its wrapper, which does so too. */
export interface Guarded {
  readonly shape: Shape;
  readonly native: NativeFunction;
  readonly wrapper: (...args: unknown[]) => number;
}

/**
 * Statements that call it with values of the common kind, or return `failed`. Wrappers check more than is needed here, which would
 * leave less for V8 to inline; one has the last word where a call was refused.
 */
function callGuarded({ shape }: Guarded, values: readonly string[], failed: string): string {
  const stores = shape.parameters.map(({ store, word }, index) => {
    const [view, at] = store === 'f32' ? ['F32', word * 2] : ['F64', word];
    return `${view}[${at}] = ${values[index]};`;
  });
  const status = `U32[${layout.status * 2}]`;
  return `${stores.join(' ')}
    U32[${layout.flags * 2}] = 0;
    nativeOf();
    if (${status} !== 0) {
      ${status} = 0;
      if (wrapperOf(${values.join(', ')}) !== 0) return ${failed};
    } else if (I32[${layout.result * 2}] !== 0) return ${failed};`;
}

/** What a type's code is made of. */
interface Parts {
  /** The parameters after the place, and what must hold of them. */
  readonly more: string;
  readonly condition: string;
  /** Statements that return once V8 has made the access, if it can. */
  readonly quick: string | undefined;
  /** Statements that make it through the slots, and return. */
  readonly slots: string;
  readonly values: Record<string, unknown>;
}

/** Of the common kind, a value read at `address`; undefined where it cannot be. `load` copies so many bytes to `loaded`, in the slots. */
export function reading(type: TypeInfo, load: Guarded, loaded: number): Parts {
  const peek = quickFunction(type, false);
  const quick = `if (off[0] === 0) { const r = quickOf(address); ${returnQuick(type)} }`;
  return {
    more: '',
    condition: 'true',
    quick: peek === null ? undefined : quick,
    slots: `${callGuarded(load, [String(loaded), 'address'], 'undefined')} ${returnLoaded(type)}`,
    values: { quick: peek, ...load, type },
  };
}

/** True where a `value` of the common kind has been written at `address`, else undefined. */
export function writing(type: TypeInfo, store: Guarded): Parts {
  const poke = quickFunction(type, true);
  const given = type.convert === 'bool' ? '+value' : 'value';
  const bits = type.machine === 'u32' ? 'value | 0' : given;
  return {
    more: ', value',
    condition: accepts(type, 'value'),
    quick: poke === null ? undefined : `if (off[0] === 0 && quickOf(address, ${bits}) === 1) return true;`,
    slots: `${callGuarded(store, ['address', given], 'undefined')} return true;`,
    values: { quick: poke, ...store },
  };
}

/** A function of an address that is a safe integer. */
export function compileAt(type: TypeInfo, make: () => Parts): Compiled | undefined {
  return generated(() => {
    const { more, condition, quick = '', slots: otherwise, values } = make();
    const text = `function (address${more}) {
    if (!(${condition})) return undefined;
    ${quick}
    ${otherwise}
  }`;
    return compiled(type, text, values);
  });
}

/**
 * A function of a pointer and an offset, where both are numbers: it finds the address as `commonAddress` does, by `holds` of
 * `js/memory/routines.ts`, and gives undefined for all else. Where V8 makes the access, it does not make it in another way: the
 * smaller a function is, the more of its callers V8 makes one with it.
 */
export function compileFrom(type: TypeInfo, make: () => Parts, holds: unknown): Compiled | undefined {
  return generated(() => {
    const { more, condition, quick, slots: otherwise, values } = make();
    const conditions = [
      `pointer > 0 && pointer <= ${maxSafe} && Math.floor(pointer) === pointer && Math.floor(offset) === offset`,
      `address > 0 && address <= ${maxSafe} && ${condition}`,
      `(pointer < F64[${layout.held}] || pointer >= F64[${layout.held + 1}] || holdsOf(pointer, offset, ${type.size}))`,
    ];
    const text = `function (pointer, offset${more}) {
    if (typeof pointer !== 'number' || typeof offset !== 'number') return undefined;
    const address = pointer + offset;
    if (${conditions.join('\n      && ')}) {
      ${quick ?? otherwise}
    }
    return undefined;
  }`;
    return compiled(type, text, { ...values, holds });
  });
}
