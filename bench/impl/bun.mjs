// bun:ffi, in Bun's own process.
import { functionOf } from '../cases/index.mjs';

export const name = 'bun';

const type = { i64: 'i64_fast', usize: 'u64_fast', CString: 'cstring', callback: 'function' };

function lacks({ types, read }) {
  if (read === 'Pair' || read === 'Body') return 'has no structs';
  if (read === 'view' || read === 'field') return 'has no structs';
  if (read === 'buffer') return 'reads addresses alone';
  if (types?.returns.match(/^[A-Z]/) && types.returns !== 'CString') return 'has no structs by value';
  return undefined;
}

/** How rows of reads are written. */
function readers({ read, CString, toArrayBuffer }, base) {
  const text = (at) => ({ f: CString, helper: base + at, invoke: () => 'new f(helper).toString()' });
  const all = {
    cstring: text,
    CString: text,
    memory: (at) => ({ f: toArrayBuffer, helper: base + at, invoke: () => 'f(helper, 0, 128)', few: 200 }),
  };
  // The call is written out, since what is compiled is the member, known by its name.
  for (const type of ['u8', 'i32', 'i64', 'f64', 'ptr']) {
    all[type] = (at) => ({ f: read, helper: base, invoke: () => `f.${type}(helper, ${at})` });
  }
  return all;
}

export async function open(library) {
  const { dlopen, JSCallback, ...ffi } = await import('bun:ffi');
  const functionAt = (symbol, args, returns) =>
    dlopen(library, { [symbol]: { args, returns } }).symbols[symbol];
  const reads = readers(ffi, functionAt('get_sample', [], 'ptr')());
  const bind = ({ symbol, types, callback, read, at }) => {
    if (read !== undefined) return reads[read](at);
    const args = types.args.map((arg) => type[arg] ?? arg);
    const f = functionAt(symbol, args, type[types.returns] ?? types.returns);
    if (types.returns === 'CString') return { f, invoke: () => 'f().toString()' };
    if (callback === undefined) return { f };
    const valueAt = (address) => ffi.read.i32(address, 0);
    return {
      f,
      helper: new JSCallback(functionOf(callback.source, valueAt), callback.types).ptr,
    };
  };
  return { version: process.versions.bun, lacks, bind };
}
