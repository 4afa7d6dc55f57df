// Generated from types.json by scripts/generate.mjs; do not edit.
import type { FunctionLike, PointerLike, TextLike } from './index';

/** The name constants of every type. `FFIType.int32` is the canonical name `'i32'`. */
export declare const FFIType: {
  /** `void` */
  readonly void: 'void';
  /** `_Bool` */
  readonly bool: 'bool';
  /** `int8_t` */
  readonly i8: 'i8';
  /** `int8_t` */
  readonly int8: 'i8';
  /** `int8_t` */
  readonly int8_t: 'i8';
  /** `int8_t` */
  readonly char: 'i8';
  /** `uint8_t` */
  readonly u8: 'u8';
  /** `uint8_t` */
  readonly uint8: 'u8';
  /** `uint8_t` */
  readonly uint8_t: 'u8';
  /** `uint8_t` */
  readonly uchar: 'u8';
  /** `int16_t` */
  readonly i16: 'i16';
  /** `int16_t` */
  readonly int16: 'i16';
  /** `int16_t` */
  readonly int16_t: 'i16';
  /** `int16_t` */
  readonly short: 'i16';
  /** `uint16_t` */
  readonly u16: 'u16';
  /** `uint16_t` */
  readonly uint16: 'u16';
  /** `uint16_t` */
  readonly uint16_t: 'u16';
  /** `uint16_t` */
  readonly ushort: 'u16';
  /** `int32_t` */
  readonly i32: 'i32';
  /** `int32_t` */
  readonly int32: 'i32';
  /** `int32_t` */
  readonly int32_t: 'i32';
  /** `int32_t` */
  readonly int: 'i32';
  /** `uint32_t` */
  readonly u32: 'u32';
  /** `uint32_t` */
  readonly uint32: 'u32';
  /** `uint32_t` */
  readonly uint32_t: 'u32';
  /** `uint32_t` */
  readonly uint: 'u32';
  /** `int64_t` */
  readonly i64: 'i64';
  /** `int64_t` */
  readonly int64: 'i64';
  /** `int64_t` */
  readonly int64_t: 'i64';
  /** `int64_t` */
  readonly longlong: 'i64';
  /** `uint64_t` */
  readonly u64: 'u64';
  /** `uint64_t` */
  readonly uint64: 'u64';
  /** `uint64_t` */
  readonly uint64_t: 'u64';
  /** `uint64_t` */
  readonly ulonglong: 'u64';
  /** `int64_t` */
  readonly i64_fast: 'i64_fast';
  /** `uint64_t` */
  readonly u64_fast: 'u64_fast';
  /** `int64_t` */
  readonly bigint64: 'bigint64';
  /** `uint64_t` */
  readonly biguint64: 'biguint64';
  /** `long` */
  readonly long: 'long';
  /** `unsigned long` */
  readonly ulong: 'ulong';
  /** `size_t` */
  readonly size_t: 'size_t';
  /** `size_t` */
  readonly usize: 'usize';
  /** `ssize_t` */
  readonly ssize_t: 'ssize_t';
  /** `ssize_t` */
  readonly isize: 'isize';
  /** `intptr_t` */
  readonly intptr_t: 'intptr_t';
  /** `uintptr_t` */
  readonly uintptr_t: 'uintptr_t';
  /** `float` */
  readonly f32: 'f32';
  /** `float` */
  readonly float: 'f32';
  /** `double` */
  readonly f64: 'f64';
  /** `double` */
  readonly double: 'f64';
  /** `const char*` */
  readonly CString: 'CString';
  /** `const char*` */
  readonly cstring: 'CString';
  /** `const char16_t*` */
  readonly string16: 'string16';
  /** `const char32_t*` */
  readonly string32: 'string32';
  /** `const wchar_t*` */
  readonly wstring: 'wstring';
  /** `void*` */
  readonly ptr: 'ptr';
  /** `void*` */
  readonly pointer: 'ptr';
  /** `void*` */
  readonly buffer: 'ptr';
  /** `void (*)()` */
  readonly callback: 'callback';
  /** `void (*)()` */
  readonly function: 'callback';
  /** `napi_env` */
  readonly napi_env: 'napi_env';
  /** `napi_value` */
  readonly napi_value: 'napi_value';
};

/** What an argument of each type accepts, by every accepted spelling. */
export interface ArgumentTypes {
  void: never;
  v: never;
  bool: boolean | 0 | 1;
  b: boolean | 0 | 1;
  i8: number;
  int8: number;
  int8_t: number;
  char: number;
  c: number;
  u8: number;
  uint8: number;
  uint8_t: number;
  uchar: number;
  i16: number;
  int16: number;
  int16_t: number;
  short: number;
  u16: number;
  uint16: number;
  uint16_t: number;
  ushort: number;
  i32: number;
  int32: number;
  int32_t: number;
  int: number;
  i: number;
  u32: number;
  uint32: number;
  uint32_t: number;
  uint: number;
  i64: number | bigint;
  int64: number | bigint;
  int64_t: number | bigint;
  longlong: number | bigint;
  l: number | bigint;
  u64: number | bigint;
  uint64: number | bigint;
  uint64_t: number | bigint;
  ulonglong: number | bigint;
  i64_fast: number | bigint;
  u64_fast: number | bigint;
  bigint64: number | bigint;
  biguint64: number | bigint;
  long: number | bigint;
  ulong: number | bigint;
  size_t: number | bigint;
  usize: number | bigint;
  ssize_t: number | bigint;
  isize: number | bigint;
  intptr_t: number | bigint;
  uintptr_t: number | bigint;
  f32: number;
  float: number;
  f: number;
  f64: number;
  double: number;
  d: number;
  CString: TextLike;
  cstring: TextLike;
  s: TextLike;
  string16: TextLike;
  string32: TextLike;
  wstring: TextLike;
  ptr: PointerLike;
  pointer: PointerLike;
  buffer: PointerLike;
  p: PointerLike;
  callback: FunctionLike;
  function: FunctionLike;
  k: FunctionLike;
  napi_env: never;
  napi_value: unknown;
}

/** What a result of each type gives, by every accepted spelling. */
export interface ResultTypes {
  void: void;
  v: void;
  bool: boolean;
  b: boolean;
  i8: number;
  int8: number;
  int8_t: number;
  char: number;
  c: number;
  u8: number;
  uint8: number;
  uint8_t: number;
  uchar: number;
  i16: number;
  int16: number;
  int16_t: number;
  short: number;
  u16: number;
  uint16: number;
  uint16_t: number;
  ushort: number;
  i32: number;
  int32: number;
  int32_t: number;
  int: number;
  i: number;
  u32: number;
  uint32: number;
  uint32_t: number;
  uint: number;
  i64: number | bigint;
  int64: number | bigint;
  int64_t: number | bigint;
  longlong: number | bigint;
  l: number | bigint;
  u64: number | bigint;
  uint64: number | bigint;
  uint64_t: number | bigint;
  ulonglong: number | bigint;
  i64_fast: number;
  u64_fast: number;
  bigint64: bigint;
  biguint64: bigint;
  long: number | bigint;
  ulong: number | bigint;
  size_t: number | bigint;
  usize: number | bigint;
  ssize_t: number | bigint;
  isize: number | bigint;
  intptr_t: number | bigint;
  uintptr_t: number | bigint;
  f32: number;
  float: number;
  f: number;
  f64: number;
  double: number;
  d: number;
  CString: string | null;
  cstring: string | null;
  s: string | null;
  string16: string | null;
  string32: string | null;
  wstring: string | null;
  ptr: number;
  pointer: number;
  buffer: number;
  p: number;
  callback: number;
  function: number;
  k: number;
  napi_env: never;
  napi_value: unknown;
}

/** Types that a definition fills in by itself: no argument is passed for them. */
export type FilledIn =
  | 'napi_env';

/** Types that can be read from and written to memory. */
export type MemoryTypeName =
  | 'bool'
  | 'b'
  | 'i8'
  | 'int8'
  | 'int8_t'
  | 'char'
  | 'c'
  | 'u8'
  | 'uint8'
  | 'uint8_t'
  | 'uchar'
  | 'i16'
  | 'int16'
  | 'int16_t'
  | 'short'
  | 'u16'
  | 'uint16'
  | 'uint16_t'
  | 'ushort'
  | 'i32'
  | 'int32'
  | 'int32_t'
  | 'int'
  | 'i'
  | 'u32'
  | 'uint32'
  | 'uint32_t'
  | 'uint'
  | 'i64'
  | 'int64'
  | 'int64_t'
  | 'longlong'
  | 'l'
  | 'u64'
  | 'uint64'
  | 'uint64_t'
  | 'ulonglong'
  | 'i64_fast'
  | 'u64_fast'
  | 'bigint64'
  | 'biguint64'
  | 'long'
  | 'ulong'
  | 'size_t'
  | 'usize'
  | 'ssize_t'
  | 'isize'
  | 'intptr_t'
  | 'uintptr_t'
  | 'f32'
  | 'float'
  | 'f'
  | 'f64'
  | 'double'
  | 'd'
  | 'CString'
  | 'cstring'
  | 's'
  | 'string16'
  | 'string32'
  | 'wstring'
  | 'ptr'
  | 'pointer'
  | 'buffer'
  | 'p'
  | 'callback'
  | 'function'
  | 'k';
