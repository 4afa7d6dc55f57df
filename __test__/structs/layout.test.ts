// Sizes, alignments and offsets are those of the C compiler.
import { describe, expect, test } from '@jest/globals';
import { layoutInJs, layoutsInC, type LayoutCase } from './gcc';
import { array, bits, enumeration, fn, opaque, pointer, Struct, Union } from './loose';

const inner = () => Struct({ s: 'i16', d: 'f64' });
const packed = { a: 'i8', b: 'f64', c: 'i16', d: 'i64', e: 'bool', f: 'f32' };
const packedC = 'struct { int8_t a; double b; int16_t c; int64_t d; bool e; float f; }';

const plain: readonly LayoutCase[] = [
  { c: 'struct { char a; }', schema: () => Struct({ a: 'char' }) },
  { c: 'struct { char a; double b; char c; }', schema: () => Struct({ a: 'c', b: 'd', c: 'c' }) },
  { c: 'struct { double b; char a, c; }', schema: () => Struct({ b: 'f64', a: 'i8', c: 'i8' }) },
  {
    c: 'struct { bool a; short b; bool c; int d; bool e; long long f; bool g; float h; bool i; double j; bool k; }',
    schema: () =>
      Struct({
        ...{ a: 'bool', b: 'short', c: 'bool', d: 'int', e: 'bool', f: 'longlong', g: 'bool' },
        ...{ h: 'float', i: 'bool', j: 'double', k: 'bool' },
      }),
  },
  {
    c: 'struct { uint8_t a; uint16_t b; uint8_t c; uint32_t d; uint8_t e; uint64_t f; }',
    schema: () => Struct({ a: 'u8', b: 'u16', c: 'u8', d: 'u32', e: 'u8', f: 'u64' }),
  },
  {
    c: 'struct { char a; long b; char c; unsigned long d; char e; size_t f; intptr_t g; }',
    schema: () => Struct({ a: 'c', b: 'long', c: 'c', d: 'ulong', e: 'c', f: 'size_t', g: 'intptr_t' }),
  },
  {
    c: 'struct { char a; void *b; char c; const char *d; char16_t *e; char f; wchar_t *g; void (*h)(int); }',
    schema: () =>
      Struct({
        ...{ a: 'c', b: 'ptr', c: 'c', d: 'CString', e: 'string16', f: 'c', g: 'wstring' },
        h: fn({ args: ['int'] }),
      }),
  },
  {
    c: 'struct { char a; struct O *b; char c; int *d; char e; enum { X = -1, Y } f; char g; enum { Z } h; }',
    schema: () =>
      Struct({
        ...{ a: 'c', b: opaque('O'), c: 'c', d: pointer('int'), e: 'c' },
        ...{ f: enumeration({ X: -1, Y: 0 }), g: 'c', h: enumeration({ Z: 0 }) },
      }),
  },
  {
    c: 'struct { char a; enum { BIG = 4294967295 } b; char c; enum { HUGE_ = 1099511627776 } d; }',
    schema: () =>
      Struct({ a: 'c', b: enumeration({ BIG: 2 ** 32 - 1 }), c: 'c', d: enumeration({ HUGE_: 2 ** 40 }) }),
  },
];

const nested: readonly LayoutCase[] = [
  {
    c: 'struct { char a; struct { short s; double d; } b; char c; }',
    schema: () => Struct({ a: 'i8', b: inner(), c: 'i8' }),
    paths: ['b.s', 'b.d'],
  },
  {
    c: 'struct { char a; struct { char b; struct { char c; struct { float d; char e; } f; } g; } h; char i; }',
    schema: () =>
      Struct({
        a: 'c',
        h: Struct({ b: 'c', g: Struct({ c: 'c', f: Struct({ d: 'f32', e: 'c' }) }) }),
        i: 'c',
      }),
    paths: ['h.b', 'h.g', 'h.g.c', 'h.g.f', 'h.g.f.d', 'h.g.f.e'],
  },
  {
    c: 'struct { char a[3]; int b[2]; char c[1]; double d[1]; }',
    schema: () => Struct({ a: array('i8', 3), b: array('i32', 2), c: array('i8', 1), d: array('f64', 1) }),
    paths: ['a[2]', 'b[1]', 'd[0]'],
  },
  {
    c: 'struct { char a; short b[2][3][4]; char c; }',
    schema: () => Struct({ a: 'c', b: array(array(array('i16', 4), 3), 2), c: 'c' }),
    paths: ['b[1]', 'b[1][2]', 'b[1][2][3]', 'b[0][1][0]'],
  },
  {
    c: 'struct { char a; struct { short s; double d; } b[3]; char c; }',
    schema: () => Struct({ a: 'c', b: array(inner(), 3), c: 'c' }),
    paths: ['b[2]', 'b[2].d', 'b[1].s'],
  },
  {
    c: 'union { char a; double b; int c[3]; }',
    schema: () => Union({ a: 'c', b: 'f64', c: array('int', 3) }),
    paths: ['c[2]'],
  },
  { c: 'union { char a[5]; short b; }', schema: () => Union({ a: array('c', 5), b: 'i16' }) },
  {
    c: 'struct { char a; union { short s; char bytes[5]; struct { int x, y; } p; } b; char c; }',
    schema: () =>
      Struct({
        a: 'c',
        b: Union({ s: 'i16', bytes: array('c', 5), p: Struct({ x: 'int', y: 'int' }) }),
        c: 'c',
      }),
    paths: ['b.s', 'b.bytes[4]', 'b.p.y'],
  },
];

const packs: readonly LayoutCase[] = [
  ...[1, 2, 4, 8, 16].map((pack) => ({ c: packedC, schema: () => Struct(packed, { pack }), pack })),
  ...[1, 2, 4].map((pack) => ({
    c: 'struct { char a; union { double d; char c; } b; long long c[2]; }',
    schema: () => Struct({ a: 'c', b: Union({ d: 'f64', c: 'c' }, { pack }), c: array('i64', 2) }, { pack }),
    pack,
  })),
  {
    // An inner struct that is declared outside of the pragma keeps its own alignment within itself.
    c: 'struct { char a; struct { char x; int y; } __attribute__((aligned(1))) b; char c; }',
    schema: () => Struct({ a: 'c', b: Struct({ x: 'c', y: 'int' }, { pack: 1 }), c: 'c' }, { pack: 1 }),
    pack: 1,
  },
  {
    c: 'struct { char a; struct { double x; char y; } b; }',
    schema: () => Struct({ a: 'c', b: Struct({ x: 'f64', y: 'c' }, { pack: 2 }) }, { pack: 2 }),
    pack: 2,
  },
];

const u32 = 2 ** 32 - 1;
const bitFields: readonly LayoutCase[] = [
  {
    c: 'struct { unsigned a : 1; unsigned b : 2; unsigned c : 29; unsigned d : 1; }',
    schema: () => Struct({ a: bits('u32', 1), b: bits('u32', 2), c: bits('u32', 29), d: bits('u32', 1) }),
    bits: { a: 1, b: 3, c: 2 ** 29 - 1, d: 1 },
  },
  {
    c: 'struct { unsigned a : 31; unsigned b : 2; char c; }',
    schema: () => Struct({ a: bits('uint', 31), b: bits('uint', 2), c: 'c' }),
    bits: { a: 2 ** 31 - 1, b: 3 },
  },
  {
    c: 'struct { int a : 3; char b; int c : 5; short d; int e : 16; }',
    schema: () => Struct({ a: bits('int', 3), b: 'c', c: bits('int', 5), d: 'i16', e: bits('int', 16) }),
    bits: { a: -1, c: -1, e: -1 },
  },
  {
    c: 'struct { unsigned char a : 3; unsigned b : 20; unsigned char c : 4; unsigned short d : 7; }',
    schema: () => Struct({ a: bits('u8', 3), b: bits('u32', 20), c: bits('u8', 4), d: bits('u16', 7) }),
    bits: { a: 7, b: 2 ** 20 - 1, c: 15, d: 127 },
  },
  {
    c: 'struct { unsigned a : 3; unsigned : 0; unsigned b : 4; }',
    schema: () => Struct({ a: bits('u32', 3), none: bits('u32', 0), b: bits('u32', 4) }),
    bits: { a: 7, b: 15 },
  },
  {
    c: 'struct { char a; short : 0; char b; long long : 0; char c : 2; }',
    schema: () => Struct({ a: 'c', n: bits('i16', 0), b: 'c', m: bits('i64', 0), c: bits('i8', 2) }),
    bits: { c: -1 },
  },
  {
    c: 'struct { char a; int b : 4; int : 0; }',
    schema: () => Struct({ a: 'c', b: bits('int', 4), none: bits('int', 0) }),
    bits: { b: -1 },
  },
  {
    c: 'struct { long long a : 33; int b : 20; unsigned long long c : 64; short d : 16; }',
    schema: () => Struct({ a: bits('i64', 33), b: bits('i32', 20), c: bits('u64', 64), d: bits('i16', 16) }),
    bits: { a: -1, b: -1, c: 2n ** 64n - 1n, d: -1 },
  },
  {
    c: 'struct { short a : 9, b : 9, c : 9; char d : 5, e : 5; }',
    schema: () =>
      Struct({ a: bits('i16', 9), b: bits('i16', 9), c: bits('i16', 9), d: bits('c', 5), e: bits('c', 5) }),
    bits: { a: -1, b: -1, c: -1, d: -1, e: -1 },
  },
  {
    c: 'struct { bool a : 1; bool b : 1; int c : 30; bool d : 1; }',
    schema: () => Struct({ a: bits('bool', 1), b: bits('bool', 1), c: bits('int', 30), d: bits('bool', 1) }),
    bits: { a: true, b: true, c: -1, d: true },
  },
  {
    c: 'struct { char a[3]; unsigned b : 8; unsigned c : 8; double d; unsigned e : 32; }',
    schema: () =>
      Struct({ a: array('c', 3), b: bits('u32', 8), c: bits('u32', 8), d: 'f64', e: bits('u32', 32) }),
    bits: { b: 255, c: 255, e: u32 },
  },
  {
    c: 'struct { char a; struct { unsigned x : 9; } b; unsigned c : 9; }',
    schema: () => Struct({ a: 'c', b: Struct({ x: bits('u32', 9) }), c: bits('u32', 9) }),
    bits: { c: 511 },
  },
  {
    c: 'union { unsigned a : 5; unsigned char b; long long c : 40; }',
    schema: () => Union({ a: bits('u32', 5), b: 'u8', c: bits('i64', 40) }),
    bits: { a: 31, c: -1 },
  },
  {
    c: 'union { unsigned char a : 5; unsigned short b : 9; }',
    schema: () => Union({ a: bits('u8', 5), b: bits('u16', 9) }),
    bits: { a: 31, b: 511 },
  },
  ...[1, 2, 4, 8].map((pack) => ({
    c: 'struct { unsigned a : 3; unsigned b : 30; char c; long long d : 35; short e : 11; unsigned f : 7; }',
    schema: () =>
      Struct(
        {
          ...{ a: bits('u32', 3), b: bits('u32', 30), c: 'c', d: bits('i64', 35) },
          ...{ e: bits('i16', 11), f: bits('u32', 7) },
        },
        { pack },
      ),
    bits: { a: 7, b: 2 ** 30 - 1, d: -1, e: -1, f: 127 },
    pack,
  })),
  ...[1, 2].map((pack) => ({
    c: 'struct { char a : 3; int : 0; char b : 5; short : 0; char c; }',
    schema: () =>
      Struct({ a: bits('c', 3), n: bits('int', 0), b: bits('c', 5), m: bits('short', 0), c: 'c' }, { pack }),
    bits: { a: -1, b: -1 },
    pack,
  })),
  ...[1, 4].map((pack) => ({
    c: 'union { unsigned a : 17; char b; long long c : 35; }',
    schema: () => Union({ a: bits('u32', 17), b: 'c', c: bits('i64', 35) }, { pack }),
    bits: { a: 2 ** 17 - 1, c: -1 },
    pack,
  })),
];

describe.each([
  ['fields', plain],
  ['nested structs, arrays and unions', nested],
  ['packing', packs],
  ['bit-fields', bitFields],
])('%s', (title, cases) => {
  const layouts = layoutsInC(`liblayout_${title.split(/\W/)[0]}.so`, cases);
  const table = cases.map((one, index): [string, LayoutCase, number] => {
    return [one.pack === undefined ? one.c : `pack ${one.pack}: ${one.c}`, one, index];
  });

  test.each(table)('%s', (_, one, index) => {
    expect(layoutInJs(one)).toEqual(layouts[index]);
  });
});
