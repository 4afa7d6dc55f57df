// Types from C text: what they are, and that C lays them out so.
import { describe, expect, test } from '@jest/globals';
import { alignof, array, c, cdef, fn, sizeof, Struct, StructSchema, UnionSchema } from 'arkffi';
import { layoutInJs, layoutsInC, type LayoutCase } from '../structs/gcc';
import type { Schema } from '../structs/loose';

const scalars: readonly [string, string][] = [
  ['int', 'i32'],
  ['signed', 'i32'],
  ['unsigned', 'u32'],
  ['int unsigned', 'u32'],
  ['char', 'i8'],
  ['signed char', 'i8'],
  ['unsigned char', 'u8'],
  ['short', 'i16'],
  ['unsigned short int', 'u16'],
  ['long', 'long'],
  ['long unsigned int', 'ulong'],
  ['long long', 'i64'],
  ['long long unsigned', 'u64'],
  ['int long long', 'i64'],
  ['float', 'f32'],
  ['double', 'f64'],
  ['_Bool', 'bool'],
  ['const volatile int', 'i32'],
  ['int const', 'i32'],
  ['uint8_t', 'uint8_t'],
  ['size_t', 'size_t'],
  ['ptrdiff_t', 'isize'],
  ['char16_t', 'u16'],
  ['bigint64', 'bigint64'],
  ['const char *', 'CString'],
  ['char const *const', 'CString'],
  ['const wchar_t *', 'wstring'],
  ['const char16_t *', 'string16'],
  ['const char32_t *', 'string32'],
  ['void *', 'ptr'],
  ['const void *', 'ptr'],
  ['void', 'void'],
  ['typedef char letter; const letter *', 'CString'],
  ['  int /* a comment */ ; // another', 'i32'],
];

test.each(scalars)('%s is %s', (text, type) => {
  expect(c(text)).toBe(type);
});

const kinds: readonly [string, string][] = [
  ['char *', 'pointer'],
  ['typedef char *text; const text', 'pointer'],
  ['const unsigned char *', 'pointer'],
  ['const char **', 'pointer'],
  ['int (*)[4]', 'pointer'],
  ['struct unknown *', 'opaque'],
  ['FILE *', 'opaque'],
  ['int (*)(int, const char *)', 'fn'],
  ['void (*(*)(int))(void)', 'fn'],
  ['int[2][3]', 'array'],
  ['enum { A, B }', 'enumeration'],
];

test.each(kinds)('%s is a composite type: %s', (text, kind) => {
  expect(c(text)).toHaveProperty('kind', kind);
});

test('structs and unions are schemas', () => {
  const point = c('struct { int x; double y[4]; }');
  expect(point).toBeInstanceOf(StructSchema);
  expect(point.fromBuffer(point.create({ x: 1, y: [2, 3] }))).toEqual({ x: 1, y: [2, 3, 0, 0] });
  expect(c('union { int i; float f; }')).toBeInstanceOf(UnionSchema);
  expect(c('typedef struct { int x; } T;')).toBeInstanceOf(StructSchema);
});

test('an anonymous member and an unnamed bit-field get names', () => {
  const schema = c(
    'struct { int tag; union { int i; float f; }; struct { char a, b; }; int : 4; int last : 2; }',
  ) as StructSchema;
  expect(schema.fieldNames).toEqual(['tag', 'anonymous0', 'anonymous1', 'anonymous2', 'last']);
  expect(schema.offsetOf('anonymous0.f')).toBe(4);
});

test('a struct may point to itself', () => {
  const node = c('struct node { int value; struct node *next; }');
  const last = node.create({ value: 2 });
  const first = node.create({ value: 1, next: last });
  const { next } = node.fromBuffer(first);
  expect(node.fromPtr(next)).toEqual({ value: 2, next: 0 });
});

test('types of earlier declarations are found', () => {
  const defs = cdef('struct point { int x, y; }; typedef struct point vec[3]; enum { N = 4 };');
  expect(sizeof(c('struct point', defs))).toBe(8);
  expect(sizeof(c('vec', defs))).toBe(24);
  expect(sizeof(c('char[N]', defs))).toBe(4);
});

test('what c gives goes wherever a type does', () => {
  const inner = c('struct { char a; short b; }');
  expect(sizeof(Struct({ first: 'i8', inner }))).toBe(6);
  expect(sizeof(array(inner, 3))).toBe(12);
  expect(fn({ args: [inner], returns: c('int') })).toHaveProperty('kind', 'fn');
  expect(c`struct { ${inner} x[${2}]; }`).toMatchObject({ size: 8, align: 2 });
  expect(alignof(c('double'))).toBe(alignof('f64'));
});

describe('constants', () => {
  const values: readonly [string, number][] = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['20 / 3 % 4', 2],
    ['1 << 4 | 3', 19],
    ['0x1F & ~1', 30],
    ['017 + 0b11', 18],
    ['5 > 3 ? 2 : 9', 2],
    ['!0 + (3 == 3) + (2 != 2) + (1 && 0) + (1 || 0)', 3],
    ["'A'", 65],
    ["'\\n' + '\\x41' + '\\0'", 75],
    ['sizeof(int) * 2', 8],
    ['sizeof(struct { char a; int b; })', 8],
    ['-(-7)', 7],
    ['10UL - 3LL', 7],
    ['100 - 10 - 1', 89],
  ];

  test.each(values)('%s is %d', (text, value) => {
    expect(sizeof(c(`char[${text}]`))).toBe(value);
  });

  test('the values of enumerations count on', () => {
    const type = c('enum { A, B = A + 5, C, D = -2, E }');
    const holder = Struct({ e: type });
    const valueOf = (name: 'A' | 'B' | 'C' | 'D' | 'E') => holder.fromBuffer(holder.create({ e: name })).e;
    expect((['A', 'B', 'C', 'D', 'E'] as const).map(valueOf)).toEqual([0, 5, 6, -2, -1]);
  });
});

const layouts: readonly { readonly c: string; readonly pack?: number }[] = [
  { c: 'struct { char a; double b; char c; }' },
  { c: 'struct { char a; struct { short x; int y; } b; char c[3]; }' },
  { c: 'struct { unsigned a : 3, b : 7; int : 0; char c; }' },
  { c: 'struct { long a : 33; int : 5; int b : 20; char c; }' },
  { c: 'struct { bool a; const char *b; void (*c)(int); uint16_t d[5]; enum { P = -1, Q } e; }' },
  { c: 'union { char a[13]; double b; short c; }' },
  { c: 'struct __attribute__((packed)) { char a; int b; short c; }' },
  { c: 'struct { char a; int b; short c; } __attribute__((__packed__))' },
  { c: 'struct { char a; double b; }', pack: 2 },
  { c: 'struct __attribute__((packed)) { char a; int b; double c; }', pack: 4 },
  { c: 'struct { char a; int b : 5; long c : 40; char d; }', pack: 2 },
  { c: 'struct __attribute__((packed)) { char a; int b : 5; long c : 40; char d; }' },
  { c: 'union __attribute__((packed)) { char a[5]; int b : 7; double c; }' },
  { c: 'struct { struct { char a; int b; } __attribute__((packed)) x; int y; }' },
  {
    c: 'struct { enum __attribute__((packed)) { A1, B1 } e; enum { C1 = -1, D1 = 300 } __attribute__((packed)) f; char g; }',
  },
  { c: 'struct { char a; enum f { F } f; char b[sizeof(enum f) - 3]; }' },
  { c: 'struct { char a; void (*f)(long double); int (*g[2])(void); char b; }' },
  { c: 'struct { union { int i; double d; } u[2]; int n; char tail[]; }' },
  { c: 'struct { size_t a; char b; wchar_t c; char16_t d; char32_t e; ptrdiff_t f; }' },
];

/** Without the bit-fields, of which C has no offset: those are tested by their bits. */
function visible(text: string, schema: Schema): Schema {
  const isBits = (name: string) => name.startsWith('anonymous') || new RegExp(`\\b${name} : \\d`).test(text);
  const fieldNames = schema.fieldNames.filter((name) => !isBits(name));
  return {
    ...{ size: schema.size, align: schema.align, fieldNames },
    offsetOf: (path: unknown) => schema.offsetOf(path),
  } as unknown as Schema;
}

describe('the layout of C', () => {
  const cases = layouts.map(({ c: text, pack }): LayoutCase => {
    const source = pack === undefined ? text : `\n#pragma pack(push, ${pack})\n${text}`;
    const schema = () => visible(text, c(source) as unknown as Schema);
    return pack === undefined ? { c: text, schema } : { c: text, schema, pack };
  });
  const inC = layoutsInC('libcdeflayout.so', cases);
  test.each(cases.map((each, index) => [each.c, each, index] as const))('of %s', (_, each, index) => {
    expect(layoutInJs(each)).toEqual(inC[index]);
  });
});
