// Code of the user's that runs while a struct is converted, or while C runs: what it does must not show.
import { describe, expect, test } from '@jest/globals';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { array, detach, functions, ref, Struct, Union, type Call, type Schema, type Variable } from './loose';

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
  addresses: { symbol: 'echo_ptr', args: [array(Complex), 'ptr'], returns: 'ptr' },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  add_i64: { args: ['i64', 'i64'], returns: 'i64' },
  echo_string: { args: ['CString'], returns: 'CString' },
};
type Names = keyof typeof defs;
const library = functions(fixture, defs);
const { complex_add, around, longs, pointing, real_half, sum, addresses, ...others } =
  library.symbols as Record<Names, Call>;
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
  ['a union', () => real_half({ y: -1 })],
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

describe('a getter that closes', () => {
  test('the library', () => {
    for (const order of [0, 1]) {
      const own = functions(fixture, defs);
      const closing = reading(() => own.close());
      const args = order === 0 ? [closing, plain] : [plain, closing];
      expectError(() => own.symbols['complex_add']!(...args), 'ERR_FFI_CLOSED', 'complex_add');
    }
  });

  test('the library of a variable', () => {
    const own = functions(fixture, { data_complex: { type: Complex } });
    const variable = own.symbols['data_complex'] as unknown as Variable;
    const before = Complex.fromPtr(variable.ptr);
    const { ptr } = variable;
    expectError(() => (variable.value = reading(() => own.close())), 'ERR_FFI_CLOSED', 'data_complex');
    expect(Complex.fromPtr(ptr)).toEqual(before);
  });

  test('the ref that is written', () => {
    const cell = ref(Complex);
    expectError(() => (cell.value = reading(() => cell.close())), 'ERR_FFI_CLOSED');
  });
});

describe('a getter that takes a buffer away', () => {
  const code = 'ERR_FFI_INVALID_ARG_TYPE';
  /** What was read before the buffer went is right; what would be read after is refused. */
  const expectRightOr = (right: unknown, run: () => unknown) => {
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      expect(error).toMatchObject({ code, message: expect.stringContaining('detached') });
      return;
    }
    expect(result).toEqual(right);
  };
  const trap = (schema: Schema = Complex) => {
    const buffer = schema.create({ real: 5, imag: 6 });
    return {
      buffer,
      view: new Uint8Array(buffer),
      value: reading(() => buffer.byteLength > 0 && detach(buffer)),
    };
  };

  test.each<[string, (given: ReturnType<typeof trap>) => unknown]>([
    ['an argument before it', ({ buffer, value }) => complex_add(buffer, value)],
    ['the view of an argument before it', ({ view, value }) => complex_add(view, value)],
    ['an element before it', ({ view, value }) => sum([view, value], 2)],
  ])('%s', (_, use) => {
    expectRightOr({ real: 6, imag: 8 }, () => use(trap()));
    expect(complex_add(plain, plain)).toEqual({ real: 20, imag: 40 });
  });

  test.each<[string, (given: ReturnType<typeof trap>) => unknown]>([
    ['an argument behind it', ({ buffer, value }) => complex_add(value, buffer)],
    ['the view of an argument behind it', ({ view, value }) => complex_add(value, view)],
    ['an element behind it', ({ view, value }) => sum([value, view], 2)],
    ['what is written to', ({ buffer, value }) => Complex.write(buffer, value)],
    ['the view of what is written to', ({ view, value }) => Complex.write(view, value)],
    [
      'what a view sees',
      ({ buffer, value }) => {
        const Two = Struct({ a: Complex });
        Two.view(buffer)['a'] = value;
      },
    ],
  ])('%s', (_, use) => {
    expectError(() => use(trap()), code, 'detached');
    expect(complex_add(plain, plain)).toEqual({ real: 20, imag: 40 });
  });

  test('to which a field points', () => {
    const target = new Uint8Array(8);
    const value = {
      at: target,
      get n() {
        return (detach(target.buffer), 1);
      },
    };
    expectError(() => pointing(value), code, 'args[0].at');
  });

  test('for which an address is taken', () => {
    const numbers = new Float64Array(4);
    const factor = {
      get ptr() {
        return (detach(numbers.buffer), 1);
      },
    };
    expectError(() => addresses(numbers, factor), code, 'detached');
    expectError(() => addresses(numbers, 0), code, 'detached');
    expect(addresses([plain], 0)).toBeGreaterThan(0);
  });

  test('while its elements are read', () => {
    const typed = Int32Array.of(1, 2, 3);
    const list = {
      get a() {
        if (typed.length > 0) detach(typed.buffer);
        return typed;
      },
    };
    expectError(() => longs(list), code, 'detached');
  });
});

describe('lists that change while they are read', () => {
  test('shorter, longer, other elements', () => {
    const changing = (change: (list: number[]) => void) => {
      const list = Array.from({ length: 10 }, (_, index) => index);
      Object.defineProperty(list, 2, { get: () => (change(list), 2), configurable: true });
      return { a: list };
    };
    const all = (result: unknown) => (result as { a: number[] }).a;
    expect(all(longs(changing((list) => list.push(1)))).slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(all(longs(changing((list) => (list[3] = 99)))).slice(0, 5)).toEqual([0, 1, 2, 99, 4]);
    let shorter: unknown;
    try {
      shorter = longs(changing((list) => (list.length = 3)));
    } catch (error) {
      expect(error).toMatchObject({
        code: 'ERR_FFI_INVALID_ARG_TYPE',
        message: expect.stringContaining('a[3]'),
      });
    }
    if (shorter !== undefined) expect(all(shorter).slice(0, 4)).toEqual([0, 1, 2, 0]);
    expectError(() => longs(changing((list) => (list[3] = 0.5))), 'ERR_FFI_OUT_OF_RANGE', 'a[3]');
  });

  test('a Proxy that lies about its length', () => {
    const lying = (length: unknown) =>
      new Proxy([1, 2, 3], {
        get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)) as unknown,
      });
    expectError(() => longs({ a: lying(2 ** 32) }), 'ERR_FFI_OUT_OF_RANGE');
    expectError(() => longs({ a: lying(4) }), 'ERR_FFI_INVALID_ARG_TYPE', 'a[3]');
    for (const length of [-1, NaN, undefined, '2', 1.5, null, {}]) {
      const list = lying(length);
      let result: unknown;
      try {
        result = longs({ a: list });
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_FFI_/) });
        continue;
      }
      const { a } = result as { a: number[] };
      expect([0, 1, 2, 3]).toContain(a.reduce((most, value) => Math.max(most, value)));
    }
  });
});
