/** Buffers of every kind, asked by the engine's own getters, which no property of an object can hide. */
import { isArrayBuffer, isSharedArrayBuffer, isTypedArray } from 'node:util/types';

/** Anything that has bytes. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

type Getter<T> = (object: unknown) => T;

function getter(prototype: object, name: string): Getter<unknown> {
  const { get } = Reflect.getOwnPropertyDescriptor(prototype, name)!;
  return Function.prototype.call.bind(get!) as Getter<unknown>;
}

const typedArray = Reflect.getPrototypeOf(Uint8Array.prototype)!;

/** Of a typed array, in elements; 0 where it is detached. */
export const lengthOf = getter(typedArray, 'length') as Getter<number>;
/** Of an ArrayBuffer, in bytes; 0 where it is detached. */
export const arrayBufferSize = getter(ArrayBuffer.prototype, 'byteLength') as Getter<number>;
/** Of an ArrayBuffer: whether its size can change. */
export const isResizable = getter(ArrayBuffer.prototype, 'resizable') as Getter<boolean>;

const sharedSize = getter(SharedArrayBuffer.prototype, 'byteLength') as Getter<number>;
const arraySize = getter(typedArray, 'byteLength') as Getter<number>;
const arrayOffset = getter(typedArray, 'byteOffset') as Getter<number>;
const arrayMemory = getter(typedArray, 'buffer') as Getter<ArrayBufferLike>;
const viewSize = getter(DataView.prototype, 'byteLength') as Getter<number>;
const viewOffset = getter(DataView.prototype, 'byteOffset') as Getter<number>;
const viewMemory = getter(DataView.prototype, 'buffer') as Getter<ArrayBufferLike>;

/** A getter of DataView's throws where the buffer is detached or has become too small. */
function ofView(get: (view: unknown) => number, view: unknown): number {
  try {
    return get(view);
  } catch {
    return 0;
  }
}

/** The size of a buffer in bytes; 0 where it is detached. */
export function sizeOf(value: Bytes): number {
  if (isArrayBuffer(value)) return arrayBufferSize(value);
  if (isSharedArrayBuffer(value)) return sharedSize(value);
  return isTypedArray(value) ? arraySize(value) : ofView(viewSize, value);
}

/** The memory that a buffer is, or is a view of. */
export function memoryOf(value: Bytes): ArrayBufferLike {
  if (!ArrayBuffer.isView(value)) return value;
  return isTypedArray(value) ? arrayMemory(value) : viewMemory(value);
}

/** Where in its memory a buffer starts, in bytes. */
export function offsetOf(value: Bytes): number {
  if (!ArrayBuffer.isView(value)) return 0;
  return isTypedArray(value) ? arrayOffset(value) : ofView(viewOffset, value);
}

/** The bytes of a buffer, not a copy. */
export function bytesOf(value: Bytes): Uint8Array {
  return new Uint8Array(memoryOf(value), offsetOf(value), sizeOf(value));
}
