// Views of arrays.
import { describe, expect, test } from '@jest/globals';
import { array, bits, enumeration, Struct, Union, type Fields } from './loose';

const Vector = Struct({ x: 'f64', y: 'f64' });
const Thing = Struct({
  id: 'i32',
  low: bits('u32', 3),
  high: bits('i32', 29),
  pos: Vector,
  path: array(Vector, 2),
  data: array('i16', 3),
  table: array(array('u8', 2), 2),
  value: Union({ i: 'i64', d: 'f64' }),
  color: enumeration({ RED: 0, GREEN: 5 }),
  big: 'u64',
  name: 'CString',
});
type Lists = Record<'x' | 'y', number> & unknown[];
const list = (view: Fields, name: string) => view[name] as Lists;

describe('a view of an array', () => {
  const make = () => {
    const view = Thing.view(Thing.create({ data: [1, -2, 3], path: [{ x: 1 }, { x: 2 }] }));
    return { view, data: list(view, 'data'), path: list(view, 'path') };
  };

  test('is an Array, with all that arrays have', () => {
    const { data, path } = make();
    expect(Array.isArray(data)).toBe(true);
    expect([data.length, path.length]).toEqual([3, 2]);
    expect([...data]).toEqual([1, -2, 3]);
    expect(data.map((number) => (number as number) * 2)).toEqual([2, -4, 6]);
    expect(path.map((each) => (each as Fields)['x'])).toEqual([1, 2]);
    expect([data.indexOf(-2), data.includes(9), data.at(-1), data.join()]).toEqual([1, false, 3, '1,-2,3']);
    expect(Object.keys(data)).toEqual(['0', '1', '2']);
    expect(Object.entries(data)).toEqual([
      ['0', 1],
      ['1', -2],
      ['2', 3],
    ]);
    expect(JSON.stringify(data)).toBe('[1,-2,3]');
    expect([0 in data, 2 in data, 3 in data]).toEqual([true, true, false]);
    expect(data.slice(1)).toEqual([-2, 3]);
    const seen: unknown[] = [];
    data.forEach((number) => seen.push(number));
    for (const key in data) seen.push(key);
    expect(seen).toEqual([1, -2, 3, '0', '1', '2']);
  });

  test('is written in place by what writes arrays in place', () => {
    const { view, data } = make();
    data.reverse();
    expect(view['data']).toEqual([3, -2, 1]);
    data.sort((a, b) => (a as number) - (b as number));
    expect(view['data']).toEqual([-2, 1, 3]);
    data.fill(7, 1);
    expect(view['data']).toEqual([-2, 7, 7]);
    [data[0], data[2]] = [data[2], data[0]];
    expect([...data]).toEqual([7, 7, -2]);
  });

  test('keeps its length', () => {
    const { data } = make();
    for (const change of [
      () => data.push(1),
      () => data.pop(),
      () => data.splice(0, 1),
      () => (data.length = 5),
      () => (data.length = 0),
      () => (data[3] = 1),
      () => ((data as unknown as Fields)['other'] = 1),
      () => ((data as unknown as Fields)['-1'] = 1),
    ]) {
      expect(change).toThrow();
    }
    expect(data.length).toBe(3);
    expect(Reflect.deleteProperty(data, 0)).toBe(false);
    expect(Reflect.defineProperty(data, 0, { value: 9 })).toBe(false);
    expect([data[3], data[-1]]).toEqual([undefined, undefined]);
  });

  test('gives the same view of an element each time', () => {
    const { view, path } = make();
    expect(path[0]).toBe(path[0]);
    expect(view['pos']).toBe(view['pos']);
    expect(view['data']).toBe(view['data']);
  });
});
