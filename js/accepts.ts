/** The common kind of value of each type, as source text for generated code. */
import type { TypeInfo } from './types';

export const maxSafe = Number.MAX_SAFE_INTEGER;

/** The condition on which the value `a` of a type is stored without further ado. */
export function accepts(type: TypeInfo, a: string): string {
  const number = `typeof ${a} === 'number'`;
  switch (type.machine) {
    case 'i8':
      return `${number} && ${a} << 24 >> 24 === ${a}`;
    case 'u8':
      return type.convert === 'bool' ? `typeof ${a} === 'boolean'` : `${number} && (${a} & 255) === ${a}`;
    case 'i16':
      return `${number} && ${a} << 16 >> 16 === ${a}`;
    case 'u16':
      return `${number} && (${a} & 65535) === ${a}`;
    case 'i32':
      return `${number} && (${a} | 0) === ${a}`;
    case 'u32':
      return `${number} && ${a} >>> 0 === ${a}`;
    case 'i64':
      return `${number} && ((${a} | 0) === ${a} || Math.floor(${a}) === ${a} && ${a} >= -${maxSafe} && ${a} <= ${maxSafe})`;
    case 'u64':
      return `${number} && Math.floor(${a}) === ${a} && ${a} >= 0 && ${a} <= ${maxSafe}`;
    case 'f32':
    case 'f64':
      return number;
    default:
      return `${number} && Math.floor(${a}) === ${a} && ${a} >= 0 && ${a} <= ${maxSafe}`;
  }
}
