// The scalar types: the contract's table, written down a second time, so that a mistake in the package's own
// table is seen.

const signed = (bits) => ({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });
const unsigned = (bits) => ({ min: 0n, max: 2n ** bits - 1n });
const safe = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * `read` says how values are converted: 'bool', 'int' (numbers), 'wide' (numbers, bigints beyond 2^53), 'fast'
 * (safe integers alone), 'bigint', 'float', 'pointer', 'code' (a function pointer), 'text'.
 */
const rows = [
  { keys: ['bool', 'b'], c: '_Bool', size: 1, read: 'bool', min: 0n, max: 1n },
  { keys: ['i8', 'int8', 'int8_t', 'char', 'c'], c: 'int8_t', size: 1, read: 'int', ...signed(8n) },
  { keys: ['u8', 'uint8', 'uint8_t', 'uchar'], c: 'uint8_t', size: 1, read: 'int', ...unsigned(8n) },
  { keys: ['i16', 'int16', 'int16_t', 'short'], c: 'int16_t', size: 2, read: 'int', ...signed(16n) },
  { keys: ['u16', 'uint16', 'uint16_t', 'ushort'], c: 'uint16_t', size: 2, read: 'int', ...unsigned(16n) },
  { keys: ['i32', 'int32', 'int32_t', 'int', 'i'], c: 'int32_t', size: 4, read: 'int', ...signed(32n) },
  { keys: ['u32', 'uint32', 'uint32_t', 'uint'], c: 'uint32_t', size: 4, read: 'int', ...unsigned(32n) },
  { keys: ['i64', 'int64', 'int64_t', 'longlong', 'l'], c: 'int64_t', size: 8, read: 'wide', ...signed(64n) },
  {
    keys: ['u64', 'uint64', 'uint64_t', 'ulonglong'],
    c: 'uint64_t',
    size: 8,
    read: 'wide',
    ...unsigned(64n),
  },
  { keys: ['i64_fast'], c: 'int64_t', size: 8, read: 'fast', min: -safe, max: safe },
  { keys: ['u64_fast'], c: 'uint64_t', size: 8, read: 'fast', min: 0n, max: safe },
  { keys: ['bigint64'], c: 'int64_t', size: 8, read: 'bigint', ...signed(64n) },
  { keys: ['biguint64'], c: 'uint64_t', size: 8, read: 'bigint', ...unsigned(64n) },
  { keys: ['long'], c: 'long', size: 8, read: 'wide', ...signed(64n) },
  { keys: ['ulong'], c: 'unsigned long', size: 8, read: 'wide', ...unsigned(64n) },
  { keys: ['size_t', 'usize'], c: 'size_t', size: 8, read: 'wide', ...unsigned(64n) },
  { keys: ['ssize_t', 'isize'], c: 'ssize_t', size: 8, read: 'wide', ...signed(64n) },
  { keys: ['intptr_t'], c: 'intptr_t', size: 8, read: 'wide', ...signed(64n) },
  { keys: ['uintptr_t'], c: 'uintptr_t', size: 8, read: 'wide', ...unsigned(64n) },
  { keys: ['f32', 'float', 'f'], c: 'float', size: 4, read: 'float' },
  { keys: ['f64', 'double', 'd'], c: 'double', size: 8, read: 'float' },
  { keys: ['CString', 'cstring', 's'], c: 'const char *', size: 8, read: 'text' },
  { keys: ['ptr', 'pointer', 'buffer', 'p'], c: 'void *', size: 8, read: 'pointer' },
  { keys: ['callback', 'function', 'k'], c: 'code_t', size: 8, read: 'pointer' },
];

/** Every scalar type by every key. */
export const scalars = new Map(
  rows.flatMap(({ keys, ...row }) =>
    keys.map((key) => [key, { kind: 'scalar', key, name: keys[0], ...row }]),
  ),
);

/** The scalar types by their first key. */
export const names = rows.map(({ keys }) => keys[0]);

/** Every key of the scalar type. */
export const keysOf = (name) => rows.find(({ keys }) => keys[0] === name).keys;

export const integers = rows.filter(({ read }) => ['int', 'wide', 'fast', 'bigint'].includes(read));
