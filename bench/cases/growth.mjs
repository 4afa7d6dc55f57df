// How cost grows: the same call with more of something. `grows` is what there is more of, `by` how much of it.
import { inputs, sizes } from './inputs.mjs';

const ints = sizes.args.map((count) => ({
  grows: 'int arguments',
  by: count,
  name: `${count} int arguments`,
  symbol: `ints_${count}`,
  prototype: `int32_t ints_${count}(${Array(count).fill('int32_t').join(', ')})`,
  types: { args: Array(count).fill('i32'), returns: 'i32' },
  given: ['i', ...Array.from({ length: count - 1 }, (_, index) => `${index + 1}`)],
  expected: (i) => i,
}));

const text = { symbol: 'text_end', prototype: 'uint32_t text_end(const char *text)' };
const strings = sizes.bytes.map((bytes) => ({
  ...text,
  grows: 'bytes of a string that changes',
  by: bytes,
  name: `string of ${bytes} bytes`,
  types: { args: ['CString'], returns: 'u32' },
  given: [`strings[${bytes}][i & 7]`],
  expected: (i) => inputs.strings[bytes][i & 7].codePointAt(0),
}));

const structs = sizes.doubles.map((count) => ({
  grows: 'doubles in a struct, in and out',
  by: count,
  name: `struct of ${count} doubles`,
  symbol: `same_doubles_${count}`,
  prototype: `Doubles${count} same_doubles_${count}(Doubles${count})`,
  types: { args: [`Doubles${count}`], returns: `Doubles${count}` },
  given: [`objects[${count}]`],
  field: `d${count - 1}`,
  expected: () => count - 1,
}));

export const growth = [...ints, ...strings, ...structs];
