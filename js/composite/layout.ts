/**
 * Where the members of structs and unions stand: C's layout, with bit-fields and packing as GCC and
 * Clang have them on System V platforms.
 */
import { ffiError } from '../errors';
import type { Member, TypeInfo } from '../types';

/** A member before it has a place. */
export interface Declared {
  readonly name: string;
  readonly type: TypeInfo;
  /** The width of a bit-field; 0 ends the run of bit-fields before it and is no member. */
  readonly width?: number;
}

/** Sizes, in bytes, and places. */
export interface Layout {
  readonly size: number;
  readonly align: number;
  readonly members: readonly Member[];
}

/** In bytes: sizes stay exact as 32-bit integers. */
export const maxSize = 2 ** 31 - 1;

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

function finish(members: Member[], bits: number, align: number, where: string): Layout {
  const size = roundUp(Math.ceil(bits / 8), align);
  if (size > maxSize) {
    throw ffiError('ERR_FFI_INVALID_TYPE', `${where}: ${size} bytes are more than ${maxSize}`);
  }
  return { size, align, members };
}

/**
 * One member after the other. `pack` is the most that a member is aligned to, as by `#pragma pack`.
 *
 * A bit-field follows the one before it unless it would then cross a boundary of its type; a named one
 * aligns the struct as its type does (System V ABI, AMD64 supplement, 3.1.2). With `pack`, whatever its
 * value, it may cross boundaries (GCC's `place_field`).
 */
export function structLayout(declared: readonly Declared[], pack: number | undefined, where: string): Layout {
  const members: Member[] = [];
  let [at, align] = [0, 1];
  for (const { name, type, width } of declared) {
    const unit = Math.min(type.align, pack ?? Infinity) * 8;
    if (width === 0) {
      // A zero width is not influenced by packing.
      at = roundUp(at, type.align * 8);
      continue;
    }
    align = Math.max(align, unit / 8);
    if (width === undefined) {
      at = roundUp(at, unit);
      members.push({ name, type, offset: at / 8 });
      at += type.size * 8;
    } else {
      const crosses = Math.ceil(((at % unit) + width) / unit) > (type.size * 8) / unit;
      if (crosses && pack === undefined) at = roundUp(at, unit);
      members.push({ name, type, offset: Math.floor(at / 8), bits: { first: at, width } });
      at += width;
    }
  }
  return finish(members, at, align, where);
}

/** All members at the start. */
export function unionLayout(declared: readonly Declared[], pack: number | undefined, where: string): Layout {
  const members: Member[] = [];
  let [bits, align] = [0, 1];
  for (const { name, type, width } of declared) {
    if (width === 0) continue;
    align = Math.max(align, Math.min(type.align, pack ?? Infinity));
    bits = Math.max(bits, width ?? type.size * 8);
    const member = { name, type, offset: 0 };
    members.push(width === undefined ? member : { ...member, bits: { first: 0, width } });
  }
  return finish(members, bits, align, where);
}
