/** Structs and unions: their schemas, by which memory is made, read and written. */
import { alive } from '../alive';
import { memoryOf, offsetOf as startOf, sizeOf, type Bytes } from '../buffer';
import { copyStage, fillStage, readAt, stage, writable, writeAt } from '../cell';
import { Bits, checkCounter, checkDepth } from '../composite/types';
import { decode, tailLength } from '../composite/decode';
import { encode, resolveValue, type Keep } from '../composite/encode';
import { structLayout, unionLayout, type Declared } from '../composite/layout';
import { isBuffer, resolvePointer } from '../convert';
import { checkObject } from '../define';
import { describe, ffiError } from '../errors';
import { offsetAddress } from '../memory/range';
import { locate } from '../memory/bytes';
import { environment, native, slots } from '../native';
import {
  addComposite,
  addObjectType,
  checkKeys,
  isFlexible,
  resolveMemoryType,
  resolveType,
  typeNamed,
  type TypeInfo,
} from '../types';
import { memoryAt, readLocation, writeLocation, type Memory } from './field';
import { keepWith, sourceOf } from './keep';
import { locationOf } from './path';
import { viewOf } from './view';

const { U8 } = slots;

function invalid(message: string): Error {
  return ffiError('ERR_FFI_INVALID_TYPE', message);
}

function checkName(name: string, where: string): void {
  if (/^(?:0|[1-9]\d*)$/.test(name)) {
    throw invalid(`${where}: a field cannot be named '${name}': JavaScript would reorder the fields`);
  }
  if (name === '' || /[.[\]]/.test(name)) {
    throw invalid(`${where}: a field cannot be named '${name}': paths to it would be ambiguous`);
  }
}

/** The fields of a definition with their types. */
function declare(fields: Record<string, unknown>, kind: 'struct' | 'union', where: string): Declared[] {
  const names = Object.keys(fields);
  return names.map((name, index) => {
    checkName(name, where);
    const spec = fields[name];
    if (Bits.is(spec)) return { name, type: spec.type, width: spec.width };
    const type = resolveMemoryType(spec, `${where}.${name}`);
    const isTail =
      kind === 'struct' && type.elements !== undefined && index === names.length - 1 && index > 0;
    if (isFlexible(type) && !isTail) {
      throw invalid(`${where}.${name}: a flexible array can only be the last of several fields of a struct`);
    }
    return { name, type };
  });
}

function packOf(options: unknown, where: string): number | undefined {
  if (options === undefined) return undefined;
  checkObject(options, `${where}: options`);
  checkKeys(`${where}: options`, options, ['pack']);
  const { pack } = options;
  if (pack === undefined || [1, 2, 4, 8, 16].includes(pack as number)) return pack as number | undefined;
  throw invalid(`${where}: pack must be 1, 2, 4, 8 or 16, got ${describe(pack)}`);
}

/** The integer type that GCC takes a bit-field of a union for when it is passed: the least that holds it. */
function unitRow(width: number): number {
  return typeNamed(['u8', 'u16', 'u32', 'u64'].find((name) => width <= typeNamed(name).size * 8)!).row;
}

function makeType(
  standing: object,
  kind: 'struct' | 'union',
  fields: Record<string, unknown>,
  options: unknown,
): TypeInfo {
  const where = kind === 'struct' ? 'Struct' : 'Union';
  const pack = packOf(options, where);
  const declared = declare(fields, kind, where);
  const { size, align, members } = (kind === 'struct' ? structLayout : unionLayout)(declared, pack, where);
  if (members.length === 0) throw invalid(`${where}: a ${kind} needs a field`);
  if (size === 0) throw invalid(`${where}: a ${kind} needs a field that has a size`);
  checkCounter(members, where);
  const depth = checkDepth(
    members.map(({ type }) => type),
    where,
  );
  // libffi, which native code compares the layout with, knows neither packing nor bit-fields.
  const isNatural = pack === undefined && declared.every(({ width }) => width === undefined);
  const kindOf = kind === 'union' ? 'union' : isNatural ? 'struct' : 'packed';
  const places =
    kind === 'union'
      ? declared.flatMap(({ type, width }) => [0, width === undefined ? type.row : unitRow(width), 0, 0])
      : members.flatMap(({ type, offset, bits }) => [offset, type.row, bits?.first ?? 0, bits?.width ?? 0]);
  return addComposite(standing, {
    row: native(() => environment.addStruct(kindOf, size, align, places)),
    name: kind,
    c: kind,
    convert: kind,
    machine: 'aggregate',
    size,
    align,
    min: 0n,
    max: 0n,
    members: Object.freeze(members),
    depth,
  });
}

/** A C struct: its layout, and what reads and writes values of it. */
export class StructSchema {
  readonly size: number;
  readonly align: number;
  readonly fieldNames: readonly string[];
  readonly fieldTypes: readonly unknown[];
  /** In bytes; of a bit-field, the byte of its first bit. */
  readonly fieldOffsets: readonly number[];
  readonly #type: TypeInfo;
  #object: object | undefined;

  constructor(fields: unknown, options?: unknown) {
    const kind = this instanceof UnionSchema ? 'union' : 'struct';
    checkObject(fields, kind === 'union' ? 'Union' : 'Struct');
    // Read once: a field may be a getter.
    const given = { ...fields };
    const type = makeType(this, kind, given, options);
    const members = type.members!;
    this.#type = type;
    this.size = type.size;
    this.align = type.align;
    this.fieldNames = Object.freeze(members.map(({ name }) => name));
    this.fieldTypes = Object.freeze(members.map(({ name }) => given[name]));
    this.fieldOffsets = Object.freeze(members.map(({ offset }) => offset));
    Object.freeze(this);
  }

  /** The same type, of which a result is a plain object and no memory to release. */
  get object(): object {
    if (this.#object === undefined) {
      this.#object = Object.freeze({ schema: this });
      addObjectType(this.#object, this.#type);
    }
    return this.#object;
  }

  /** Where a field stands, in bytes from the start. */
  offsetOf(path: unknown): number {
    return locationOf(this.#type, path, 'offsetOf').offset;
  }

  /** A buffer with a value, or zeros. What its string fields point to lives as long as the buffer. */
  create(value?: unknown): ArrayBuffer {
    const type = this.#type;
    if (value === undefined) return new ArrayBuffer(type.size);
    if (fillStage(type, value)) {
      const buffer = new ArrayBuffer(type.size);
      new Uint8Array(buffer).set(U8.subarray(stage, stage + type.size));
      keepWith(buffer, 'create', 0, type.size, sourceOf(type, value));
      return buffer;
    }
    const keep: Keep = [];
    const { buffer } = encode(type, resolveValue(type, value, 'create', ''), 'create', '', keep);
    keepWith(buffer, 'create', 0, type.size, keep);
    return buffer as ArrayBuffer;
  }

  /** A field of a struct in a buffer or at an address. */
  get(from: unknown, field: unknown): unknown {
    const location = locationOf(this.#type, field, 'get');
    const memory = memoryAt(from, 0, 'get');
    if (!isFlexible(location.type)) return readLocation(location, memory, 'get');
    return (this.#read(memory, 'get') as Record<string, unknown>)[field as string];
  }

  set(to: unknown, field: unknown, value: unknown): void {
    const location = locationOf(this.#type, field, 'set');
    writeLocation(location, memoryAt(to, 0, 'set'), value, 'set', field as string);
  }

  /** The struct at an address. */
  fromPtr(pointer: unknown, byteOffset: unknown = 0): unknown {
    return this.#read(memoryAt(pointer, byteOffset, 'fromPtr'), 'fromPtr');
  }

  /** The struct in a buffer. */
  fromBuffer(buffer: unknown, byteOffset: unknown = 0): unknown {
    if (!isBuffer(buffer)) {
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `fromBuffer takes a buffer, got ${describe(buffer)}`);
    }
    return this.#read(memoryAt(buffer, byteOffset, 'fromBuffer'), 'fromBuffer');
  }

  /** Writes a whole struct; fields that are missing become zero. */
  write(to: unknown, value: unknown, byteOffset: unknown = 0): void {
    const { given, bytes, offset } = memoryAt(to, byteOffset, 'write');
    if (fillStage(this.#type, value)) {
      copyStage(this.#type, locate(bytes, offset, this.#type.size, 'write'), 'write');
      if (isBuffer(bytes)) keepWith(bytes, 'write', offset, this.#type.size, sourceOf(this.#type, value));
      alive(undefined, given);
      return;
    }
    const keep: Keep | undefined = isBuffer(bytes) ? [] : undefined;
    const written = writable(this.#type, value, 'write', keep) as Uint8Array;
    writeAt(this.#type, locate(bytes, offset, written.byteLength, 'write'), written, 'write');
    if (keep !== undefined) keepWith(bytes as ArrayBuffer, 'write', offset, written.byteLength, keep);
    alive(undefined, given);
  }

  /** A live object whose properties read and write the memory. It keeps a buffer alive. */
  view(target: unknown, byteOffset: unknown = 0): object {
    const memory = memoryAt(target, byteOffset, 'view');
    if (locate(memory.bytes, memory.offset, this.#type.size, 'view') === 0) {
      throw ffiError('ERR_FFI_INVALID_POINTER', 'view: the address is NULL');
    }
    return viewOf(this.#type, memory);
  }

  /** The address of a struct in a buffer, or of a field of it. It keeps nothing alive. */
  ptr(memory: unknown, field?: unknown): number | bigint {
    const { offset } = field === undefined ? { offset: 0 } : locationOf(this.#type, field, 'ptr');
    return offsetAddress(locate(resolvePointer(memory, 'ptr'), 0, offset, 'ptr'), offset, 'ptr');
  }

  #read({ given, bytes, offset }: Memory, owner: string): unknown {
    const type = this.#type;
    const start = locate(bytes, offset, type.size, owner);
    if (isFlexible(type) && isBuffer(bytes)) return this.#readRest(bytes, offset, owner);
    return alive(readAt(type, start, owner), given);
  }

  /** A struct with a flexible tail in a buffer, which bounds the tail. */
  #readRest(buffer: Bytes, offset: number, owner: string): unknown {
    const view = new DataView(memoryOf(buffer), startOf(buffer) + offset, sizeOf(buffer) - offset);
    const tail = this.#type.members!.at(-1)!;
    const count = tailLength(this.#type, view, 0);
    if (count < 0 || tail.offset + count * tail.type.elements!.type.size > view.byteLength) {
      const message = `${owner}: ${count} elements of '${tail.name}' lie outside the ${view.byteLength} bytes`;
      throw ffiError('ERR_FFI_OUT_OF_BOUNDS', message);
    }
    return decode(this.#type, view, 0);
  }
}

/** A C union: all members at the start. A value has exactly one of them. */
export class UnionSchema extends StructSchema {}

/** The schema of a struct with those fields, in C's layout. */
export function Struct(fields: unknown, options?: unknown): StructSchema {
  return new StructSchema(fields, options);
}

/** The schema of a union with those members. */
export function Union(fields: unknown, options?: unknown): UnionSchema {
  return new UnionSchema(fields, options);
}

/** Where a field of a struct stands, in bytes from the start. */
export function offsetof(struct: unknown, path: unknown): number {
  return locationOf(resolveType(struct, 'offsetof'), path, 'offsetof').offset;
}
