// What is measured: one table for all implementations.
//
// `types` are arkffi's names; an implementation that has others translates them. `given` are the arguments
// as source text, in which `i` counts the calls and the inputs below can be named; `field` is what is read of the
// result. `by` lists the implementations that can make the call, where not all can.
const texts = ['a', 'of', 'six', 'four', 'seven', 'strings', 'which are', 'different lengths'];

/** The structs that cases name as types: fields by name, nested ones by the struct's. */
export const structs = {
  Pair: { x: 'f64', y: 'f64' },
  Tag: { id: 'i32', weight: 'f32' },
  Body: { position: 'Pair', velocity: 'Pair', first: 'Tag', second: 'Tag', time: 'i64', kind: 'u8' },
};

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
    expected: () => undefined,
  },
  {
    name: 'i32 + i32',
    symbol: 'add_i32',
    prototype: 'int32_t add_i32(int32_t a, int32_t b)',
    types: { args: ['i32', 'i32'], returns: 'i32' },
    given: ['i', '1'],
    expected: (i) => i + 1,
  },
  {
    name: 'f64 + f64',
    symbol: 'add_f64',
    prototype: 'double add_f64(double a, double b)',
    types: { args: ['f64', 'f64'], returns: 'f64' },
    given: ['i + 0.5', '1.5'],
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
    expected: (i) => i + 1,
  },
  {
    name: 'pointer',
    symbol: 'same_address',
    prototype: 'void *same_address(void *address)',
    types: { args: ['ptr'], returns: 'ptr' },
    given: ['address + i'],
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
];
