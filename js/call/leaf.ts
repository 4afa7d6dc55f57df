/**
 * Leaf functions: wrappers that V8's compiled code follows into C without Node-API. What such a wrapper
 * cannot do by itself it leaves to the function's other wrapper, which calls through the slots: wrong and
 * uncommon arguments, closed functions, and every call of code that V8 has not compiled.
 */
import { accepts, maxSafe } from '../accepts';
import { lengthOf } from '../buffer';
import { generated, namesOf, run } from '../codegen';
import { exact } from '../composite/decode';
import { describe, ffiError } from '../errors';
import {
  bufferAddress,
  environment,
  layout,
  slots,
  switches,
  turnedOff,
  type NativeLibrary,
} from '../native';
import { unknownRuntime } from '../runtime';
import { tracing } from '../trace';
import type { TypeInfo } from '../types';
import type { Parameter, Shape } from './shape';
import { nothing, remembered } from './support';

type Wrapper = (...args: unknown[]) => unknown;

const { I64, U64 } = slots;

/** In every gate: a leaf function has called back, and nobody has been told. */
const lied = 2;
/** In every gate: leaf calls are turned off. */
const off = 4;
/** In every gate: calls are traced, which the other wrapper does. */
const traced = 16;

/** Words that are 0 while a leaf function may be called: one for each entry of the native pool, and some before them. */
const gates = new Uint32Array(2048 + 64);

/** Has a character where a gate is 0. A string: its length is a constant, other than that of an array. */
const open = '+';

tracing.changed = (on) => {
  for (let index = 0; index < gates.length; index++) {
    gates[index] = on ? gates[index]! | traced : gates[index]! & ~traced;
  }
};

let allowed = true;

/** Whether leaf functions that have been made are called as such. */
export function leavesAllowed(): boolean {
  return allowed;
}

/** Turns leaf calls on or off, for functions that have one already too. Functions made meanwhile never have one. */
export function setLeafCalls(enabled: unknown): void {
  if (typeof enabled !== 'boolean') {
    const message = `setLeafCalls takes true or false, got ${describe(enabled)}`;
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
  }
  allowed = enabled;
  turnedOff[0] = Number(!enabled);
  for (let index = 0; index < gates.length; index++) {
    gates[index] = enabled ? gates[index]! & ~off : gates[index]! | off;
  }
}

let state: { readonly reason: string | undefined } | undefined;

/** Why there are no leaf calls, or undefined where there are. */
export function whyNoLeaves(): string | undefined {
  if (!switches.leaf || !allowed) return 'a switch turns them off';
  state ??= {
    reason:
      unknownRuntime() ??
      // --jitless: nothing is compiled, and WebAssembly is absent.
      ('WebAssembly' in globalThis ? undefined : 'V8 compiles no code') ??
      environment.allowLeaves(Number(process.versions.modules), gates.buffer, switches.checkLeaf) ??
      undefined,
  };
  return state.reason;
}

/** Whether native code cannot tell, by the row of a type, that its values need more than a number. */
function isPlain({ convert }: TypeInfo): boolean {
  return ['bool', 'int', 'wide', 'fast', 'bigint', 'float', 'pointer', 'enum'].includes(convert);
}

function isLeaf({ parameters, result }: Shape): boolean {
  const gives = isPlain(result) || ['void', 'function', 'code'].includes(result.convert);
  return gives && parameters.every(({ type }) => isPlain(type));
}

/** A statement that makes the address that an argument stands for, or clears `known`. */
function look({ type }: Parameter, index: number): string {
  if (type.convert !== 'pointer') return '';
  const [a, v] = [`a${index}`, `v${index}`];
  return `if (typeof ${a} === 'number') ${v} = ${a};
    else if (${a} === null) ${v} = 0;
    else if (${a} === last${index} && lengthOf(${a}) !== 0) ${v} = address${index};
    else known = false;`;
}

/** A statement that remembers the address of a typed array for the next call. */
function learn({ type }: Parameter, index: number): string {
  if (type.convert !== 'pointer') return '';
  const [a, last] = [`a${index}`, `last${index}`];
  return `if (typeof ${a} === 'object' && ${a} !== ${last}) {
      ${last} = remembered(${a});
      if (${last} !== nothing) address${index} = bufferAddress(${a});
    }`;
}

/** What the call gives, of what the raw function has given: narrow integers come with undefined bits. */
function result({ machine, convert }: TypeInfo): string {
  const low = machine === 'i64' ? -maxSafe : 0;
  const bits = `${machine === 'i64' ? 'I64' : 'U64'}[${layout.leafResult}]`;
  const wide = `r >= ${low} && r <= ${maxSafe} ? r : ${bits}`;
  if (convert === 'bigint') return bits;
  if (convert === 'fast') return `exact(${wide}, resultType, owner)`;
  switch (machine) {
    case 'void':
      return 'undefined';
    case 'i8':
      return 'r << 24 >> 24';
    case 'u8':
      return convert === 'bool' ? '(r & 255) !== 0' : 'r & 255';
    case 'i16':
      return 'r << 16 >> 16';
    case 'u16':
      return 'r & 65535';
    case 'i32':
    case 'u32':
    case 'f32':
    case 'f64':
      return 'r';
    default:
      return wide;
  }
}

/** Whether the V8 is one that is better off with an index than with a comparison: that of Node.js 24 and later ones. */
const indexes = Number(process.versions.modules) >= 137;

/**
 * The condition that a number is 0. What keeps V8 from unrolling a caller's loop, and from keeping a double as one, is any way out
 * of the wrapper that it cannot rule out before it lays out the code. So the number is looked at as an index: V8 makes that a bounds
 * check, and knows that what is in bounds is not undefined.
 */
function isZero(number: string): string {
  return indexes ? `open[${number}] !== undefined` : `${number} === 0`;
}

/** The text of a wrapper. Missing arguments need no condition: they are undefined, which no leaf call accepts. */
function source({ parameters, result: type }: Shape, gate: number, id: number): string {
  const pointers = parameters.flatMap((parameter, index) =>
    parameter.type.convert === 'pointer' ? [index] : [],
  );
  const valueOf = (parameter: Parameter, index: number) =>
    parameter.type.convert === 'pointer' ? `v${index}` : `a${index}`;
  const values = parameters.map((parameter, index) =>
    parameter.type.convert === 'bool' ? `+a${index}` : valueOf(parameter, index),
  );
  const conditions = [
    ...(pointers.length > 0 ? ['known'] : []),
    ...parameters.map((parameter, index) => accepts(parameter.type, valueOf(parameter, index))),
    isZero(`gates[${gate}]`),
    isZero('excess.length'),
  ];
  const uncommon = 'apply(otherwise, undefined, arguments)';
  // The call that follows is refused, and throws.
  const told = `if ((gates[${gate}] & ${lied}) !== 0) ${uncommon};`;
  const statements = (make: typeof look) => parameters.map(make).filter((text) => text !== '');
  // Constants, which V8 compiles into the code, as parameters are not.
  return `'use strict'; // leaf ${id}
  const call = raw, gates = allGates, open = allOpen, otherwise = slow;
  ${pointers.map((index) => `let last${index} = nothing, address${index} = 0;`).join('\n  ')}
  return function (${[...parameters.map((_, index) => `a${index}`), '...excess'].join(', ')}) {
    ${pointers.length > 0 ? `let known = true, ${pointers.map((index) => `v${index} = 0`).join(', ')};` : ''}
    ${statements(look).join('\n    ')}
    if (${conditions.join(' && ')}) {
      const r = call(${values.join(', ')});
      // Where V8 has not made the call, it gives undefined.
      ${switches.checkLeaf ? told : ''}
      if (r !== undefined) return ${result(type)};
    }
    ${statements(learn).join('\n    ')}
    ${switches.checkLeaf ? `const result = ${uncommon}; ${told} return result;` : `return ${uncommon};`}
  };`;
}

const helpers = namesOf({
  allGates: gates,
  allOpen: open,
  apply: Reflect.apply,
  lengthOf,
  nothing,
  remembered,
  bufferAddress,
  exact,
  I64,
  U64,
});
let count = 0;

/**
 * The wrapper of a leaf function, or undefined where it cannot be one. `id` is the number of its native
 * function, and `slow` that function's wrapper.
 */
export function leafWrapper(
  group: NativeLibrary,
  id: number,
  shape: Shape,
  owner: string,
  slow: Wrapper,
): Wrapper | undefined {
  if (tracing.on || !isLeaf(shape) || whyNoLeaves() !== undefined) return undefined;
  return generated(() => {
    const made = group.leaf(environment, id);
    if (made === null) return undefined;
    const [raw, gate] = made;
    return run(source(shape, gate, ++count), helpers, {
      raw,
      slow,
      owner,
      resultType: shape.result,
    }) as Wrapper;
  });
}
