import { createRequire } from 'node:module';
import { structs } from '../cases.mjs';

export const name = 'arkffi';

export async function open(library) {
  const { dlopen, Struct } = await import('arkffi');
  const { version } = createRequire(import.meta.url)('arkffi/package.json');
  const schemas = {};
  const typeOf = (type) => schemas[type] ?? type;
  for (const [struct, fields] of Object.entries(structs)) {
    const named = Object.entries(fields).map(([field, type]) => [field, typeOf(type)]);
    schemas[struct] = Struct(Object.fromEntries(named));
  }
  // A library per case: no two cases share a function.
  const bind = ({ symbol, types: { args, returns } }) => {
    const def = { args: args.map(typeOf), returns: schemas[returns]?.object ?? returns };
    return { f: dlopen(library, { [symbol]: def }).symbols[symbol] };
  };
  return { version, bind };
}
