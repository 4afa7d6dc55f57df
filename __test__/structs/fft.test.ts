// A Fourier transform that C makes in place, over an array of complex numbers.
import { describe, expect, test } from '@jest/globals';
import { array, dlopen, ffi, free, malloc, Struct, type Pointer } from 'arkffi';
import { fixture } from '../support/fixture';

const Complex = Struct({ real: 'f64', imag: 'f64' });
interface Number2 {
  readonly real: number;
  readonly imag: number;
}
const { fft, fft_array, complex_multiply } = dlopen(fixture, {
  fft: { args: ['ptr', 'i32', 'i32'] },
  fft_array: { symbol: 'fft', args: [array(Complex), 'i32', 'i32'] },
  complex_multiply: { args: [Complex, Complex], returns: Complex.object },
}).symbols;

const signal = (count: number): Number2[] =>
  Array.from({ length: count }, (_, n) => ({ real: Math.sin(n) + (n % 5), imag: Math.cos(3 * n) / 2 }));

/** The transform by its definition, with C's multiplication. */
function transform(values: readonly Number2[]): Number2[] {
  return values.map((_, k) => {
    const terms = values.map((value, n) => {
      const angle = (-2 * Math.PI * k * n) / values.length;
      return complex_multiply(value, { real: Math.cos(angle), imag: Math.sin(angle) });
    });
    return terms.reduce((sum, term) => ({ real: sum.real + term.real, imag: sum.imag + term.imag }));
  });
}

function expectClose(actual: readonly Number2[], wanted: readonly Number2[]): void {
  expect(actual.length).toBe(wanted.length);
  actual.forEach(({ real, imag }, index) => {
    expect(real).toBeCloseTo(wanted[index]!.real, 8);
    expect(imag).toBeCloseTo(wanted[index]!.imag, 8);
  });
}

const readAll = (dataPtr: Pointer, count: number) =>
  Array.from({ length: count }, (_, i) => Complex.fromPtr(dataPtr, i * Complex.size));

describe.each([1, 2, 8, 64, 256])('of %d numbers', (count) => {
  const values = signal(count);
  const wanted = transform(values);

  test('in a buffer that create has filled piece by piece', () => {
    const buf = new Uint8Array(count * Complex.size);
    values.forEach((value, i) => buf.set(new Uint8Array(Complex.create(value)), i * Complex.size));
    const dataPtr = ffi.ptr(buf);
    fft(dataPtr, count, -1);
    expectClose(readAll(dataPtr, count), wanted);
    expect(buf.byteLength).toBe(count * 16);
  });

  test('in a buffer that write has filled, and back', () => {
    const buf = new ArrayBuffer(count * Complex.size);
    values.forEach((value, i) => Complex.write(buf, value, i * Complex.size));
    fft(buf, count, -1);
    expectClose(readAll(ffi.ptr(buf), count), wanted);
    fft(buf, count, 1);
    const back = Array.from({ length: count }, (_, i) => Complex.fromBuffer(buf, i * Complex.size));
    expectClose(
      back.map(({ real, imag }) => ({ real: real / count, imag: imag / count })),
      values,
    );
  });

  test('in memory of C', () => {
    const dataPtr = malloc(count * Complex.size);
    values.forEach((value, i) => Complex.write(dataPtr, value, i * Complex.size));
    fft(dataPtr, count, -1);
    expectClose(readAll(dataPtr, count), wanted);
    free(dataPtr);
  });

  test('in a struct that holds them all, through a view', () => {
    const Signal = Struct({ count: 'i32', values: array(Complex, count) });
    const buf = Signal.create({ count, values });
    fft_array(Signal.ptr(buf, 'values'), Signal.get(buf, 'count') as number, -1);
    expectClose(Signal.fromBuffer(buf).values, wanted);
    const view = Signal.view(buf);
    expectClose([...view.values], wanted);
    expectClose([Signal.get(buf, `values[${count - 1}]`) as Number2], wanted.slice(-1));
  });
});
