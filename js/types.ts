/** From what a definition says to a row of the type table. */
import { describe, ffiError, type ErrorCode } from './errors';
import { rows, spellings } from './generated/types';
import { environment, native } from './native';

export type Convert = (typeof rows)[number]['convert'];

/** A row of the type table, with what the platform adds to it. */
export interface TypeInfo {
  readonly id: number;
  readonly name: string;
  readonly c: string;
  readonly convert: Convert;
  /** The machine representation: 'i32', 'u64', 'pointer'… */
  readonly machine: string;
  /** In bytes. */
  readonly size: number;
  /** The bounds of an integer, both included. */
  readonly min: bigint;
  readonly max: bigint;
}

const bounds = (machine: string): [bigint, bigint] => {
  if (!/^[iu]\d+$/.test(machine)) return [0n, 0n];
  const bits = BigInt(machine.slice(1));
  return machine.startsWith('i') ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
};

/** Every row, by its index. */
export const types: readonly TypeInfo[] = environment.machines().map(([machine, size], id) => {
  const row = rows[id]!;
  const [min, max] = row.convert === 'bool' ? [0n, 1n] : bounds(machine);
  return { ...row, id, machine, size, min, max };
});

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

function nearest(name: string, candidates: readonly string[]): string {
  return hint(native((binding) => binding.nearestNames(name, [...candidates])));
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
    throw ffiError(code, `${where}: unknown property '${key}'${nearest(key, keys)}`);
  }
}

/** The row that a definition names. */
export function resolveType(spec: unknown, where: string): TypeInfo {
  if (typeof spec !== 'string') {
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: ${describe(spec)} is not a type`);
  }
  const id = spellings.get(spec);
  if (id === undefined) {
    const near = nearest(
      spec,
      [...spellings.keys()].filter((key) => key.length > 1),
    );
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: unknown type '${spec}'${near}`);
  }
  return types[id]!;
}

/** The row of a type of which a value can stand in memory. */
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

/** The alignment of a type, in bytes; for the types of the table, its size. */
export function alignof(type: unknown): number {
  return resolveMemoryType(type, 'alignof').size;
}

/** A string result that C allocated for the caller: it is copied, then handed to `free`. */
export function disposable(type: unknown, free: unknown): Disposable {
  const row = resolveType(type, 'disposable');
  if (row.convert !== 'utf8') {
    throw ffiError(
      'ERR_FFI_INVALID_TYPE',
      `disposable: only a CString can be disposed of, not '${row.name}'`,
    );
  }
  return new Disposable(row, free);
}
