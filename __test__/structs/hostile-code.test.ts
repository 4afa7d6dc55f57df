// Code of the user's that takes away what is being converted.
import { describe, expect, test } from '@jest/globals';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { array, detach, functions, ref, Struct, type Call, type Schema, type Variable } from './loose';

const Complex = Struct({ real: 'f64', imag: 'f64' });
const Longs = Struct({ a: array('i32', 25) });
const Pointing = Struct({ at: 'ptr', n: 'i32' });

const defs = {
  complex_add: { args: [Complex, Complex], returns: Complex.object },
  longs: { symbol: 'echo_I32x25', args: [Longs], returns: Longs.object },
  pointing: { symbol: 'echo_PointerChar', args: [Pointing], returns: Pointing.object },
  sum: { symbol: 'complex_sum', args: [array(Complex), 'size_t'], returns: Complex.object },
  addresses: { symbol: 'echo_ptr', args: [array(Complex), 'ptr'], returns: 'ptr' },
};
type Names = keyof typeof defs;
const library = functions(fixture, defs);
const { complex_add, longs, pointing, sum, addresses } = library.symbols as Record<Names, Call>;

/** A complex number of which reading the real part runs code first. */
const reading = (run: () => void, real = 1, imag = 2) => ({
  get real() {
    run();
    return real;
  },
  imag,
});
const plain = { real: 10, imag: 20 };

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
