/** The functions of `fixtures/c/ownership.c`. */
import { dlopen, Struct, type AllocatorFunctions } from 'arkffi';
import { fixture } from '../support/fixture';

export const Holder = Struct({ tag: 'i32', block: 'ptr' });
export const Pair = Struct({ first: 'i64', second: 'i64' });
const call = { args: ['ptr', 'callback'], returns: 'i32' } as const;

export const library = dlopen(fixture, {
  ow_free: { args: ['ptr'] },
  ow_note: { args: ['ptr'] },
  ow_recorded: { returns: 'i32' },
  ow_times: { args: ['ptr'], returns: 'i32' },
  ow_make: { args: ['usize'], returns: 'ptr' },
  ow_during: call,
  ow_during_struct: { args: [Holder, 'callback'], returns: 'i32' },
  ow_sum_late: { args: ['ptr', 'usize', 'i32'], returns: 'i64' },
  ow_sum_when: { args: ['ptr', 'usize', 'ptr'], returns: 'i64' },
  ow_length_late: { args: ['CString', 'i32'], returns: 'usize' },
  pair: { symbol: 'ow_pair_of', args: ['i64', 'i64'], returns: Pair },
  ow_add: { args: ['ptr', 'i32'] },
  ow_malloc: { args: ['ptr', 'usize'], returns: 'ptr' },
  ow_calloc: { args: ['ptr', 'usize', 'usize'], returns: 'ptr' },
  ow_realloc: { args: ['ptr', 'ptr', 'usize'], returns: 'ptr' },
  ow_release: { args: ['ptr', 'ptr'] },
});

/** The functions of libc's allocator, as definitions. */
export const libcDefinitions = {
  malloc: { args: ['usize'], returns: 'ptr' },
  calloc: { args: ['usize', 'usize'], returns: 'ptr' },
  realloc: { args: ['ptr', 'usize'], returns: 'ptr' },
  free: { args: ['ptr'] },
} as const;

/** libc's allocator. */
export const { symbols: libc } = dlopen(null, libcDefinitions);

/** The allocator that counts in its opaque state. */
export const counting: AllocatorFunctions = {
  malloc: library.symbols.ow_malloc,
  calloc: library.symbols.ow_calloc,
  realloc: library.symbols.ow_realloc,
  free: library.symbols.ow_release,
};

/** The same functions for programs in a process of their own. */
export const prelude = `
const ffi = require(entry);
const { symbols: ow } = ffi.dlopen(fixture, {
  ow_free: { args: ['ptr'] },
  ow_note: { args: ['ptr'] },
  ow_recorded: { returns: 'i32' },
  ow_times: { args: ['ptr'], returns: 'i32' },
  ow_make: { args: ['usize'], returns: 'ptr' },
  ow_say: { args: ['isize'] },
  ow_during: { args: ['ptr', 'callback'], returns: 'i32' },
  ow_sum_late: { args: ['ptr', 'usize', 'i32'], returns: 'i64' },
  ow_pair_of: { args: ['i64', 'i64'], returns: ffi.Struct({ first: 'i64', second: 'i64' }) },
  ow_add: { args: ['ptr', 'i32'] },
});
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
/** Collects until something holds, or for a while. */
const collect = async (done = () => false) => {
  for (let round = 0; round < 60 && !done(); round++) { gc(); await turn(); }
  for (let round = 0; round < 3; round++) { gc(); await turn(); }
};
`;
