import { describe, expect, test } from '@jest/globals';
import { CString, dlopen } from 'arkffi';
import { fixture } from '../support/fixture';
import {
  expectAll,
  expectMessage,
  labelled,
  outcome,
  outOfRange,
  wrongType,
  type AnyFunction,
} from '../types/refusal';

const kinds = ['string16', 'string32', 'wstring'] as const;
type Kind = (typeof kinds)[number];

const bytes: Readonly<Record<Kind, number>> = { string16: 2, string32: 4, wstring: 4 };

function functionsOf(kind: Kind) {
  const { symbols } = dlopen(fixture, {
    echo: { symbol: `echo_${kind}`, args: [kind], returns: kind },
    length: { symbol: `${kind}_length`, args: [kind], returns: 'size_t' },
    unit: { symbol: `${kind}_unit`, args: [kind, 'size_t'], returns: 'u32' },
    spoil: { symbol: `${kind}_spoil`, args: [kind], returns: kind },
    ofUnits: { symbol: `${kind}_of_units`, args: ['ptr'], returns: kind },
    isNull: { symbol: 'string_is_null', args: [kind], returns: 'i32' },
    address: { symbol: 'echo_ptr', args: [kind], returns: 'ptr' },
  } as never);
  return symbols as Readonly<
    Record<'echo' | 'length' | 'unit' | 'spoil' | 'ofUnits' | 'isNull' | 'address', AnyFunction>
  >;
}

/** The units of a text as C has them, with the terminating zero. */
function unitsOf(kind: Kind, units: readonly number[]): Uint16Array | Uint32Array {
  return bytes[kind] === 2 ? Uint16Array.from([...units, 0]) : Uint32Array.from([...units, 0]);
}

const texts = ['', 'text', 'déjà vu', '€', '💥', 'a💥b', '\uffff\u{10ffff}', '\ufefftext', 'é'.repeat(1000)];

describe.each(kinds)('%s', (kind) => {
  const call = functionsOf(kind);

  test.each([...texts, 'x'.repeat(64), 'x'.repeat(65)])('%p', (text) => {
    const units = bytes[kind] === 2 ? text.length : [...text].length;
    for (let round = 0; round < 3; round++) {
      expect(call.echo(text)).toBe(text);
      expect(call.length(text)).toBe(units);
    }
  });

  test('a million characters', () => {
    for (const text of ['x'.repeat(1_000_000), '💥'.repeat(500_000)])
      expect(call.echo(text) === text).toBe(true);
  });

  test('the units that C sees', () => {
    expect([0, 1, 2].map((index) => call.unit('a€', index))).toEqual([0x61, 0x20ac, 0]);
    expect(call.unit('💥', 0)).toBe(bytes[kind] === 2 ? 0xd83d : 0x1f4a5);
  });

  test('lone surrogates become U+FFFD, both ways', () => {
    expect(call.echo('a\ud800b')).toBe('a\ufffdb');
    expect(call.unit('\udc00', 0)).toBe(0xfffd);
    expect(call.echo('\udca5\ud83d')).toBe('\ufffd\ufffd');
    expect(call.ofUnits(unitsOf(kind, [0x61, 0xd800, 0x62]))).toBe('a\ufffdb');
    expect(call.ofUnits(unitsOf(kind, [0xdc00]))).toBe('\ufffd');
  });

  test('NULL both ways', () => {
    for (const value of [null, undefined, 0])
      expect([call.echo(value), call.isNull(value)]).toEqual([null, 1]);
    expect(call.isNull('')).toBe(0);
    expect(call.echo('')).toBe('');
  });

  test('buffers and addresses', () => {
    const units = unitsOf(kind, [0x78, 0x74, 0x65]);
    expect(call.echo(units)).toBe('xte');
    expect(call.echo(units.subarray(1))).toBe('te');
    expect(call.length(new DataView(units.buffer, bytes[kind]))).toBe(2);
    expect(call.address(2n ** 60n)).toBe(2n ** 60n);
  });

  test('an address that is not aligned', () => {
    const units = unitsOf(kind, [0x61, 0x20ac]);
    const shifted = new Uint8Array(units.byteLength + 1);
    shifted.set(new Uint8Array(units.buffer), 1);
    expect(call.ofUnits(shifted.subarray(1))).toBe('a€');
  });

  test('an embedded NUL', () => {
    expectAll(labelled('\0', 'a\0', 'a\0b'), call.echo, wrongType);
    expectMessage(() => call.echo('a\0b'), 'echo', 'args[0]', 'NUL');
  });

  test('values of the wrong kind, and out of range', () => {
    expectAll(
      labelled(true, Symbol('s'), {}, [], () => 1, new Date(0), Object('x'), new CString(Buffer.from('x\0'))),
      call.echo,
      wrongType,
    );
    expectAll(labelled(0.5, NaN, -2, 2 ** 53), call.echo, outOfRange);
  });

  test('C may change its copy', () => {
    for (let round = 0; round < 3; round++) expect(call.spoil('text')).toBe('Xext');
  });

  test('an address that is not mapped', () => {
    expect(outcome(() => call.ofUnits(8))).toBe('FFIError ERR_FFI_INVALID_POINTER');
  });
});

test.each(['string32', 'wstring'] as const)('%s: units that are no character become U+FFFD', (kind) => {
  expect(functionsOf(kind).ofUnits(unitsOf(kind, [0x110000, 0x61, 0xffffffff]))).toBe('\ufffda\ufffd');
});
