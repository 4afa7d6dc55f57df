/** Reading values of any type out of bytes, without generated code. */
import { inspect } from 'node:util';
import { ffiError } from '../errors';
import { littleEndian } from '../native';
import { checkElements, typeNamed, type Member, type TypeInfo } from '../types';

/** What reads each machine type. */
export const loads: Readonly<Record<string, (view: DataView, offset: number) => number | bigint>> = {
  i8: (view, offset) => view.getInt8(offset),
  u8: (view, offset) => view.getUint8(offset),
  i16: (view, offset) => view.getInt16(offset, littleEndian),
  u16: (view, offset) => view.getUint16(offset, littleEndian),
  i32: (view, offset) => view.getInt32(offset, littleEndian),
  u32: (view, offset) => view.getUint32(offset, littleEndian),
  f32: (view, offset) => view.getFloat32(offset, littleEndian),
  f64: (view, offset) => view.getFloat64(offset, littleEndian),
  i64: (view, offset) => view.getBigInt64(offset, littleEndian),
  u64: (view, offset) => view.getBigUint64(offset, littleEndian),
};

/** The integer that a value of the machine type is in memory: of a pointer, one of its size. */
export function stored(machine: string): string {
  return machine === 'pointer' ? `u${typeNamed('ptr').size * 8}` : machine;
}

/** A 64-bit value as a number where that is exact. */
export function narrowed(value: number | bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Refuses a 64-bit value that a `_fast` type cannot give. */
export function exact(value: number | bigint, { c, machine }: TypeInfo, owner: string): number {
  if (typeof value === 'number') return value;
  const big = `big${machine.replace('i', 'int').replace('u', 'uint')}`;
  const message = `${owner}: the value ${value} (${c}) is not a safe integer; use ${machine} or ${big}`;
  throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
}

/** What JavaScript sees of a scalar inside an aggregate: an address even where it is a string's. */
export function present(type: TypeInfo, value: number | bigint): unknown {
  switch (type.convert) {
    case 'bool':
      return Number(value) !== 0;
    case 'bigint':
      return BigInt(value);
    case 'fast':
      return exact(narrowed(value), type, 'a field');
    default:
      return typeof value === 'bigint' ? narrowed(value) : value;
  }
}

/** The bits of a bit-field whose first is bit `first` of the byte at `offset`. */
export function loadBits(
  view: DataView,
  offset: number,
  first: number,
  width: number,
  signed: boolean,
): bigint {
  const start = offset + Math.floor(first / 8);
  let value = 0n;
  for (let at = offset + Math.ceil((first + width) / 8) - 1; at >= start; at--) {
    value = (value << 8n) | BigInt(view.getUint8(at));
  }
  value >>= BigInt(first % 8);
  return signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** The value of a member of a struct that starts at `offset`. */
export function decodeMember({ type, offset: at, bits }: Member, view: DataView, offset: number): unknown {
  if (bits === undefined) return decode(type, view, offset + at);
  const value = loadBits(view, offset, bits.first, bits.width, type.min < 0n);
  return present(type, type.size === 8 ? value : Number(value));
}

/** What has all members of a union, and how to get its bytes, so that it can be encoded again. */
const unions = new WeakMap<
  object,
  { readonly type: TypeInfo; readonly bytes: (owner: string) => Uint8Array }
>();

/** Lets an object with all members of a union stand for its bytes. */
export function markUnion(value: object, type: TypeInfo, bytes: (owner: string) => Uint8Array): void {
  unions.set(value, { type, bytes });
}

/** The bytes that a value stands for, if it is of that union. */
export function unionBytes(type: TypeInfo, value: object, owner: string): Uint8Array | undefined {
  const known = unions.get(value);
  return known?.type === type ? known.bytes(owner) : undefined;
}

/** A copy of a union's bytes, with a getter for each member. */
export function decodeUnion(type: TypeInfo, view: DataView, offset: number): object {
  const bytes = new Uint8Array(type.size);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset + offset, type.size));
  const copy = new DataView(bytes.buffer);
  const value = {};
  for (const member of type.members!) {
    const get = (): unknown => decodeMember(member, copy, 0);
    Object.defineProperty(value, member.name, { get, enumerable: true, configurable: true });
  }
  markUnion(value, type, () => bytes);
  Object.defineProperty(value, inspect.custom, { value: () => ({ ...value }) });
  return value;
}

/** How many elements a flexible array has: as its counter says, else as many as there are bytes for. */
export function tailLength(type: TypeInfo, view: DataView, offset: number): number {
  const tail = type.members!.at(-1)!;
  const { counter, type: element } = tail.type.elements!;
  if (counter === undefined) {
    return Math.floor((view.byteLength - offset - tail.offset) / element.size);
  }
  const found = type.members!.find(({ name }) => name === counter)!;
  return Number(decodeMember(found, view, offset));
}

function decodeStruct(type: TypeInfo, view: DataView, offset: number): object {
  const value: Record<string, unknown> = {};
  for (const member of type.members!) {
    const elements = member.type.elements;
    const isTail = elements !== undefined && elements.count === undefined;
    const decoded = isTail
      ? decodeElements(elements.type, tailLength(type, view, offset), view, offset + member.offset)
      : decodeMember(member, view, offset);
    define(value, member.name, decoded);
  }
  return value;
}

/** Sets a property; `__proto__` too is one like any other. */
export function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}

/** So many elements in a row. */
export function decodeElements(type: TypeInfo, count: number, view: DataView, offset: number): unknown[] {
  checkElements(count, 'an array');
  const values: unknown[] = [];
  for (let index = 0; index < count; index++) values.push(decode(type, view, offset + index * type.size));
  return values;
}

/** The value of a type at an offset. The caller has made sure that the view reaches so far. */
export function decode(type: TypeInfo, view: DataView, offset: number): unknown {
  switch (type.convert) {
    case 'struct':
      return decodeStruct(type, view, offset);
    case 'union':
      return decodeUnion(type, view, offset);
    case 'array':
      return decodeElements(type.elements!.type, type.elements!.count ?? 0, view, offset);
    default:
      return present(type, loads[stored(type.machine)]!(view, offset));
  }
}
