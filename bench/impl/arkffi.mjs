import { createRequire } from 'node:module';
import { functionOf } from '../cases/index.mjs';
import { structs } from '../cases/inputs.mjs';

export const name = 'arkffi';

/** How rows of reads are written. */
function readers({ read, CString, toArrayBuffer }, schemas, base) {
  const of = (f) => (at) => ({ f, helper: base + at, invoke: () => 'f(helper)' });
  const all = {
    CString: (at) => ({ f: CString, helper: base + at, invoke: () => 'new f(helper).toString()' }),
    buffer: (at) => ({
      f: read.i32,
      helper: Buffer.from(toArrayBuffer(base, 0, 64).slice()),
      invoke: () => `f(helper, ${at})`,
    }),
    view: (at) => ({ f: schemas.Body, helper: base + at, invoke: () => 'f.view(helper)' }),
    field: (at) => ({ helper: schemas.Body.view(base + at), invoke: () => 'helper' }),
    memory: (at) => ({ f: toArrayBuffer, helper: base + at, invoke: () => 'f(helper, 0, 128)', few: 200 }),
  };
  for (const type of ['u8', 'i32', 'i64', 'f64', 'ptr', 'cstring']) all[type] = of(read[type]);
  for (const name of ['Pair', 'Body']) {
    all[name] = (at) => ({ f: schemas[name], helper: base + at, invoke: () => 'f.fromPtr(helper)' });
  }
  return all;
}

export async function open(library) {
  const arkffi = await import('arkffi');
  const { dlopen, JSCallback, read, Struct } = arkffi;
  const { version } = createRequire(import.meta.url)('arkffi/package.json');
  const schemas = {};
  const typeOf = (type) => schemas[type] ?? type;
  for (const [struct, fields] of Object.entries(structs)) {
    const named = Object.entries(fields).map(([field, type]) => [field, typeOf(type)]);
    schemas[struct] = Struct(Object.fromEntries(named));
  }
  // A library per row: no two rows share a function.
  const functionAt = (symbol, def) => dlopen(library, { [symbol]: def }).symbols[symbol];
  const reads = readers(arkffi, schemas, functionAt('get_sample', { returns: 'ptr' })());
  const bind = ({ symbol, types, callback, read: what, at }) => {
    if (what !== undefined) return reads[what](at);
    const { args, returns } = types;
    const f = functionAt(symbol, {
      args: args.map(typeOf),
      returns: schemas[returns]?.object ?? returns,
    });
    if (callback === undefined) return { f };
    return { f, helper: new JSCallback(functionOf(callback.source, read.i32), callback.types) };
  };
  const start = (row) => bind(row).f.async;
  const threads = (row) => {
    const { f, helper } = bind(row);
    const pumped = functionAt(row.symbol, { ...row.types, pump: true });
    return {
      arkffi: (count, each) => f.async(helper, count, each),
      'arkffi, pump': async (count, each) => pumped(helper, count, each),
    };
  };
  return { version, bind, start, threads };
}
