import * as arkffi from './arkffi.mjs';

/** The same functions, declared as leaves: those that can be. */
export const name = 'arkffi leaf';

export async function open(library) {
  const { dlopen } = await import('arkffi');
  const { version } = await arkffi.open(library);
  const bind = ({ symbol, types: { args, returns } }) => ({
    f: dlopen(library, { [symbol]: { args, returns, leaf: true } }).symbols[symbol],
  });
  const lacks = ({ leaf }) => (leaf === true ? undefined : 'no leaf call');
  return { version, lacks, bind };
}
