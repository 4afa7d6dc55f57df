/** `cdef` and `c` as users import them: the parser of C is loaded when it is first needed. */
type Parser = typeof import('./cdef/cdef');

function parser(): Parser {
  // A file of its own, beside the bundle that this one is part of: see rollup.config.mjs.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('./cdef.js') as Parser;
}

/** Definitions for `dlopen` from prototypes and variables. */
export function cdef(source: unknown, ...rest: unknown[]): object {
  return parser().cdef(source, ...rest);
}

/** One type, from its C text. */
export function c(source: unknown, ...rest: unknown[]): unknown {
  return parser().c(source, ...rest);
}
