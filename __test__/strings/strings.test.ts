import { describe, expect, test } from '@jest/globals';
import { CString, dlopen, free, strdup } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, outOfRange, wrongType } from '../types/refusal';

const { symbols } = dlopen(fixture, {
  echo_string: { args: ['CString'], returns: 'CString' },
  same_address: { symbol: 'echo_ptr', args: ['CString'], returns: 'ptr' },
  string_at: { symbol: 'echo_ptr', args: ['ptr'], returns: 'CString' },
  string_length: { args: ['CString'], returns: 'size_t' },
  string_byte: { args: ['CString', 'size_t'], returns: 'u8' },
  string_hash: { args: ['CString'], returns: 'u32' },
  string_hash_and_spoil: { args: ['CString'], returns: 'u32' },
  string_upper: { args: ['CString'], returns: 'CString' },
  string_join: { args: ['CString', 'CString'], returns: 'CString' },
  string_is_null: { args: ['CString'], returns: 'i32' },
  string_null: { returns: 'CString' },
  string_counter: { returns: 'CString' },
  string_of_bytes: { args: ['ptr', 'size_t'], returns: 'CString' },
  string_new_long: { args: ['size_t'], returns: 'ptr' },
  string_delete: { args: ['ptr'] },
});

function hash(text: string): number {
  let value = 2166136261;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 16777619) >>> 0;
  return value;
}

const samples: readonly (readonly [label: string, text: string])[] = [
  ['empty', ''],
  ['ASCII', 'hello, world'],
  ['Latin-1', 'déjà vu'],
  ['two, three and four bytes', 'é€💥'],
  ['astral', '𝒜𝓑𝒞'],
  ['right to left', 'שלום'],
  ['combining', 'e\u0301'],
  ['control characters', '\x01\t\n\x7f'],
  ['a byte order mark', '\ufefftext'],
  ['the last characters', '\uffff\u{10ffff}'],
  ...[62, 63, 64, 65, 66, 127, 128, 190, 191, 192, 193, 2039, 2047, 2048, 2049, 10_000].flatMap((length) => [
    [`${length} ASCII characters`, 'x'.repeat(length)] as const,
    [`${length} two-byte characters`, 'é'.repeat(length)] as const,
    [`${length} three-byte characters`, '€'.repeat(length)] as const,
  ]),
];

describe('CString', () => {
  test.each(samples)('%s', (_, text) => {
    for (let round = 0; round < 3; round++) {
      expect(symbols.echo_string(text)).toBe(text);
      expect(symbols.string_length(text)).toBe(Buffer.byteLength(text));
      expect(symbols.string_hash(text)).toBe(hash(text));
    }
  });

  test.each([1_000_000, 10_000_000])('%i characters', (length) => {
    for (const text of ['x'.repeat(length), 'é'.repeat(length / 2)]) {
      expect(symbols.string_length(text)).toBe(length);
      expect(symbols.echo_string(text) === text).toBe(true);
    }
  });

  test('a concatenation, a slice and a number as a string', () => {
    const rope = 'a'.repeat(40) + String(Math.trunc(12345)) + 'b'.repeat(40);
    expect(symbols.echo_string(rope)).toBe(rope);
    expect(symbols.echo_string(rope.slice(38, 50))).toBe(rope.slice(38, 50));
  });

  test('lone surrogates become U+FFFD', () => {
    expect(symbols.echo_string('a\ud800b')).toBe('a\ufffdb');
    expect(symbols.echo_string('\udc00')).toBe('\ufffd');
    expect(symbols.echo_string('\udca5\ud83d')).toBe('\ufffd\ufffd');
    expect(symbols.string_length('\ud800')).toBe(3);
  });

  test('NULL both ways', () => {
    expect(symbols.string_null()).toBeNull();
    for (const value of [null, undefined, 0, 0n]) {
      expect(symbols.echo_string(value)).toBeNull();
      expect(symbols.string_is_null(value)).toBe(1);
    }
    expect(symbols.string_is_null('')).toBe(0);
    expect(symbols.echo_string('text')).toBe('text');
  });

  test('buffers, addresses and CString objects are passed as they are', () => {
    const bytes = Buffer.from('from a buffer\0');
    const block = strdup('from a block');
    expect(symbols.echo_string(bytes)).toBe('from a buffer');
    expect(symbols.echo_string(bytes.subarray(5))).toBe('a buffer');
    expect(symbols.echo_string(new DataView(bytes.buffer, bytes.byteOffset + 7))).toBe('buffer');
    expect(symbols.echo_string(block)).toBe('from a block');
    expect(symbols.echo_string(BigInt(block) + 5n)).toBe('a block');
    expect(symbols.same_address(new CString(block))).toBe(block);
    expect(symbols.same_address(-1)).toBe(2n ** 64n - 1n);
    expect(symbols.same_address(2n ** 60n)).toBe(2n ** 60n);
    free(block);
  });

  test('values of the wrong kind', () => {
    const values = labelled(
      true,
      false,
      Symbol('s'),
      {},
      [],
      ['text'],
      () => 'text',
      new Date(0),
      Object('text'),
    );
    const call = symbols.echo_string as (value: unknown) => unknown;
    expectAll([...values, ...labelled({ toString: () => 'text' })], call, wrongType);
    expectAll(labelled(0.5, NaN, -2, 2 ** 53, 2n ** 64n), call, outOfRange);
    expectMessage(
      () => symbols.string_join('a', true as never),
      'string_join',
      'args[1]',
      'const char*',
      'true',
    );
  });
});

describe('an embedded NUL', () => {
  const texts = labelled('\0', 'a\0', '\0a', 'a\0b', `${'x'.repeat(100)}\0`, `${'é'.repeat(5000)}\0y`);

  test('is refused', () => {
    expectAll(texts, symbols.echo_string as (value: unknown) => unknown, wrongType);
    expectAll(texts, (text) => symbols.string_join('a', text as string), wrongType);
  });

  test('is named, and the text is shown without one', () => {
    const call = () => symbols.string_join('fine', 'a\0b');
    expectMessage(call, 'string_join', 'args[1]', 'const char*', 'NUL');
    expect(call).toThrow(expect.objectContaining({ message: expect.not.stringContaining('\0') }) as never);
  });

  test('leaves the next calls right', () => {
    expect(symbols.string_join('a', 'b')).toBe('a|b');
    expect(outcome(() => symbols.string_join('c', 'x\0y'))).toBe(wrongType);
    expect(symbols.string_join('c', 'b')).toBe('c|b');
    expect(symbols.string_join('a', 'b')).toBe('a|b');
  });
});

describe('strings given again', () => {
  const texts = [
    'a',
    'a',
    'b',
    'a',
    '',
    '',
    'a',
    'x'.repeat(63),
    'x'.repeat(64),
    'x'.repeat(64),
    'x'.repeat(65),
  ];
  const wide = [
    'é'.repeat(64),
    'é'.repeat(64),
    '€'.repeat(63),
    '€'.repeat(63),
    '€'.repeat(64),
    '€'.repeat(64),
  ];
  const sequence = [...texts, ...wide, ...texts.slice().reverse(), '\ud800', '\ud800', '\ufffd', 'a'];

  test('in any sequence', () => {
    for (const text of sequence) expect(symbols.string_hash(text)).toBe(hash(text));
  });

  test('of which C spoils its copy', () => {
    for (const text of sequence) {
      expect(symbols.string_hash_and_spoil(text)).toBe(hash(text));
      expect(symbols.string_hash_and_spoil(text)).toBe(hash(text));
    }
  });

  test('that C changes in place and gives back', () => {
    for (const text of ['abc', 'abc', 'ABC', 'abc', 'xyz'.repeat(21), 'xyz'.repeat(21), 'xyz'.repeat(100)]) {
      expect(symbols.string_upper(text)).toBe(text.toUpperCase());
      expect(symbols.string_upper(text)).toBe(text.toUpperCase());
    }
  });

  test('in pairs', () => {
    const parts = ['a', 'b', '', 'x'.repeat(64), 'y'.repeat(65), 'é'];
    for (const left of parts) {
      for (const right of parts) {
        expect(symbols.string_join(left, right)).toBe(`${left}|${right}`);
        expect(symbols.string_join(right, left)).toBe(`${right}|${left}`);
      }
    }
  });

  test('in turn with addresses and NULL', () => {
    const block = strdup('block');
    for (const [left, right, joined] of [
      ['a', 'b', 'a|b'],
      ['a', null, 'a|NULL'],
      ['a', 'b', 'a|b'],
      [block, 'b', 'block|b'],
      ['block', 'b', 'block|b'],
      [null, null, 'NULL|NULL'],
      [block, block, 'block|block'],
      ['a', 'b', 'a|b'],
    ] as const) {
      expect(symbols.string_join(left, right)).toBe(joined);
    }
    free(block);
  });

  test('of many functions at once', () => {
    for (let index = 0; index < 1000; index++) {
      const text = `text ${index % 7}`;
      expect(symbols.string_hash(text)).toBe(hash(text));
      expect(symbols.string_length(`${text}!`)).toBe(7);
      expect(symbols.string_byte(text, 5)).toBe(48 + (index % 7));
      expect(symbols.echo_string(text)).toBe(text);
    }
  });
});

describe('strings from C', () => {
  test('a buffer that changes between calls', () => {
    const texts = Array.from({ length: 10 }, () => symbols.string_counter());
    expect(texts).toEqual(texts.map((_, index) => `call ${Math.trunc(index / 2)}`));
  });

  test('the same text, another, NULL, and the same again', () => {
    const [one, two] = [strdup('one'), strdup('two')];
    const addresses = [one, one, two, two, 0, 0, two, one, 0, one];
    const texts = new Map<number, string | null>([
      [one, 'one'],
      [two, 'two'],
      [0, null],
    ]);
    for (const address of addresses) expect(symbols.string_at(address)).toBe(texts.get(address));
    free(one);
    free(two);
  });

  test.each([
    ['a lone continuation byte', [0x61, 0x80, 0x62], 'a\ufffdb'],
    ['a byte that never occurs', [0xff], '\ufffd'],
    ['an overlong NUL', [0xc0, 0x80], '\ufffd\ufffd'],
    ['an encoded surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    ['a cut sequence', [0x61, 0xe2, 0x82], 'a\ufffd'],
    ['beyond the last character', [0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
    ['valid text', [0xf0, 0x9f, 0x92, 0xa5], '💥'],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ])('%s', (_, bytes, text) => {
    for (let round = 0; round < 2; round++) {
      expect(symbols.string_of_bytes(Uint8Array.from(bytes), bytes.length)).toBe(text);
    }
    expect(text).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)));
  });

  test('10 MB, of which arkffi frees nothing', () => {
    const block = symbols.string_new_long(10_000_000);
    for (let round = 0; round < 2; round++) {
      const text = symbols.string_at(block)!;
      expect([text.length, text[0], text.at(-1)]).toEqual([10_000_000, 'x', 'x']);
    }
    symbols.string_delete(block);
  });

  test('an address that is not mapped', () => {
    expect(outcome(() => symbols.string_at(8))).toBe('FFIError ERR_FFI_INVALID_POINTER');
    expect(outcome(() => symbols.string_at(-1))).toBe('FFIError ERR_FFI_INVALID_POINTER');
    expectMessage(() => symbols.string_at(4096), 'string_at', '0x1000');
    expect(symbols.string_null()).toBeNull();
  });
});
