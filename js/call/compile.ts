/**
 * Wrappers as generated code. Each function gets a source text of its own, with a number in it, so
 * that V8 keeps what it learns about one function apart from the others.
 *
 * A wrapper accepts the common kind of each argument inline and leaves the rest to `convertAll`. Every
 * conversion, and with it all user code, runs before the first slot is written; between the native
 * call and the reading of the result nothing runs at all.
 */
import { compileFunction } from 'node:vm';
import { convertAll } from '../convert';
import { layout, slots, type NativeFunction } from '../native';
import * as results from './results';
import type { Parameter, Shape } from './shape';
import * as support from './support';

type Wrapper = (...args: unknown[]) => unknown;

const maxSafe = Number.MAX_SAFE_INTEGER;

/** The condition on which argument `a` is stored without further ado. */
function accepts({ type }: Parameter, a: string): string {
  const number = `typeof ${a} === 'number'`;
  switch (type.machine) {
    case 'i8':
      return `${number} && ${a} << 24 >> 24 === ${a}`;
    case 'u8':
      return type.convert === 'bool' ? `typeof ${a} === 'boolean'` : `${number} && (${a} & 255) === ${a}`;
    case 'i16':
      return `${number} && ${a} << 16 >> 16 === ${a}`;
    case 'u16':
      return `${number} && (${a} & 65535) === ${a}`;
    case 'i32':
      return `${number} && (${a} | 0) === ${a}`;
    case 'u32':
      return `${number} && ${a} >>> 0 === ${a}`;
    case 'i64':
      return `${number} && ((${a} | 0) === ${a} || Math.floor(${a}) === ${a} && ${a} >= -${maxSafe} && ${a} <= ${maxSafe})`;
    case 'u64':
      return `${number} && Math.floor(${a}) === ${a} && ${a} >= 0 && ${a} <= ${maxSafe}`;
    case 'f32':
    case 'f64':
      return number;
    default:
      return `${number} && Math.floor(${a}) === ${a} && ${a} >= 0 && ${a} <= ${maxSafe}`;
  }
}

/** Whether the conversion of a parameter needs more than a look at the argument. */
function isIndirect({ type, store }: Parameter): boolean {
  return store === 'text' || type.convert === 'pointer' || type.convert === 'function';
}

/**
 * Statements that make the values of addresses and strings. What is neither a number, a string nor a
 * typed array seen before is left to `convertAll`, together with all the others: a `ptr` that is user
 * code must run before any address is taken.
 */
function conversions({ parameters }: Shape): string {
  const indirect = parameters.flatMap((parameter, index) => (isIndirect(parameter) ? [index] : []));
  if (indirect.length === 0) return '';
  const look = (index: number) => {
    const [a, v] = [`a${index}`, `v${index}`];
    if (parameters[index]!.store === 'text')
      return `if (typeof ${a} === 'string') ${v} = ${a}; else known = false;`;
    // A typed array seen before has the same address, unless it was detached: then its length is 0.
    return `if (typeof ${a} === 'number') ${v} = ${a};
    else if (${a} === last${index} && lengthOf(${a}) !== 0) ${v} = address${index};
    else known = false;`;
  };
  const take = (index: number) =>
    parameters[index]!.store === 'text'
      ? `v${index} = v[${index}];`
      : `address${index} = v${index} = v[${index}]; last${index} = remembered(a${index});`;
  return `let ${indirect.map((index) => `v${index}`).join(', ')}, known = true;
    ${indirect.map(look).join('\n    ')}
    if (!known) {
      const v = convertAll(types, arguments, owner);
      ${indirect.map(take).join('\n      ')}
    }`;
}

/** The value of a parameter: converted already, or the argument itself. */
function valueOf(parameter: Parameter, index: number): string {
  return isIndirect(parameter) ? `v${index}` : `a${index}`;
}

/**
 * Stores the common kind of every argument, or leaves all of them to `storeAny`. One condition for all
 * keeps the wrapper small enough for V8 to inline.
 */
function storing(shape: Shape): string {
  const view = { number: 'F64', f64: 'F64', f32: 'F32' } as const;
  const [conditions, stores]: [string[], string[]] = [[], []];
  shape.parameters.forEach((parameter, index) => {
    const { type, store, word } = parameter;
    if (store === 'text' || store === 'value') return;
    const value = valueOf(parameter, index);
    conditions.push(accepts(parameter, value));
    const stored = type.convert === 'bool' ? `+${value}` : value;
    stores.push(`${view[store]}[${store === 'f32' ? word * 2 : word}] = ${stored};`);
  });
  if (stores.length === 0) return '';
  const converted = shape.parameters.some(isIndirect);
  const values = converted ? `[${shape.parameters.map(valueOf).join(', ')}]` : 'arguments';
  return `if (${conditions.join(' && ')}) {
      ${stores.join('\n      ')}
    } else flags = storeAny(parameters, owner, ${values});`;
}

function result({ result: type }: Shape): string {
  const [view, index] = results.place(type.machine, results.resultWord(type.machine));
  const signed = type.machine === 'i64' ? 'readSigned()' : 'readUnsigned()';
  const double = `F64[${layout.resultNumber}]`;
  const low = type.machine === 'i64' ? -maxSafe : 0;
  const wide = `const d = ${double}; return d >= ${low} && d <= ${maxSafe} ? d : ${signed};`;
  switch (type.convert) {
    case 'void':
      return '';
    case 'bool':
      return `return ${view}[${index}] !== 0;`;
    case 'int':
    case 'float':
      return `return ${view}[${index}];`;
    case 'wide':
      return type.size === 8 ? wide : `return ${view}[${index}];`;
    case 'fast':
      return `return exact(${signed}, resultType, owner);`;
    case 'bigint':
      return `return ${view}[${index}];`;
    case 'pointer':
    case 'function':
      return wide;
    case 'utf8':
      return 'return r === undefined ? lastText : (lastText = r);';
    default:
      return 'return r;';
  }
}

function source(shape: Shape, id: number): string {
  const { parameters } = shape;
  const args = parameters.map((_, index) => `a${index}`).join(', ');
  const values = parameters.flatMap((parameter, index) =>
    parameter.store === 'text' || parameter.store === 'value' ? [valueOf(parameter, index)] : [],
  );
  const texts = shape.keepsText
    ? parameters.flatMap(({ store }, index) => (store === 'text' ? [index] : []))
    : [];
  const remembered = parameters.flatMap((parameter, index) =>
    isIndirect(parameter) && parameter.store !== 'text'
      ? [`let last${index} = nothing, address${index} = 0;`]
      : [],
  );
  const flags = `U32[${layout.flags * 2}]`;
  // Flags left by a call that never began mean something only where there are integers or strings.
  const flagged = parameters.some(({ store }) => store === 'number' || store === 'text');
  const call = `${flagged ? `${flags} = flags; ` : ''}r = native(${values.join(', ')});`;
  const forgetting = texts.map((index) => `text${index} = nothing;`).join(' ');
  // No function is called here: it could overflow the stack, and the result of the call would be lost.
  const keeping = texts
    .map(
      (index) =>
        `if (typeof a${index} === 'string' && a${index}.length <= ${support.keptLength}) text${index} = a${index};`,
    )
    .join(' ');
  const calling =
    texts.length === 0
      ? call
      : `if (${texts.map((index) => `a${index} === text${index}`).join(' && ')}) { ${flags} = flags | ${layout.flagSameText}; r = native(); }
    else {
      // Kept only once native code has them, and no call from within this one has put others there.
      const call = ++calls;
      ${forgetting}
      ${call}
      if (call === calls) { ${keeping} }
    }`;
  return `'use strict'; // ${id}
  const { ${Object.keys(slots).join(', ')} } = slots;
  ${remembered.join('\n  ')}
  ${texts.map((index) => `let text${index} = nothing;`).join('\n  ')}
  let lastText = null, calls = 0;
  return function (${args}) {
    if (arguments.length !== ${parameters.length}) throw wrongCount(owner, ${parameters.length}, arguments.length);
    ${conversions(shape)}
    let flags = 0, r;
    ${storing(shape)}
    ${calling}
    // Naming the arguments here keeps their buffers alive until C has returned.
    const status = U32[${layout.status * 2}];
    if (status !== 0) {
      U32[${layout.status * 2}] = 0;
      ${forgetting}
      throw failure(status, owner, shape, arguments);
    }
    ${result(shape)}
  };`;
}

const { nothing, remembered, lengthOf, storeAny, wrongCount, failure } = support;
const { readSigned, readUnsigned, exact } = results;
/** What every wrapper can name besides its own function. */
const helpers = {
  slots,
  convertAll,
  lengthOf,
  nothing,
  remembered,
  storeAny,
  wrongCount,
  failure,
  readSigned,
  readUnsigned,
  exact,
};

let count = 0;

/** Makes the wrapper of a native function. */
export function compileWrapper(native: NativeFunction, shape: Shape, owner: string): Wrapper {
  const { parameters, result: resultType } = shape;
  const types = parameters.map(({ type }) => type);
  const names = { native, shape, owner, parameters, types, resultType, ...helpers };
  const make = compileFunction(source(shape, ++count), Object.keys(names)) as (
    ...values: unknown[]
  ) => Wrapper;
  return make(...Object.values(names));
}
