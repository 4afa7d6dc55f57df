// What is measured: the same rows for all implementations.
//
// A row that calls C has a `symbol` of target.c, its `prototype`, and `types` in arkffi's names; an implementation that
// has others translates them. `given` are the arguments as source text, in which `i` counts the calls and the inputs can be
// named; `field` is what is read of the result. A `callback` is what `helper` is among the arguments: a registered callback, whose
// text can name `valueAt`, which reads an int. `times`: what is measured happens so often in a call. `leaf`: the
// function can be declared as one.
//
// A row that reads C's memory has `read`, what is read, and `at`, where in the sample of target.c.
import { calls } from './calls.mjs';
import { growth } from './growth.mjs';
import { reads } from './reads.mjs';

/** The rows by group. */
export const groups = { calls, reads, growth };

/** Measured apart: so many calls at once in the background, each answered by another. */
export const background = {
  name: 'async, 200 in flight',
  symbol: 'add_i32',
  prototype: 'int32_t add_i32(int32_t a, int32_t b)',
  types: { args: ['i32', 'i32'], returns: 'i32' },
  atOnce: 200,
};

/** The function of a callback's text. */
export function functionOf(source, valueAt) {
  return new Function('valueAt', `return ${source};`)(valueAt);
}
