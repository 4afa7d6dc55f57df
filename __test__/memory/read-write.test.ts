import { describe, expect, test } from '@jest/globals';
import { copy, free, malloc, ptr, read, readMemory, write, type Accessible, type ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';

type Reader = (from: unknown, offset?: unknown) => unknown;
type Writer = (to: unknown, offset: unknown, value: unknown) => void;
const reader = (name: keyof Accessible) => read[name] as Reader;
const writer = (name: keyof Accessible) => write[name] as Writer;

interface Row {
  readonly name: Exclude<keyof Accessible, 'cstring'>;
  readonly size: number;
  readonly values: readonly unknown[];
  /** Values that are refused, with the code. */
  readonly refused: readonly (readonly [unknown, ErrorCode])[];
}

const kind: ErrorCode = 'ERR_FFI_INVALID_ARG_TYPE';
const range: ErrorCode = 'ERR_FFI_OUT_OF_RANGE';
const notNumbers = [
  [null, kind],
  [undefined, kind],
  ['1', kind],
  [true, kind],
  [{}, kind],
] as const;
const notIntegers = [...notNumbers, [1.5, range], [NaN, range], [Infinity, range]] as const;

function narrow(name: Row['name'], size: number, min: number, max: number): Row {
  const refused = [...notIntegers, [min - 1, range], [max + 1, range], [1n, kind]] as const;
  return { name, size, values: [min, max, 0, 1], refused };
}

function wide(name: Row['name'], min: bigint, max: bigint): Row {
  const refused = [...notIntegers, [min - 1n, range], [max + 1n, range], [2 ** 53, range]] as const;
  return { name, size: 8, values: [min === 0n ? 0 : min, max, 1, 2 ** 53 - 1, 2n ** 53n], refused };
}

const [minI64, maxI64, maxU64] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];
const reals = [0, -0, 1.5, -(2 ** 100), Infinity, -Infinity, NaN];

const rows: Row[] = [
  narrow('i8', 1, -128, 127),
  narrow('u8', 1, 0, 255),
  narrow('i16', 2, -32768, 32767),
  narrow('u16', 2, 0, 65535),
  narrow('i32', 4, -(2 ** 31), 2 ** 31 - 1),
  narrow('u32', 4, 0, 2 ** 32 - 1),
  wide('i64', minI64, maxI64),
  wide('u64', 0n, maxU64),
  wide('long', minI64, maxI64),
  wide('ulong', 0n, maxU64),
  wide('usize', 0n, maxU64),
  { name: 'f32', size: 4, values: reals, refused: [...notNumbers, [1n, kind]] },
  { name: 'f64', size: 8, values: [...reals, 0.1, 5e-324], refused: [...notNumbers, [1n, kind]] },
  {
    name: 'bool',
    size: 1,
    values: [true, false],
    refused: [
      [2, range],
      [null, kind],
      ['true', kind],
      [1n, kind],
    ],
  },
  {
    name: 'ptr',
    size: 8,
    values: [0, 4096, 2 ** 53 - 1, 2n ** 53n, maxU64],
    refused: [
      [-2, range],
      [1.5, range],
      [2n ** 64n, range],
      ['text', kind],
      [true, kind],
    ],
  },
];

describe.each(rows)('$name', ({ name, size, values, refused }) => {
  const [get, set] = [reader(name), writer(name)];

  test('every alignment, through addresses and buffers', () => {
    const block = malloc(64);
    const shared = new SharedArrayBuffer(64);
    for (let offset = 0; offset < 24; offset++) {
      for (const value of values) {
        const memory = new ArrayBuffer(64);
        const targets: [unknown, number][] = [
          [block, offset],
          [block + offset, 0],
          [BigInt(block), offset],
          [block + 32, offset - 24],
          [memory, offset],
          [new Uint8Array(memory, 8, 40), offset],
          [new DataView(memory, 3), offset],
          [Buffer.from(memory, 5, 50), offset],
          [shared, offset],
          [{ ptr: block }, offset],
        ];
        for (const [target, at] of targets) {
          expect(set(target, at, value)).toBeUndefined();
          expect(get(target, at)).toBe(value);
        }
      }
    }
    free(block);
  });

  test('the bytes are those of the platform, and no others change', () => {
    for (const offset of [0, 1, 3, 8]) {
      const memory = new Uint8Array(32).fill(0xaa);
      set(memory, offset, values[1]);
      const expected = new Uint8Array(32).fill(0xaa);
      expected.set(bytesOf(name, size, values[1]), offset);
      expect(memory).toEqual(expected);
    }
  });

  test('the offset is 0 by default', () => {
    const memory = new ArrayBuffer(8);
    set(memory, 0, values[1]);
    expect(get(memory)).toBe(values[1]);
    expect(get(memory, undefined)).toBe(values[1]);
  });

  test('bounds of buffers', () => {
    const memory = new ArrayBuffer(32);
    const view = new Uint8Array(memory, 8, 16);
    for (const buffer of [
      view,
      new DataView(memory, 8, 16),
      Buffer.from(memory, 8, 16),
      new ArrayBuffer(16),
    ]) {
      expect(() => set(buffer, 16 - size, values[0])).not.toThrow();
      for (const offset of [17 - size, 16, 17, -1, -size, 2 ** 40, -(2 ** 53) + 1, 2 ** 53 - 1]) {
        expectError(() => get(buffer, offset), 'ERR_FFI_OUT_OF_BOUNDS', `read.${name}`);
        expectError(() => set(buffer, offset, values[0]), 'ERR_FFI_OUT_OF_BOUNDS', `write.${name}`);
      }
    }
    expectError(() => get(new ArrayBuffer(0)), 'ERR_FFI_OUT_OF_BOUNDS');
  });

  test.each(refused)('refuses %p and writes nothing', (value, code) => {
    const memory = new Uint8Array(8).fill(0xaa);
    const message = expectError(() => set(memory, 0, value), code, `write.${name}`);
    expect(message).not.toContain('args[');
    expect(memory).toEqual(new Uint8Array(8).fill(0xaa));
  });
});

test('bounds of live blocks', () => {
  const block = malloc(16);
  for (const { name, size, values } of rows) {
    writer(name)(block, 16 - size, values[0]);
    for (const offset of [17 - size, 16, -1]) {
      expectError(() => reader(name)(block, offset), 'ERR_FFI_OUT_OF_BOUNDS', `read.${name}`);
    }
  }
  expectError(() => write.u8(block, 16, 0), 'ERR_FFI_OUT_OF_BOUNDS', 'write.u8');
  free(block);
});

/** The bytes of a value as the engine writes them. */
function bytesOf(name: Row['name'], size: number, value: unknown): Uint8Array {
  if (name === 'f32') return new Uint8Array(Float32Array.of(value as number).buffer);
  if (name === 'f64') return new Uint8Array(Float64Array.of(value as number).buffer);
  return new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(value as number))).buffer).slice(0, size);
}

describe('cstring', () => {
  const texts = ['', 'a', 'plain text', 'ünïcödé €', '😀 beyond', 'x'.repeat(5000)];

  test.each(texts)('%p, written and read', (text) => {
    const length = Buffer.byteLength(text);
    const block = malloc(length + 8);
    const buffer = Buffer.alloc(length + 8, 0xff);
    for (const offset of [0, 1, 7]) {
      for (const memory of [block, buffer]) {
        write.cstring(memory, offset, text);
        expect(read.cstring(memory, offset)).toBe(text);
      }
      expect(buffer[offset + length]).toBe(0);
    }
    free(block);
  });

  test('a string must end within its buffer', () => {
    const full = Buffer.from('no end');
    expectError(() => read.cstring(full), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => read.cstring(full, 6), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => read.cstring(full, -1), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => write.cstring(full, 0, 'longer'), 'ERR_FFI_OUT_OF_BOUNDS');
    expect(full.toString()).toBe('no end');
    write.cstring(full, 0, 'fits!');
    expect(read.cstring(full)).toBe('fits!');
  });

  test('invalid UTF-8 and lone surrogates become U+FFFD', () => {
    expect(read.cstring(Buffer.from([0x61, 0xff, 0x62, 0]))).toBe('a\ufffdb');
    const buffer = Buffer.alloc(8);
    write.cstring(buffer, 0, 'a\ud800');
    expect(read.cstring(buffer)).toBe('a\ufffd');
  });

  test.each(['with\0NUL', 1, null, undefined, Buffer.from('x'), {}])('refuses %p', (value) => {
    expectError(
      () => write.cstring(Buffer.alloc(16), 0, value as never),
      'ERR_FFI_INVALID_ARG_TYPE',
      'write.cstring',
    );
  });
});

describe('arguments', () => {
  const block = malloc(16);

  test.each<[unknown, ErrorCode]>([
    ['text', kind],
    [true, kind],
    [{}, kind],
    [[], kind],
    [Symbol('s'), kind],
    [() => 1, kind],
    [1.5, range],
    [-2, range],
    [2 ** 53, range],
    [2n ** 64n, range],
  ])('%p is no memory', (memory, code) => {
    expectError(() => read.u8(memory as never), code, 'read.u8');
    expectError(() => write.u8(memory as never, 0, 1), code, 'write.u8');
    expectError(() => copy(memory as never, block, 1), code, 'copy');
    expectError(() => copy(block, memory as never, 1), code, 'copy');
    expectError(() => readMemory(memory as never, 1), code, 'readMemory');
  });

  test.each<[unknown, ErrorCode]>([
    ['0', kind],
    [null, kind],
    [1n, kind],
    [{}, kind],
    [0.5, range],
    [NaN, range],
    [Infinity, range],
    [2 ** 53, range],
  ])('%p is no offset', (offset, code) => {
    expectError(() => read.u8(block, offset as never), code, 'offset');
    expectError(() => write.u8(block, offset as never, 1), code, 'offset');
  });

  test('a detached buffer', () => {
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    for (const memory of [buffer, view]) {
      expectError(() => read.u8(memory), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
      expectError(() => write.u8(memory, 0, 1), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
      expectError(() => ptr(memory), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
    }
  });

  test('a buffer that the value detaches is not written to', () => {
    const buffer = new ArrayBuffer(8);
    let moved: ArrayBuffer | undefined;
    const value = {
      get ptr() {
        moved = structuredClone(buffer, { transfer: [buffer] });
        return 5;
      },
    };
    expectError(() => write.ptr(buffer, 0, value), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
    expect(read.ptr(moved!)).toBe(0);
  });

  test('read and write are fixed', () => {
    expect(Object.isFrozen(read) && Object.isFrozen(write)).toBe(true);
    expect(Object.keys(read).sort()).toEqual(Object.keys(write).sort());
    expect(Object.keys(read).sort()).toEqual([...rows.map(({ name }) => name), 'cstring'].sort());
  });
});
