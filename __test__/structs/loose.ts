/** The package without its static types, for tests that hand in anything. */
import { test } from '@jest/globals';
import * as arkffi from 'arkffi';

export interface Schema {
  readonly size: number;
  readonly align: number;
  readonly fieldNames: readonly string[];
  readonly fieldTypes: readonly unknown[];
  readonly fieldOffsets: readonly number[];
  readonly object: object;
  offsetOf(path: unknown): number;
  create(value?: unknown): ArrayBuffer;
  get(buffer: unknown, field: unknown): unknown;
  set(buffer: unknown, field: unknown, value: unknown): void;
  fromPtr(pointer: unknown, byteOffset?: unknown): Fields;
  fromBuffer(buffer: unknown, byteOffset?: unknown): Fields;
  write(target: unknown, value: unknown, byteOffset?: unknown): void;
  view(target: unknown, byteOffset?: unknown): Fields;
  ptr(buffer: unknown, field?: unknown): number;
}

export type Fields = Record<string, unknown>;

export type Call = ((...args: unknown[]) => unknown) & {
  readonly ptr: number;
  readonly path: string;
  readonly name: string;
};

export interface Variable {
  readonly ptr: number;
  value: unknown;
}

export interface OpenLibrary<S> {
  readonly symbols: Readonly<Record<string, S>>;
  close(): void;
}

interface Loose {
  Struct(fields: unknown, options?: unknown): Schema;
  Union(fields: unknown, options?: unknown): Schema;
  StructSchema: new (...args: unknown[]) => Schema;
  UnionSchema: new (...args: unknown[]) => Schema;
  OpaquePointer: new (...args: unknown[]) => { readonly ptr: number };
  array(type: unknown, length?: unknown): object;
  pointer(type: unknown): object;
  fn(def: unknown): object;
  enumeration(values: unknown, storage?: unknown): object;
  opaque(name: unknown): object;
  bits(type: unknown, width: unknown): object;
  sizeof(type: unknown): number;
  alignof(type: unknown): number;
  offsetof(type: unknown, path: unknown): number;
  releasePtr(pointer: unknown): boolean;
  ref(type: unknown, value?: unknown): Variable & { close(): void };
  CFunction(def: unknown): Call & { close(): void };
}

export const {
  Struct,
  Union,
  StructSchema,
  UnionSchema,
  OpaquePointer,
  array,
  pointer,
  fn,
  enumeration,
  opaque,
  bits,
  sizeof,
  alignof,
  offsetof,
  releasePtr,
  ref,
  CFunction,
} = arkffi as unknown as Loose;

const open = arkffi.dlopen as unknown as (path: string | null, defs: unknown) => OpenLibrary<unknown>;

/** Whether it is known here how a type is passed by value: of unions, packed structs and bit-fields it is not everywhere. */
export function isPassed(type: unknown): boolean {
  const { malloc } = arkffi.dlopen(null, { malloc: {} }).symbols;
  try {
    CFunction({ ptr: malloc.ptr, args: [type] }).close();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_FFI_UNSUPPORTED') return false;
    throw error;
  }
}

/** Whether it is known of unions. */
export const passesUnions = isPassed(Union({ i: 'i64', d: 'f64' }));

/** A test that passes unions, packed structs or bit-fields by value; skipped where that is not known. */
export const testUnions = passesUnions ? test : test.skip;

/** The functions of a library. Where unions are not passed, those that take or return one are absent. */
export function functions(path: string | null, defs: Record<string, unknown>): OpenLibrary<Call> {
  const opened = open(path, defs) as OpenLibrary<Call>;
  if (passesUnions) return opened;
  const symbols: Record<string, Call> = {};
  for (const name of Object.keys(defs)) {
    try {
      symbols[name] = opened.symbols[name]!;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_FFI_UNSUPPORTED') throw error;
    }
  }
  return { symbols, close: () => opened.close() };
}

/** The variables of a library, each by its type. */
export function variables(
  path: string | null,
  types: Record<string, unknown>,
): Readonly<Record<string, Variable>> {
  const defs = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
  return open(path, defs).symbols as Readonly<Record<string, Variable>>;
}

/** Takes the memory away from the buffer, as a transfer to a worker does. */
export function detach(buffer: ArrayBufferLike): void {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

/** The bytes of a buffer as a list. */
export function bytesOf(buffer: ArrayBufferLike): number[] {
  return [...new Uint8Array(buffer)];
}
