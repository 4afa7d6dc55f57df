/** The types that C has, by the words that name them. */
import { spellings } from '../generated/types';

/** What a name stands for; `text`: the string that a pointer to const values of it is. */
export interface Known {
  readonly type: string;
  readonly text?: string;
}

const isWindows = process.platform === 'win32';

/** The specifiers in alphabetic order, and the type of each combination. */
const combinations: Readonly<Record<string, Known>> = {
  void: { type: 'void' },
  _Bool: { type: 'bool' },
  bool: { type: 'bool' },
  char: { type: 'i8', text: 'CString' },
  'char signed': { type: 'i8' },
  'char unsigned': { type: 'u8' },
  short: { type: 'i16' },
  'short signed': { type: 'i16' },
  'short unsigned': { type: 'u16' },
  '': { type: 'i32' },
  signed: { type: 'i32' },
  unsigned: { type: 'u32' },
  long: { type: 'long' },
  'long signed': { type: 'long' },
  'long unsigned': { type: 'ulong' },
  'long long': { type: 'i64' },
  'long long signed': { type: 'i64' },
  'long long unsigned': { type: 'u64' },
  float: { type: 'f32' },
  double: { type: 'f64' },
  _Float32: { type: 'f32' },
  _Float64: { type: 'f64' },
  _Float32x: { type: 'f64' },
};

/** Words for types that arkffi lacks. */
export const unsupported: ReadonlySet<string> = new Set([
  ...['_Complex', '__complex__', '__complex', '_Imaginary', '__int128', '__int128_t', '__uint128_t'],
  ...['__float128', '__float80', '__bf16', '_Float16', '_Float128', '_Float64x', '_Float128x'],
  ...['_BitInt', '_Decimal32', '_Decimal64', '_Decimal128', '_Atomic', '__builtin_va_list'],
]);

/** Words that make up the names of C's own types. */
export const specifiers: ReadonlySet<string> = new Set([
  ...['void', '_Bool', 'bool', 'char', 'short', 'int', 'long', 'float', 'double'],
  ...['signed', '__signed', '__signed__', 'unsigned', '_Float32', '_Float64', '_Float32x'],
  ...unsupported,
]);

/** Words that cannot be the name of anything. */
export const keywords: ReadonlySet<string> = new Set([
  ...specifiers,
  ...['struct', 'union', 'enum', 'typedef', 'extern', 'static', 'const', 'volatile', 'restrict', 'inline'],
  ...['sizeof', '_Alignof', '_Static_assert', 'register', 'return', 'if', 'else', 'for', 'while', 'do'],
  ...['typeof', '__typeof__', '__typeof', 'switch', 'case', 'default', 'break', 'continue', 'goto', 'auto'],
]);

/** The type of a combination of specifiers; 'long double' is none. */
export function combined(words: readonly string[]): Known | undefined {
  const plain = words.map((word) => (word.startsWith('__signed') ? 'signed' : word));
  // 'int' adds nothing to the words that it goes with.
  const rest = plain.filter((word) => word !== 'int');
  const goes = rest.every((word) => ['short', 'long', 'signed', 'unsigned'].includes(word));
  const ints = plain.length - rest.length;
  if (ints > 1 || (ints === 1 && !goes)) return undefined;
  return rest.length === 0 && ints === 0 ? undefined : combinations[rest.sort().join(' ')];
}

/** The names of C's headers that are not arkffi's own. */
const headers: Readonly<Record<string, Known>> = {
  ptrdiff_t: { type: 'isize' },
  wchar_t: { type: isWindows ? 'u16' : 'i32', text: 'wstring' },
  wint_t: { type: isWindows ? 'u16' : 'u32' },
  char8_t: { type: 'u8' },
  char16_t: { type: 'u16', text: 'string16' },
  char32_t: { type: 'u32', text: 'string32' },
  ...Object.fromEntries(
    [8, 16, 32, 64].flatMap((bits) => [
      [`int_least${bits}_t`, { type: `i${bits}` }],
      [`uint_least${bits}_t`, { type: `u${bits}` }],
    ]),
  ),
  intmax_t: { type: 'i64' },
  uintmax_t: { type: 'u64' },
  time_t: { type: 'i64' },
  off_t: { type: isWindows ? 'i32' : 'i64' },
  pid_t: { type: 'i32' },
  uid_t: { type: 'u32' },
  gid_t: { type: 'u32' },
  mode_t: { type: process.platform === 'linux' ? 'u32' : 'u16' },
  socklen_t: { type: 'u32' },
};

/** The type that a name stands for by itself: one of C's headers, or one of arkffi's type names but the letters. */
export function named(name: string): Known | undefined {
  if (Object.hasOwn(headers, name)) return headers[name];
  return name.length > 1 && spellings.has(name) ? { type: name } : undefined;
}
