// Structs with a flexible array at their end.
import { describe, expect, test } from '@jest/globals';
import { calloc, free, read, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { pageBeforeGap } from '../support/pages';
import { outputOf } from '../support/subprocess';
import { array, functions, pointer, Struct, variables, type Call, type Fields } from './loose';

const Counted = Struct({ count: 'u32', kind: 'u8', data: array('i16', 'count') });
const Open = Struct({ count: 'u32', kind: 'u8', data: array('i16') });
const Vector = Struct({ x: 'f32', y: 'f32' });
const Path = Struct({ n: 'i64', points: array(Vector, 'n') });
const Lines = Struct({ n: 'u8', lines: array(array('i16', 2), 'n') });

const { packet_make, packet_sum, packet_free, packet_size, packet_offset } = functions(fixture, {
  packet_make: { args: ['u32'], returns: pointer(Counted) },
  packet_sum: { args: [pointer(Counted)], returns: 'i64' },
  packet_free: { args: ['ptr'] },
  packet_size: { returns: 'size_t' },
  packet_offset: { returns: 'size_t' },
}).symbols as Record<'packet_make' | 'packet_sum' | 'packet_free' | 'packet_size' | 'packet_offset', Call>;

const counted = (count: number) => Array.from({ length: count }, (_, index) => index * 3 - 5);

test('size and offsets are those of C', () => {
  expect([Counted.size, Counted.offsetOf('data')]).toEqual([packet_size(), packet_offset()]);
  expect([Counted.size, Counted.align, Counted.fieldNames]).toEqual([8, 4, ['count', 'kind', 'data']]);
  expect(Counted.offsetOf('data[3]')).toBe(12);
  expect(Struct({ a: 'i8', tail: array('f64') }).size).toBe(8);
  expect(Struct({ n: 'i32', tail: array('i32', 0) }).size).toBe(4);
});

describe('with a count', () => {
  test.each([0, 1, 2, 3, 100, 5000])('%d elements that C has made', (count) => {
    const packet = packet_make(count);
    expect(Counted.fromPtr(packet)).toEqual({ count, kind: 7, data: counted(count) });
    expect(Counted.get(packet, 'data')).toEqual(counted(count));
    if (count > 0) expect(Counted.get(packet, `data[${count - 1}]`)).toBe(count * 3 - 8);
    packet_free(packet);
  });

  test('create makes the buffer as long as it must be, and counts', () => {
    for (const count of [0, 1, 3, 1000]) {
      const buffer = Counted.create({ kind: 7, data: counted(count) });
      expect(buffer.byteLength).toBeGreaterThanOrEqual(Math.max(8, 6 + 2 * count));
      expect(Counted.fromBuffer(buffer)).toEqual({ count, kind: 7, data: counted(count) });
      expect(packet_sum(buffer)).toBe(counted(count).reduce((sum, value) => sum + value, 0));
    }
    expect(Counted.fromBuffer(Counted.create({ data: Int8Array.of(1, 2) }))).toMatchObject({
      count: 2,
      data: [1, 2],
    });
  });

  test('a count that is given makes room for as many', () => {
    const buffer = Counted.create({ count: 4, data: [1] });
    expect(Counted.fromBuffer(buffer)).toEqual({ count: 4, kind: 0, data: [1, 0, 0, 0] });
    expect(Counted.fromBuffer(Counted.create({ count: 3 }))).toMatchObject({ count: 3, data: [0, 0, 0] });
  });

  test('a count that is smaller than the list', () => {
    const decoded = Counted.fromBuffer(Counted.create({ count: 1, data: [1, 2, 3] }));
    expect(decoded).toEqual({ count: 1, kind: 0, data: [1] });
  });

  test('a count that lies is not believed', () => {
    const buffer = Counted.create({ data: [1, 2, 3] });
    for (const count of [4, 1000, 2 ** 31, 2 ** 32 - 1]) {
      Counted.set(buffer, 'count', count);
      expectError(() => Counted.fromBuffer(buffer), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => Counted.fromPtr(buffer), 'ERR_FFI_OUT_OF_BOUNDS');
      expectError(() => Counted.get(buffer, 'data'), 'ERR_FFI_OUT_OF_BOUNDS');
    }
    const negative = new DataView(new ArrayBuffer(32));
    negative.setBigInt64(0, -5n, true);
    expectError(() => Path.fromBuffer(negative), 'ERR_FFI_OUT_OF_BOUNDS', '-5');
  });

  test('a count that lies to a view', () => {
    const buffer = Counted.create({ data: [1, 2, 3] });
    const view = Counted.view(buffer);
    const block = calloc(1, 16);
    write.u32(block, 0, 2 ** 32 - 1);
    for (const count of [6, 1000, 2 ** 31, 2 ** 32 - 1]) {
      Counted.set(buffer, 'count', count);
      expectError(() => view['data'], 'ERR_FFI_OUT_OF_BOUNDS', 'data');
      expectError(() => Counted.create(view), 'ERR_FFI_OUT_OF_BOUNDS', 'data');
    }
    expectError(() => Counted.view(block)['data'], 'ERR_FFI_OUT_OF_BOUNDS', 'data');
    free(block);
    Counted.set(buffer, 'count', 2);
    expect(view['data']).toEqual([1, 2]);
  });

  test('a count that lies at an address', () => {
    const end = pageBeforeGap('unmapped');
    write.u32(end - 16, 0, 4);
    expect(Counted.fromPtr(end - 16)).toEqual({ count: 4, kind: 0, data: [0, 0, 0, 0] });
    for (const count of [6, 1000, 2 ** 31, 2 ** 32 - 1]) {
      write.u32(end - 16, 0, count);
      const start = performance.now();
      expectError(() => Counted.fromPtr(end - 16), 'ERR_FFI_INVALID_POINTER');
      expect(performance.now() - start).toBeLessThan(1000);
    }
    const block = calloc(1, 16);
    for (const count of [2n ** 40n, 2n ** 60n, 2n ** 63n - 1n]) {
      write.i64(block, 0, count);
      expect(() => Path.fromPtr(block)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_FFI_/) }) as never,
      );
    }
    free(block);
  });

  test('a value out of the range of the counter', () => {
    expectError(() => Lines.create({ lines: Array(256).fill([1, 2]) }), 'ERR_FFI_OUT_OF_RANGE', 'n');
    expectError(() => Counted.create({ count: -1 }), 'ERR_FFI_OUT_OF_RANGE', 'count');
    expectError(() => Counted.create({ count: 0.5 }), 'ERR_FFI_OUT_OF_RANGE', 'count');
    const coded = expect.objectContaining({ code: expect.stringMatching(/^ERR_FFI_OUT_OF_/) }) as never;
    for (const n of [2n ** 62n, 2n ** 63n - 1n, 2 ** 52, 2 ** 46]) {
      expect(() => Path.create({ n })).toThrow(coded);
    }
  });

  test('a negative count is refused', () => {
    expectError(() => Path.create({ n: -1 }), 'ERR_FFI_OUT_OF_RANGE', 'n');
  });

  test('structs and arrays as elements', () => {
    const points = [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ];
    expect(Path.fromBuffer(Path.create({ points }))).toEqual({ n: 2, points });
    const lines = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    expect(Lines.fromBuffer(Lines.create({ lines }))).toEqual({ n: 3, lines });
    const buffer = Path.create({ points });
    Path.set(buffer, 'points[1].y', 9);
    expect([Path.get(buffer, 'points[1]'), Path.get(buffer, 'points[1].y')]).toEqual([{ x: 3, y: 9 }, 9]);
  });

  test('wrong elements are named', () => {
    expectError(() => Counted.create({ data: [1, 2, 40000] }), 'ERR_FFI_OUT_OF_RANGE', 'create: data[2]');
    expectError(() => Path.create({ points: [{}, { z: 1 }] }), 'ERR_FFI_INVALID_ARG_TYPE', 'points[1].z');
  });
});

describe('without a count', () => {
  test('a buffer holds as many as fit; an address tells none', () => {
    const buffer = Open.create({ count: 9, data: [1, 2, 3] });
    const decoded = Open.fromBuffer(buffer) as { data: number[] };
    expect(decoded.data.slice(0, 3)).toEqual([1, 2, 3]);
    expect(decoded.data.length).toBe(Math.floor((buffer.byteLength - 6) / 2));
    expect((Open.fromBuffer(new ArrayBuffer(6 + 2 * 5 + 1)) as { data: number[] }).data).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect((Open.fromBuffer(new Uint8Array(20).subarray(4)) as { data: number[] }).data.length).toBe(5);
    expect((Open.fromBuffer(new Uint8Array(20), 4) as { data: number[] }).data.length).toBe(5);
    const packet = packet_make(5);
    expect(Open.fromPtr(packet)).toEqual({ count: 5, kind: 7, data: [] });
    expect([Open.get(packet, 'data[4]'), Open.get(packet, 'data')]).toEqual([7, []]);
    packet_free(packet);
  });

  test('the end of the buffer bounds the elements', () => {
    const buffer = Open.create({ data: [1, 2, 3] });
    expect(Open.get(buffer, 'data[2]')).toBe(3);
    expectError(() => Open.get(buffer, 'data[1000]'), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => Open.set(buffer, 'data[1000]', 1), 'ERR_FFI_OUT_OF_BOUNDS');
    expectError(() => Open.fromBuffer(new ArrayBuffer(7)), 'ERR_FFI_OUT_OF_BOUNDS');
  });
});

describe('in memory', () => {
  test('write', () => {
    const block = calloc(1, 64);
    Counted.write(block, { kind: 3, data: [7, 8] });
    expect(Counted.fromPtr(block)).toEqual({ count: 2, kind: 3, data: [7, 8] });
    expect(packet_sum(block)).toBe(15);
    expectError(() => Counted.write(block, { data: counted(100) }), 'ERR_FFI_OUT_OF_BOUNDS');
    const bytes = new Uint8Array(10);
    expectError(() => Counted.write(bytes, { data: [1, 2, 3] }), 'ERR_FFI_OUT_OF_BOUNDS');
    Counted.write(bytes, { data: [1, 2] });
    expect(Counted.fromBuffer(bytes)).toMatchObject({ count: 2, data: [1, 2] });
    free(block);
  });

  test('a copy of a longer buffer', () => {
    const buffer = Counted.create({ kind: 1, data: [1, 2, 3, 4] });
    expect(Counted.create(buffer)).toEqual(buffer);
    expect(Counted.fromBuffer(Counted.create(Counted.fromBuffer(buffer)))).toEqual(
      Counted.fromBuffer(buffer),
    );
    expectError(() => Counted.create(new ArrayBuffer(7)), 'ERR_FFI_INVALID_ARG_TYPE', '8');
  });

  test('a view sees the elements that there are', () => {
    const buffer = Counted.create({ kind: 1, data: [1, 2, 3] });
    const view = Counted.view(buffer);
    const data = view['data'] as number[];
    expect([...data]).toEqual([1, 2, 3]);
    data[1] = -2;
    expect(Counted.fromBuffer(buffer)['data']).toEqual([1, -2, 3]);
    expect(() => (data[3] = 1)).toThrow();
    const packet = packet_make(4);
    expect([...(Counted.view(packet)['data'] as number[])]).toEqual(counted(4));
    packet_free(packet);
  });

  test('a value that comes from a view', () => {
    const view = Counted.view(Counted.create({ data: [1, 2, 3] }));
    expect(Counted.fromBuffer(Counted.create(view))).toEqual({ count: 3, kind: 0, data: [1, 2, 3] });
  });

  test('a ref has room for what is written to it, or refuses it', () => {
    const program = `
      const { Struct, array, ref } = require(entry);
      const Counted = Struct({ count: 'u32', data: array('i32', 'count') });
      const cells = Array.from({ length: 200 }, (_, n) => [ref(Counted), ref('u64', n)]);
      let last;
      for (const [cell] of cells) {
        try {
          cell.value = { data: Array(500).fill(-1) };
          last = [cell.value.data.length, cell.value.data[499]].join();
        } catch (error) {
          last = error.code;
        }
      }
      gc();
      cells.forEach(([, beside], n) => assert.strictEqual(beside.value, n));
      const [small] = [ref(Counted, { data: [1, 2, 3] })];
      assert.deepStrictEqual(small.value, { count: 3, data: [1, 2, 3] });
      assert.match(last, /^(500,-1|ERR_FFI_OUT_OF_\\w+)$/);
      console.log('whole');`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('whole');
  });

  test('variables', () => {
    const { data_table } = variables(fixture, { data_table: Struct({ n: 'i32', rest: array('i32', 'n') }) });
    expect(data_table!.value).toEqual({ n: 1, rest: [2] });
    expect(read.i32(data_table!.ptr)).toBe(1);
  });

  test('an argument that is one is refused when it is defined; a pointer to it is not', () => {
    for (const def of [
      { args: [Open] },
      { returns: Open },
      { returns: Open.object },
      { args: ['i32', Counted] },
    ]) {
      expectError(() => functions(fixture, { noop: def }), 'ERR_FFI_INVALID_TYPE', 'flexible');
    }
    expect((packet_sum(Counted.create({ data: [1, 2] })) as number) + 0).toBe(3);
  });
});

test('set of the whole tail stays within what there is', () => {
  const buffer = Counted.create({ data: [1, 2, 3] });
  Counted.set(buffer, 'data', [4, 5, 6]);
  expect((Counted.fromBuffer(buffer) as Fields)['data']).toEqual([4, 5, 6]);
  expectError(() => Counted.set(buffer, 'data', counted(100)), 'ERR_FFI_OUT_OF_BOUNDS', 'data');
});
