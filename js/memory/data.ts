/** Scalars in buffers, by the engine's own access to them. */
import { isArrayBuffer } from 'node:util/types';
import { isResizable, memoryOf, offsetOf, sizeOf } from '../buffer';
import { loads, narrowed, stored } from '../composite/decode';
import { isBuffer } from '../convert';
import { littleEndian } from '../native';
import type { TypeInfo } from '../types';

/** What is in a buffer from an offset on; null for what is no buffer, and for buffers whose size may change. */
export function dataFrom(bytes: unknown, offset: number): DataView | null {
  if (!isBuffer(bytes)) return null;
  const memory = memoryOf(bytes);
  const size = sizeOf(bytes) - offset;
  // A buffer that was detached has no bytes either.
  if (offset < 0 || size <= 0 || (isArrayBuffer(memory) && isResizable(memory))) return null;
  return new DataView(memory, offsetOf(bytes) + offset, size);
}

type Load = (data: DataView, offset: number) => unknown;

/** What reads a scalar of a type whose common values go straight to and fro. It throws where that lies outside. */
export function loaderOf({ convert, machine, size }: TypeInfo): Load {
  const load = loads[stored(machine)]!;
  if (convert === 'bool') return (data, offset) => load(data, offset) !== 0;
  if (convert === 'int' || convert === 'float' || size < 8) return load;
  const isSigned = machine === 'i64';
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  return (data, offset) => {
    const upper = isSigned
      ? data.getInt32(offset + high, littleEndian)
      : data.getUint32(offset + high, littleEndian);
    const value = upper * 0x1_0000_0000 + data.getUint32(offset + low, littleEndian);
    return Number.isSafeInteger(value) ? value : narrowed(load(data, offset));
  };
}
