import { describe, expect, test } from '@jest/globals';
import { CFunction, dlopen, ref } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectMessage, outcome, wrongCount, wrongType, type AnyFunction } from '../types/refusal';

const slots = process.env['ARKFFI_PATH'] === 'libffi' ? 'libffi' : 'slots';

const library = dlopen(fixture, {
  noop: {},
  call_count: { returns: 'i32' },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  renamed: { symbol: 'add_f64', args: ['f64', 'f64'], returns: 'f64' },
  sum8: { args: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], returns: 'i32' },
  echo_ptr: { args: ['ptr'], returns: 'ptr' },
  echo_string: { args: ['CString'], returns: 'CString' },
  string_join: { args: ['CString', 'CString'], returns: 'CString' },
  sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
  mixed: {
    args: [
      ...(['i8', 'f64', 'u64', 'f32', 'i16', 'f64', 'u32', 'f32', 'i64', 'f64'] as const),
      ...(['u8', 'f64', 'i32', 'f32', 'u16', 'f64', 'f64', 'f64', 'i64', 'f32'] as const),
    ],
    returns: 'f64',
  },
});
const { symbols } = library;

describe('argument counts', () => {
  const counts: readonly (readonly [keyof typeof symbols, number])[] = [
    ['noop', 0],
    ['call_count', 0],
    ['echo_ptr', 1],
    ['echo_string', 1],
    ['add_i32', 2],
    ['string_join', 2],
    ['sum_f64', 2],
    ['sum8', 8],
    ['mixed', 20],
  ];

  test.each(counts)('%s takes %i', (name, count) => {
    const call = symbols[name] as unknown as AnyFunction;
    const lists = Array.from({ length: count + 3 }, (_, given) => Array.from({ length: given }, () => 0));
    const wrong = lists.filter(({ length }) => length !== count);
    expect(wrong.map((list) => outcome(() => call(...list)))).toEqual(wrong.map(() => wrongCount));
    expect(() => call(...lists[count]!)).not.toThrow();
    expectMessage(() => call(...lists[count + 1]!), name, String(count), String(count + 1));
  });

  test('an undefined too many or too few is counted', () => {
    const [noop, echo_ptr] = [symbols.noop, symbols.echo_ptr] as unknown as AnyFunction[];
    expect(outcome(() => noop!(undefined))).toBe(wrongCount);
    expect(outcome(() => echo_ptr!())).toBe(wrongCount);
    expect(outcome(() => echo_ptr!(undefined, undefined))).toBe(wrongCount);
    expect(echo_ptr!(undefined)).toBe(0);
  });

  test('the count comes before the kinds, and nothing is called', () => {
    const before = symbols.call_count();
    const noop = symbols.noop as unknown as AnyFunction;
    expect(outcome(() => noop(Symbol('s')))).toBe(wrongCount);
    expect(symbols.call_count()).toBe(before);
    noop();
    expect(symbols.call_count()).toBe(before + 1);
  });
});

describe('registers and stack', () => {
  type Mixed = Parameters<typeof symbols.mixed>;
  const weighted = (values: Mixed) =>
    values.reduce<number>((sum, value, index) => sum + (index + 1) * Number(value), 0);

  test.each<[string, Mixed]>([
    ['small', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]],
    ['negative', [-1, -2, 3, -4, -5, -6, 7, -8, -9, -10, 11, -12, -13, -14, 15, -16, -17, -18, -19, -20]],
    [
      'bounds',
      [-128, 0.5, 0, 0.5, -32768, 0.25, 4294967295, 1, 0, 1, 255, 1, -2147483648, 1, 65535, 1, 1, 1, 1, 1],
    ],
    [
      'bigints',
      [1, 2, 2n ** 40n, 4, 5, 6, 7, 8, -(2n ** 41n), 10, 11, 12, 13, 14, 15, 16, 17, 18, 2n ** 42n, 20],
    ],
    [
      'one bigint',
      [1, 2.5, 3, 4.5, 5, 6.5, 7, 8.5, 9, 10.5, 11, 12.5, 13, 14.5, 15, 16.5, 17, 18, -19n, 20.5],
    ],
  ])('%s', (_, values) => {
    for (let round = 0; round < 3; round++) expect(symbols.mixed(...values)).toBe(weighted(values));
  });

  test('a bigint beyond the safe integers leaves the next call alone', () => {
    const large: Mixed = [1, 2, 2n ** 63n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
    expect(symbols.mixed(...large)).toBe(weighted(large));
    expect(symbols.add_i32(1, 2)).toBe(3);
    expect(symbols.sum8(1, 2, 3, 4, 5, 6, 7, 8)).toBe(204);
  });
});

describe('a function', () => {
  test('has the name of its key, and a length', () => {
    expect([symbols.renamed.name, symbols.renamed.length]).toEqual(['renamed', 2]);
    expect([symbols.noop.name, symbols.noop.length]).toEqual(['noop', 0]);
    expect([symbols.mixed.name, symbols.mixed.length]).toEqual(['mixed', 20]);
    expect(symbols.renamed(0.25, 0.5)).toBe(0.75);
  });

  test('has the address of the C function', () => {
    expect(symbols.noop.ptr).toBeGreaterThan(0);
    expect(symbols.noop.ptr).toBe(dlopen(fixture, { noop: {} }).symbols.noop.ptr);
    expect(symbols.noop.ptr).not.toBe(symbols.add_i32.ptr);
    const add = CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: symbols.add_i32.ptr });
    expect(add(20, 22)).toBe(42);
    add.close();
  });

  test.each(['noop', 'add_i32', 'mixed', 'echo_string', 'echo_ptr'] as const)('%s: path', (name) => {
    expect(symbols[name].path).toBe(slots);
  });

  test('is the same at every access, and cannot be replaced', () => {
    expect(symbols.noop).toBe(symbols.noop);
    expect(() => Object.assign(symbols, { noop: null })).toThrow(TypeError);
    expect(() => Object.assign(symbols, { other: null })).toThrow(TypeError);
    expect(Reflect.set(symbols.noop, 'ptr', 1)).toBe(false);
    expect(Reflect.set(symbols.noop, 'path', '')).toBe(false);
  });

  test('of a void result gives undefined', () => expect(symbols.noop()).toBeUndefined());

  test('can be applied, bound and mapped', () => {
    const { add_i32 } = symbols;
    expect(add_i32.apply(null, [1, 2])).toBe(3);
    expect(add_i32.bind({}, 1)(2)).toBe(3);
    expect([1, 2, 3].map((value) => add_i32(value, 1))).toEqual([2, 3, 4]);
    expect(Reflect.apply(add_i32, undefined, [4, 5])).toBe(9);
  });

  test('writes through pointers that it is given', () => {
    const out = ref('i32', 41);
    const { snprintf } = dlopen(null, {
      snprintf: { args: ['ptr', 'size_t', 'CString'], returns: 'i32' },
    }).symbols;
    const buffer = Buffer.alloc(16, 0xff);
    expect(snprintf(buffer, 16, 'text')).toBe(4);
    expect(buffer.toString('latin1', 0, 6)).toBe('text\0\xff');
    expect(snprintf(out, 4, '')).toBe(0);
    expect(out.value).toBe(0);
    expect(snprintf(new DataView(buffer.buffer, buffer.byteOffset + 8), 8, 'more')).toBe(4);
    expect(buffer.toString('latin1', 8, 12)).toBe('more');
  });

  test('of two libraries, or two signatures, works on its own', () => {
    const other = dlopen(fixture, {
      add_i32: { args: ['i32', 'i32'], returns: 'u32' },
      again: { symbol: 'add_i32', args: ['u32', 'i32'], returns: 'i32' },
    });
    expect(other.symbols.add_i32(-1, 0)).toBe(4294967295);
    expect(other.symbols.again(4294967295, 0)).toBe(-1);
    expect(symbols.add_i32(-1, 0)).toBe(-1);
    other.close();
    expect(outcome(() => other.symbols.add_i32(1, 1))).toBe('FFIError ERR_FFI_CLOSED');
    expect(symbols.add_i32(1, 1)).toBe(2);
  });

  test('that is called often keeps giving right results', () => {
    for (let index = -50_000; index < 50_000; index++) {
      if (symbols.add_i32(index, 7) !== index + 7) throw new Error(`wrong at ${index}`);
      if (index % 10_000 === 0) expect(outcome(() => symbols.add_i32(index, '7' as never))).toBe(wrongType);
      if (index % 5000 === 0) expect(symbols.echo_string(`text ${index}`)).toBe(`text ${index}`);
    }
  });
});
