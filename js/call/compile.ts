/**
 * Wrappers as generated code. Each function gets a source text of its own, with a number in it, so
 * that V8 keeps what it learns about one function apart from the others.
 *
 * A wrapper accepts the common kind of each argument inline and leaves the rest to `convertAll`. Every
 * conversion, and with it all user code, runs before the first slot is written; between the native
 * call and the reading of the result nothing runs at all.
 */
import { accepts, maxSafe } from '../accepts';
import { lengthOf } from '../buffer';
import { namesOf, run, viewsIn } from '../codegen';
import { closings, isOpenCallback, type CheckOpen } from '../convert';
import { codecOf } from '../composite/codec';
import { exact } from '../composite/decode';
import { fillingFlags, layout, slots, type NativeFunction } from '../native';
import { opaquePointer } from '../opaque';
import { isAddress, isAggregate } from '../types';
import { closeCallbacks } from '../upcall/callback';
import { convertAll } from '../values';
import { noted, tracking } from '../memory/track';
import { passed, traced, tracing } from '../trace';
import * as results from './results';
import { isFunctionPointer, type Parameter, type Shape } from './shape';
import * as support from './support';

type Wrapper = (...args: unknown[]) => unknown;

/** Whether the conversion of a parameter needs more than a look at the argument. */
function isIndirect({ type }: Parameter): boolean {
  return isAddress(type);
}

/** Whether a conversion makes memory that must live as long as the call. */
function keeps({ type, store }: Parameter): boolean {
  return store === 'aggregate' || type.convert === 'array' || takesFunctions({ type });
}

/** Whether a JavaScript function can be given, which is a callback until the call ends. */
function takesFunctions({ type }: Pick<Parameter, 'type'>): boolean {
  return type.signature !== undefined;
}

/** The places of the parameters that `isIndirect`. */
function indirectIn({ parameters }: Shape): number[] {
  return parameters.flatMap((parameter, index) => (isIndirect(parameter) ? [index] : []));
}

function declare(indirect: readonly number[]): string {
  return indirect.length === 0 ? '' : `let ${indirect.map((index) => `v${index}`).join(', ')};`;
}

/** A statement that makes the value of an address or string where it is a common one, else clears `known`. */
function look({ type, store }: Parameter, index: number): string {
  const [a, v] = [`a${index}`, `v${index}`];
  if (store === 'text') return `if (typeof ${a} === 'string') ${v} = ${a}; else known = false;`;
  // That a number is the address of code must be checked each time; an open callback's is.
  const common = type.convert === 'code' ? `${a} === null` : `typeof ${a} === 'number'`;
  if (isFunctionPointer({ type })) {
    return `if (${common}) ${v} = +${a};
    else if (${a} === last${index} && closings.count === closings${index}) ${v} = address${index};
    else known = false;`;
  }
  // A typed array seen before has the same address, unless it was detached: then its length is 0.
  return `if (typeof ${a} === 'number') ${v} = ${a};
    else if (${a} === last${index} && lengthOf(${a}) !== 0) ${v} = address${index};
    else known = false;`;
}

/** A statement that takes a value out of those that `convertAll` has made. */
function take({ type, store }: Parameter, index: number): string {
  if (store === 'text') return `v${index} = all[${index}];`;
  const remember = isFunctionPointer({ type })
    ? `last${index} = isOpenCallback(a${index}) ? a${index} : nothing; closings${index} = closings.count;`
    : `last${index} = remembered(a${index});`;
  return `address${index} = v${index} = all[${index}]; ${remember}`;
}

/**
 * Statements that make the values of addresses and strings. What is neither a number, a string nor a
 * typed array seen before is left to `convertAll`, together with all the others: a `ptr` that is user
 * code must run before any address is taken.
 */
function conversions(shape: Shape): string {
  const { parameters } = shape;
  const indirect = indirectIn(shape);
  if (indirect.length === 0) return '';
  return `${declare(indirect)}
    let known = true;
    ${indirect.map((index) => look(parameters[index]!, index)).join('\n    ')}
    if (!known) {
      const all = convertAll(types, arguments, owner, checkOpen);
      ${parameters.some(keeps) ? 'kept = all;' : ''}
      ${indirect.map((index) => take(parameters[index]!, index)).join('\n      ')}
    }`;
}

/**
 * The same for a function with aggregates. They come first: their fields may be user code, after which
 * no address would be certain. Such code may also make calls, whose arguments overwrite the slots; it
 * shows by the flags, which every call clears. Then, and for anything uncommon, all is converted anew.
 */
function aggregates(shape: Shape): string {
  const { parameters } = shape;
  const encoding = parameters.flatMap(({ store, word, second }, index) =>
    store === 'aggregate' ? [`encode${index}(a${index}, ${word * 8}, ${second * 8})`] : [],
  );
  const indirect = indirectIn(shape);
  const { conditions, stores } = storing(shape);
  const flags = `U32[${layout.flags * 2}]`;
  return `${declare(indirect)}
    const filling = ${flags} = fillingFlags();
    let known = ${encoding.join(' && ')};
    ${indirect.map((index) => look(parameters[index]!, index)).join('\n    ')}
    if (${['known', `${flags} === filling`, ...conditions].join(' && ')}) {
      ${stores.join('\n      ')}
    } else {
      const all = kept = convertAll(types, arguments, owner, checkOpen);
      ${indirect.map((index) => take(parameters[index]!, index)).join('\n      ')}
      flags = storeAny(parameters, owner, all, checkOpen);
    }
    ${flags} = flags;`;
}

/** The value of a parameter: converted already, or the argument itself. */
function valueOf(parameter: Parameter, index: number): string {
  return isIndirect(parameter) ? `v${index}` : `a${index}`;
}

/** On which conditions the arguments are of the common kind, and statements that store them. */
function storing(shape: Shape): { conditions: string[]; stores: string[] } {
  const view = { number: 'F64', f64: 'F64', f32: 'F32' } as const;
  const [conditions, stores]: [string[], string[]] = [[], []];
  shape.parameters.forEach((parameter, index) => {
    const { type, store, word } = parameter;
    if (store === 'text' || store === 'value' || store === 'aggregate') return;
    const value = valueOf(parameter, index);
    conditions.push(accepts(type, value));
    const stored = type.convert === 'bool' ? `+${value}` : value;
    stores.push(`${view[store]}[${store === 'f32' ? word * 2 : word}] = ${stored};`);
  });
  return { conditions, stores };
}

/**
 * Stores the common kind of every argument, or leaves all of them to `storeAny`. One condition for all
 * keeps the wrapper small enough for V8 to inline.
 */
function scalars(shape: Shape): string {
  const { conditions, stores } = storing(shape);
  const converted = shape.parameters.some(isIndirect);
  const values = converted ? `[${shape.parameters.map(valueOf).join(', ')}]` : 'arguments';
  const store =
    stores.length === 0
      ? ''
      : `if (${conditions.join(' && ')}) {
      ${stores.join('\n      ')}
    } else flags = storeAny(parameters, owner, ${values}, checkOpen);`;
  return `${conversions(shape)}
    ${store}`;
}

function result(shape: Shape): string {
  const type = shape.result;
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
    case 'code':
      return wide;
    case 'opaque':
      return `return opaquePointer(${signed}, resultType.tag);`;
    case 'enum':
      return type.size === 8 ? wide : `return ${view}[${index}];`;
    case 'struct':
    case 'union': {
      const [p, q] = shape.plan.resultWords;
      return shape.holds
        ? `const held = ${double}; if (tracking.on) noted('structReturn', held, resultType.size); return held;`
        : `return decode(${p! * 8}, ${q! * 8});`;
    }
    case 'utf8':
      return `if (r !== undefined) return lastText = r;
    if (F64[${layout.resultNumber}] === ${layout.textSame}) return lastText;
    return lastText = F64[${layout.resultNumber}] === ${layout.textNull} ? null : fetchText(owner, shape);`;
    default:
      return 'return r;';
  }
}

function source(shape: Shape, id: number, isTraced: boolean, repeats: boolean): string {
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
      ? [`let last${index} = nothing, address${index} = 0, closings${index} = 0;`]
      : [],
  );
  const hasAggregates = parameters.some(({ store }) => store === 'aggregate');
  const kept = parameters.some(keeps);
  const flags = `U32[${layout.flags * 2}]`;
  // Flags left by a call that never began mean something only where there are integers or strings.
  const flagged = parameters.some(({ store }) => store === 'number' || store === 'text');
  const call = `${flagged && !hasAggregates ? `${flags} = flags; ` : ''}r = native(${values.join(', ')});`;
  const forgetting = texts.map((index) => `text${index} = nothing;`).join(' ');
  // No function is called here: it could overflow the stack, and the result of the call would be lost.
  const keeping = texts
    .map(
      (index) =>
        `if (typeof a${index} === 'string' && a${index}.length <= ${support.keptLength}) text${index} = a${index};`,
    )
    .join(' ');
  const [only] = texts;
  const calling =
    texts.length === 0
      ? call
      : repeats && texts.length === 1
        ? `const repeats = v${only} === text${only};
    if (repeats && U32[${layout.textOwner * 2}] === ${id} || leaveText(v${only}, repeats, ${id})) {
      text${only} = v${only};
      ${flags} = flags; r = (repeating ??= makeRepeating(true))();
    } else {
      text${only} = typeof v${only} === 'string' && v${only}.length <= ${support.keptLength} ? v${only} : nothing;
      ${call}
    }`
        : `if (${texts.map((index) => `a${index} === text${index}`).join(' && ')}) {
      ${repeats ? `${flags} = flags; r = (repeating ??= makeRepeating(false))();` : `${flags} = flags | ${layout.flagSameText}; r = native();`}
    } else {
      // Kept only once native code has them, and no call from within this one has put others there.
      const call = ++calls;
      ${forgetting}
      ${call}
      if (call === calls) { ${keeping} }
    }`;
  // Callbacks are closed when the result has been read, or the call has failed.
  const closing = parameters.some(takesFunctions)
    ? ['try {', `} finally { if (kept !== undefined) closeCallbacks(kept[${parameters.length}]); }`]
    : ['', ''];
  const body = `
  ${remembered.join('\n  ')}
  ${texts.map((index) => `let text${index} = nothing;`).join('\n  ')}
  let lastText = null, calls = 0, repeating;
  return (function wrapper(${args}) {
    ${isTraced ? 'if (tracing.on && !passed()) return traced(wrapper, owner, library, arguments);' : ''}
    if (arguments.length !== ${parameters.length}) throw wrongCount(owner, ${parameters.length}, arguments.length, checkOpen);
    let flags = 0, r${kept ? ', kept' : ''};
    ${closing[0]}
    ${hasAggregates ? aggregates(shape) : scalars(shape)}
    ${calling}
    ${kept && closing[0] === '' ? 'if (kept !== undefined) kept.length = 0;' : ''}
    // Naming the arguments here keeps their buffers alive until C has returned.
    const status = U32[${layout.status * 2}];
    if (status !== 0) {
      U32[${layout.status * 2}] = 0;
      ${forgetting}
      throw failure(status, owner, shape, arguments);
    }
    ${result(shape)}
    ${closing[1]}
  });`;
  // In parentheses V8 compiles the function at once, and does not look at it twice.
  return `'use strict'; // ${id}
  ${viewsIn(body)}${body}`;
}

const { fetchText, leaveText, nothing, remembered, storeAny, wrongCount, failure } = support;
const { readSigned, readUnsigned } = results;
/** What every wrapper can name besides its own function. */
const helpers = namesOf({
  slots,
  convertAll,
  lengthOf,
  fetchText,
  leaveText,
  nothing,
  remembered,
  storeAny,
  wrongCount,
  failure,
  readSigned,
  readUnsigned,
  exact,
  opaquePointer,
  fillingFlags,
  // Named here, it would load the part that it is in with the first function.
  closeCallbacks: (kept: readonly unknown[]) => closeCallbacks(kept),
  closings,
  isOpenCallback,
  tracking,
  noted,
  tracing,
  passed,
  traced,
});

let count = 0;

/**
 * Makes the wrapper of a native function. `makeRepeating` makes the one that makes its calls with the string that is left
 * in the slots, or repeats them with the same strings; without it the native function is told to repeat them.
 */
export function compileWrapper(
  native: NativeFunction,
  shape: Shape,
  owner: string,
  library: string | undefined,
  checkOpen: CheckOpen,
  makeRepeating: ((left: boolean) => NativeFunction) | undefined,
): Wrapper {
  const { parameters, result: resultType } = shape;
  const types = parameters.map(({ type }) => type);
  const codecs: Record<string, unknown> = {};
  parameters.forEach(({ type, store }, index) => {
    if (store === 'aggregate') codecs[`encode${index}`] = codecOf(type).encode;
  });
  if (isAggregate(resultType) && !shape.holds) codecs.decode = codecOf(resultType).decode;
  const text = source(shape, ++count, library !== undefined, makeRepeating !== undefined);
  const own = { native, checkOpen, makeRepeating, shape, owner, library, parameters, types, resultType };
  return run(text, helpers, Object.assign(codecs, own)) as Wrapper;
}
