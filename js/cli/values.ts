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

/** What is not finite, as C and as JavaScript write it. */
function special(text: string): number | undefined {
  const [, sign, name] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (name.toLowerCase() === 'nan') return NaN;
  return sign === '-' ? -Infinity : Infinity;
}

function numberOf(text: string, where: string): number {
  const known = special(text);
  if (known !== undefined) return known;
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isNaN(value)) return value;
  throw new Usage(`${where}: '${text}' is not a number`);
}

/** Strings of JSON, and what stands among them: large integers, and numbers that JSON lacks. */
const beyond = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])|[+-]?(?:Infinity|inf|NaN|nan)\b/g;
/** What such a number is in the meantime: no text of the user's has a NUL. */
const marked = (text: string): string => (text.startsWith('"') ? text : `"\\u0000${text}"`);

function revived(_: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('\0')) return value;
  const text = value.slice(1);
  return special(text) ?? (integer.test(text) ? integerOf(text) : value);
}

/** JSON, in which integers keep all of their digits. */
function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replaceAll(beyond, marked), revived);
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
  const known = special(text);
  if (known !== undefined) return ['double', known];
  if (integer.test(text)) {
    const value = integerOf(text);
    const { min, max } = typeNamed('i32');
    if (value >= min && value <= max) return ['int', value];
    return [value > typeNamed('i64').max ? 'u64' : 'i64', value];
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

/** A value as it is to be seen: integers without the `n` of bigints, unions with the values of their members. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { [inspect.custom]: () => String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** A result as text. */
export function shown(value: unknown, type: TypeInfo): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (value === null) return 'NULL';
  if (value instanceof OpaquePointer) return hex(value.ptr);
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (isNumber && isAddress(type)) return Number(value) === 0 ? 'NULL' : hex(value);
  return inspect(plain(value), { depth: null, maxArrayLength: null });
}

/** A result as JSON: integers with all of their digits, numbers that JSON lacks as text, addresses as numbers. */
export function json(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (value instanceof OpaquePointer) return json(value.ptr);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  // A union's members are getters, of which every one counts.
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${json(member)}`);
  return `{${members.join(',')}}`;
}
