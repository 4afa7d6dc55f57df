import { describe, expect, test } from '@jest/globals';
import { dlopen, ref, strdup, free, type VariadicArgument } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectMessage, outcome, outOfRange, wrongCount, wrongDefinition, wrongType } from '../types/refusal';

const { snprintf } = dlopen(null, {
  snprintf: { args: ['ptr', 'size_t', 'CString', '...'], returns: 'i32' },
}).symbols;

const { symbols } = dlopen(fixture, {
  variadic_ints: { args: ['i32', '...'], returns: 'i64' },
  variadic_doubles: { args: ['f64', 'i32', '...'], returns: 'f64' },
  variadic_kinds: { args: ['CString', '...'], returns: 'f64' },
  variadic_last_u64: { args: ['i32', '...'], returns: 'u64' },
});

function format(text: string, ...extras: VariadicArgument[]): string {
  const buffer = Buffer.alloc(2048);
  const length = snprintf(buffer, buffer.length, text, ...extras);
  return buffer.toString('utf8', 0, length);
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const weighted = (values: readonly number[]) =>
  values.reduce((sum, value, index) => sum + (index + 1) * value, 0);

describe('default promotions', () => {
  test.each<[string, VariadicArgument, string]>([
    ['%d', ['i8', -128], '-128'],
    ['%d', ['char', 65], '65'],
    ['%c', ['char', 65], 'A'],
    ['%d', ['u8', 255], '255'],
    ['%d', ['i16', -32768], '-32768'],
    ['%d', ['u16', 65535], '65535'],
    ['%d', ['bool', true], '1'],
    ['%d', ['bool', 0], '0'],
    ['%d', ['i32', -2147483648], '-2147483648'],
    ['%u', ['u32', 4294967295], '4294967295'],
    ['%ld', ['i64', -(2n ** 63n)], '-9223372036854775808'],
    ['%ld', ['i64', -5], '-5'],
    ['%lu', ['u64', 2n ** 64n - 1n], '18446744073709551615'],
    ['%ld', ['bigint64', -7], '-7'],
    ['%lu', ['biguint64', 7n], '7'],
    ['%ld', ['i64_fast', -8], '-8'],
    ['%ld', ['long', -9], '-9'],
    ['%lu', ['ulong', 9], '9'],
    ['%zu', ['size_t', 10], '10'],
    ['%zd', ['ssize_t', -10], '-10'],
    ['%.3f', ['f64', 0.125], '0.125'],
    ['%.3f', ['f32', 0.125], '0.125'],
    ['%.10f', ['f32', 0.1], '0.1000000015'],
    ['%.10f', ['f64', 0.1], '0.1000000000'],
    ['%f', ['f64', -0], '-0.000000'],
    ['%f', ['f64', Infinity], 'inf'],
    ['%s', ['CString', 'é€💥'], 'é€💥'],
    ['%s', ['s', ''], ''],
    ['%ls', ['wstring', 'wide'], 'wide'],
    ['%p', ['ptr', 0xabc], '0xabc'],
    ['%p', ['ptr', null], '(nil)'],
    ['%p', ['callback', 0x10], '0x10'],
    ['%p', ['ptr', -1], '0xffffffffffffffff'],
  ])('%s with %p gives %s', (text, extra, result) => {
    expect(format(text, extra)).toBe(result);
    expect(format(`%s ${text} %g`, ['CString', 'a'], extra, ['f64', 1.5])).toBe(`a ${result} 1.5`);
  });

  test('none at all', () => expect(format('plain')).toBe('plain'));

  test('all at once', () => {
    const text = format(
      '%d %s %.2f %lu %c %s %g %p',
      ['i8', -1],
      ['CString', 'one'],
      ['f32', 2.5],
      ['u64', 2n ** 64n - 2n],
      ['u8', 0x7a],
      ['cstring', 'two'],
      ['double', 1e100],
      ['ptr', 4096],
    );
    expect(text).toBe('-1 one 2.50 18446744073709551614 z two 1e+100 0x1000');
  });

  test('pointers of every kind', () => {
    const out = ref('i32', 11);
    const buffer = Int32Array.of(7);
    const block = strdup('block');
    expect(symbols.variadic_kinds('pp', ['ptr', out], ['ptr', buffer])).toBe(11 + 14);
    expect(symbols.variadic_kinds('s', ['CString', block])).toBe(5);
    expect(format('%n%s', ['ptr', out], ['ptr', Buffer.from('bytes\0')])).toBe('bytes');
    expect(out.value).toBe(0);
    free(block);
  });
});

describe('beyond the registers', () => {
  test.each([0, 1, 4, 5, 6, 7, 8, 9, 20, 63, 64, 65, 126])('%i ints', (count) => {
    const extras = numbers(count).map((value): VariadicArgument => ['i32', -value]);
    for (let round = 0; round < 2; round++) {
      expect(symbols.variadic_ints(count, ...extras)).toBe(-weighted(numbers(count)) || 0);
    }
  });

  test.each([0, 1, 6, 7, 8, 9, 20, 64, 125])('%i doubles', (count) => {
    const extras = numbers(count).map((value): VariadicArgument => ['f64', value / 2]);
    expect(symbols.variadic_doubles(0.25, count, ...extras)).toBe(0.25 + weighted(numbers(count)) / 2);
  });

  test('ints and doubles in turn', () => {
    const values = numbers(60);
    const extras = values.map((value): VariadicArgument =>
      value % 2 === 0 ? ['i32', value] : ['f64', value],
    );
    const kinds = values.map((value) => (value % 2 === 0 ? 'i' : 'd')).join('');
    expect(symbols.variadic_kinds(kinds, ...extras)).toBe(weighted(values));
  });

  test('every kind', () => {
    const kinds = 'ildusp'.repeat(6);
    const cell = Int32Array.of(6);
    const one: readonly VariadicArgument[] = [
      ['i16', -1],
      ['i64', 2n ** 40n],
      ['f32', 2.5],
      ['u32', 4294967295],
      ['CString', 'four'],
      ['ptr', cell],
    ];
    const values = [-1, 2 ** 40, 2.5, 4294967295, 4, 6];
    const repeated = Array.from({ length: 6 }, () => values).flat();
    expect(symbols.variadic_kinds(kinds, ...Array.from({ length: 6 }, () => one).flat())).toBe(
      weighted(repeated),
    );
  });

  test('more than 127 arguments', () => {
    const extras = numbers(127).map((value): VariadicArgument => ['i32', value]);
    expect(outcome(() => symbols.variadic_ints(127, ...extras))).toBe(wrongDefinition);
    expectMessage(() => symbols.variadic_ints(127, ...extras), '128', '127');
  });

  test('64 bits are kept beside any other argument', () => {
    const large = 2n ** 64n - 3n;
    for (const before of [[], numbers(1), numbers(5), numbers(9)]) {
      const extras = before.map((value): VariadicArgument => ['u64', value]);
      expect(symbols.variadic_last_u64(before.length + 1, ...extras, ['u64', large])).toBe(large);
      expect(symbols.variadic_last_u64(before.length + 1, ...extras, ['u64', 2 ** 53 - 1])).toBe(2 ** 53 - 1);
    }
  });
});

describe('wrong arguments', () => {
  const call = symbols.variadic_ints as (...args: unknown[]) => unknown;

  test('too few of the declared ones', () => {
    expect(outcome(() => call())).toBe(wrongCount);
    expectMessage(() => call(), 'variadic_ints', '1', '0');
  });

  test.each([
    5,
    '5',
    null,
    undefined,
    {},
    [],
    ['i32'],
    ['i32', 1, 2],
    () => 1,
    Symbol('s'),
    { 0: 'i32', 1: 1 },
  ])('extra %p', (extra) => {
    expect(outcome(() => call(1, extra))).toBe(wrongType);
    expectMessage(() => call(2, ['i32', 1], extra), 'variadic_ints', 'args[2]');
  });

  test.each([undefined, null, 5, {}, Symbol('i32'), 'int33', '...', 'void', 'napi_env'])(
    'type %p',
    (type) => {
      expect(outcome(() => call(1, [type, 1]))).toBe(wrongDefinition);
      expectMessage(() => call(1, [type, 1]), 'variadic_ints', 'args[1]');
    },
  );

  test.each<[string, unknown, string]>([
    ['i32', '1', wrongType],
    ['i32', 1n, wrongType],
    ['i32', undefined, wrongType],
    ['i32', 2 ** 31, outOfRange],
    ['i8', 128, outOfRange],
    ['u8', -1, outOfRange],
    ['u16', 65536, outOfRange],
    ['u64', -1, outOfRange],
    ['i64', 2 ** 53, outOfRange],
    ['f64', '1', wrongType],
    ['f32', 1n, wrongType],
    ['CString', 'a\0b', wrongType],
    ['CString', true, wrongType],
    ['ptr', 'text', wrongType],
    ['ptr', 0.5, outOfRange],
  ])('%s: %p', (type, value, wanted) => {
    expect(outcome(() => call(2, ['i32', 1], [type, value]))).toBe(wanted);
    expectMessage(() => call(2, ['i32', 1], [type, value]), 'variadic_ints', 'args[2]');
  });

  test('the declared ones are checked as always', () => {
    expect(outcome(() => call('1', ['i32', 1]))).toBe(wrongType);
    expectMessage(() => call('1', ['i32', 1]), 'variadic_ints: args[0] (int32_t)');
  });

  test('after them, right ones work', () => {
    expect(symbols.variadic_ints(2, ['i32', 20], ['i32', 11])).toBe(42);
  });
});

describe('a variadic function', () => {
  test('has the length of its declared arguments', () => {
    expect([snprintf.length, snprintf.name]).toEqual([3, 'snprintf']);
    expect(symbols.variadic_ints.length).toBe(1);
  });

  test('keeps strings apart from call to call', () => {
    const texts = ['a', 'a', 'b', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(64), 'a'];
    for (const text of texts)
      expect(format('%s-%s', ['CString', text], ['CString', 'end'])).toBe(`${text}-end`);
  });

  test('takes its argument list of another kind at every call', () => {
    for (let round = 0; round < 3; round++) {
      expect(format('%d', ['i32', round])).toBe(String(round));
      expect(format('%s', ['CString', String(round)])).toBe(String(round));
      expect(format('%.1f', ['f64', round])).toBe(`${round}.0`);
      expect(format('%d%s', ['i32', round], ['CString', 'x'])).toBe(`${round}x`);
    }
  });

  test('refuses once its library is closed', () => {
    const library = dlopen(fixture, { variadic_ints: { args: ['i32', '...'], returns: 'i64' } });
    const { variadic_ints } = library.symbols;
    expect(variadic_ints(1, ['i32', 7])).toBe(7);
    library.close();
    expect(outcome(() => variadic_ints(1, ['i32', 7]))).toBe('FFIError ERR_FFI_CLOSED');
    expect(outcome(() => variadic_ints(1, ['i64', 7]))).toBe('FFIError ERR_FFI_CLOSED');
  });
});
