/** Numbers and characters as C writes them. */
import { sizeof } from '../types';
import type { Cursor } from './cursor';
import { constantOf, fits, int, type Constant, type IntegerType } from './integers';
import type { Token } from './tokens';

const number = /^(0[xX][\da-fA-F]+|0[bB][01]+|0[0-7]*|[1-9]\d*)([uU]?(?:ll|LL|[lL])?|(?:ll|LL|[lL])[uU])$/;
const floating = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFlL]?$/;

/** The first of the types that a number may have which holds it (C11, 6.4.4.1). */
function typeOf(value: bigint, isDecimal: boolean, suffix: string): IntegerType | undefined {
  const longs = suffix.replaceAll('u', '').length;
  const sizes = [int.size, sizeof('long'), sizeof('i64')].slice(longs);
  const isUnsigned = suffix.includes('u');
  const candidates = sizes.flatMap((size) => [
    ...(isUnsigned ? [] : [{ size, isUnsigned: false }]),
    ...(isUnsigned || !isDecimal ? [{ size, isUnsigned: true }] : []),
  ]);
  // Compilers take a decimal that no signed type holds as an unsigned one.
  candidates.push({ size: sizeof('i64'), isUnsigned: true });
  return candidates.find((type) => fits(value, type));
}

export function integerOf(cursor: Cursor, token: Token): Constant {
  const [, digits, suffix] = number.exec(token.text) ?? [];
  if (digits === undefined) throw cursor.fail(`'${token.text}' is not an integer`, token);
  const plain = /^0[0-7]+$/.test(digits) ? `0o${digits}` : digits;
  // Zeros in front count, but nobody writes so many.
  const value = plain.length > 100 ? 2n ** 64n : BigInt(plain);
  const type = typeOf(value, /^[1-9]/.test(digits), suffix!.toLowerCase());
  if (type === undefined) throw cursor.fail('the value has more than 64 bits', token);
  return constantOf(value, type);
}

/** The whole part of a floating-point number; undefined for any other token. */
export function wholeOf({ kind, text }: Token): bigint | undefined {
  const isFloating = kind === 'number' && floating.test(text) && /[.eE]/.test(text);
  if (!isFloating) return undefined;
  const value = Math.trunc(Number(text.replace(/[fFlL]$/, '')));
  return Number.isFinite(value) ? BigInt(value) : undefined;
}

const escapes: Readonly<Record<string, number>> = {
  ...{ a: 7, b: 8, e: 27, t: 9, n: 10, v: 11, f: 12, r: 13 },
  ...{ '\\': 92, "'": 39, '"': 34, '?': 63 },
};
const part =
  /\\x([\da-fA-F]+)|\\([0-7]{1,3})|\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})|\\([abetnvfr\\'"?])|([^\\])/suy;

/** What stands between the quotes: code points, or the bytes of UTF-8. `isCode`: a value as it is, not a character. */
interface Character {
  readonly value: number;
  readonly isCode: boolean;
}

function charactersIn(cursor: Cursor, token: Token, text: string): Character[] {
  const found: Character[] = [];
  for (let at = 0; at < text.length; at = part.lastIndex) {
    part.lastIndex = at;
    const match = part.exec(text);
    if (match === null) throw cursor.fail(`${token.text} has an escape that C does not know`, token);
    const [, hex, octal, short, long, escape, plain] = match;
    const code = hex ?? short ?? long;
    if (code !== undefined) found.push({ value: parseInt(code, 16), isCode: hex !== undefined });
    else if (octal !== undefined) found.push({ value: parseInt(octal, 8), isCode: true });
    else
      found.push({ value: escape === undefined ? plain!.codePointAt(0)! : escapes[escape]!, isCode: false });
  }
  return found;
}

/** The bytes that a string or character has in C; those beyond 255 are refused. */
function bytesOf(cursor: Cursor, token: Token, text: string): number[] {
  return charactersIn(cursor, token, text).flatMap(({ value, isCode }) => {
    if (value > (isCode ? 0xff : 0x10_ffff))
      throw cursor.fail(`${token.text} has a character that is too large`, token);
    return isCode ? [value] : [...Buffer.from(String.fromCodePoint(value))];
  });
}

/** The types of characters and strings, by what stands before their quotes. */
const prefixes: Readonly<Record<string, IntegerType>> = {
  L: process.platform === 'win32' ? { size: 2, isUnsigned: true } : { size: 4, isUnsigned: false },
  u: { size: 2, isUnsigned: true },
  U: { size: 4, isUnsigned: true },
  u8: { size: 1, isUnsigned: true },
};

const split = (text: string): [prefix: string, inside: string] => {
  const start = text.search(/['"]/);
  return [text.slice(0, start), text.slice(start + 1, -1)];
};

/** A character; several of them without a prefix are an int, as GCC and Clang have it. */
export function characterOf(cursor: Cursor, token: Token): Constant {
  const [prefix, text] = split(token.text);
  if (prefix === '') {
    const bytes = bytesOf(cursor, token, text);
    const [first] = bytes;
    const value = bytes.reduce((sum, byte) => (sum << 8) | byte, 0);
    // char is signed here.
    return constantOf(BigInt(bytes.length === 1 ? (first! << 24) >> 24 : value));
  }
  const type = prefixes[prefix]!;
  const characters = charactersIn(cursor, token, text);
  const { value: code } = characters[0]!;
  if (characters.length > 1 || code >= 2 ** (type.size * 8))
    throw cursor.fail(`${token.text} is not a single character of its type`, token);
  const value = BigInt(code);
  return constantOf(type.isUnsigned ? value : BigInt.asIntN(type.size * 8, value), type);
}

/** The bytes that a string takes up, its NUL included. */
export function sizeOfString(cursor: Cursor, token: Token): number {
  const [prefix, text] = split(token.text);
  const type = prefix === '' ? undefined : prefixes[prefix]!;
  if (type === undefined || type.size === 1) return bytesOf(cursor, token, text).length + 1;
  const units = charactersIn(cursor, token, text).map(({ value }) =>
    type.size === 2 && value > 0xffff ? 2 : 1,
  );
  return (units.reduce<number>((sum, count) => sum + count, 0) + 1) * type.size;
}
