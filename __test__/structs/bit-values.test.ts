// The values of bit-fields, and what stands beside them.
import { describe, expect, test } from '@jest/globals';
import { calloc, free } from 'arkffi';
import { expectError } from '../support/errors';
import { labelled } from '../types/refusal';
import { array, bits, bytesOf, enumeration, Struct, type Schema } from './loose';

describe('kinds of values', () => {
  const Kinds = Struct({
    flag: bits('bool', 1),
    small: bits('i32', 5),
    color: bits(enumeration({ RED: 0, BLUE: 5 }), 3),
    distance: bits(enumeration({ FAR: -1, NEAR: 1 }), 2),
    big: bits('i64', 60),
    exact: bits('biguint64', 40),
    fast: bits('u64_fast', 64),
    letter: bits('char', 7),
  });
  const value = {
    flag: true,
    small: -16,
    color: 5,
    distance: -1,
    big: -(2n ** 59n),
    exact: 7n,
    fast: 2 ** 53 - 1,
    letter: 63,
  };

  test('read as their type is', () => {
    const buffer = Kinds.create({ ...value, color: 'BLUE', distance: 'FAR' });
    expect(Kinds.fromBuffer(buffer)).toEqual(value);
    expect(Object.fromEntries(Kinds.fieldNames.map((name) => [name, Kinds.get(buffer, name)]))).toEqual(
      value,
    );
    expect({ ...Kinds.view(buffer) }).toEqual(value);
    expect(Kinds.create(Kinds.fromBuffer(buffer))).toEqual(buffer);
  });

  test('the type decides what is accepted', () => {
    const fits = [
      { flag: 1 },
      { flag: false },
      { big: 5 },
      { big: 5n },
      { exact: 5 },
      { exact: 2n ** 40n - 1n },
      { letter: -64 },
    ];
    for (const one of fits) expect(() => Kinds.create(one)).not.toThrow();
    const wrong = [
      { flag: 'true' },
      { small: 1n },
      { small: '1' },
      { small: null },
      { color: 'GREEN' },
      { big: '1' },
      { exact: true },
    ];
    for (const one of wrong)
      expectError(() => Kinds.create(one), 'ERR_FFI_INVALID_ARG_TYPE', `create: ${Object.keys(one)[0]}`);
    const beyond = [
      { flag: 2 },
      { small: 16 },
      { small: 0.5 },
      { color: 8 },
      { color: -1 },
      { distance: 2 },
      { exact: -1 },
      { letter: 64 },
    ];
    for (const one of beyond)
      expectError(() => Kinds.create(one), 'ERR_FFI_OUT_OF_RANGE', `create: ${Object.keys(one)[0]}`);
  });

  test('a fast one beyond the safe integers cannot be read', () => {
    const buffer = new ArrayBuffer(Kinds.size);
    new Uint8Array(buffer).fill(0xff);
    expectError(() => Kinds.get(buffer, 'fast'), 'ERR_FFI_OUT_OF_RANGE', 'safe integer');
    expectError(() => Kinds.fromBuffer(buffer), 'ERR_FFI_OUT_OF_RANGE', 'safe integer');
    expect([Kinds.get(buffer, 'flag'), Kinds.get(buffer, 'small'), Kinds.get(buffer, 'exact')]).toEqual([
      true,
      -1,
      2n ** 40n - 1n,
    ]);
  });

  test('no other type has bits', () => {
    for (const type of ['f32', 'f64', 'ptr', 'CString', 'callback', Struct({ a: 'i32' }), array('i32', 1)]) {
      expectError(() => bits(type, 1), 'ERR_FFI_INVALID_TYPE');
    }
  });
});

describe('neighbours stay', () => {
  const tight: readonly (readonly [string, Schema])[] = [
    [
      'within a word',
      Struct({ a: bits('u32', 3), b: bits('u32', 7), c: bits('u32', 11), d: bits('u32', 11) }),
    ],
    [
      'across words, packed',
      Struct({ a: bits('u32', 13), b: bits('u32', 27), c: bits('u32', 31), d: bits('u8', 5) }, { pack: 1 }),
    ],
    [
      'of 64 bits, packed',
      Struct({ a: bits('u8', 3), b: bits('u64', 61), c: bits('u64', 64), d: bits('u64', 58) }, { pack: 1 }),
    ],
    ['of bytes', Struct({ a: bits('u8', 3), b: bits('u8', 5), c: bits('u8', 7), d: bits('u8', 1) })],
  ];

  test.each(tight)('%s', (_, schema) => {
    const widths = { a: 3, b: 7, c: 11, d: 11 };
    const ones = (name: string) => {
      const probe = new ArrayBuffer(schema.size);
      new Uint8Array(probe).fill(0xff);
      return schema.get(probe, name);
    };
    const names = Object.keys(widths);
    for (const make of [() => new ArrayBuffer(schema.size), () => calloc(1, schema.size)]) {
      for (const name of names) {
        const memory = make();
        const full = Object.fromEntries(names.map((each) => [each, ones(each)]));
        const empty = Object.fromEntries(names.map((each) => [each, 0]));
        schema.set(memory, name, ones(name));
        expect(schema.fromPtr(memory)).toEqual({ ...empty, [name]: ones(name) });
        schema.write(memory, full);
        schema.set(memory, name, 0);
        expect(schema.fromPtr(memory)).toEqual({ ...full, [name]: 0 });
        if (typeof memory === 'number') free(memory);
      }
    }
  });

  test('what is no field stays as it was', () => {
    const Gaps = Struct({ a: bits('u8', 3), n: bits('u8', 0), b: bits('u8', 2), c: 'u8' });
    const bytes = Uint8Array.of(0xff, 0xff, 0xff);
    Gaps.set(bytes, 'a', 0);
    Gaps.set(bytes, 'b', 0);
    expect([...bytes]).toEqual([0xf8, 0xfc, 0xff]);
    const view = Gaps.view(bytes);
    view['a'] = 5;
    expect([...bytes]).toEqual([0xfd, 0xfc, 0xff]);
    expect(bytesOf(Gaps.create({ a: 7, b: 3, c: 1 }))).toEqual([7, 3, 1]);
  });
});

describe('a field that only ends a run', () => {
  const Run = Struct({ a: bits('u32', 3), none: bits('u32', 0), b: bits('u32', 3) });

  test('is no property and takes no value', () => {
    expect(Run.fromBuffer(Run.create({ a: 1, b: 2 }))).toEqual({ a: 1, b: 2 });
    expect(Object.keys(Run.view(Run.create()))).toEqual(['a', 'b']);
    for (const value of labelled({ none: 0 }, { none: 1 }, { a: 1, none: 0 })) {
      expectError(() => Run.create(value[1]), 'ERR_FFI_INVALID_ARG_TYPE', 'none');
    }
    expectError(() => Run.get(Run.create(), 'none'), 'ERR_FFI_INVALID_ARG_TYPE', 'none');
    expectError(() => Run.offsetOf('none'), 'ERR_FFI_INVALID_ARG_TYPE', 'none');
  });
});
