/** Values of any type at an address: data symbols, out-parameters, `read` and `write`. */
import { ownGroup, readText } from './call/function';
import { exact, place } from './call/results';
import { shapeOf } from './call/shape';
import { wrap } from './call/wrap';
import { convert } from './convert';
import { ffiError } from './errors';
import { environment, layout, native, slots } from './native';
import { typeNamed, type TypeInfo } from './types';

const routines = native((binding) => binding.guardRoutines());
const loaded = environment.loadedAddress();

type Access = (...args: unknown[]) => number;

function access(address: number, args: readonly string[]): Access {
  const shape = shapeOf(args.map(typeNamed), -1, typeNamed('i32'));
  const [entry] = native(() => ownGroup.bind(environment, shape.plan.id, address));
  return wrap(entry, shape, 'memory') as Access;
}

/** By the binary logarithm of the size in bytes. */
const load = routines.load.map((address) => access(address, ['ptr', 'ptr']));
const store = routines.store.map((address) => access(address, ['ptr', 'u64']));
const storeF32 = access(routines.storeF32, ['ptr', 'f32']);
const storeF64 = access(routines.storeF64, ['ptr', 'f64']);
const copyBytes = access(routines.copy, ['ptr', 'ptr', 'size_t']);

function unreadable(owner: string, address: number | bigint, doing: string): Error {
  const at = address === 0 ? 'NULL' : `0x${address.toString(16)}`;
  return ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${at} cannot be ${doing}`);
}

/** Reads the value of a type that stands at an address. Strings are read through their pointer. */
export function readAt(type: TypeInfo, address: number | bigint, owner: string): unknown {
  if (address === 0 || load[Math.log2(type.size)]!(loaded, address) !== 0) {
    throw unreadable(owner, address, 'read');
  }
  const [view, index] = place(type.machine, layout.loaded);
  const value = slots[view][index]!;
  switch (type.convert) {
    case 'bool':
      return value !== 0;
    case 'wide':
    case 'pointer':
    case 'function':
      return narrowed(value);
    case 'fast':
      return exact(narrowed(value), type, owner);
    case 'utf8':
    case 'utf16':
    case 'utf32':
    case 'wide_text':
      return readText(type, narrowed(value), owner);
    default:
      return value;
  }
}

function narrowed(value: number | bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Converts a value that is to be written. It comes before the address is taken: it may run user code. */
export function writable(type: TypeInfo, value: unknown, owner: string): number | bigint {
  const converted = convert(type, value, owner);
  if (typeof converted !== 'string') return converted as number | bigint;
  const message = `${owner}: a string has no memory of its own; write an address, from strdup for one`;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

/** Writes a converted value of a type at an address. */
export function writeAt(
  type: TypeInfo,
  address: number | bigint,
  value: number | bigint,
  owner: string,
): void {
  if (address === 0) throw unreadable(owner, address, 'written');
  const failed =
    type.machine === 'f32'
      ? storeF32(address, value)
      : type.machine === 'f64'
        ? storeF64(address, value)
        : store[Math.log2(type.size)]!(address, unsigned(value));
  if (failed !== 0) throw unreadable(owner, address, 'written');
}

/** The 64-bit pattern of an integer. */
function unsigned(value: number | bigint): number | bigint {
  return value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
}

/**
 * Copies bytes between addresses or buffers; the ranges may overlap. Buffers are kept alive for the
 * copy; an object with a `ptr` must have been resolved.
 */
export function copyAt(to: unknown, from: unknown, bytes: number, owner: string): void {
  if (copyBytes(to, from, bytes) === 0) return;
  throw ffiError(
    'ERR_FFI_INVALID_POINTER',
    `${owner}: the range of ${bytes} bytes cannot be read or written`,
  );
}
