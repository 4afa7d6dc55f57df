import * as arkffi from './arkffi.mjs';

/** The same functions, declared as leaves: those that can be. */
export const name = 'arkffi leaf';

export async function open(library) {
  const { dlopen } = await import('arkffi');
  const { version } = await arkffi.open(library);
  const open = ({ symbol, types: { args, returns } }) =>
    dlopen(library, { [symbol]: { args, returns, leaf: true } }).symbols[symbol];
  const serves = ({ leaf }) => leaf === true;
  return { version, serves, bind: (one) => ({ f: open(one) }) };
}
