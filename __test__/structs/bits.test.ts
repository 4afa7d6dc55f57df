// Bit-fields: every width, signed and not, across bytes and words, beside each other.
import { describe, expect, test } from '@jest/globals';
import { calloc, free } from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { labelled } from '../types/refusal';
import { array, bits, bytesOf, enumeration, functions, Struct, type Call, type Schema } from './loose';

const narrowed = (value: bigint) =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/** The least, the greatest and other values of so many bits. */
function samples(width: number, signed: boolean): bigint[] {
  const [min, max] = signed
    ? [-(2n ** BigInt(width - 1)), 2n ** BigInt(width - 1) - 1n]
    : [0n, 2n ** BigInt(width) - 1n];
  const within = [0n, 1n, -1n, min + 1n, max - 1n, max / 3n, 0x5555_5555_5555_5555n & max];
  return [min, max, ...within.filter((value) => value >= min && value <= max)];
}

const types: Readonly<Record<string, readonly [size: number, c: string]>> = {
  i8: [8, 'signed char'],
  u8: [8, 'unsigned char'],
  i16: [16, 'short'],
  u16: [16, 'unsigned short'],
  i32: [32, 'int'],
  u32: [32, 'unsigned'],
  i64: [64, 'long'],
  u64: [64, 'unsigned long'],
};
const all = Object.entries(types).flatMap(([type, [size, c]]) =>
  Array.from({ length: size }, (_, index) => ({ type, c, width: index + 1 })),
);

describe('every width of every type, between neighbours', () => {
  const source = all.map(
    ({ type, c, width }) => `
    typedef struct { ${c} before : ${Math.min(3, width)}; ${c} field : ${width}; ${c} after : 1; char end; } ${type}_${width};
    ${c} get_${type}_${width}(${type}_${width} *s) { return s->field; }
    ${type}_${width} add_${type}_${width}(${type}_${width} s) { s.field = s.field + 1; return s; }`,
  );
  const library = compile('libbits.so', source.join(''));
  const cases = all.map((one) => {
    const schema = Struct({
      before: bits(one.type, Math.min(3, one.width)),
      field: bits(one.type, one.width),
      after: bits(one.type, 1),
      end: 'i8',
    });
    const { get, add } = functions(library, {
      get: { symbol: `get_${one.type}_${one.width}`, args: ['ptr'], returns: one.type },
      add: { symbol: `add_${one.type}_${one.width}`, args: [schema], returns: schema.object },
    }).symbols as Record<'get' | 'add', Call>;
    return { ...one, signed: one.type.startsWith('i'), schema, get, add };
  });

  test.each(cases)('$type : $width', ({ width, signed, schema, get, add }) => {
    const beside = signed
      ? [
          { before: -1, after: -1, end: -1 },
          { before: 0, after: 0, end: 0 },
        ]
      : [
          { before: 1, after: 1, end: -1 },
          { before: 0, after: 0, end: 0 },
        ];
    for (const value of samples(width, signed)) {
      const field = narrowed(value);
      for (const others of beside) {
        const buffer = schema.create({ ...others, field });
        expect(schema.fromBuffer(buffer)).toEqual({ ...others, field });
        expect(get(buffer)).toBe(field);
        const next = signed ? BigInt.asIntN(width, value + 1n) : BigInt.asUintN(width, value + 1n);
        expect(add({ ...others, field })).toEqual({ ...others, field: narrowed(next) });
        expect(add(buffer)).toEqual({ ...others, field: narrowed(next) });
        const view = schema.view(buffer);
        view['field'] = 0;
        expect(schema.fromBuffer(buffer)).toEqual({ ...others, field: 0 });
        schema.set(buffer, 'field', field);
        expect([schema.get(buffer, 'field'), view['field'], view['before']]).toEqual([
          field,
          field,
          others.before,
        ]);
      }
    }
  });

  test.each(cases)('$type : $width: out of its range', ({ type, width, signed, schema }) => {
    const [min, max] = samples(width, signed) as [bigint, bigint];
    const wide = type.endsWith('64');
    for (const beyond of [min - 1n, max + 1n, 2n ** 64n]) {
      const field = wide || narrowed(beyond) === beyond ? beyond : Number(beyond);
      const given = wide ? field : Number(field);
      expectError(() => schema.create({ field: given }), 'ERR_FFI_OUT_OF_RANGE', 'create: field');
      expectError(() => schema.set(schema.create(), 'field', given), 'ERR_FFI_OUT_OF_RANGE', 'set: field');
    }
  });
});

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
