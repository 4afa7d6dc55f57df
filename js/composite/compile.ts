/**
 * Encoders and decoders as generated code: straight between the properties of an object and the slots.
 *
 * `encode(o, p, q)` writes the fields at byte `p` of the slots, from offset 8 on at byte `q` where the
 * struct has two eightbytes (they may travel in registers of different kinds). It gives `false` for
 * everything uncommon, which `encode.ts` then accepts or refuses; what it has written by then counts
 * for nothing. `decode(p, q)` reads an object of one hidden class.
 */
import { isArrayBuffer, isProxy, isTypedArray, isUint8Array } from 'node:util/types';
import { accepts, maxSafe } from '../accepts';
import { arrayBufferSize, lengthOf } from '../buffer';
import { namesOf, run, viewsIn } from '../codegen';
import { isArray } from '../errors';
import { littleEndian, slots, slotsView } from '../native';
import { isAddress, isFlexible, type Member, type TypeInfo } from '../types';
import { decodeUnion, exact, loadBits, present, stored } from './decode';
import { fieldOf } from './encode';

export interface Codec {
  readonly encode: (value: unknown, p: number, q: number) => boolean;
  readonly decode: (p: number, q: number) => unknown;
}

/** More values than this make code that is larger than it is worth. */
const maxValues = 1000;
/** Larger types, in bytes, do not pass through the slots. */
const maxCompiled = 64 * 1024;
/** Arrays of scalars up to this length are read without a loop. */
const unrolled = 16;

/** An address within the slots: constant offsets from variables. */
interface Base {
  at(offset: number): string;
  isAligned(offset: number, size: number): boolean;
  /** Whether consecutive offsets are consecutive addresses, so that a loop can run over them. */
  readonly loops: boolean;
}

function signedWide(byte: number): number | bigint {
  const value = slotsView.getInt32(byte + 4, true) * 0x1_0000_0000 + slotsView.getUint32(byte, true);
  return value >= -maxSafe && value <= maxSafe ? value : slotsView.getBigInt64(byte, true);
}

function unsignedWide(byte: number): number | bigint {
  const value = slotsView.getUint32(byte + 4, true) * 0x1_0000_0000 + slotsView.getUint32(byte, true);
  return value <= maxSafe ? value : slotsView.getBigUint64(byte, true);
}

function storeWide(byte: number, value: number): void {
  slotsView.setInt32(byte, value, true);
  slotsView.setInt32(byte + 4, Math.floor(value / 0x1_0000_0000), true);
}

function bitsAt(type: TypeInfo, byte: number, first: number, width: number): unknown {
  const value = loadBits(slotsView, byte, first, width, type.min < 0n);
  return present(type, type.size === 8 ? value : Number(value));
}

/** Whether an object has keys, and none other than the fields' names. */
function isKnown(value: object, names: readonly string[]): boolean {
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((name) => names.includes(name));
}

/** Whether it is what the engine throws for a proxy that has been revoked: `encode.ts` then finds out which that is. */
function isOfRevoked(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || isProxy(error)) return false;
  const message: unknown = Reflect.getOwnPropertyDescriptor(error, 'message')?.value;
  return typeof message === 'string' && message.endsWith('a proxy that has been revoked');
}

/** Copies the bytes of the commonest buffers, if there are exactly so many. */
function copyBuffer(value: object, size: number, p: number, q: number): boolean {
  let bytes: Uint8Array;
  if (isUint8Array(value) && lengthOf(value) === size) bytes = value;
  else if (isArrayBuffer(value) && arrayBufferSize(value) === size) bytes = new Uint8Array(value);
  else return false;
  if (size <= 16) {
    for (let at = 0; at < size; at++) slots.U8[at < 8 ? p + at : q + at - 8] = bytes[at]!;
  } else {
    slots.U8.set(bytes, p);
  }
  return true;
}

/** Whether a value is an array or typed array; one without elements may be detached, which shows elsewhere. */
const isList = (value: unknown): boolean => isArray(value) || (isTypedArray(value) && lengthOf(value) > 0);

const views: Readonly<Record<string, readonly [string, string, number]>> = {
  i8: ['I8', 'Int8', 0],
  u8: ['U8', 'Uint8', 0],
  i16: ['I16', 'Int16', 1],
  u16: ['U16', 'Uint16', 1],
  i32: ['I32', 'Int32', 2],
  u32: ['U32', 'Uint32', 2],
  f32: ['F32', 'Float32', 2],
  f64: ['F64', 'Float64', 3],
  i64: ['I64', 'BigInt64', 3],
  u64: ['U64', 'BigUint64', 3],
};

function isWide({ machine }: TypeInfo): boolean {
  return stored(machine) === 'i64' || stored(machine) === 'u64';
}

/** What the code names beyond its text, and its variables. */
class Names {
  readonly values: unknown[] = [];
  #variables = 0;

  of(value: unknown): string {
    this.values.push(value);
    return `x${this.values.length - 1}`;
  }

  variable(): string {
    return `v${++this.#variables}`;
  }
}

/** Element number `index`, which a loop counts. */
function element(base: Base, offset: number, stride: number, index: string): Base {
  return {
    at: (by) => `${base.at(offset + by)} + ${index} * ${stride}`,
    isAligned: (by, size) => base.isAligned(offset + by, size) && stride % size === 0,
    loops: true,
  };
}

function load(type: TypeInfo, base: Base, offset: number, names: Names): string {
  const at = base.at(offset);
  if (isWide(type) && type.convert !== 'bigint') {
    const wide = type.machine === 'i64' ? `signedWide(${at})` : `unsignedWide(${at})`;
    return type.convert === 'fast' ? `exact(${wide}, ${names.of(type)}, 'a field')` : wide;
  }
  const [view, name, shift] = views[stored(type.machine)]!;
  const value = base.isAligned(offset, type.size)
    ? `${view}[${at} >> ${shift}]`
    : `D.get${name}(${at}, true)`;
  return type.convert === 'bool' ? `${value} !== 0` : value;
}

/** The 32-bit word that holds bits whole, if there is one: its offset, and the first bit in it. */
function wordOf(base: Base, first: number, width: number): { offset: number; shift: number } | undefined {
  const [offset, shift] = [Math.floor(first / 32) * 4, first % 32];
  return shift + width <= 32 && base.isAligned(offset, 4) ? { offset, shift } : undefined;
}

function loadBitField({ type, bits }: Member, base: Base, offset: number, names: Names): string {
  const [first, width] = [offset * 8 + bits!.first, bits!.width];
  const word = wordOf(base, first, width);
  if (word === undefined || type.convert === 'bigint') {
    // Bits of both eightbytes are in registers of one kind, so that the eightbytes are consecutive.
    const start =
      Math.floor((first + width - 1) / 64) === Math.floor(first / 64) ? Math.floor(first / 64) : 0;
    return `bitsAt(${names.of(type)}, ${base.at(start * 8)}, ${first - start * 64}, ${width})`;
  }
  const container = `U32[${base.at(word.offset)} >> 2]`;
  if (type.min < 0n) return `${container} << ${32 - word.shift - width} >> ${32 - width}`;
  const value = width === 32 ? container : `(${container} >>> ${word.shift} & ${2 ** width - 1})`;
  return type.convert === 'bool' ? `${value} !== 0` : value;
}

/** An expression for a value; `lines` receives statements that must run before. */
function read(type: TypeInfo, base: Base, offset: number, lines: string[], names: Names): string {
  if (type.convert === 'struct') {
    const fields = type.members!.map((member) => {
      const value =
        member.bits === undefined
          ? read(member.type, base, offset + member.offset, lines, names)
          : loadBitField(member, base, offset, names);
      return `[${JSON.stringify(member.name)}]: ${value}`;
    });
    return `{ ${fields.join(', ')} }`;
  }
  if (type.convert === 'union') return `decodeUnion(${names.of(type)}, D, ${base.at(offset)})`;
  if (type.convert !== 'array') return load(type, base, offset, names);
  const { type: item, count } = type.elements!;
  const isScalar = item.elements === undefined && item.members === undefined;
  if (!base.loops || (isScalar && count! <= unrolled)) {
    const at = (index: number) => read(item, base, offset + index * item.size, lines, names);
    return `[${Array.from({ length: count! }, (_, index) => at(index)).join(', ')}]`;
  }
  const [list, index] = [names.variable(), names.variable()];
  const inner: string[] = [];
  const value = read(item, element(base, offset, item.size, index), 0, inner, names);
  lines.push(
    `const ${list} = []; for (let ${index} = 0; ${index} < ${count}; ${index}++) { ${inner.join(' ')} ${list}.push(${value}); }`,
  );
  return list;
}

function condition(type: TypeInfo, value: string): string {
  if (type.convert === 'code') return `${value} === null`;
  return isAddress(type) ? `(${value} === null || ${accepts(type, value)})` : accepts(type, value);
}

function store(type: TypeInfo, base: Base, offset: number, value: string): string {
  const at = base.at(offset);
  if (isWide(type)) return `storeWide(${at}, ${value});`;
  const [view, name, shift] = views[stored(type.machine)]!;
  const converted = type.convert === 'bool' ? `+${value}` : value;
  return base.isAligned(offset, type.size)
    ? `${view}[${at} >> ${shift}] = ${converted};`
    : `D.set${name}(${at}, ${converted}, true);`;
}

function writeBitField({ type, bits }: Member, base: Base, offset: number, value: string): string {
  const word = wordOf(base, offset * 8 + bits!.first, bits!.width);
  if (word === undefined) return 'return false;';
  const accepted =
    type.convert === 'bool'
      ? `typeof ${value} === 'boolean'`
      : `typeof ${value} === 'number' && Math.floor(${value}) === ${value} && ${value} >= ${type.min} && ${value} <= ${type.max}`;
  const mask = bits!.width === 32 ? -1 : (2 ** bits!.width - 1) << word.shift;
  const container = `U32[${base.at(word.offset)} >> 2]`;
  return `if (!(${accepted})) return false; ${container} = ${container} & ${~mask} | ${value} << ${word.shift} & ${mask};`;
}

/** Statements that write a value that is not undefined. */
function write(type: TypeInfo, value: string, base: Base, offset: number, names: Names): string {
  if (type.convert === 'union')
    return value === 'o' ? `return copyBuffer(o, ${type.size}, p, q);` : 'return false;';
  if (type.convert === 'array') return writeArray(type, value, base, offset, names);
  if (type.convert !== 'struct') {
    return `if (!(${condition(type, value)})) return false; ${store(type, base, offset, value)}`;
  }
  const fields = type.members!.map(({ name }) => name);
  const keys = names.of(fields);
  const [count, key] = [names.variable(), names.variable()];
  const members = type.members!.map((member) => {
    const field = names.variable();
    const writing =
      member.bits === undefined
        ? write(member.type, field, base, offset + member.offset, names)
        : writeBitField(member, base, offset, field);
    const name = JSON.stringify(member.name);
    const property = member.name in Object.prototype ? `fieldOf(${value}, ${name})` : `${value}[${name}]`;
    return `const ${field} = ${property}; if (${field} !== undefined) { ${writing} }`;
  });
  // Keys in the order of the fields are all known; no key at all may be an object of another kind.
  return `if (typeof ${value} !== 'object' || ${value} === null) return false;
    let ${count} = 0;
    for (const ${key} in ${value}) if (${key} !== ${keys}[${count}++]) { ${count} = -1; break; }
    ${value === 'o' ? `if (${count} === 0) return copyBuffer(o, ${type.size}, p, q);` : ''}
    if (${count} !== ${fields.length} && (${count} === 0 || !isKnown(${value}, ${keys}))) return false;
    ${members.join('\n    ')}`;
}

function writeArray(type: TypeInfo, value: string, base: Base, offset: number, names: Names): string {
  const { type: item, count } = type.elements!;
  const [length, index, each] = [names.variable(), names.variable(), names.variable()];
  const start = `if (!isList(${value})) return false; const ${length} = ${value}.length; if (!(${length} <= ${count})) return false;`;
  if (!base.loops) {
    const writing = Array.from({ length: count! }, (_, number) => {
      const one = names.variable();
      const storing = write(item, one, base, offset + number * item.size, names);
      return `if (${length} > ${number}) { const ${one} = ${value}[${number}]; ${storing} }`;
    });
    return `${start} ${writing.join(' ')}`;
  }
  const writing = write(item, each, element(base, offset, item.size, index), 0, names);
  return `${start} for (let ${index} = 0; ${index} < ${length}; ${index}++) { const ${each} = ${value}[${index}]; ${writing} }`;
}

/** How many values code for the type would have to handle. */
function complexity(type: TypeInfo): number {
  if (type.elements !== undefined) {
    return type.elements.count! <= unrolled
      ? type.elements.count! * complexity(type.elements.type)
      : complexity(type.elements.type);
  }
  return type.members?.reduce((sum, member) => sum + complexity(member.type), 0) ?? 1;
}

/** Whether a union lies in both eightbytes of a type of two. */
function hasWideUnion(type: TypeInfo, offset: number): boolean {
  if (type.convert === 'union') return offset < 8 && offset + type.size > 8;
  if (type.elements !== undefined) {
    const { type: item, count } = type.elements;
    return Array.from({ length: count! }, (_, index) => offset + index * item.size).some((at) =>
      hasWideUnion(item, at),
    );
  }
  return type.members?.some((member) => hasWideUnion(member.type, offset + member.offset)) ?? false;
}

function hasTwoParts({ size }: TypeInfo): boolean {
  return size > 8 && size <= 16;
}

/** Whether code is generated for a type: it is of fixed size, and neither too large nor cut through a union. */
export function isCompilable(type: TypeInfo): boolean {
  if (!littleEndian || isFlexible(type) || type.size > maxCompiled || complexity(type) > maxValues)
    return false;
  return !hasTwoParts(type) || !hasWideUnion(type, 0);
}

/** What every codec can name. */
const helpers = namesOf({
  slots,
  D: slotsView,
  signedWide,
  unsignedWide,
  storeWide,
  bitsAt,
  exact,
  decodeUnion,
  isKnown,
  isOfRevoked,
  isList,
  copyBuffer,
  fieldOf,
});

let made = 0;

/** Generates the codec of a struct or union. */
export function compileCodec(type: TypeInfo): Codec {
  const names = new Names();
  const inTwoParts = hasTwoParts(type);
  const base: Base = {
    at: (offset) => (inTwoParts && offset >= 8 ? `(q + ${offset - 8})` : `(p + ${offset})`),
    isAligned: (offset, size) => offset % size === 0,
    loops: !inTwoParts,
  };
  const words = Math.ceil(type.size / 8);
  const zero =
    words > 16
      ? `U8.fill(0, p, p + ${words * 8});`
      : Array.from({ length: words }, (_, word) => `F64[${base.at(word * 8)} >> 3] = 0;`).join(' ');
  const lines: string[] = [];
  const value = read(type, base, 0, lines, names);
  const writing = write(type, 'o', base, 0, names);
  const body = `
  return {
    encode(o, p, q) {
      ${zero}
      try { ${writing} } catch (error) { if (isOfRevoked(error)) return false; throw error; }
      return true;
    },
    decode(p, q) { ${lines.join(' ')} return ${value}; },
  };`;
  const own = Object.fromEntries(names.values.map((known, index) => [`x${index}`, known]));
  return run(`'use strict'; // ${++made}\n  ${viewsIn(body)}${body}`, helpers, own) as Codec;
}
