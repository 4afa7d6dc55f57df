// Code of the user's that runs while a struct is converted, or while C runs: what it does must not show.
import { describe, expect, test } from '@jest/globals';
import { fixture } from '../support/fixture';
import { array, functions, passesUnions, ref, Struct, Union, type Call } from './loose';

const Complex = Struct({ real: 'f64', imag: 'f64' });
const Longs = Struct({ a: array('i32', 25) });
const Pointing = Struct({ at: 'ptr', n: 'i32' });
const Real = Union({ x: 'f32', y: 'f64' });

const defs = {
  complex_add: { args: [Complex, Complex], returns: Complex.object },
  around: { symbol: 'around_F64x2', args: ['i32', Complex, 'f64', Complex, 'f32'], returns: 'f64' },
  longs: { symbol: 'echo_I32x25', args: [Longs], returns: Longs.object },
  pointing: { symbol: 'echo_PointerChar', args: [Pointing], returns: Pointing.object },
  real_half: { args: [Real], returns: Real.object },
  sum: { symbol: 'complex_sum', args: [array(Complex), 'size_t'], returns: Complex.object },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  add_i64: { args: ['i64', 'i64'], returns: 'i64' },
  echo_string: { args: ['CString'], returns: 'CString' },
};
type Names = keyof typeof defs;
const library = functions(fixture, defs);
const { complex_add, around, longs, pointing, real_half, sum, ...others } = library.symbols as Record<
  Names,
  Call
>;
const { add_i32, add_i64, echo_string } = others;

/** A complex number of which reading the real part runs code first. */
const reading = (run: () => void, real = 1, imag = 2) => ({
  get real() {
    run();
    return real;
  },
  imag,
});
const plain = { real: 10, imag: 20 };

/** Everything of the package that uses memory of its own. */
const busy: readonly (readonly [string, () => unknown])[] = [
  ['the same function', () => complex_add({ real: -1, imag: -2 }, { real: -3, imag: -4 })],
  ['the same function with buffers', () => complex_add(Complex.create(plain), Complex.create(plain))],
  ['the same function, which refuses', () => expect(() => complex_add({}, { rael: 1 })).toThrow(TypeError)],
  ['a larger function', () => around(-1, plain, -1, plain, -1)],
  ['a large struct', () => longs({ a: Array(25).fill(-1) })],
  ...(passesUnions ? [['a union', () => real_half({ y: -1 })] as const] : []),
  ['a function of integers', () => add_i32(-1, -2)],
  ['a function of bigints', () => add_i64(-(2n ** 63n), 1n)],
  ['a function of strings', () => echo_string('text')],
  ['an array', () => sum([plain, plain], 2)],
  ['create', () => Complex.create({ real: -5, imag: -6 })],
  ['create with its own getters', () => Complex.create(reading(() => Complex.create(plain)))],
  ['a large create', () => Longs.create({ a: [1, 2, 3] })],
  ['fromBuffer', () => Complex.fromBuffer(Complex.create(plain))],
  ['write', () => Complex.write(Complex.create(), plain)],
  ['a view', () => (Complex.view(Complex.create())['real'] = 7)],
  ['a ref', () => (ref(Complex, plain).value = { real: -1 })],
];

describe.each(busy)('a getter that uses %s', (_, run) => {
  test('in every place of an argument', () => {
    for (let round = 0; round < 5; round++) {
      expect(complex_add(reading(run), plain)).toEqual({ real: 11, imag: 22 });
      expect(complex_add(plain, reading(run))).toEqual({ real: 11, imag: 22 });
      expect(complex_add(reading(run), reading(run, 3, 4))).toEqual({ real: 4, imag: 6 });
      const late = {
        real: 1,
        get imag() {
          return (run(), 2);
        },
      };
      expect(complex_add(late, late)).toEqual({ real: 2, imag: 4 });
      expect(around(1, late, 2, plain, 3)).toBe(1 + 50 + 200 + 50_000 + 30_000);
      expect(sum([plain, late, reading(run)], 3)).toEqual({ real: 12, imag: 24 });
    }
  });

  test('while memory is made and written', () => {
    for (let round = 0; round < 5; round++) {
      expect(Complex.fromBuffer(Complex.create(reading(run)))).toEqual({ real: 1, imag: 2 });
      const [buffer, cell] = [Complex.create(plain), ref(Complex)];
      Complex.write(buffer, reading(run));
      cell.value = reading(run);
      expect([Complex.fromBuffer(buffer), cell.value]).toEqual([
        { real: 1, imag: 2 },
        { real: 1, imag: 2 },
      ]);
    }
    const elements = [1, 2, 3];
    Object.defineProperty(elements, 1, { get: () => (run(), 5) });
    expect((longs({ a: elements }) as { a: number[] }).a.slice(0, 4)).toEqual([1, 5, 3, 0]);
  });

  test('from the traps of a Proxy', () => {
    const traps: ProxyHandler<object> = {
      get: (target, key) => (run(), Reflect.get(target, key) as unknown),
      ownKeys: (target) => (run(), Reflect.ownKeys(target)),
      getPrototypeOf: (target) => (run(), Reflect.getPrototypeOf(target)),
      getOwnPropertyDescriptor: (target, key) => (run(), Reflect.getOwnPropertyDescriptor(target, key)),
    };
    expect(complex_add(plain, new Proxy(plain, traps))).toEqual({ real: 20, imag: 40 });
    expect(longs({ a: new Proxy([7], traps) })).toMatchObject({ a: expect.arrayContaining([7, 0]) });
  });
});

test('getters that call in a row of ten', () => {
  const deep = (depth: number): object =>
    depth === 0
      ? plain
      : reading(
          () => expect(complex_add(deep(depth - 1), plain)).toMatchObject({ imag: expect.any(Number) }),
          depth,
        );
  expect(complex_add(deep(10), plain)).toEqual({ real: 20, imag: 22 });
});

test('a field is read once, and once more where it is uncommon or makes calls', () => {
  const Wide = Struct({ a: 'i64', b: 'f64' });
  const { wide } = functions(fixture, {
    wide: { symbol: 'echo_IntDouble', args: [Wide], returns: Wide.object },
  }).symbols as Record<'wide', Call>;
  const gives: readonly (readonly [unknown, () => unknown])[] = [
    [1, () => undefined],
    [5n, () => undefined],
    [1, () => complex_add(plain, plain)],
    [1, () => Complex.create(plain)],
  ];
  for (const [value, run] of gives) {
    for (const use of [wide, (given: unknown) => Wide.create(given)]) {
      let reads = 0;
      use({
        get a() {
          return (reads++, run(), value);
        },
        b: 1,
      });
      expect(reads).toBeLessThanOrEqual(2);
    }
  }
});

test('getters that call without end', () => {
  const endless: object = reading(() => complex_add(endless, plain));
  expect(() => complex_add(endless, plain)).toThrow(/Maximum call stack/);
  expect(() => Complex.create(endless)).toThrow(/Maximum call stack/);
  expect(complex_add(plain, plain)).toEqual({ real: 20, imag: 40 });
});

describe('what user code throws comes out as it is', () => {
  const thrown = new Error('mine');
  const throwing = reading(() => {
    throw thrown;
  });
  const proxy = new Proxy(plain, {
    ownKeys: () => {
      throw thrown;
    },
  });

  test.each<[string, () => unknown]>([
    ['an argument', () => complex_add(throwing, plain)],
    ['a later argument', () => complex_add(plain, throwing)],
    ['behind a buffer', () => complex_add(Complex.create(), throwing)],
    ['in an array', () => sum([plain, throwing], 2)],
    ['ownKeys', () => complex_add(plain, proxy)],
    ['create', () => Complex.create(throwing)],
    ['write', () => Complex.write(Complex.create(), throwing)],
    ['ref', () => ref(Complex, throwing)],
    ['a pointer', () => pointing({ at: Object.defineProperty({}, 'ptr', { get: () => throwing.real }) })],
  ])('%s', (_, run) => {
    expect(run).toThrow(thrown);
    expect(complex_add(plain, plain)).toEqual({ real: 20, imag: 40 });
  });
});
