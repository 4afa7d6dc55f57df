/** Values of the command line: from text to what a type accepts, and back. */
import { inspect } from 'node:util';
import { OpaquePointer } from '../opaque';
import { isAddress, isText, resolveType, typeNamed, type TypeInfo } from '../types';
import { Usage } from './usage';

const integer = /^[+-]?(?:\d+|0[xX][\da-fA-F]+)$/;

function integerOf(text: string): number | bigint {
  const isNegative = text.startsWith('-');
  const size = BigInt(text.replace(/^[+-]/, ''));
  const value = isNegative ? -size : size;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function numberOf(text: string, where: string): number {
  const special: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity };
  const name = text.toLowerCase();
  if (Object.hasOwn(special, name)) return special[name]!;
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isNaN(value)) return value;
  throw new Usage(`${where}: '${text}' is not a number`);
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Usage(`${where}: '${text}' is not JSON: ${(error as Error).message}`);
  }
}

/** Text of which the bytes are passed, for pointers to characters. */
function bytesOf(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** The value that an argument of the command gives for a parameter of that type. */
export function valueOf(text: string, type: TypeInfo, where: string): unknown {
  if (isAddress(type) && text === 'NULL') return null;
  if (isText(type)) return text;
  switch (type.convert) {
    case 'array':
    case 'struct':
    case 'union':
      return parsed(text, where);
    case 'float':
      return numberOf(text, where);
    case 'bool':
      if (['true', 'false', '0', '1'].includes(text)) return text === 'true' || text === '1';
      throw new Usage(`${where}: '${text}' is not true, false, 0 or 1`);
    case 'enum':
      return integer.test(text) ? integerOf(text) : text;
    case 'pointer':
    case 'opaque':
      return integer.test(text) ? integerOf(text) : bytesOf(text);
    default:
      if (!integer.test(text)) throw new Usage(`${where}: '${text}' is not an integer`);
      return type.convert === 'bigint' ? BigInt(integerOf(text)) : integerOf(text);
  }
}

/** The type and value of an argument in the place of '...': `double:1`, or what the text looks like. */
export function variadicOf(text: string, where: string): [string, unknown] {
  const [, name, rest] = /^(\w+):(.*)$/s.exec(text) ?? [];
  const type = name === undefined ? undefined : knownType(name);
  if (type !== undefined) return [name!, valueOf(rest!, type, where)];
  if (text === 'NULL') return ['ptr', null];
  if (integer.test(text)) {
    const value = integerOf(text);
    const { min, max } = typeNamed('i32');
    return [value >= min && value <= max ? 'int' : 'i64', value];
  }
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return ['double', Number(text)];
  return ['CString', text];
}

function knownType(name: string): TypeInfo | undefined {
  try {
    return name.length > 1 ? resolveType(name, '') : undefined;
  } catch {
    return undefined;
  }
}

const hex = (address: number | bigint): string => `0x${address.toString(16)}`;

/** A result as text. */
export function shown(value: unknown, type: TypeInfo): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (value === null) return 'NULL';
  if (value instanceof OpaquePointer) return hex(value.ptr);
  if (typeof value === 'number' && isAddress(type)) return value === 0 ? 'NULL' : hex(value);
  return typeof value === 'bigint' ? String(value) : inspect(value, { depth: null, maxArrayLength: null });
}
