// What is measured: one table for all implementations.
//
// `types` are arkffi's names; an implementation that has others translates them. `given` are the arguments
// as source text, in which `i` counts the calls and the inputs below can be named; `field` is what is read of the
// result. `by` lists the implementations that can make the call, where not all can. A `callback` is what `helper`
// is among the arguments: a registered callback, whose text can name `valueAt`, which reads an int. `times`: what is
// measured happens so often in a call. `leaf`: the function can be declared as one.
import { compileFunction } from 'node:vm';

const texts = ['a', 'of', 'six', 'four', 'seven', 'strings', 'which are', 'different lengths'];

/** The structs that cases name as types: fields by name, nested ones by the struct's. */
export const structs = {
  Pair: { x: 'f64', y: 'f64' },
  Tag: { id: 'i32', weight: 'f32' },
  Body: { position: 'Pair', velocity: 'Pair', first: 'Tag', second: 'Tag', time: 'i64', kind: 'u8' },
};

/** The function of a callback's text. */
export function functionOf(source, valueAt) {
  return compileFunction(`return ${source};`, ['valueAt'])(valueAt);
}

export const inputs = {
  texts,
  pair: { x: 1, y: 2 },
  body: {
    position: { x: 1, y: 2 },
    velocity: { x: 3, y: 4 },
    first: { id: 5, weight: 6 },
    second: { id: 7, weight: 8 },
    time: 9,
    kind: 10,
  },
  address: 0x7f00_1234_5670,
  doubles: Float64Array.from({ length: 16 }, (_, index) => index + 0.5),
};

export const cases = [
  {
    name: 'noop',
    symbol: 'do_nothing',
    prototype: 'void do_nothing(void)',
    types: { args: [], returns: 'void' },
    given: [],
    leaf: true,
    expected: () => undefined,
  },
  {
    name: 'i32 + i32',
    symbol: 'add_i32',
    prototype: 'int32_t add_i32(int32_t a, int32_t b)',
    types: { args: ['i32', 'i32'], returns: 'i32' },
    given: ['i', '1'],
    leaf: true,
    expected: (i) => i + 1,
  },
  {
    name: 'f64 + f64',
    symbol: 'add_f64',
    prototype: 'double add_f64(double a, double b)',
    types: { args: ['f64', 'f64'], returns: 'f64' },
    given: ['i + 0.5', '1.5'],
    leaf: true,
    expected: (i) => i + 2,
  },
  {
    name: 'eight ints',
    symbol: 'add_8_i32',
    prototype: 'int32_t add_8_i32(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t)',
    types: { args: Array(8).fill('i32'), returns: 'i32' },
    given: ['i', '1', '2', '3', '4', '5', '6', '7'],
    expected: (i) => i + 28,
  },
  {
    name: 'int64',
    symbol: 'add_i64',
    prototype: 'int64_t add_i64(int64_t a, int64_t b)',
    types: { args: ['i64', 'i64'], returns: 'i64' },
    given: ['i', '1'],
    leaf: true,
    expected: (i) => i + 1,
  },
  {
    name: 'pointer',
    symbol: 'same_address',
    prototype: 'void *same_address(void *address)',
    types: { args: ['ptr'], returns: 'ptr' },
    given: ['address + i'],
    leaf: true,
    expected: (i) => inputs.address + i,
  },
  {
    name: 'strlen',
    symbol: 'text_length',
    prototype: 'size_t text_length(const char *text)',
    types: { args: ['CString'], returns: 'usize' },
    given: ["'hello world'"],
    expected: () => 11,
  },
  {
    name: 'strlen of 8 strings',
    symbol: 'text_length',
    prototype: 'size_t text_length(const char *text)',
    types: { args: ['CString'], returns: 'usize' },
    given: ['texts[i & 7]'],
    expected: (i) => texts[i & 7].length,
  },
  {
    name: 'const char* out',
    symbol: 'greeting',
    prototype: 'const char *greeting(void)',
    types: { args: [], returns: 'CString' },
    given: [],
    expected: () => 'hello world',
  },
  {
    name: 'Float64Array in',
    symbol: 'sum_16',
    prototype: 'double sum_16(const double *values)',
    types: { args: ['ptr'], returns: 'f64' },
    given: ['doubles'],
    leaf: true,
    expected: () => 128,
  },
  {
    name: 'struct add',
    symbol: 'add_pairs',
    prototype: 'Pair add_pairs(Pair a, Pair b)',
    types: { args: ['Pair', 'Pair'], returns: 'Pair' },
    given: ['pair', 'pair'],
    field: 'y',
    by: ['arkffi', 'koffi'],
    expected: () => 4,
  },
  {
    name: 'nested struct',
    symbol: 'move_body',
    prototype: 'Body move_body(Body body, double by)',
    types: { args: ['Body', 'f64'], returns: 'Body' },
    given: ['body', 'i'],
    field: 'position.x',
    by: ['arkffi', 'koffi'],
    expected: (i) => 1 + 3 * i,
  },
  {
    name: 'callback',
    symbol: 'call_1000_times',
    prototype: 'int32_t call_1000_times(Add1 *function)',
    callback: {
      prototype: 'int32_t Add1(int32_t a, int32_t b)',
      types: { args: ['i32', 'i32'], returns: 'i32' },
      source: '(a, b) => (a + b) | 0',
    },
    types: { args: ['callback'], returns: 'i32' },
    given: ['helper'],
    times: 1000,
    by: ['arkffi', 'koffi'],
    expected: () => 499_500,
  },
  {
    name: 'call with one callback',
    symbol: 'call_once',
    prototype: 'int32_t call_once(Add2 *function, int32_t a, int32_t b)',
    callback: {
      prototype: 'int32_t Add2(int32_t a, int32_t b)',
      types: { args: ['i32', 'i32'], returns: 'i32' },
      source: '(a, b) => (a + b) | 0',
    },
    types: { args: ['callback', 'i32', 'i32'], returns: 'i32' },
    given: ['helper', 'i', '1'],
    by: ['arkffi', 'koffi'],
    expected: (i) => i + 1,
  },
  {
    name: 'qsort of 1,000',
    symbol: 'sort_1000',
    prototype: 'int32_t sort_1000(Compare *function)',
    callback: {
      prototype: 'int32_t Compare(const void *a, const void *b)',
      types: { args: ['ptr', 'ptr'], returns: 'i32' },
      source: '(a, b) => valueAt(a) - valueAt(b)',
    },
    types: { args: ['callback'], returns: 'i32' },
    given: ['helper'],
    by: ['arkffi', 'koffi'],
    expected: () => 500,
  },
];

/** Measured apart: so many calls at once in the background, each answered by another. */
export const background = {
  name: 'async, 200 in flight',
  symbol: 'add_i32',
  prototype: 'int32_t add_i32(int32_t a, int32_t b)',
  types: { args: ['i32', 'i32'], returns: 'i32' },
  atOnce: 200,
};
