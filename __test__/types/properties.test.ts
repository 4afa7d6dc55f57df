import { describe, expect, test } from '@jest/globals';
import { dlopen } from 'arkffi';
import fc from 'fast-check';
import { fixture } from '../support/fixture';

const { symbols } = dlopen(fixture, {
  echo_i32: { args: ['i32'], returns: 'i32' },
  echo_u32: { args: ['u32'], returns: 'u32' },
  echo_i64: { args: ['i64'], returns: 'i64' },
  echo_u64: { args: ['u64'], returns: 'u64' },
  big: { symbol: 'echo_u64', args: ['biguint64'], returns: 'biguint64' },
  add_i64: { args: ['bigint64', 'i64'], returns: 'bigint64' },
  echo_f32: { args: ['f32'], returns: 'f32' },
  echo_f64: { args: ['f64'], returns: 'f64' },
  echo_ptr: { args: ['ptr'], returns: 'ptr' },
  echo_string: { args: ['CString'], returns: 'CString' },
  echo_string16: { args: ['string16'], returns: 'string16' },
  echo_string32: { args: ['string32'], returns: 'string32' },
  echo_wstring: { args: ['wstring'], returns: 'wstring' },
  string_join: { args: ['CString', 'CString'], returns: 'CString' },
  string_length: { args: ['CString'], returns: 'size_t' },
});

const narrowed = (value: bigint) =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Any UTF-16 text without a NUL, with lone surrogates among it. */
const units = fc.oneof(
  fc.integer({ min: 1, max: 0x7f }),
  fc.integer({ min: 1, max: 0xffff }),
  fc.integer({ min: 0xd800, max: 0xdfff }),
);
const text = fc.array(units, { maxLength: 200 }).map((codes) => String.fromCharCode(...codes));
const characters = fc.string({ unit: 'binary', maxLength: 200 }).map((value) => value.replaceAll('\0', '0'));
const anyText = fc.oneof(text, characters);

/** What C can be given: every lone surrogate replaced. */
const wellFormed = (value: string) => Buffer.from(value, 'utf8').toString('utf8');

const runs = { numRuns: 1000 };

describe('numbers round-trip', () => {
  test('int32_t and uint32_t', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(symbols.echo_i32(value)).toBe(value);
        expect(symbols.echo_u32(value >>> 0)).toBe(value >>> 0);
      }),
      runs,
    );
  });

  test('int64_t, as a bigint and as a number where that is exact', () => {
    fc.assert(
      fc.property(fc.oneof(int64, fc.maxSafeInteger().map(BigInt)), (value) => {
        expect(symbols.echo_i64(value)).toBe(narrowed(value));
        expect(symbols.echo_i64(narrowed(value))).toBe(narrowed(value));
      }),
      runs,
    );
  });

  test('uint64_t, as a bigint and as a number where that is exact', () => {
    fc.assert(
      fc.property(fc.oneof(uint64, fc.maxSafeNat().map(BigInt)), (value) => {
        expect(symbols.echo_u64(value)).toBe(narrowed(value));
        expect(symbols.echo_u64(narrowed(value))).toBe(narrowed(value));
        expect(symbols.big(value)).toBe(value);
        expect(symbols.echo_ptr(value)).toBe(narrowed(value));
      }),
      runs,
    );
  });

  test('int64_t arithmetic wraps as in C, whatever kinds are mixed', () => {
    fc.assert(
      fc.property(int64, fc.maxSafeInteger(), (a, b) => {
        expect(symbols.add_i64(a, b)).toBe(BigInt.asIntN(64, a + BigInt(b)));
        expect(symbols.add_i64(b, a)).toBe(BigInt.asIntN(64, a + BigInt(b)));
      }),
      runs,
    );
  });

  test('double and float', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(symbols.echo_f64(value)).toBe(value);
        expect(symbols.echo_f32(value)).toBe(Math.fround(value));
      }),
      runs,
    );
  });

  test('numbers that are no int32_t are refused, and nothing else changes', () => {
    fc.assert(
      fc.property(fc.double(), fc.integer(), (value, next) => {
        if ((value | 0) === value) return;
        expect(() => symbols.echo_i32(value)).toThrow(RangeError);
        expect(symbols.echo_i32(next)).toBe(next);
      }),
      runs,
    );
  });
});

describe('strings round-trip', () => {
  test.each(['echo_string', 'echo_string16', 'echo_string32', 'echo_wstring'] as const)('%s', (name) => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(symbols[name](value)).toBe(wellFormed(value));
      }),
      runs,
    );
  });

  test('two strings, in bytes and joined', () => {
    fc.assert(
      fc.property(anyText, anyText, (left, right) => {
        expect(symbols.string_length(left)).toBe(Buffer.byteLength(left));
        expect(symbols.string_join(left, right)).toBe(`${wellFormed(left)}|${wellFormed(right)}`);
      }),
      runs,
    );
  });

  test('a NUL anywhere is refused', () => {
    fc.assert(
      fc.property(
        anyText,
        anyText,
        fc.constantFrom('echo_string', 'echo_string16', 'echo_wstring'),
        (a, b, name) => {
          const call = symbols[name as 'echo_string'];
          expect(() => call(`${a}\0${b}`)).toThrow(/NUL/);
          expect(call(a)).toBe(wellFormed(a));
        },
      ),
      runs,
    );
  });
});
