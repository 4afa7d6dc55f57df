/**
 * Wrappers of callbacks as generated code: one text for each signature, of which every callback has a
 * closure of its own.
 *
 * A wrapper reads all arguments out of the slots before it calls anything, and writes its result last:
 * whatever runs in between may use the slots.
 */
import { isAnyArrayBuffer, isArrayBufferView } from 'node:util/types';
import { accepts, maxSafe } from '../accepts';
import type { Parameter, Shape } from '../call/shape';
import { namesOf, run, viewsIn } from '../codegen';
import { codecOf } from '../composite/codec';
import { exact } from '../composite/decode';
import { layout, slots } from '../native';
import { opaquePointer } from '../opaque';
import { readText } from '../text';
import { hasAddresses, isAggregate, isText, type TypeInfo } from '../types';
import { fail, storeAnyResult, storeObject, type Control, type Upcall } from './control';
import { pending, resume, suspend } from './pending';

const { I32, I64, U32, U64 } = slots;

function signedAt(word: number): number | bigint {
  const value = I32[word * 2 + 1]! * 0x1_0000_0000 + U32[word * 2]!;
  return value >= -maxSafe && value <= maxSafe ? value : I64[word]!;
}

function unsignedAt(word: number): number | bigint {
  const value = U32[word * 2 + 1]! * 0x1_0000_0000 + U32[word * 2]!;
  return value <= maxSafe ? value : U64[word]!;
}

function isSigned({ machine }: TypeInfo): boolean {
  return machine.startsWith('i');
}

/** How an argument is read. Strings are read as addresses, until nothing is left in the slots. */
function read({ type, word, second }: Parameter, index: number): string {
  const wide = isSigned(type) ? `signedAt(${word})` : `unsignedAt(${word})`;
  switch (type.convert) {
    case 'bool':
      return `U8[${word * 8}] !== 0`;
    case 'fast':
      return `exact(${wide}, types[${index}], owner)`;
    case 'bigint':
      return isSigned(type) ? `I64[${word}]` : `U64[${word}]`;
    case 'struct':
    case 'union':
      return `decode${index}(${word * 8}, ${second * 8})`;
    case 'opaque':
      return `opaquePointer(${wide}, types[${index}].tag)`;
    default:
      break;
  }
  switch (type.machine) {
    case 'i8':
      return `I8[${word * 8}]`;
    case 'u8':
      return `U8[${word * 8}]`;
    case 'i16':
      return `I16[${word * 4}]`;
    case 'u16':
      return `U16[${word * 4}]`;
    case 'i32':
      return `I32[${word * 2}]`;
    case 'u32':
      return `U32[${word * 2}]`;
    case 'f32':
      return `F32[${word * 2}]`;
    case 'f64':
      return `F64[${word}]`;
    default:
      return wide;
  }
}

/** Statements that store the common kind of result, and leave the rest to `storeAnyResult`. */
function store({ result: type, plan }: Shape): string {
  const { result, resultFloat } = layout;
  if (type.convert === 'void') return '';
  if (isAggregate(type)) {
    const [p, q] = plan.resultWords as [number, number];
    // A buffer is what the strings live with that its bytes point to.
    const kept = hasAddresses(type) ? 'isArrayBufferView(r) || isAnyArrayBuffer(r) || ' : '';
    return `if (${kept}!storeObject(resultType, r, ${p * 8}, ${q * 8})) storeAnyResult(control, r);`;
  }
  const rest = 'else storeAnyResult(control, r);';
  if (isText(type) || type.convert === 'code') return rest.slice('else '.length);
  const condition = accepts(type, 'r');
  if (type.machine === 'f64') return `if (${condition}) F64[${resultFloat}] = r; ${rest}`;
  if (type.machine === 'f32') return `if (${condition}) F32[${resultFloat * 2}] = r; ${rest}`;
  if (type.size === 8) {
    if (type.convert === 'bigint') return rest.slice('else '.length);
    const low = `U32[${result * 2}] = r`;
    return `if (${condition}) { ${low}; I32[${result * 2 + 1}] = Math.floor(r / 4294967296); } ${rest}`;
  }
  return `if (${condition}) I32[${result * 2}] = +r; ${rest}`;
}

function source(shape: Shape, id: number): string {
  const { parameters } = shape;
  const reading = parameters.map((parameter, index) => `const a${index} = ${read(parameter, index)};`);
  const args = parameters.map(({ type }, index) =>
    isText(type) ? `readText(types[${index}], a${index}, owner)` : `a${index}`,
  );
  const inContext = ['fn', 'undefined', ...args].join(', ');
  const body = `
  return function (control) {
    const { fn, context, owner } = control;
    return (function (inside) {
      const origin = U32[${layout.origin * 2}], outer = pending.list === null ? null : suspend();
      control.running++;
      try {
        ${reading.join('\n        ')}
        const r = inside === true || context === undefined ? fn(${args.join(', ')}) : context.runInAsyncScope(${inContext});
        ${store(shape)}
      } catch (error) {
        fail(control, error, origin);
      }
      if (--control.running === 0 && control.closing) control.finish();
      if (outer !== null) resume(outer);
    });
  };`;
  return `'use strict'; // ${id}
  ${viewsIn(body)}${body}`;
}

const helpers = namesOf({
  slots,
  signedAt,
  unsignedAt,
  exact,
  opaquePointer,
  readText,
  pending,
  suspend,
  resume,
  fail,
  isArrayBufferView,
  isAnyArrayBuffer,
  storeAnyResult,
  storeObject,
});

let count = 0;

/** Generates what makes the wrappers of callbacks of a signature. */
export function compileUpcall(shape: Shape): (control: Control) => Upcall {
  const types = shape.parameters.map(({ type }) => type);
  const codecs: Record<string, unknown> = {};
  types.forEach((type, index) => {
    if (isAggregate(type)) codecs[`decode${index}`] = codecOf(type).decode;
  });
  const own = Object.assign(codecs, { types, resultType: shape.result });
  return run(source(shape, ++count), helpers, own) as (control: Control) => Upcall;
}
