// Structs behind the dots, and signatures of many structs.
import { describe, expect, test } from '@jest/globals';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { array, functions, releasePtr, Struct, type Call } from './loose';

const Doubles = Struct({ a: 'f64', b: 'f64' });
const Bytes = Struct({ a: 'i8', b: 'i8', c: 'i8' });
const Mixed = Struct({ a: 'i64', b: 'f64' });
const Many = Struct({ a: array('i32', 7) });

const { variadic_structs, variadic_mixed, mixed_held } = functions(fixture, {
  variadic_structs: { args: ['CString', '...'], returns: 'f64' },
  variadic_mixed: { args: [Mixed, 'i32', '...'], returns: Mixed.object },
  mixed_held: { symbol: 'variadic_mixed', args: [Mixed, 'i32', '...'], returns: Mixed },
}).symbols as Record<'variadic_structs' | 'variadic_mixed' | 'mixed_held', Call>;

const samples: Record<string, readonly [type: unknown, value: unknown, weight: number]> = {
  d: [Doubles, { a: 0.5, b: 2 }, 4.5],
  b: [Bytes, { a: -1, b: 2, c: -3 }, -6],
  m: [Mixed, { a: -(2 ** 40), b: 0.25 }, -(2 ** 40) + 0.5],
  y: [Many, { a: [1, 0, 0, 0, 0, 0, 5] }, 36],
  i: ['i32', -7, -7],
  f: ['f64', 0.125, 0.125],
};

describe('behind the dots', () => {
  test.each([
    ...['', 'd', 'b', 'm', 'y', 'id', 'dif', 'bmydif'],
    ...['dddddddd', 'ddddddddddddd', 'mmmmmm', 'mmmmmmmmm', 'iiiiiim', 'iiiiimmi', 'fffffffd', 'ffffffffdf'],
    ...['bbbbbbbbbbbbb', 'yiyfyd', 'iiiiiiiiiffffffffffmdby'],
  ])('%s', (kinds) => {
    const letters = [...kinds].map((letter) => samples[letter]!);
    const wanted = letters.reduce((sum, [, , weight], index) => sum + (index + 1) * weight, 0);
    const objects = letters.map(([type, value]) => [type, value]);
    expect(variadic_structs(kinds, ...objects)).toBe(wanted);
    const buffers = letters.map(([type, value]) =>
      typeof type === 'object' ? [type, (type as typeof Doubles).create(value)] : [type, value],
    );
    expect(variadic_structs(kinds, ...buffers)).toBe(wanted);
  });

  test('the object type is the same', () => {
    expect(variadic_structs('d', [Doubles.object, { a: 1, b: 1 }])).toBe(3);
  });

  test('with a struct before them and as the result', () => {
    const extra = [Mixed, { a: 10, b: 0.5 }];
    expect(variadic_mixed({ a: 1, b: 0.25 }, 0)).toEqual({ a: 1, b: 0.25 });
    expect(variadic_mixed({ a: 1, b: 0.25 }, 3, extra, extra, extra)).toEqual({ a: 31, b: 1.75 });
    const address = mixed_held({ a: 1 }, 1, extra) as number;
    expect(Mixed.fromPtr(address)).toEqual({ a: 11, b: 0.5 });
    expect(releasePtr(address)).toBe(true);
  });

  test('wrong ones are named by their place', () => {
    expectError(() => variadic_structs('d', [Doubles, { a: '1' }]), 'ERR_FFI_INVALID_ARG_TYPE', 'args[1].a');
    expectError(() => variadic_structs('d', [Doubles, { c: 1 }]), 'ERR_FFI_INVALID_ARG_TYPE', 'args[1].c');
    expectError(
      () => variadic_structs('d', [Doubles, new ArrayBuffer(15)]),
      'ERR_FFI_INVALID_ARG_TYPE',
      '15',
    );
    expectError(() => variadic_structs('d', { a: 1 }), 'ERR_FFI_INVALID_ARG_TYPE', '[type, value]');
    const tail = Struct({ n: 'i32', data: array('i32') });
    expectError(() => variadic_structs('d', [tail, { n: 1 }]), 'ERR_FFI_INVALID_TYPE', 'args[1]');
    expectError(() => variadic_mixed({ a: 0.5 }, 0), 'ERR_FFI_OUT_OF_RANGE', 'args[0].a');
  });
});

describe('127 structs', () => {
  const parameters = (kind: (index: number) => string) =>
    Array.from({ length: 127 }, (_, index) => `${kind(index)} p${index}`).join(', ');
  const sum = (field: (index: number) => string) =>
    Array.from({ length: 127 }, (_, index) => `${index + 1} * ${field(index)}`).join(' + ');
  const library = compile(
    'libmany.so',
    `typedef struct { double a, b; } D; typedef struct { signed char a[3]; } B; typedef struct { int a[9]; } Y;
     double doubles(${parameters(() => 'D')}) { return ${sum((index) => `(p${index}.a + p${index}.b)`)}; }
     double mixture(${parameters((index) => 'DBY'[index % 3]!)}) {
       return ${sum((index) => (index % 3 === 0 ? `(p${index}.a - p${index}.b)` : `p${index}.a[2]`))};
     }`,
  );
  const Small = Struct({ a: array('i8', 3) });
  const Large = Struct({ a: array('i32', 9) });
  const { doubles, mixture } = functions(library, {
    doubles: { args: Array(127).fill(Doubles), returns: 'f64' },
    mixture: {
      args: Array.from({ length: 127 }, (_, index) => [Doubles, Small, Large][index % 3]),
      returns: 'f64',
    },
  }).symbols as Record<'doubles' | 'mixture', Call>;
  const weighted = (value: (index: number) => number) =>
    Array.from({ length: 127 }, (_, index) => (index + 1) * value(index)).reduce((a, b) => a + b);

  test('of one kind', () => {
    const values = Array.from({ length: 127 }, (_, index) => ({ a: index, b: 0.5 }));
    expect(doubles(...values)).toBe(weighted((index) => index + 0.5));
    expect(doubles(...values.map((value) => Doubles.create(value)))).toBe(weighted((index) => index + 0.5));
  });

  test('of three kinds', () => {
    const values = Array.from({ length: 127 }, (_, index) =>
      index % 3 === 0 ? { a: index, b: 0.5 } : { a: [0, 0, index - 50] },
    );
    expect(mixture(...values)).toBe(weighted((index) => (index % 3 === 0 ? index - 0.5 : index - 50)));
  });

  test('the one that is wrong is named', () => {
    const values: unknown[] = Array.from({ length: 127 }, () => ({}));
    values[126] = { a: 'x' };
    expectError(() => doubles(...values), 'ERR_FFI_INVALID_ARG_TYPE', 'args[126].a');
    expect(doubles(...values.slice(0, 126), { a: 2 })).toBe(254);
  });
});

describe('large structs', () => {
  const kilobytes = (count: number) => Struct({ a: array('u8', count * 1024) });
  const library = compile(
    'libhuge.so',
    `typedef struct { unsigned char a[48 * 1024]; } Large;
     long large_at(Large l, long at) { return l.a[at]; }
     Large large_make(int value) { Large l; __builtin_memset(&l, value, sizeof l); return l; }
     typedef struct { unsigned char a[4 * 1024 * 1024]; } Huge;
     long huge_at(Huge h, long at) { return h.a[at]; }
     Huge huge_make(int value) { Huge h; __builtin_memset(&h, value, sizeof h); return h; }`,
  );

  test('of 48 KB, both ways', () => {
    const Large48 = kilobytes(48);
    const { large_at, large_make } = functions(library, {
      large_at: { args: [Large48, 'long'], returns: 'long' },
      large_make: { args: ['int'], returns: Large48.object },
    }).symbols as Record<'large_at' | 'large_make', Call>;
    const bytes = Uint8Array.from({ length: 48 * 1024 }, (_, index) => index % 251);
    for (const at of [0, 1000, 48 * 1024 - 1]) {
      expect(large_at(bytes, at)).toBe(at % 251);
      expect(large_at({ a: bytes }, at)).toBe(at % 251);
    }
    const { a } = large_make(7) as { a: number[] };
    expect([a.length, a.every((byte) => byte === 7)]).toEqual([48 * 1024, true]);
  });

  test('of 4 MB, as a result that is kept', () => {
    const Huge = kilobytes(4096);
    const { huge_make } = functions(library, { huge_make: { args: ['int'], returns: Huge } }).symbols;
    const address = huge_make!(7) as number;
    expect([Huge.get(address, 'a[0]'), Huge.get(address, `a[${4 * 2 ** 20 - 1}]`)]).toEqual([7, 7]);
    expect(releasePtr(address)).toBe(true);
  });

  test('what is too large is refused when it is defined', () => {
    const Huge = kilobytes(4096);
    const code = 'ERR_FFI_UNSUPPORTED';
    expectError(() => functions(library, { huge_at: { args: [Huge, 'long'] } }), code, 'huge_at');
    expectError(() => functions(library, { huge_make: { returns: Huge.object } }), code, 'huge_make');
  });
});
