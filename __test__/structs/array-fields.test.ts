// What a field that is an array can be given.
import { expect, test } from '@jest/globals';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, outOfRange, wrongType } from '../types/refusal';
import { array, detach, functions, Struct, type Call } from './loose';

const Bytes = Struct({ a: array('i8', 5) });
const Longs = Struct({ a: array('i32', 25) });
const Grid = Struct({ a: array(Struct({ x: array('i16', 2), y: 'f32' }), 2) });

const { bytes, longs, grid } = functions(fixture, {
  bytes: { symbol: 'echo_I8x5', args: [Bytes], returns: Bytes.object },
  longs: { symbol: 'echo_I32x25', args: [Longs], returns: Longs.object },
  grid: { symbol: 'echo_Grid', args: [Grid], returns: Grid.object },
}).symbols as Record<'bytes' | 'longs' | 'grid', Call>;

class Sub extends Array<number> {}
test.each<[string, unknown]>([
  ['Array', [1, -2, 3, -4, 5]],
  ['frozen Array', Object.freeze([1, -2, 3, -4, 5])],
  ['subclass of Array', Sub.from([1, -2, 3, -4, 5])],
  ['Array with more properties', Object.assign([1, -2, 3, -4, 5], { more: 1 })],
  ['Proxy of an Array', new Proxy([1, -2, 3, -4, 5], {})],
  ['Int8Array', Int8Array.of(1, -2, 3, -4, 5)],
  ['Float64Array', Float64Array.of(1, -2, 3, -4, 5)],
  ['Int32Array with an offset', new Int32Array(Int32Array.of(9, 1, -2, 3, -4, 5).buffer, 4)],
  ['shared Int8Array', new Int8Array(new SharedArrayBuffer(5)).fill(1).map((_, i) => [1, -2, 3, -4, 5][i]!)],
])('%s', (_, value) => {
  for (let round = 0; round < 3; round++) expect(bytes({ a: value })).toEqual({ a: [1, -2, 3, -4, 5] });
  expect(longs({ a: value })).toEqual({ a: [1, -2, 3, -4, 5, ...Array<number>(20).fill(0)] });
});

test('Buffer, whose bytes must fit', () => {
  expect(bytes({ a: Buffer.from([1, 2, 127]) })).toEqual({ a: [1, 2, 127, 0, 0] });
  expect(outcome(() => bytes({ a: Buffer.from([1, 2, 128]) }))).toBe(outOfRange);
});

test('shorter ones are filled up with zeros', () => {
  bytes({ a: [9, 9, 9, 9, 9] });
  expect(bytes({ a: [1] })).toEqual({ a: [1, 0, 0, 0, 0] });
  expect(bytes({ a: [] })).toEqual({ a: [0, 0, 0, 0, 0] });
  expect(bytes({})).toEqual({ a: [0, 0, 0, 0, 0] });
});

test('longer ones', () => {
  const longer = labelled([1, 2, 3, 4, 5, 6], new Int8Array(6), Array(1000), new Float64Array(1e6));
  expectAll(longer, (value) => bytes({ a: value }), outOfRange);
  expectMessage(() => bytes({ a: [1, 2, 3, 4, 5, 6] }), 'args[0].a', '5', '6');
  expect(outcome(() => grid({ a: [{}, {}, {}] }))).toBe(outOfRange);
  expect(outcome(() => grid({ a: [{ x: [1, 2, 3] }] }))).toBe(outOfRange);
});

test('what is no array', () => {
  const like = { length: 2, 0: 1, 1: 2 };
  const values = labelled(null, 1, 'text', '12', true, {}, like, new Set([1]), () => 1, new ArrayBuffer(5));
  expectAll([...values, ...labelled(new DataView(new ArrayBuffer(5)))], (a) => bytes({ a }), wrongType);
  expectAll([...values, ...labelled(new DataView(new ArrayBuffer(5)))], (a) => longs({ a }), wrongType);
});

test('elements that are not there', () => {
  const sparse = [1, 2, 3];
  delete sparse[1];
  for (const value of [sparse, [1, undefined, 3]]) {
    expect(outcome(() => bytes({ a: value }))).toBe(wrongType);
    expect(outcome(() => longs({ a: value }))).toBe(wrongType);
    expectMessage(() => bytes({ a: value }), 'args[0].a[1]');
  }
});

test('a typed array that is detached', () => {
  const typed = Int8Array.of(1, 2, 3);
  detach(typed.buffer);
  for (const call of [bytes, longs]) {
    expect(outcome(() => call({ a: typed }))).toBe(wrongType);
    expectMessage(() => call({ a: typed }), 'args[0].a', 'detached');
  }
});
