import { functionOf } from '../cases/index.mjs';

export const name = 'node:ffi';

const type = {
  void: 'void',
  i32: 'int32',
  u32: 'uint32',
  i64: 'int64',
  usize: 'uint64',
  ptr: 'pointer',
  f64: 'double',
  CString: 'string',
  callback: 'function',
};

function lacks({ types, read }) {
  if (['Pair', 'Body', 'view', 'field'].includes(read)) return 'has no structs';
  if (read === 'buffer' || read === 'ptr') return 'has no such function';
  if (types !== undefined && !(types.returns in type)) return 'has no structs by value';
  return undefined;
}

/** How rows of reads are written. Addresses are bigints. */
function readers(ffi, base) {
  const of = (f) => (at) => ({ f, helper: base + BigInt(at), invoke: () => 'f(helper)' });
  return {
    u8: of(ffi.getUint8),
    i32: of(ffi.getInt32),
    i64: of(ffi.getInt64),
    f64: of(ffi.getFloat64),
    cstring: of(ffi.toString),
    CString: of(ffi.toString),
    memory: (at) => ({
      f: ffi.toArrayBuffer,
      helper: base + BigInt(at),
      invoke: () => 'f(helper, 128, false)',
      few: 200,
    }),
  };
}

export async function open(library) {
  const { default: ffi } = await import('node:ffi');
  const loaded = new ffi.DynamicLibrary(library);
  const reads = readers(ffi, loaded.getFunction('get_sample', { arguments: [], return: 'pointer' })());
  const bind = ({ symbol, types, given, callback, read, at }, { address }) => {
    if (read !== undefined) return reads[read](at);
    const pointers = given.includes('address + i');
    const signature = {
      arguments: types.args.map((arg) => (arg === 'ptr' && !pointers ? 'buffer' : type[arg])),
      return: types.returns === 'CString' ? 'pointer' : type[types.returns],
    };
    const f = ffi.dlopen(library, { [symbol]: signature }).functions[symbol];
    if (callback !== undefined) {
      const { args, returns } = callback.types;
      const called = { arguments: args.map((arg) => type[arg]), return: type[returns] };
      const valueAt = (pointer) => ffi.getInt32(pointer);
      return { f, helper: loaded.registerCallback(called, functionOf(callback.source, valueAt)) };
    }
    // 64-bit values and addresses are bigints in both directions; strings are read by a second call.
    if (types.returns === 'CString') return { f, helper: ffi.toString, invoke: () => 'helper(f())' };
    if (types.args.includes('i64'))
      return { f, invoke: (args) => `f(${args.map((arg) => `BigInt(${arg})`)})` };
    if (pointers) return { f, helper: BigInt(address), invoke: () => 'f(helper + BigInt(i))' };
    // Node.js 26.10 keeps something of every view it is given, which slows every collection from then on,
    // for all implementations: so few calls.
    if (given.includes('doubles')) return { f, few: 200 };
    return { f };
  };
  return { version: process.version, lacks, bind };
}
