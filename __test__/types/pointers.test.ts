import { describe, expect, test } from '@jest/globals';
import { CFunction, CString, dlopen, ptr, ref, strdup, free } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, outOfRange, wrongType } from './refusal';
import { echoLibrary, rows, spellingsOf } from './table';

const pointers = rows.filter(({ convert }) => convert === 'pointer');
const callbacks = rows.filter(({ convert }) => convert === 'function');
const echo = echoLibrary([...pointers, ...callbacks]);
const { symbols } = dlopen(fixture, {
  noop: {},
  call_count: { returns: 'i32' },
  sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
  difference: { symbol: 'add_i64', args: ['ptr', 'ptr'], returns: 'ptr' },
});

/** `WebAssembly.Memory`, which the Node.js types leave to those of the browser. */
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: MemoryConstructor } }).WebAssembly;
type MemoryConstructor = new (limits: { initial: number; maximum: number }) => {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
};

const maxPointer = 2n ** 64n - 1n;

/** Takes the memory away from the buffer, as a transfer to a worker does. */
function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

const keys = (from: typeof rows) => from.flatMap(spellingsOf);

describe.each(keys([...pointers, ...callbacks]))('%s: addresses', (key) => {
  const call = echo[key]!;

  test.each([
    [0, 0],
    [-0, 0],
    [0n, 0],
    [null, 0],
    [undefined, 0],
    [1, 1],
    [4096n, 4096],
    [2 ** 32, 2 ** 32],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [2n ** 53n - 1n, 2 ** 53 - 1],
    [2n ** 53n, 2n ** 53n],
    [2n ** 63n + 1n, 2n ** 63n + 1n],
    [maxPointer, maxPointer],
    [-1, maxPointer],
    [-1n, maxPointer],
  ])('%p gives %p', (value, result) => expect(call(value)).toBe(result));

  test('beyond the bounds', () => {
    const beyond = labelled(
      -2,
      -2n,
      2 ** 53,
      2 ** 64,
      2n ** 64n,
      2n ** 100n,
      -(2n ** 63n),
      0.5,
      NaN,
      Infinity,
    );
    expectAll([...beyond, ...labelled({ ptr: -2 }, { ptr: 0.5 }, { ptr: 2n ** 64n })], call, outOfRange);
  });

  test('values of the wrong kind', () => {
    const values = labelled(true, false, '', '1', 'text', Symbol('s'), {}, [], [1], () => 1, new Date(0));
    const objects = labelled(Object(1), { ptr: '1' }, { ptr: null }, { ptr: {} }, new Map());
    expectAll([...values, ...objects], call, wrongType);
  });

  test('objects with a numeric ptr', () => {
    expect([call({ ptr: 64 }), call({ ptr: 64n }), call({ ptr: -1 })]).toEqual([64, 64, maxPointer]);
    expect(call(Object.assign(() => 0, { ptr: 72 }))).toBe(72);
  });

  test('library symbols and CFunctions', () => {
    const counter = CFunction({ returns: 'i32', ptr: symbols.call_count });
    expect(call(symbols.noop)).toBe(symbols.noop.ptr);
    expect(call(counter)).toBe(symbols.call_count.ptr);
    counter.close();
    expect(() => call(counter)).toThrow(expect.objectContaining({ code: 'ERR_FFI_CLOSED' }) as never);
  });
});

describe.each(keys(pointers))('%s: memory', (key) => {
  const call = echo[key]!;
  const buffer = new ArrayBuffer(64);
  const start = ptr(buffer);

  test.each([
    ['ArrayBuffer', buffer, 0],
    ['Uint8Array', new Uint8Array(buffer), 0],
    ['Float64Array with an offset', new Float64Array(buffer, 8), 8],
    ['BigInt64Array with an offset', new BigInt64Array(buffer, 16, 1), 16],
    ['Uint8ClampedArray with an offset', new Uint8ClampedArray(buffer, 3, 5), 3],
    ['DataView', new DataView(buffer), 0],
    ['DataView with an offset', new DataView(buffer, 5, 3), 5],
    ['Buffer over it', Buffer.from(buffer, 7, 2), 7],
  ] as const)('%s', (_, value, offset) => {
    for (let round = 0; round < 3; round++) expect(call(value)).toBe(start + offset);
  });

  test('Buffer from the pool', () => {
    const pooled = Buffer.from('pooled');
    expect(call(pooled)).toBe((call(pooled.buffer) as number) + pooled.byteOffset);
  });

  test('SharedArrayBuffer and views of it', () => {
    const shared = new SharedArrayBuffer(32);
    const address = call(shared) as number;
    expect(address).toBeGreaterThan(0);
    expect(call(new Int32Array(shared, 8))).toBe(address + 8);
    expect(call(new DataView(shared, 3))).toBe(address + 3);
  });

  test('resizable buffers keep their address', () => {
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(size: number): void };
    const resizable = new Resizable(16, { maxByteLength: 65536 });
    const view = new Uint8Array(resizable);
    const address = call(view);
    resizable.resize(65536);
    expect([call(view), call(resizable)]).toEqual([address, address]);
  });

  test('empty buffers are no error', () => {
    const empty = [new ArrayBuffer(0), new Uint8Array(0), Buffer.alloc(0), new SharedArrayBuffer(0)];
    for (const value of empty) expect(typeof call(value)).toBe('number');
  });

  test('ref and CString', () => {
    const out = ref('i32', 7);
    expect(call(out)).toBe(out.ptr);
    const block = strdup('text');
    expect(call(new CString(block, 1))).toBe(block + 1);
    free(block);
  });

  test('detached buffers and views of them', () => {
    const gone = new ArrayBuffer(16);
    const views = [new Uint8Array(gone), new DataView(gone, 4), Buffer.from(gone), new Float64Array(gone, 8)];
    for (const view of views) expect(call(view)).toBeGreaterThan(0);
    detach(gone);
    const values = [gone, ...views].map((value) => [value.constructor.name, value] as const);
    expectAll(values, call, wrongType);
    expectMessage(() => call(gone), key, 'args[0]', 'void*', 'detached');
  });

  test('a typed array that was passed last, then detached', () => {
    const view = new Float64Array(4);
    expect([call(view), call(view)]).toEqual([ptr(view), ptr(view)]);
    detach(view.buffer as ArrayBuffer);
    expect(outcome(() => call(view))).toBe(wrongType);
  });

  test('a WebAssembly memory that has grown', () => {
    const memory = new Memory({ initial: 1, maximum: 4 });
    const view = new Uint8Array(memory.buffer);
    expect(call(view)).toBe(call(memory.buffer));
    memory.grow(1);
    expect(outcome(() => call(view))).toBe(wrongType);
    expect(call(memory.buffer)).toBeGreaterThan(0);
  });
});

describe.each(keys(callbacks))('%s: memory is no code', (key) => {
  test('buffers of every kind', () => {
    const shared = new SharedArrayBuffer(8);
    const buffers = labelled(new ArrayBuffer(8), new Uint8Array(8), Buffer.alloc(8), shared);
    expectAll([...buffers, ...labelled(new DataView(shared))], echo[key]!, wrongType);
  });

  test('a plain function', () => {
    expectMessage(() => echo[key]!(() => 1), key, 'args[0]', 'void (*)()', 'a function');
  });
});

describe('memory that C reads', () => {
  const values = [1.5, 2.25, -3, 1e10];
  const total = values.reduce((sum, value) => sum + value, 0);

  test('typed arrays, at their offset', () => {
    const array = Float64Array.from([99, ...values]);
    expect(symbols.sum_f64(array.subarray(1), 4)).toBe(total);
    expect(symbols.sum_f64(new DataView(array.buffer, 8), 4n)).toBe(total);
    expect(symbols.sum_f64(new Uint8Array(array.buffer, 8), 4)).toBe(total);
  });

  test('two arrays in turn', () => {
    const [a, b] = [Float64Array.from([1, 2]), Float64Array.from([10, 20])];
    const sums = Array.from({ length: 100 }, (_, index) => symbols.sum_f64(index % 3 === 0 ? a : b, 2));
    expect(sums).toEqual(sums.map((_, index) => (index % 3 === 0 ? 3 : 30)));
  });

  test('shared memory', () => {
    const array = new Float64Array(new SharedArrayBuffer(32));
    array.set(values);
    expect(symbols.sum_f64(array, 4)).toBe(total);
    expect(symbols.sum_f64(array.buffer, 4)).toBe(total);
  });

  test('a ptr getter runs before anything is stored', () => {
    const nested = {
      get ptr() {
        return symbols.difference(1, 2);
      },
    };
    expect(symbols.difference(nested, 100)).toBe(103);
    expect(symbols.difference(100, nested)).toBe(103);
  });

  test('a buffer that a later argument detaches is not passed', () => {
    const buffer = new ArrayBuffer(16);
    const treacherous = {
      get ptr() {
        detach(buffer);
        return 0;
      },
    };
    expect(outcome(() => symbols.difference(buffer, treacherous))).toBe(wrongType);
  });

  test('what a ptr getter throws is what the caller gets', () => {
    const failure = new Error('mine');
    const thrower = {
      get ptr(): number {
        throw failure;
      },
    };
    expect(() => symbols.difference(thrower, 0)).toThrow(failure);
  });
});
