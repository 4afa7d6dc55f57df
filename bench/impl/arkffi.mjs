import { createRequire } from 'node:module';
import { functionOf, structs } from '../cases.mjs';

export const name = 'arkffi';

export async function open(library) {
  const { dlopen, JSCallback, read, Struct } = await import('arkffi');
  const { version } = createRequire(import.meta.url)('arkffi/package.json');
  const schemas = {};
  const typeOf = (type) => schemas[type] ?? type;
  for (const [struct, fields] of Object.entries(structs)) {
    const named = Object.entries(fields).map(([field, type]) => [field, typeOf(type)]);
    schemas[struct] = Struct(Object.fromEntries(named));
  }
  // A library per case: no two cases share a function.
  const bind = ({ symbol, types: { args, returns }, callback }) => {
    const def = { args: args.map(typeOf), returns: schemas[returns]?.object ?? returns };
    const f = dlopen(library, { [symbol]: def }).symbols[symbol];
    if (callback === undefined) return { f };
    return { f, helper: new JSCallback(functionOf(callback.source, read.i32), callback.types) };
  };
  const start = (one) => bind(one).f.async;
  return { version, bind, start };
}
