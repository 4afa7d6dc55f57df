import { createRequire } from 'node:module';

export const name = 'arkffi';

export async function open(library) {
  const { dlopen } = await import('arkffi');
  const { version } = createRequire(import.meta.url)('arkffi/package.json');
  // A library per case: no two cases share a function.
  const bind = ({ symbol, types }) => ({ f: dlopen(library, { [symbol]: types }).symbols[symbol] });
  return { version, bind };
}
