/** The composite types but structs and unions: arrays, pointers, functions, enumerations, bit-fields. */
import { checkObject, resolveSignature } from '../define';
import { describe, ffiError, isRevoked } from '../errors';
import { environment, native } from '../native';
import type { Tag } from '../opaque';
import {
  addComposite,
  checkKeys,
  isFlexible,
  resolveMemoryType,
  typeNamed,
  type Elements,
  type TypeInfo,
} from '../types';
import { maxSize } from './layout';

function invalid(message: string): Error {
  return ffiError('ERR_FFI_INVALID_TYPE', message);
}

/** Stands for a type in definitions; all that is to be known of it is in the type. */
class TypeObject {
  readonly kind: string;

  constructor(kind: string) {
    this.kind = kind;
  }
}

const { row: pointerRow, size: pointerSize } = typeNamed('ptr');
const address = { row: pointerRow, machine: typeNamed('ptr').machine, size: pointerSize, align: pointerSize };

function makeAddress(
  kind: string,
  c: string,
  more: Pick<TypeInfo, 'convert'> & Partial<TypeInfo>,
): TypeObject {
  const standing = Object.freeze(new TypeObject(kind));
  addComposite(standing, { ...address, name: kind, c, min: 0n, max: 0n, ...more });
  return standing;
}

/** A pointer to a type. The type may be given by a function, so that a struct can point to itself. */
export function pointer(target: unknown): TypeObject {
  if (typeof target === 'function' && !isRevoked(target))
    return makeAddress('pointer', 'void*', { convert: 'pointer' });
  if (target === 'void' || target === 'v') return makeAddress('pointer', 'void*', { convert: 'pointer' });
  const type = resolveMemoryType(target, 'pointer');
  const opaque = type.convert === 'opaque';
  return makeAddress('pointer', opaque ? type.c : `${type.c}*`, {
    convert: opaque ? 'opaque' : 'pointer',
    ...(opaque ? { tag: type.tag!, name: type.name } : {}),
  });
}

/** Of the opaque types, by their names. */
const tags = new Map<string, Tag>();

function tagNamed(name: string): Tag {
  let tag = tags.get(name);
  if (tag === undefined) tags.set(name, (tag = Object.freeze({ name })));
  return tag;
}

/** A type of which only pointers exist. As a type it is a pointer to it. It is one with all others of that name. */
export function opaque(name: unknown): TypeObject {
  if (typeof name !== 'string' || name === '') {
    throw invalid(`opaque takes the name of a type, got ${describe(name)}`);
  }
  return makeAddress('opaque', `${name}*`, { convert: 'opaque', name, tag: tagNamed(name) });
}

/** A pointer to a function of that signature. */
export function fn(def: unknown): TypeObject {
  checkObject(def, 'fn');
  checkKeys('fn', def, ['args', 'returns']);
  return makeAddress('fn', 'function pointer', { convert: 'code', signature: resolveSignature(def, 'fn') });
}

/** Structs, unions and arrays may be nested so deep. */
const maxDepth = 256;

/** How deep a type is nested that is made of others. */
export function checkDepth(parts: readonly TypeInfo[], where: string): number {
  const depth = 1 + Math.max(...parts.map((part) => part.depth ?? 0));
  if (depth > maxDepth) throw invalid(`${where}: nested deeper than ${maxDepth} levels`);
  return depth;
}

function arrayOf(type: TypeInfo, count: number | undefined, counter: string | undefined): TypeObject {
  const size = type.size * (count ?? 0);
  if (size > maxSize) throw invalid(`array: ${size} bytes are more than ${maxSize}`);
  const standing = Object.freeze(new TypeObject('array'));
  const elements: Elements = { type, count, counter };
  addComposite(standing, {
    row: native(() => environment.addArray(count ?? 0, size, type.align, type.row)),
    name: 'array',
    c: `${type.c}[${count ?? ''}]`,
    convert: 'array',
    machine: 'aggregate',
    size,
    align: type.align,
    min: 0n,
    max: 0n,
    elements,
    depth: checkDepth([type], 'array'),
  });
  return standing;
}

/**
 * An array of so many elements. Without a length, or with the name of the member that holds it, a
 * flexible array at the end of a struct.
 */
export function array(element: unknown, length?: unknown): TypeObject {
  const type = resolveMemoryType(element, 'array');
  if (isFlexible(type)) throw invalid('array: a type with a flexible tail cannot be an element');
  if (length === undefined || length === 0) return arrayOf(type, undefined, undefined);
  if (typeof length === 'string') return arrayOf(type, undefined, length);
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw invalid(`array: a length is a whole number, or the name of a field, got ${describe(length)}`);
  }
  return arrayOf(type, length, undefined);
}

function storageOf(values: readonly bigint[]): string {
  const holds = (name: string) => {
    const { min, max } = typeNamed(name);
    return values.every((value) => value >= min && value <= max);
  };
  const found = ['i32', 'u32', 'i64', 'u64'].find(holds);
  if (found === undefined) throw invalid('enumeration: no integer type holds all of the values');
  return found;
}

/** An enumeration: its names are accepted as values. `storage` is the integer type; by default the first of i32, u32, i64 and u64 that holds the values. */
export function enumeration(values: unknown, storage?: unknown): TypeObject {
  checkObject(values, 'enumeration');
  const named = Object.entries(values).map(([name, value]): [string, bigint] => {
    const exact = typeof value === 'bigint' || Number.isSafeInteger(value);
    if (!exact) throw invalid(`enumeration: ${name} must be an integer, got ${describe(value)}`);
    return [name, BigInt(value as number | bigint)];
  });
  const numbers = named.map(([, value]) => value);
  const type = resolveMemoryType(storage === undefined ? storageOf(numbers) : storage, 'enumeration');
  if (!['int', 'wide', 'fast', 'bigint'].includes(type.convert)) {
    throw invalid(`enumeration: '${type.name}' is not an integer type`);
  }
  const beyond = named.find(([, value]) => value < type.min || value > type.max);
  if (beyond !== undefined) throw invalid(`enumeration: ${beyond[0]} is out of the range of '${type.name}'`);
  const standing = Object.freeze(new TypeObject('enumeration'));
  addComposite(standing, {
    ...type,
    name: 'enumeration',
    c: 'enum',
    convert: 'enum',
    values: new Map(named),
  });
  return standing;
}

/** A bit-field of a struct or union. */
export class Bits {
  /** Its presence is what `is` looks for. */
  readonly #brand = true;

  constructor(
    readonly type: TypeInfo,
    readonly width: number,
  ) {
    Object.freeze(this);
  }

  /** Whether a value is one; asks nothing of the value itself. */
  static is(value: unknown): value is Bits {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

/** So many bits of an integer type, a bool or an enumeration, as a field of a struct or union. */
export function bits(spec: unknown, width: unknown): Bits {
  const type = resolveMemoryType(spec, 'bits');
  if (!['bool', 'int', 'wide', 'fast', 'bigint', 'enum'].includes(type.convert)) {
    throw invalid(`bits: '${type.name}' is not an integer type`);
  }
  const most = type.convert === 'bool' ? 1 : type.size * 8;
  if (typeof width !== 'number' || !Number.isInteger(width) || width < 0 || width > most) {
    throw invalid(`bits: a width of '${type.name}' is a whole number to ${most}, got ${describe(width)}`);
  }
  if (type.convert === 'bool' || width === 0) return new Bits(type, width);
  // GCC and Clang make an enumeration without negative values unsigned.
  const unsigned =
    type.min === 0n || (type.values !== undefined && [...type.values.values()].every((v) => v >= 0n));
  const size = BigInt(width);
  const [min, max] = unsigned ? [0n, 2n ** size - 1n] : [-(2n ** (size - 1n)), 2n ** (size - 1n) - 1n];
  return new Bits({ ...type, c: `${type.c} : ${width}`, min, max }, width);
}

/** What a flexible array is counted by must be an integer member. */
export function checkCounter(members: readonly { name: string; type: TypeInfo }[], where: string): void {
  const tail = members.at(-1)?.type.elements;
  if (tail?.counter === undefined) return;
  const found = members.find(({ name }) => name === tail.counter);
  if (found !== undefined && ['int', 'wide', 'fast', 'bigint'].includes(found.type.convert)) return;
  throw invalid(`${where}: '${tail.counter}', which counts the flexible array, is not an integer field`);
}
