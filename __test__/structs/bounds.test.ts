// Memory that is too short, gone or nobody's is an error, and the process lives.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calloc, malloc, type ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';
import { access, mapPages, pageBeforeGap, pageSize, protectPages, unmapPages } from '../support/pages';
import { array, bits, detach, Struct, Union, type Schema } from './loose';

const Small = Struct({ a: 'i32', b: 'i64', low: bits('u8', 4) });
const Large = Struct({ a: 'i32', list: array('f64', 500), low: bits('u8', 4) });
const Mixed = Union({ a: 'i32', list: array('i16', 40) });

type Use = (schema: Schema, memory: unknown, offset?: number) => unknown;
const readers: readonly (readonly [string, Use])[] = [
  ['fromPtr', (schema, memory, offset) => schema.fromPtr(memory, offset)],
  ['view, then a field', (schema, memory, offset) => schema.view(memory, offset)['a']],
  ['get', (schema, memory) => schema.get(memory, 'a')],
];
const writers: readonly (readonly [string, Use])[] = [
  ['write', (schema, memory, offset) => schema.write(memory, { a: 1 }, offset)],
  ['view, then a write', (schema, memory, offset) => (schema.view(memory, offset)['a'] = 1)],
  ['set', (schema, memory) => schema.set(memory, 'a', 1)],
];
const schemas: readonly (readonly [string, Schema])[] = [
  ['a small struct', Small],
  ['a large struct', Large],
  ['a union', Mixed],
];
const fromBuffer: readonly [string, Use] = [
  'fromBuffer',
  (schema, memory, offset) => schema.fromBuffer(memory, offset),
];

describe.each(schemas)('buffers too short for %s', (_, schema) => {
  const { size } = schema;
  const withOffset = [readers[0]!, readers[1]!, writers[0]!, writers[1]!, fromBuffer];

  test.each(withOffset)('%s', (_, use) => {
    const short = [0, 1, size - 1].flatMap((bytes) => [new ArrayBuffer(bytes), new Uint8Array(bytes)]);
    for (const memory of [
      ...short,
      new DataView(new ArrayBuffer(size), 1),
      new SharedArrayBuffer(size - 1),
    ]) {
      expectError(() => use(schema, memory), 'ERR_FFI_OUT_OF_BOUNDS', String(size));
    }
  });

  test.each(withOffset)('%s at an offset', (_, use) => {
    const memory = new Uint8Array(2 * size);
    expect(() => use(schema, memory, size)).not.toThrow();
    for (const offset of [
      -1,
      -size,
      size + 1,
      2 * size,
      2 ** 31,
      2 ** 32,
      2 ** 52,
      Number.MAX_SAFE_INTEGER,
    ]) {
      expectError(() => use(schema, memory, offset), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => use(schema, memory.subarray(size), offset), 'ERR_FFI_OUT_OF_BOUNDS');
    }
    expectError(() => use(schema, memory.subarray(1), size), 'ERR_FFI_OUT_OF_BOUNDS');
  });

  test.each(withOffset)('%s at what is no offset', (_, use) => {
    const wrong: readonly (readonly [unknown, ErrorCode])[] = [
      [0.5, 'ERR_FFI_OUT_OF_RANGE'],
      [NaN, 'ERR_FFI_OUT_OF_RANGE'],
      [Infinity, 'ERR_FFI_OUT_OF_RANGE'],
      [2 ** 53, 'ERR_FFI_OUT_OF_RANGE'],
      ['0', 'ERR_FFI_INVALID_ARG_TYPE'],
      [0n, 'ERR_FFI_INVALID_ARG_TYPE'],
      [null, 'ERR_FFI_INVALID_ARG_TYPE'],
      [{}, 'ERR_FFI_INVALID_ARG_TYPE'],
    ];
    for (const [offset, code] of wrong) {
      expectError(() => use(schema, new Uint8Array(2 * size), offset as number), code, 'offset');
    }
  });

  test('live blocks are known to their end', () => {
    const block = calloc(2, size);
    for (const [, use] of [...readers.slice(0, 2), ...writers.slice(0, 2)]) {
      expect(() => use(schema, block, size)).not.toThrow();
      expectError(() => use(schema, block, size + 1), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => use(schema, block, -1), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => use(schema, malloc(size - 1)), 'ERR_FFI_OUT_OF_BOUNDS');
    }
  });
});

describe('fields', () => {
  test('behind the end of a buffer', () => {
    const start = new Uint8Array(8);
    expect(Small.get(start, 'a')).toBe(0);
    expectError(() => Small.get(start, 'b'), 'ERR_FFI_OUT_OF_BOUNDS', 'get');
    expectError(() => Small.set(start, 'b', 1), 'ERR_FFI_OUT_OF_BOUNDS', 'set');
    expectError(() => Small.get(new Uint8Array(16), 'low'), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => Small.set(new Uint8Array(16), 'low', 1), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => Large.get(new Uint8Array(16), 'list[1]'), 'ERR_FFI_OUT_OF_BOUNDS');
    expect(Large.get(new Uint8Array(16), 'list[0]')).toBe(0);
  });

  test('fromBuffer takes buffers alone', () => {
    for (const memory of [malloc(4096), 4096n, null, undefined, 'text', {}, { ptr: malloc(4096) }, [1, 2]]) {
      expectError(() => Small.fromBuffer(memory), 'ERR_FFI_INVALID_ARG_TYPE', 'fromBuffer');
    }
  });

  test.each([...readers, ...writers])('%s of what is no memory', (_, use) => {
    for (const memory of ['text', true, {}, [], () => 1, Symbol('s'), { ptr: '1' }, new Map()]) {
      expectError(() => use(Small, memory), 'ERR_FFI_INVALID_ARG_TYPE');
    }
    for (const memory of [-2, 0.5, NaN, 2 ** 53, 2n ** 64n]) {
      expectError(() => use(Small, memory), 'ERR_FFI_OUT_OF_RANGE');
    }
  });
});

describe.each(schemas)('addresses of %s', (_, schema) => {
  let [gone, closed, constant] = [0, 0, 0];
  beforeAll(() => {
    gone = mapPages(2);
    unmapPages(gone, 2);
    [closed, constant] = [mapPages(2), mapPages(2)];
    protectPages(closed, 2, access.none);
    protectPages(constant, 2, access.read);
  });
  afterAll(() => {
    unmapPages(closed, 2);
    unmapPages(constant, 2);
  });

  test.each([...readers, ...writers])('%s: NULL', (_, use) => {
    for (const memory of [0, 0n, null, undefined, { ptr: 0 }]) {
      expectError(() => use(schema, memory), 'ERR_FFI_INVALID_POINTER', 'NULL');
    }
  });

  test.each([...readers, ...writers])('%s: nobody’s memory', (_, use) => {
    const addresses = [
      16,
      gone,
      closed,
      closed + 123,
      2 ** 47 + 1,
      2 ** 53 - 1,
      2n ** 60n,
      2n ** 64n - 1n,
      -1,
      -1n,
    ];
    for (const address of addresses) expectError(() => use(schema, address), 'ERR_FFI_INVALID_POINTER');
  });

  test.each(writers)('%s: memory that can only be read', (_, use) => {
    expectError(() => use(schema, constant), 'ERR_FFI_INVALID_POINTER');
    expect(schema.get(constant, 'a')).toBe(0);
  });

  test.each([readers[0]!, writers[0]!])('%s: an offset out of the address space', (_, use) => {
    expectError(() => use(schema, 4096, -4096), 'ERR_FFI_INVALID_POINTER');
    expectError(() => use(schema, 4096, -8192), 'ERR_FFI_INVALID_POINTER');
    expectError(() => use(schema, 2n ** 64n - 1n, 2 ** 40), 'ERR_FFI_INVALID_POINTER');
    expectError(() => use(schema, 0, 4096), 'ERR_FFI_INVALID_POINTER', 'NULL');
  });

  test.each(['unmapped', 'protected'] as const)('at the end of memory before a page that is %s', (kind) => {
    const end = pageBeforeGap(kind);
    const start = end - schema.size;
    schema.write(start, { a: 7 });
    expect(schema.fromPtr(start)['a']).toBe(7);
    for (const by of [1, 4, schema.size]) {
      expectError(() => schema.fromPtr(start + by), 'ERR_FFI_INVALID_POINTER');
      expectError(() => schema.write(start + by, { a: 9 }), 'ERR_FFI_INVALID_POINTER');
    }
    expect(schema.fromPtr(start)).toBeDefined();
    unmapPages(end - pageSize, 1);
  });
});

describe('buffers that are gone', () => {
  const code: ErrorCode = 'ERR_FFI_INVALID_ARG_TYPE';

  test.each([...readers, ...writers, fromBuffer])('%s', (_, use) => {
    for (const schema of [Small, Large]) {
      const buffer = schema.create();
      const view = new Uint8Array(buffer);
      detach(buffer);
      expectError(() => use(schema, buffer), code, 'detached');
      expectError(() => use(schema, view), code, 'detached');
    }
  });

  test('under a view', () => {
    const buffer = Small.create({ a: 5, b: 6 });
    const view = Small.view(buffer);
    expect(view).toMatchObject({ a: 5, b: 6 });
    detach(buffer);
    for (const field of ['a', 'b', 'low']) {
      expectError(() => view[field], code, 'detached');
      expectError(() => (view[field] = 1), code, 'detached');
    }
  });

  test('that become shorter under a view', () => {
    type Resizable = ArrayBuffer & { resize(size: number): void };
    const make = ArrayBuffer as unknown as new (
      size: number,
      options: { maxByteLength: number },
    ) => Resizable;
    const buffer = new make(24, { maxByteLength: 48 });
    const view = Small.view(buffer);
    view['b'] = 9;
    buffer.resize(8);
    expect(view['a']).toBe(0);
    expectError(() => view['b'], 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => (view['b'] = 1), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => Small.fromBuffer(buffer), 'ERR_FFI_OUT_OF_BOUNDS');
    buffer.resize(24);
    expect(view['b']).toBe(0);
  });
});
