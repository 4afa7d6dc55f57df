// Enumerations: names and integers go in, numbers come out.
import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { alignof, array, bits, enumeration, functions, ref, sizeof, Struct, type Call } from './loose';

const Color = enumeration({ RED: 0, GREEN: 5, BLUE: 6 });
const Distance = enumeration({ FAR: -1, NEAR: 1 });
const Look = Struct({ color: Color, distance: Distance });

const { color_next, look_next, look_size, echo_u8, echo_i64, echo_u64 } = functions(fixture, {
  color_next: { args: [Color], returns: Color },
  look_next: { args: [Look], returns: Look.object },
  look_size: { returns: 'size_t' },
  echo_u8: { args: [enumeration({ A: 0, Z: 255 }, 'u8')], returns: enumeration({ A: 0, Z: 255 }, 'u8') },
  echo_i64: {
    args: [enumeration({ LOW: -(2n ** 63n), ONE: 1n })],
    returns: enumeration({ LOW: -(2n ** 63n) }),
  },
  echo_u64: { args: [enumeration({ HIGH: 2n ** 64n - 1n })], returns: enumeration({ HIGH: 2n ** 64n - 1n }) },
}).symbols as Record<'color_next' | 'look_next' | 'look_size' | 'echo_u8' | 'echo_i64' | 'echo_u64', Call>;

describe('the storage', () => {
  test.each<[object, string | undefined, number]>([
    [{ A: 0 }, undefined, 4],
    [{ A: -1, B: 2 ** 31 - 1 }, undefined, 4],
    [{ A: 2 ** 32 - 1 }, undefined, 4],
    [{ A: -1, B: 2 ** 31 }, undefined, 8],
    [{ A: 2 ** 40 }, undefined, 8],
    [{ A: 2n ** 64n - 1n }, undefined, 8],
    [{}, undefined, 4],
    [{ A: 255 }, 'u8', 1],
    [{ A: -128 }, 'i8', 1],
    [{ A: 1 }, 'u16', 2],
    [{ A: 1 }, 'long', 8],
    [{ A: 1 }, 'bigint64', 8],
  ])('of %p as %p: %d bytes', (values, storage, size) => {
    const type = enumeration(values, storage);
    expect([sizeof(type), alignof(type)]).toEqual([size, size]);
  });

  test('decides which integers are accepted', () => {
    const One = Struct({
      small: enumeration({ A: 0 }, 'u8'),
      plain: enumeration({ A: 0 }),
      big: enumeration({ A: 2 ** 32 - 1 }),
    });
    expect(One.fromBuffer(One.create({ small: 255, plain: -(2 ** 31), big: 2 ** 32 - 1 }))).toEqual({
      ...{ small: 255, plain: -(2 ** 31), big: 2 ** 32 - 1 },
    });
    for (const value of [{ small: 256 }, { small: -1 }, { plain: 2 ** 31 }, { big: -1 }]) {
      expectError(() => One.create(value), 'ERR_FFI_OUT_OF_RANGE', Object.keys(value)[0]);
    }
  });
});

describe('values', () => {
  test('names and integers, those without a name too', () => {
    expect([color_next('RED'), color_next(5), color_next('BLUE'), color_next(77)]).toEqual([5, 6, 0, 0]);
    expect([echo_u8('Z'), echo_u8(0), echo_u8(17)]).toEqual([255, 0, 17]);
    expect([echo_i64('LOW'), echo_i64('ONE'), echo_i64(-5n), echo_i64(7)]).toEqual([-(2n ** 63n), 1, -5, 7]);
    expect([echo_u64('HIGH'), echo_u64(1n)]).toEqual([2n ** 64n - 1n, 1]);
  });

  test('in structs, arrays and out-parameters', () => {
    expect(Look.size).toBe(look_size());
    expect(look_next({ color: 'GREEN', distance: 'FAR' })).toEqual({ color: 6, distance: 1 });
    expect(look_next(look_next({ color: 'RED' }))).toEqual({ color: 6, distance: 1 });
    expect(look_next({})).toEqual({ color: 5, distance: -1 });
    const List = Struct({ list: array(Color, 3), bits: bits(Color, 3) });
    const buffer = List.create({ list: ['BLUE', 5], bits: 'GREEN' });
    expect(List.fromBuffer(buffer)).toEqual({ list: [6, 5, 0], bits: 5 });
    List.set(buffer, 'list[2]', 'BLUE');
    List.view(buffer)['bits'] = 'BLUE';
    expect(List.fromBuffer(buffer)).toEqual({ list: [6, 5, 6], bits: 6 });
    const cell = ref(Distance, 'FAR');
    expect(cell.value).toBe(-1);
    cell.value = 'NEAR';
    expect(cell.value).toBe(1);
  });

  test.each<[unknown, ErrorCode, string]>([
    ['YELLOW', 'ERR_FFI_INVALID_ARG_TYPE', "'YELLOW'"],
    ['GREN', 'ERR_FFI_INVALID_ARG_TYPE', "'GREEN'"],
    ['red', 'ERR_FFI_INVALID_ARG_TYPE', "'red'"],
    ['', 'ERR_FFI_INVALID_ARG_TYPE', 'name'],
    ['5', 'ERR_FFI_INVALID_ARG_TYPE', "'5'"],
    ['toString', 'ERR_FFI_INVALID_ARG_TYPE', "'toString'"],
    ['constructor', 'ERR_FFI_INVALID_ARG_TYPE', "'constructor'"],
    ['__proto__', 'ERR_FFI_INVALID_ARG_TYPE', "'__proto__'"],
    [null, 'ERR_FFI_INVALID_ARG_TYPE', 'null'],
    [undefined, 'ERR_FFI_INVALID_ARG_TYPE', 'undefined'],
    [true, 'ERR_FFI_INVALID_ARG_TYPE', 'true'],
    [{}, 'ERR_FFI_INVALID_ARG_TYPE', 'object'],
    [5n, 'ERR_FFI_INVALID_ARG_TYPE', '5n'],
    [0.5, 'ERR_FFI_OUT_OF_RANGE', '0.5'],
    [NaN, 'ERR_FFI_OUT_OF_RANGE', 'NaN'],
    [2 ** 32, 'ERR_FFI_OUT_OF_RANGE', '4294967296'],
    [-(2 ** 31) - 1, 'ERR_FFI_OUT_OF_RANGE', '-2147483649'],
  ])('%p is refused', (value, code, text) => {
    expectError(() => color_next(value), code, text);
    if (value !== undefined) expectError(() => look_next({ color: value }), code, 'args[0].color');
    expectError(() => (ref(Color).value = value), code, text);
  });

  test('names of every kind', () => {
    const Odd = enumeration({ 'with space': 1, ä: 2, constructor: 3, ['__proto__']: 4, 7: 5 });
    const One = Struct({ value: Odd });
    const read = (value: unknown) => One.fromBuffer(One.create({ value }))['value'];
    expect(['with space', 'ä', 'constructor', '__proto__', '7'].map(read)).toEqual([1, 2, 3, 4, 5]);
    expect(read(7)).toBe(7);
  });

  test('what the definition was made of may change', () => {
    const values: Record<string, number> = { A: 1 };
    const One = Struct({ value: enumeration(values) });
    values['A'] = 9;
    expect(One.fromBuffer(One.create({ value: 'A' }))).toEqual({ value: 1 });
  });
});
