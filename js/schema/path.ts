/** Paths to fields: 'pos.x', 'data[2]'. */
import { describe, ffiError } from '../errors';
import { hint, nearest, type TypeInfo } from '../types';

/** What a path leads to, counted from the start of the struct. */
export interface Location {
  readonly type: TypeInfo;
  /** In bytes; of a bit-field, that of its first bit. */
  readonly offset: number;
  /** The first bit, counted from the byte at the offset, and the width of a bit-field. */
  readonly bits?: { readonly first: number; readonly width: number };
}

function invalid(message: string): Error {
  return ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

function memberOf({ type, offset }: Location, name: string, path: string, owner: string): Location {
  const member = type.members?.find((one) => one.name === name);
  if (member === undefined) {
    const names = type.members?.map((one) => one.name) ?? [];
    throw invalid(`${owner}: '${path}' names no field${hint(nearest(name, names))}`);
  }
  const at = offset + member.offset;
  if (member.bits === undefined) return { type: member.type, offset: at };
  return { type: member.type, offset: at, bits: { first: member.bits.first % 8, width: member.bits.width } };
}

function elementOf({ type, offset }: Location, index: number, path: string, owner: string): Location {
  if (type.elements === undefined) throw invalid(`${owner}: '${path}' indexes what is no array`);
  const { type: element, count } = type.elements;
  if (index >= (count ?? Infinity)) {
    throw ffiError('ERR_FFI_OUT_OF_BOUNDS', `${owner}: '${path}' lies outside the ${count} elements`);
  }
  return { type: element, offset: offset + index * element.size };
}

const found = new WeakMap<TypeInfo, Map<string, Location>>();

/** How many paths of a type are remembered. */
const remembered = 1000;

/** What a path leads to. */
export function locationOf(type: TypeInfo, path: unknown, owner: string): Location {
  if (typeof path !== 'string')
    throw invalid(`${owner}: a field is named by a string, got ${describe(path)}`);
  let known = found.get(type);
  if (known === undefined) found.set(type, (known = new Map<string, Location>()));
  const before = known.get(path);
  if (before !== undefined) return before;
  const steps = path.match(/\.?[^.[\]]+|\[\d+\]/g) ?? [];
  if (!/^[^.[\]]+(\.[^.[\]]+|\[\d+\])*$/.test(path))
    throw invalid(`${owner}: '${path}' is not the path of a field`);
  let location: Location = { type, offset: 0 };
  for (const step of steps) {
    location = step.startsWith('[')
      ? elementOf(location, Number(step.slice(1, -1)), path, owner)
      : memberOf(location, step.replace(/^\./, ''), path, owner);
  }
  if (known.size < remembered) known.set(path, location);
  return location;
}
