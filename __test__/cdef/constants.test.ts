// Constant expressions have the values and the types that the C compiler gives them.
import { describe, expect, test } from '@jest/globals';
import { c, cdef, dlopen, sizeof, Struct } from 'arkffi';
import { compile } from '../support/compile';

const type = c as (text: string, ...uses: object[]) => Parameters<typeof sizeof>[0];

const declarations = `
  #pragma pack(push, 1)
  struct packed { char a; int b; };
  #pragma pack(pop)
  struct part { char c; short list[3]; };
  struct whole { char a; struct part part[2]; union { int i; double d; }; char tail[7]; };
  typedef unsigned char byte;
  typedef byte bytes[12];
  enum small { ZERO, ONE, MANY = 1000 };
  enum negative { LESS = -1, MORE = 4294967295u };
  enum large { HIGH = 0x80000000, HIGHER };
  extern struct whole variable;
  extern long numbers[5][3];
  extern struct part *link;
`;

const expressions = [
  ...[
    '~0u',
    '~0',
    '-1',
    '-1u',
    '-1 < 0u',
    '-1 < 0',
    '-1L < 0u',
    '-1LL < 0ull',
    '1 << 31',
    '1u << 31',
    '1ll << 40',
  ],
  ...[
    "'\\xff'",
    "'\\377'",
    "'A'",
    "'ab'",
    "'abcd'",
    "'\\n'",
    "'\\e'",
    "L'\\xffff'",
    "u'\\xffff'",
    "U'\\xffffffff'",
  ],
  ...[
    "'é'",
    "L'é'",
    "'\\''",
    "'\"'",
    "'\\u00e9'",
    "-'a'",
    "sizeof 'a'",
    "sizeof L'a'",
    "sizeof u'a'",
    "~'a'",
  ],
  ...['2147483647', '2147483648', '0x7fffffff', '0x80000000', '0xffffffff', '0x100000000', '037777777777'],
  ...['9223372036854775807', '0x8000000000000000', '0xffffffffffffffff', '18446744073709551615u', '0b101'],
  ...['1u', '1l', '1ul', '1lu', '1ll', '1ull', '1LLU', '0u', '0x1Ful', '0', '00', '010'],
  ...['-2147483648', '-2147483647 - 1', '- 0x80000000', '4294967295u + 1', '4294967295u + 1ll', '3u - 4'],
  ...[
    '(unsigned char)300',
    '(signed char)200',
    '(char)128',
    '(short)-1 < 0',
    '(unsigned short)-1',
    '(_Bool)256',
  ],
  ...[
    '(unsigned char)255 + 1',
    '(unsigned)-1',
    '(unsigned long)-1',
    '(int)3000000000',
    '(long)-1',
    '(int)1.9',
  ],
  ...['(unsigned char)3.99e1', '~(unsigned char)1', '-(unsigned short)1', '+(char)5', '!(char)5', '(byte)-1'],
  ...[
    'sizeof(int)',
    'sizeof(char) - 2',
    'sizeof(long) > -1',
    'sizeof(struct whole)',
    'sizeof(struct packed)',
  ],
  ...[
    'sizeof variable',
    'sizeof(variable)',
    'sizeof variable.part',
    'sizeof variable.part[1].list[2]',
    'sizeof link',
  ],
  ...[
    'sizeof *link',
    'sizeof link->list',
    'sizeof numbers / sizeof numbers[0]',
    'sizeof numbers[0][0]',
    'sizeof(bytes)',
  ],
  ...[
    'sizeof(((struct whole *)0)->tail)',
    'sizeof ((struct whole *)0)->part[0].c',
    'sizeof variable.d',
    'sizeof(bytes *)',
  ],
  ...[
    'sizeof ((char)1)',
    'sizeof ((char)1 + (char)1)',
    'sizeof(1 + 1u)',
    'sizeof(1 ? 1 : 1ll)',
    'sizeof(1 << 1ll)',
  ],
  ...[
    'sizeof(void *)',
    'sizeof(int (*)(void))',
    'sizeof(char[3][5])',
    'sizeof "text"',
    'sizeof(L"abc")',
    'sizeof(enum small)',
  ],
  ...[
    'sizeof "a" "b\\n"',
    'sizeof(unsigned long long) * 2',
    'sizeof(1 == 1)',
    'sizeof(!1ll)',
    'sizeof(-1ll)',
  ],
  ...['_Alignof(double)', '__alignof__(struct whole)', '_Alignof(struct packed)', '_Alignof(short[4])'],
  ...[
    '__builtin_offsetof(struct whole, part)',
    '__builtin_offsetof(struct whole, part[1].list[2])',
    '__builtin_offsetof(struct whole, d)',
  ],
  ...[
    'MANY * MANY',
    'ONE - 2',
    'ONE - 2 < 0',
    'LESS',
    'MORE',
    'LESS < MORE',
    'HIGH',
    'HIGHER',
    '-HIGH',
    '(enum small)-1 < 0',
    '(enum negative)-1',
  ],
  ...[
    '7 / 2',
    '-7 / 2',
    '-7 % 3',
    '7 % -3',
    '-7 / 2u',
    '-1 >> 1',
    '-1u >> 1',
    '-8 >> 1ull',
    '1 ? -1 : 0u',
    '0 ? -1 : 5',
    '1 ? 2 : 1 / 0',
  ],
  ...[
    '0 && 1 / 0',
    '1 || 1 / 0',
    '1 && 2',
    '0 || 0',
    '3 == 3u',
    '-1 == 4294967295u',
    '-1l == 4294967295u',
    '1 | 2u',
    '6 & ~2',
    '5 ^ 1ul',
  ],
  ...[
    '1 + 2 * 3 - 4 / 2',
    '(1 + 2) * 3',
    '1 << 2 + 1',
    '1 | 2 ^ 3 & 4',
    '5 > 3 == 1',
    '!0 + !5',
    '- - 1',
    '1 ? 2 ? 3 : 4 : 5',
    '0x7fffffff + 1u',
  ],
];

/** What a compiler knows of an expression. */
interface Known {
  readonly value: bigint;
  readonly size: number;
  readonly isSigned: boolean;
}

function inC(fileName: string, texts: readonly string[]): Known[] {
  const rows = texts.map(
    (text) => `{ (unsigned long long)(${text}), sizeof(${text}), (${text}) * 0 - 1 < 0 },`,
  );
  const library = compile(
    fileName,
    `${declarations}
    const struct { unsigned long long value, size, sign; } rows[] = { ${rows.join('\n')} };`,
    ['-w'],
  );
  const { symbols } = dlopen(
    library,
    cdef(
      `struct row { biguint64 value; unsigned long long size, sign; }; extern struct row rows[${texts.length}];` as string,
    ),
  );
  const found = symbols['rows']!.value as { value: bigint; size: number; sign: number }[];
  return found.map(({ value, size, sign }) => ({ value, size, isSigned: sign === 1 }));
}

const known = cdef(declarations as string);

function inJs(text: string): Known {
  const holder = Struct({ e: type(`enum { A = ${text} }`, known) });
  const { e } = holder.fromBuffer(holder.create({ e: 'A' } as never)) as { e: number | bigint };
  return {
    value: BigInt.asUintN(64, BigInt(e)),
    size: sizeof(type(`char[sizeof(${text})]`, known)),
    isSigned: sizeof(type(`char[1 + ((${text}) * 0 - 1 < 0)]`, known)) === 2,
  };
}

describe('expressions', () => {
  const expected = inC('libconstants.so', expressions);
  test.each(expressions.map((text, index) => [text, index] as const))('%s', (text, index) => {
    expect(inJs(text)).toEqual(expected[index]);
  });
});

/** Expressions made by chance, the same ones each time. */
function chance(count: number): string[] {
  let state = 20_261;
  const pick = <T>(list: readonly T[]): T => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return list[(state >> 8) % list.length]!;
  };
  const atoms = [
    '0',
    '1',
    '7',
    '-1',
    '2u',
    '0xffffffff',
    '2147483647',
    '1l',
    '3ul',
    '0x8000000000000000',
    "'\\x80'",
    'sizeof(int)',
    'MANY',
    'HIGH',
    '(byte)-3',
    '(short)40000',
  ];
  const make = (depth: number): string => {
    if (depth === 0) return pick(atoms);
    const form = pick(['unary', 'binary', 'binary', 'binary', 'cast', 'conditional']);
    if (form === 'unary') return `${pick(['-', '~', '!', '+'])} ${make(depth - 1)}`;
    if (form === 'cast')
      return `(${pick(['char', 'unsigned char', 'short', 'int', 'unsigned', 'long', 'unsigned long', '_Bool'])})(${make(depth - 1)})`;
    if (form === 'conditional') return `(${make(depth - 1)} ? ${make(depth - 1)} : ${make(depth - 1)})`;
    const operator = pick([
      '+',
      '-',
      '*',
      '/',
      '%',
      '<<',
      '>>',
      '<',
      '>',
      '<=',
      '>=',
      '==',
      '!=',
      '&',
      '|',
      '^',
      '&&',
      '||',
    ]);
    return `(${make(depth - 1)} ${operator} ${make(depth - 1)})`;
  };
  return Array.from({ length: count }, (_, index) => make(1 + (index % 4)));
}

test('expressions made by chance', () => {
  // C leaves overflows of signed types undefined; here they are refused.
  const isDefined = (text: string): boolean => {
    try {
      return inJs(text) !== undefined;
    } catch (error) {
      expect((error as Error).message).toMatch(/beyond what|a division by zero|a shift by more/);
      return false;
    }
  };
  const defined = chance(800).filter(isDefined);
  expect(defined.length).toBeGreaterThan(400);
  const expected = inC('libconstantschance.so', defined);
  expect(defined.map((text) => ({ text, ...inJs(text) }))).toEqual(
    defined.map((text, index) => ({ text, ...expected[index]! })),
  );
});
