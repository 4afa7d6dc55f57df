// Bit-fields of every width, signed and not, as C sees them.
import { describe, expect, test } from '@jest/globals';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { bits, functions, Struct, type Call } from './loose';

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
