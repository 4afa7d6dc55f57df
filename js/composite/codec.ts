/** The codec of each struct and union: generated when first used, or closures that do the same. */
import { generated } from '../codegen';
import { slots, slotsView } from '../native';
import type { TypeInfo } from '../types';
import { compileCodec, isCompilable, type Codec } from './compile';
import { decode } from './decode';

/** Two eightbytes side by side. */
const pair = new DataView(new ArrayBuffer(16));
const pairBytes = new Uint8Array(pair.buffer);

/** Leaves all encoding to `encode.ts`, and decodes without generated code. */
function interpretCodec(type: TypeInfo): Codec {
  return {
    encode: () => false,
    decode: (p, q) => {
      if (type.size <= 8 || type.size > 16 || q === p + 8) return decode(type, slotsView, p);
      pairBytes.set(slots.U8.subarray(p, p + 8));
      pairBytes.set(slots.U8.subarray(q, q + 8), 8);
      return decode(type, pair, 0);
    },
  };
}

const codecs = new WeakMap<TypeInfo, Codec>();

/** The codec of a struct or union. */
export function codecOf(type: TypeInfo): Codec {
  let codec = codecs.get(type);
  if (codec === undefined) {
    codec = isCompilable(type) ? generated(() => compileCodec(type)) : undefined;
    codec ??= interpretCodec(type);
    codecs.set(type, codec);
  }
  return codec;
}
