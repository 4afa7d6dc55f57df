/** Values of any type at an address: data symbols, out-parameters, `read` and `write`. */
import { ownGroup } from './call/function';
import { readText } from './text';
import { place } from './call/results';
import { shapeOf } from './call/shape';
import { wrap } from './call/wrap';
import { codecOf } from './composite/codec';
import { decode, exact, loadBits, narrowed, present, tailLength } from './composite/decode';
import { encode, resolveValue, storeBits, type Keep } from './composite/encode';
import { maxSafe } from './accepts';
import { ffiError, hex } from './errors';
import { lazily } from './lazy';
import { readable } from './memory/range';
import {
  environment,
  fillingFlags,
  layout,
  native,
  often,
  slots,
  slotsAddress,
  slotsView,
  type GuardRoutines,
} from './native';
import { opaquePointer } from './opaque';
import { compileAt, compileFrom, reading, writing, type Compiled, type Guarded } from './quick';
import { isAggregate, isFlexible, typeNamed, type TypeInfo } from './types';
import { convert } from './values';

const loaded = environment.loadedAddress();

function access(addressOf: (routines: GuardRoutines) => number, args: readonly string[]): Guarded {
  const address = native((binding) => addressOf(binding.guardRoutines()));
  const shape = shapeOf(args.map(typeNamed), -1, typeNamed('i32'));
  const [entry] = native(() => ownGroup.bind(environment, shape.plan.id, address, 'direct', 'memory'));
  // Those of arkffi's own are never closed.
  const wrapper = wrap(entry, shape, 'memory', undefined, () => undefined) as Guarded['wrapper'];
  return { shape, native: entry, wrapper };
}

/** By the binary logarithm of the size in bytes; each is made when it is first used. */
const loads: Guarded[] = [];
const stores: Guarded[] = [];

function loadOf(size: number): Guarded {
  const index = Math.log2(size);
  return (loads[index] ??= access(({ load }) => load[index]!, ['ptr', 'ptr']));
}

function storeOf(size: number): Guarded {
  const index = Math.log2(size);
  return (stores[index] ??= access(({ store }) => store[index]!, ['ptr', 'u64']));
}

const routines = lazily(['storeF32', 'storeF64', 'copy'], (name) => {
  const args = { storeF32: ['ptr', 'f32'], storeF64: ['ptr', 'f64'], copy: ['ptr', 'ptr', 'size_t'] };
  return access((addresses) => addresses[name], args[name]).wrapper;
});

function unreadable(owner: string, address: number | bigint, doing: string): Error {
  const at = address === 0 ? 'NULL' : hex(address);
  return ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${at} cannot be ${doing}`);
}

/** Where aggregates are copied to be read: in the slots, behind the words of a copy's own arguments. */
export const stage = 16 * 8;
/** Larger ones, in bytes, are copied into memory of their own. */
export const stageSize = layout.argumentWords * 8 - stage;

const flags = layout.flags * 2;

/**
 * Writes a struct into the slots, `stage` bytes from their start; `false` where its value is not of the
 * common kind, or code of the user's has used the slots meanwhile.
 */
export function fillStage(type: TypeInfo, value: unknown): boolean {
  if (isFlexible(type) || type.size > stageSize) return false;
  const filling = fillingFlags();
  slots.U32[flags] = filling;
  const filled = codecOf(type).encode(value, stage, stage + 8) && slots.U32[flags] === filling;
  slots.U32[flags] = 0;
  return filled;
}

/** Copies what `fillStage` has written to an address. */
export function copyStage(type: TypeInfo, address: number | bigint, owner: string): void {
  if (address === 0) throw unreadable(owner, address, 'written');
  copyAt(address, slotsAddress + stage, type.size, owner);
}

/** The value of a scalar as it stands at an address: an integer of 64 bits as a bigint. */
function rawAt(type: TypeInfo, address: number | bigint, owner: string): number | bigint {
  if (address === 0 || loadOf(type.size).wrapper(loaded, address) !== 0) {
    throw unreadable(owner, address, 'read');
  }
  const [view, index] = place(type.machine, layout.loaded);
  return slots[view][index]!;
}

/** What has been loaded last, as a value of a scalar type that is no string. */
function loadedValue(type: TypeInfo): () => unknown {
  const [name, index] = place(type.machine, layout.loaded);
  const view = slots[name];
  const { U32, I32 } = slots;
  const [low, high] = [layout.loaded * 2, layout.loaded * 2 + 1];
  switch (type.convert) {
    case 'int':
    case 'float':
      return () => view[index];
    case 'bool':
      return () => view[index] !== 0;
    default:
      return () => {
        const value = (type.machine === 'i64' ? I32[high]! : U32[high]!) * 0x1_0000_0000 + U32[low]!;
        return Number.isSafeInteger(value) ? value : present(type, view[index]!);
      };
  }
}

/** Reads a value of a type at an address that is a safe integer; undefined where that cannot be read. */
type Reader = (address: number) => unknown;
/** Writes one; true where that was done, and it was not where the value is of no common kind, or cannot be written there. */
type Writer = (address: number, value: unknown) => unknown;

/** By the row of the type; each is made when it is first used. */
const readers: Reader[] = [];
const writers: Writer[] = [];
/** Those by generated code; the plain ones before they are used often, and where no code may be generated. */
const quickReaders: Reader[] = [];
const quickWriters: Writer[] = [];
/** What writes a type, by its row. */
const storesOf: Guarded[] = [];

/** What reads a scalar that is no string, without code of the type's own. */
export function plainReader(type: TypeInfo): Reader {
  return (readers[type.id] ??= makeReader(type));
}

/** What writes one. */
export function plainWriter(type: TypeInfo): Writer {
  return (writers[type.id] ??= makeWriter(type));
}

/** What reads a scalar that is no string. */
export function directReader(type: TypeInfo): Reader {
  return (quickReaders[type.id] ??= countingReader(type));
}

/** What writes one. */
export function directWriter(type: TypeInfo): Writer {
  return (quickWriters[type.id] ??= countingWriter(type));
}

function countingReader(type: TypeInfo): Reader {
  const plain = plainReader(type);
  let count = 0;
  return (address) => {
    if (++count === often) {
      quickReaders[type.id] = compileAt(type, () => reading(type, loadOf(type.size), loaded)) ?? plain;
    }
    return plain(address);
  };
}

function countingWriter(type: TypeInfo): Writer {
  const plain = plainWriter(type);
  let count = 0;
  return (address, value) => {
    if (++count === often)
      quickWriters[type.id] = compileAt(type, () => writing(type, storeAs(type))) ?? plain;
    return plain(address, value);
  };
}

/** What reads a scalar at an offset of a pointer, of generated code: see `compileFrom`. */
export function readerFrom(type: TypeInfo, holds: unknown): Compiled | undefined {
  return compileFrom(type, () => reading(type, loadOf(type.size), loaded), holds);
}

/** What writes one. */
export function writerFrom(type: TypeInfo, holds: unknown): Compiled | undefined {
  return compileFrom(type, () => writing(type, storeAs(type)), holds);
}

function makeReader(type: TypeInfo): Reader {
  const { wrapper } = loadOf(type.size);
  const value = loadedValue(type);
  return (address) => (wrapper(loaded, address) === 0 ? value() : undefined);
}

/** Whether a value is of the common kind of a scalar type. */
function commonValue({ convert, min, max }: TypeInfo): (value: unknown) => boolean {
  if (convert === 'bool') return (value) => typeof value === 'boolean';
  if (convert === 'float') return (value) => typeof value === 'number';
  const least = Math.max(Number(min), -maxSafe);
  const greatest = max === 0n ? maxSafe : Math.min(Number(max), maxSafe);
  return (value) =>
    typeof value === 'number' && value >= least && value <= greatest && Math.floor(value) === value;
}

function storeAs(type: TypeInfo): Guarded {
  const { machine, name, size } = type;
  return (storesOf[type.id] ??= access(
    ({ store, storeF32, storeF64 }) =>
      machine === 'f32' ? storeF32 : machine === 'f64' ? storeF64 : store[Math.log2(size)]!,
    ['ptr', name],
  ));
}

function makeWriter(type: TypeInfo): Writer {
  const isCommon = commonValue(type);
  const { wrapper } = storeAs(type);
  return (address, value) => isCommon(value) && wrapper(address, value) === 0;
}

/** A copy of so many bytes, which must be readable. */
function bytesAt(address: number | bigint, size: number, owner: string): DataView {
  readable(address, size, owner);
  const view = new DataView(new ArrayBuffer(size));
  copyAt(view, address, size, owner);
  return view;
}

/** Reads a struct with a flexible tail, of which as much is read as its counter says. */
function readFlexible(type: TypeInfo, address: number | bigint, owner: string): unknown {
  const tail = type.members!.at(-1)!;
  const { counter, type: element } = tail.type.elements!;
  const head = bytesAt(address, type.size, owner);
  const count = counter === undefined ? 0 : Math.max(0, tailLength(type, head, 0));
  return decode(type, bytesAt(address, tail.offset + count * element.size, owner), 0);
}

/** Reads a struct, union or array that stands at an address. */
function readComposite(type: TypeInfo, address: number | bigint, owner: string): unknown {
  if (isFlexible(type)) return readFlexible(type, address, owner);
  if (type.size > stageSize) return decode(type, bytesAt(address, type.size, owner), 0);
  if (address === 0 || routines.copy(slotsAddress + stage, address, type.size) !== 0) {
    throw unreadable(owner, address, 'read');
  }
  return isAggregate(type) ? codecOf(type).decode(stage, stage + 8) : decode(type, slotsView, stage);
}

/** Reads a member of an aggregate: strings and opaque pointers are addresses there. */
export function readField(type: TypeInfo, address: number | bigint, owner: string): unknown {
  if (type.machine === 'aggregate') return readComposite(type, address, owner);
  return present(type, rawAt(type, address, owner));
}

/** Reads a bit-field whose first is bit `first` of the byte at an address. */
export function readBitField(
  type: TypeInfo,
  address: number | bigint,
  first: number,
  width: number,
  owner: string,
): unknown {
  const view = bytesAt(address, Math.ceil((first + width) / 8), owner);
  const value = loadBits(view, 0, first, width, type.min < 0n);
  return present(type, type.size === 8 ? value : Number(value));
}

/** Reads the value of a type that stands at an address. Strings are read through their pointer. */
export function readAt(type: TypeInfo, address: number | bigint, owner: string): unknown {
  if (type.machine === 'aggregate') return readComposite(type, address, owner);
  const value = rawAt(type, address, owner);
  switch (type.convert) {
    case 'opaque':
      return opaquePointer(narrowed(value), type.tag!);
    case 'fast':
      return exact(narrowed(value), type, owner);
    case 'utf8':
    case 'utf16':
    case 'utf32':
    case 'wide_text':
      return readText(type, narrowed(value), owner);
    default:
      return present(type, value);
  }
}

/** What is to be written: a number or bigint, or the bytes of an aggregate. */
export type Written = number | bigint | Uint8Array;

/**
 * Converts a value that is to be written. It comes before the address is taken: it may run user code.
 * Strings among the fields of an aggregate live in `keep`; without it there may be none.
 */
export function writable(type: TypeInfo, value: unknown, owner: string, keep?: Keep): Written {
  if (type.machine === 'aggregate')
    return encode(type, resolveValue(type, value, owner, ''), owner, '', keep);
  const converted = convert(type, value, owner);
  if (typeof converted !== 'string') return converted as number | bigint;
  const message = `${owner}: a string has no memory of its own; write an address, from strdup for one`;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

/** Writes a bit-field; the bits around it stay. */
export function writeBitField(
  address: number | bigint,
  first: number,
  width: number,
  value: number | bigint,
  owner: string,
): void {
  const view = bytesAt(address, Math.ceil((first + width) / 8), owner);
  storeBits(view, 0, first, width, BigInt(value));
  copyAt(address, view, view.byteLength, owner);
}

/** Writes a converted value of a type at an address. */
export function writeAt(type: TypeInfo, address: number | bigint, value: Written, owner: string): void {
  if (address === 0) throw unreadable(owner, address, 'written');
  if (typeof value === 'object') {
    copyAt(address, value, value.byteLength, owner);
    return;
  }
  const failed =
    type.machine === 'f32'
      ? routines.storeF32(address, value)
      : type.machine === 'f64'
        ? routines.storeF64(address, value)
        : storeOf(type.size).wrapper(address, unsigned(value));
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
  if (routines.copy(to, from, bytes) === 0) return;
  throw ffiError(
    'ERR_FFI_INVALID_POINTER',
    `${owner}: the range of ${bytes} bytes cannot be read or written`,
  );
}
