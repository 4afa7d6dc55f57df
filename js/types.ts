/** From what a definition says to a row of the type table. */
import { describe, ffiError, type ErrorCode } from './errors';
import type { Tag } from './opaque';
import { rows, spellings } from './generated/types';
import { environment, native } from './native';
import type { Signature } from './signature';

/** How values of a type are converted: as a row of the table says, or as a composite type does. */
export type Convert =
  (typeof rows)[number]['convert'] | 'enum' | 'code' | 'opaque' | 'array' | 'struct' | 'union';

/** A type: a row of the type table with what the platform adds to it, or a composite type. */
export interface TypeInfo {
  readonly id: number;
  /** What native code knows the type by. Types that travel alike share one. */
  readonly row: number;
  readonly name: string;
  readonly c: string;
  readonly convert: Convert;
  /** The machine representation: 'i32', 'u64', 'pointer'…; 'aggregate' for structs, unions and arrays. */
  readonly machine: string;
  /** In bytes. */
  readonly size: number;
  /** In bytes. */
  readonly align: number;
  /** The bounds of an integer, both included. */
  readonly min: bigint;
  readonly max: bigint;
  /** The members of a struct or union. */
  readonly members?: readonly Member[];
  /** The elements of an array. */
  readonly elements?: Elements;
  /** How deep structs, unions and arrays are nested in it, itself included. */
  readonly depth?: number;
  /** The values that the names of an enumeration stand for. */
  readonly values?: ReadonlyMap<string, bigint>;
  /** The types of the function that a function pointer points to. */
  readonly signature?: Signature;
  /** What the pointers of an opaque type have in common. */
  readonly tag?: Tag;
}

/** A member of a struct or union. */
export interface Member {
  readonly name: string;
  readonly type: TypeInfo;
  /** In bytes; of a bit-field, that of its first bit. */
  readonly offset: number;
  /** The first bit, counted from the start, and the width of a bit-field. */
  readonly bits?: { readonly first: number; readonly width: number };
}

/** The elements of an array. */
export interface Elements {
  readonly type: TypeInfo;
  /** How many; absent for a flexible array, whose elements follow the struct. */
  readonly count: number | undefined;
  /** The member that counts the elements of a flexible array. */
  readonly counter: string | undefined;
}

/** The least and the greatest value of each machine type that is an integer. */
const bounds: Readonly<Record<string, readonly [bigint, bigint]>> = {
  i8: [-0x80n, 0x7fn],
  u8: [0n, 0xffn],
  i16: [-0x8000n, 0x7fffn],
  u16: [0n, 0xffffn],
  i32: [-0x8000_0000n, 0x7fff_ffffn],
  u32: [0n, 0xffff_ffffn],
  i64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
  u64: [0n, 0xffff_ffff_ffff_ffffn],
};
const none = [0n, 0n] as const;

/** Every row, by its index. */
export const types: readonly TypeInfo[] = environment.machines().map(([machine, size], id) => {
  const row = rows[id]!;
  const [min, max] = row.convert === 'bool' ? ([0n, 1n] as const) : (bounds[machine] ?? none);
  return { ...row, id, row: id, machine, size, align: size, min, max };
});

let lastId = types.length - 1;

/** Whether a type is a row of the table. */
export function isRow(type: TypeInfo): boolean {
  return type.id < types.length;
}

/** The types that objects of the user's stand for. */
const composites = new WeakMap<object, TypeInfo>();

/** Makes a composite type, and an object that stands for it. */
export function addComposite(standing: object, info: Omit<TypeInfo, 'id'>): TypeInfo {
  const type = Object.freeze({ ...info, id: ++lastId });
  composites.set(standing, type);
  return type;
}

/** The types of the function that an `fn` points to; nothing for any other value. */
export function signatureIn(spec: unknown): Signature | undefined {
  return typeof spec === 'object' && spec !== null ? composites.get(spec)?.signature : undefined;
}

/** Lets a class stand for a type. */
export function addClass(standing: object, type: TypeInfo): void {
  composites.set(standing, type);
}

/** What stands for structs and unions of which a result is a plain object, not an address. */
const objectTypes = new WeakSet<object>();

/** Lets another object stand for a struct or union, of which a result is to be a plain object. */
export function addObjectType(standing: object, type: TypeInfo): void {
  composites.set(standing, type);
  objectTypes.add(standing);
}

/** Whether a type is one that `addObjectType` added. */
export function isObjectType(spec: unknown): boolean {
  return typeof spec === 'object' && spec !== null && objectTypes.has(spec);
}

/** The row of a spelling that is known to be one. */
export function typeNamed(name: string): TypeInfo {
  return types[spellings.get(name)!]!;
}

/** A string result that is handed to a deallocator once it has been copied. */
export class Disposable {
  constructor(
    readonly type: TypeInfo,
    readonly free: unknown,
  ) {
    Object.freeze(this);
  }

  /** Whether a value is one; asks nothing of the value itself. */
  static is(value: unknown): value is Disposable {
    return typeof value === 'object' && value !== null && #brand in value;
  }

  /** Its presence is what `is` looks for. */
  readonly #brand = true;
}

/** The names most like one, as a hint to append to a message. */
export function hint(near: readonly string[]): string {
  return near.length === 0 ? '' : `; did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`;
}

/** Those of the candidates that are most like a name. */
export function nearest(name: string, candidates: readonly string[]): string[] {
  return native((binding) => binding.nearestNames(name, [...candidates]));
}

/** Refuses a key that an object of that shape does not have: a misspelled one would be ignored. */
export function checkKeys(
  where: string,
  value: object,
  keys: readonly string[],
  code: ErrorCode = 'ERR_FFI_INVALID_TYPE',
): void {
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    throw ffiError(code, `${where}: unknown property '${key}'${hint(nearest(key, keys))}`);
  }
}

/** Types that C has and arkffi does not, under the names that people give them. */
const unsupported =
  /^(long[ _]?double|f(16|80|128)|(_|__)?float(16|80|128)x?|((un)?signed )?(__)?u?int128(_t)?|[iu]128|_?complex.*|.* _?complex|v\d+\w+|__m\d+\w*)$/i;

/** The type that a definition names. */
export function resolveType(spec: unknown, where: string): TypeInfo {
  if ((typeof spec === 'object' && spec !== null) || typeof spec === 'function') {
    const type = composites.get(spec);
    if (type !== undefined) return type;
  }
  if (typeof spec !== 'string') {
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: ${describe(spec)} is not a type`);
  }
  const id = spellings.get(spec);
  if (id === undefined) {
    if (unsupported.test(spec)) {
      throw ffiError('ERR_FFI_UNSUPPORTED', `${where}: the type '${spec}' is not supported`);
    }
    const near = nearest(
      spec,
      [...spellings.keys()].filter((key) => key.length > 1),
    );
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: unknown type '${spec}'${hint(near)}`);
  }
  return types[id]!;
}

/** The type of a value that can stand in memory. */
export function resolveMemoryType(spec: unknown, where: string): TypeInfo {
  const type = resolveType(spec, where);
  if (['void', 'env', 'value'].includes(type.convert)) {
    throw ffiError(
      'ERR_FFI_INVALID_TYPE',
      `${where}: a value of type '${type.name}' does not stand in memory`,
    );
  }
  return type;
}

/** The size of a type, in bytes. */
export function sizeof(type: unknown): number {
  return resolveMemoryType(type, 'sizeof').size;
}

/** The alignment of a type, in bytes. */
export function alignof(type: unknown): number {
  return resolveMemoryType(type, 'alignof').align;
}

/** Whether values of a type are addresses, so that they travel as a pointer does. */
export function isAddress({ convert }: TypeInfo): boolean {
  return ['pointer', 'function', 'code', 'opaque', 'array', 'utf8', 'utf16', 'utf32', 'wide_text'].includes(
    convert,
  );
}

/** Whether a type is a string. */
export function isText({ convert }: TypeInfo): boolean {
  return ['utf8', 'utf16', 'utf32', 'wide_text'].includes(convert);
}

/** Whether a type is passed by value as bytes. */
export function isAggregate({ convert }: TypeInfo): boolean {
  return convert === 'struct' || convert === 'union';
}

/** Whether values of a type are addresses, or have some in them. */
export function hasAddresses(type: TypeInfo): boolean {
  if (type.members !== undefined) return type.members.some((member) => hasAddresses(member.type));
  return type.elements === undefined ? isAddress(type) : hasAddresses(type.elements.type);
}

/** Whether the size of a value is not that of its type. */
export function isFlexible({ members, elements }: TypeInfo): boolean {
  if (elements !== undefined) return elements.count === undefined;
  return members !== undefined && members.length > 0 && isFlexible(members.at(-1)!.type);
}

/** More elements than this are not made into an Array: the engine would end the process. */
const maxElements = 2 ** 24;

/** Refuses to read or write so many elements as an Array. */
export function checkElements(count: number, owner: string): void {
  if (count <= maxElements) return;
  const message = `${owner}: ${count} elements are more than the ${maxElements} of an Array; use a buffer of the bytes`;
  throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
}

/** Refuses a flexible array by itself: it has elements only behind the fields of a struct. */
export function checkSized(type: TypeInfo, where: string): TypeInfo {
  if (type.elements === undefined || !isFlexible(type)) return type;
  const message = `${where}: an array without a length can only be the last field of a struct`;
  throw ffiError('ERR_FFI_INVALID_TYPE', message);
}
