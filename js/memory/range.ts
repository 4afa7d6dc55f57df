/** Ranges of memory: offsets, lengths, and whether a range can be read. */
import { describe, ffiError, hex } from '../errors';
import { native } from '../native';

/** A whole number of bytes, negative ones too where an address is moved. */
export function checkOffset(offset: unknown, owner: string): number {
  if (typeof offset !== 'number') {
    throw ffiError(
      'ERR_FFI_INVALID_ARG_TYPE',
      `${owner}: an offset is a number of bytes, got ${describe(offset)}`,
    );
  }
  if (!Number.isSafeInteger(offset)) {
    throw ffiError(
      'ERR_FFI_OUT_OF_RANGE',
      `${owner}: an offset is a whole number of bytes, got ${describe(offset)}`,
    );
  }
  return offset;
}

/** A length in bytes. */
export function checkLength(length: unknown, owner: string): number {
  if (typeof length !== 'number') {
    throw ffiError(
      'ERR_FFI_INVALID_ARG_TYPE',
      `${owner}: a length is a number of bytes, got ${describe(length)}`,
    );
  }
  if (!Number.isSafeInteger(length) || length < 0) {
    throw ffiError(
      'ERR_FFI_OUT_OF_RANGE',
      `${owner}: a length is a whole number of bytes, got ${describe(length)}`,
    );
  }
  return length;
}

/** An address moved by an offset; NULL cannot be moved. */
export function offsetAddress(address: number | bigint, offset: number, owner: string): number | bigint {
  if (address === 0) throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: the address is NULL`);
  if (offset === 0) return address;
  const near = typeof address === 'number' ? address + offset : 0;
  if (near > 0 && Number.isSafeInteger(near)) return near;
  const moved = BigInt(address) + BigInt(offset);
  if (moved <= 0n || moved >= 2n ** 64n) {
    throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: the offset ${offset} leaves the address space`);
  }
  return moved <= Number.MAX_SAFE_INTEGER ? Number(moved) : moved;
}

/** Refuses a range of which any byte cannot be read, before anything is allocated for it. */
export function readable(address: number | bigint, bytes: number, owner: string): void {
  if (bytes === 0) return;
  if (typeof address === 'number' && address > 0 && native((binding) => binding.isReadable(address, bytes)))
    return;
  const at = address === 0 ? 'NULL' : hex(address);
  throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${bytes} bytes at ${at} cannot be read`);
}
