/** Reading results out of the slots. */
import { layout, slots } from '../native';

const { F64, I64, U64 } = slots;
const { result, resultNumber } = layout;

/**
 * The 64-bit result as a number where that is exact, else as a bigint. Native code leaves it both as
 * a double and as it is: a double beyond ±(2^53-1), or a negative one for an unsigned type, is not it.
 */
export function readSigned(): number | bigint {
  const value = F64[resultNumber]!;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? value : I64[result]!;
}

export function readUnsigned(): number | bigint {
  const value = F64[resultNumber]!;
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : U64[result]!;
}

/** Where a result of each machine type stands: the view, and its index in that view. */
export function place(machine: string, word: number): [keyof typeof slots, number] {
  switch (machine) {
    case 'i8':
      return ['I8', word * 8];
    case 'u8':
      return ['U8', word * 8];
    case 'i16':
      return ['I16', word * 4];
    case 'u16':
      return ['U16', word * 4];
    case 'i32':
      return ['I32', word * 2];
    case 'u32':
      return ['U32', word * 2];
    case 'f32':
      return ['F32', word * 2];
    case 'f64':
      return ['F64', word];
    case 'i64':
      return ['I64', word];
    default:
      return ['U64', word];
  }
}

/** The word that a result of that machine type is stored in. */
export function resultWord(machine: string): number {
  return machine === 'f32' || machine === 'f64' ? layout.resultFloat : result;
}
