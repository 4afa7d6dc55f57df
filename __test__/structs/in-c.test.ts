// JavaScript that C calls in the middle of a call leaves the structs of that call alone.
import { describe, expect, test } from '@jest/globals';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';
import { array, functions, releasePtr, Struct, type Call } from './loose';

const Complex = Struct({ real: 'f64', imag: 'f64' });
const Large = Struct({ values: array('i64', 12) });
const env = 'napi_env';
const value = 'napi_value';

const { complex_around_call, complex_held, large_around_call, shorts_around_call } = functions(fixture, {
  complex_around_call: { args: [env, value, Complex, Complex], returns: Complex.object },
  complex_held: { symbol: 'complex_around_call', args: [env, value, Complex, Complex], returns: Complex },
  large_around_call: { args: [env, value, Large, 'i32'], returns: Large.object },
  shorts_around_call: { args: [env, value, array('i16'), 'size_t'], returns: 'i64' },
}).symbols as Record<
  'complex_around_call' | 'complex_held' | 'large_around_call' | 'shorts_around_call',
  Call
>;

const nothing = () => undefined;
const one = { real: 1, imag: 2 };
const counted = { values: Array.from({ length: 12 }, (_, index) => index * 2 ** 40) };

const busy: readonly (readonly [string, () => unknown])[] = [
  ['nothing', nothing],
  ['the same function', () => complex_around_call(nothing, { real: -9 }, { imag: -9 })],
  [
    'the same function with buffers',
    () => complex_around_call(nothing, Complex.create(one), Complex.create(one)),
  ],
  ['the same function, its result kept', () => releasePtr(complex_held(nothing, one, one))],
  ['a function of large structs', () => large_around_call(nothing, counted, -1)],
  ['an array', () => shorts_around_call(nothing, [-1, -2, -3], 3)],
  ['a function that refuses', () => expect(() => complex_around_call(nothing, one, { rael: 1 })).toThrow()],
  [
    'create, get, set and views',
    () => {
      const buffer = Large.create(counted);
      Large.set(buffer, 'values[3]', -1);
      Large.get(buffer, 'values');
      Large.view(buffer)['values'] = [1];
    },
  ],
];

describe.each(busy)('which uses %s', (_, run) => {
  test('arguments and results', () => {
    for (let round = 0; round < 3; round++) {
      expect(complex_around_call(run, one, { real: 3, imag: 4 })).toEqual({ real: 4, imag: 6 });
      expect(complex_around_call(run, Complex.create(one), one)).toEqual({ real: 2, imag: 4 });
      expect(large_around_call(run, counted, 5)).toEqual({
        values: counted.values.map((number) => number + 5),
      });
      expect(large_around_call(run, Large.create(counted), -5)).toEqual({
        values: counted.values.map((n) => n - 5),
      });
      expect(shorts_around_call(run, [1, -2, 300], 3)).toBe(299);
    }
  });

  test('results that are kept', () => {
    const address = complex_held(run, one, one);
    expect(Complex.fromPtr(address)).toEqual({ real: 2, imag: 4 });
    expect(releasePtr(address)).toBe(true);
  });
});

test('calls within calls', () => {
  const nest = (depth: number): void => {
    if (depth === 0) return;
    const inner = complex_around_call(() => nest(depth - 1), { real: depth }, { imag: depth });
    expect(inner).toEqual({ real: depth, imag: depth });
    const { values } = large_around_call(
      () => nest(depth - 2 < 0 ? 0 : depth - 2),
      counted,
      depth,
    ) as typeof counted;
    expect(values).toEqual(counted.values.map((number) => number + depth));
  };
  nest(12);
});

test('without end', () => {
  const endless = (): unknown => complex_around_call(endless, one, one);
  expect(endless).toThrow(/Maximum call stack/);
  const holding = (): unknown => complex_held(holding, one, one);
  expect(holding).toThrow(/Maximum call stack/);
  expect(complex_around_call(nothing, one, one)).toEqual({ real: 2, imag: 4 });
});

test('without end, with structs that take up much of the stack', () => {
  const Huge = Struct({ bytes: array('u8', 60 * 1024) });
  const { huge } = functions(fixture, {
    huge: { symbol: 'huge_around_call', args: [env, value, Huge], returns: Huge },
  }).symbols as Record<'huge', Call>;
  const bytes = new Uint8Array(60 * 1024).fill(7);
  let depth = 0;
  const endless = (): unknown => (depth++, huge(endless, bytes));
  expect(endless).toThrow(/Maximum call stack/);
  expect(depth).toBeGreaterThan(1);
  // From any depth of JavaScript's own there is room for the call, or there is an error.
  const within = (levels: number): unknown =>
    levels > 0 ? within(levels - 1) : releasePtr(huge(nothing, bytes));
  for (let levels = 0; levels < 15_000; levels += 97) {
    try {
      expect(within(levels)).toBe(true);
    } catch (error) {
      expect((error as Error).message).toMatch(/Maximum call stack/);
    }
  }
  const held = huge(nothing, bytes);
  expect([Huge.get(held, 'bytes[0]'), Huge.get(held, 'bytes[61439]'), releasePtr(held)]).toEqual([
    8,
    7,
    true,
  ]);
});

test('what it throws comes out, and nothing is kept', () => {
  const thrown = new Error('mine');
  const throwing = () => {
    throw thrown;
  };
  for (const call of [complex_around_call, complex_held])
    expect(() => call(throwing, one, one)).toThrow(thrown);
  expect(() => large_around_call(throwing, counted, 1)).toThrow(thrown);
  expect(complex_around_call(nothing, one, one)).toEqual({ real: 2, imag: 4 });
});

describe.each<[string, Record<string, string>]>([
  ['generated code', {}],
  ['no generated code', { ARKFFI_CODEGEN: 'off' }],
  ['libffi', { ARKFFI_PATH: 'libffi' }],
])('the collector in the middle of a call: %s', (_, environment) => {
  test('strings, buffers and arrays of the arguments stay', () => {
    const program = `
      const { dlopen, Struct, array } = require(entry);
      const Pointing = Struct({ at: 'ptr' });
      const Text = Struct({ text: 'CString', n: 'i32' });
      const { symbols } = dlopen(fixture, {
        pointed: { symbol: 'pointed_around_call', args: ['napi_env', 'napi_value', Pointing], returns: 'i64' },
        text: { symbol: 'text_around_call', args: ['napi_env', 'napi_value', Text], returns: 'size_t' },
        shorts: { symbol: 'shorts_around_call', args: ['napi_env', 'napi_value', array('i16'), 'size_t'], returns: 'i64' },
        again: { symbol: 'shorts_around_call', args: ['napi_env', 'napi_value', array('i16', 3), 'size_t'], returns: 'i64' },
      });
      const litter = () => Array.from({ length: 30 }, (_, n) => new Int32Array(200 + n).fill(-1));
      const collect = () => { gc(); litter(); };
      for (let n = 0; n < 20; n++) {
        assert.strictEqual(symbols.pointed(collect, { at: Int32Array.of(n) }), n);
        assert.strictEqual(symbols.pointed(collect, { at: new Int32Array(1000).fill(n) }), n);
        assert.strictEqual(symbols.pointed(collect, Pointing.create({ at: new Int32Array(1000).fill(n) })), n);
        assert.strictEqual(symbols.text(collect, { text: 'x'.repeat(n * 10), n }), n * 11);
        assert.strictEqual(symbols.text(collect, Text.create({ text: 'x'.repeat(n * 10), n })), n * 11);
        assert.strictEqual(symbols.shorts(collect, Array(100).fill(n), 100), n * 100);
        assert.strictEqual(symbols.shorts(collect, new Int16Array(1000).fill(n), 1000), n * 1000);
        assert.strictEqual(symbols.again(() => { collect(); symbols.again(collect, [7, 7, 7], 3); }, [n, 1, 2], 3), n + 3);
      }
      console.log('kept');`;
    expect(outputOf(program, { flags: ['--expose-gc'], env: environment })).toBe('kept');
  });
});
