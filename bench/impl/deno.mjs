// Deno's FFI, in Deno's own process.
import { functionOf } from '../cases/index.mjs';
import { structs } from '../cases/inputs.mjs';
import { layoutOf, readerOf, writerOf } from '../pack.mjs';

export const name = 'Deno';

const { Deno } = globalThis;
const scalar = { ptr: 'pointer', CString: 'buffer', callback: 'function' };
const isStruct = (type) => type in structs;

function typeOf(type) {
  if (isStruct(type)) return { struct: Object.values(structs[type]).map(typeOf) };
  return scalar[type] ?? type;
}

function lacks({ types, read }) {
  if (read === 'buffer') return 'reads addresses alone';
  // "Check failed: is_valid(value)", of V8.
  if (types?.args.length > 20) return 'its process dies when a call of so many arguments is compiled';
  return undefined;
}

/** How rows of reads are written: through a view of the address, which is made before. */
function readers(base) {
  const { UnsafePointer, UnsafePointerView } = Deno;
  const address = (at) => UnsafePointer.create(UnsafePointer.value(base) + BigInt(at));
  const view = (at) => new UnsafePointerView(address(at));
  const of = (method) => (at) => ({ helper: view(at), invoke: () => `helper.${method}()` });
  // Structs are read out of bytes, by what the user writes for it.
  const struct = (name) => (at) => ({
    f: readerOf(name),
    helper: { view: view(at), size: layoutOf(name).size },
    invoke: () => 'f(new DataView(helper.view.getArrayBuffer(helper.size)))',
    few: 200,
  });
  return {
    u8: of('getUint8'),
    i32: of('getInt32'),
    i64: of('getBigInt64'),
    f64: of('getFloat64'),
    ptr: (at) => ({
      f: UnsafePointer.value,
      helper: view(at),
      invoke: () => 'f(helper.getPointer())',
    }),
    cstring: of('getCString'),
    CString: (at) => ({
      f: UnsafePointerView,
      helper: address(at),
      invoke: () => 'new f(helper).getCString()',
    }),
    Pair: struct('Pair'),
    Body: struct('Body'),
    view: (at) => ({
      f: UnsafePointerView,
      helper: address(at),
      invoke: () => 'new f(helper).getBigInt64(48)',
      whole: true,
    }),
    field: (at) => ({ helper: view(at), invoke: () => 'helper.getBigInt64(48)', whole: true }),
    memory: (at) => ({ helper: view(at), invoke: () => 'helper.getArrayBuffer(128)', few: 200 }),
  };
}

/** A call with structs: its arguments are written to bytes that are used again, its result read as an object. */
function withStructs(f, { types, given }) {
  const helper = { read: readerOf(types.returns), bytes: [], views: [], write: [] };
  const args = types.args.map((type, index) => {
    if (!isStruct(type)) return given[index];
    helper.bytes[index] = new Uint8Array(layoutOf(type).size);
    helper.views[index] = new DataView(helper.bytes[index].buffer);
    helper.write[index] = writerOf(type);
    return `(helper.write[${index}](helper.views[${index}], ${given[index]}), helper.bytes[${index}])`;
  });
  return { f, helper, invoke: () => `helper.read(new DataView(f(${args.join(', ')}).buffer))` };
}

export async function open(library) {
  const { dlopen, UnsafeCallback, UnsafePointer, UnsafePointerView, version } = Deno;
  const functionAt = (symbol, definition) => dlopen(library, { [symbol]: definition }).symbols[symbol];
  const reads = readers(functionAt('get_sample', { parameters: [], result: 'pointer' })());
  const bind = (row, { address }) => {
    const { symbol, types, given, callback, read, at } = row;
    if (read !== undefined) return reads[read](at);
    const parameters = types.args.map(typeOf);
    if (given.includes('doubles')) parameters[0] = 'buffer';
    const result = types.returns === 'CString' ? 'pointer' : typeOf(types.returns);
    const f = functionAt(symbol, { parameters, result });
    if (isStruct(types.returns)) return withStructs(f, row);
    if (types.returns === 'CString') {
      return { f, helper: UnsafePointerView, invoke: () => 'helper.getCString(f())' };
    }
    // Strings go in as bytes that the caller makes, addresses as objects.
    if (types.args[0] === 'CString') {
      const encoder = new TextEncoder();
      return { f, helper: encoder, invoke: () => `f(helper.encode(${given[0]} + '\\0'))` };
    }
    if (given.includes('address + i')) {
      const helper = { base: BigInt(address), pointer: UnsafePointer };
      const made = 'helper.pointer.create(helper.base + BigInt(i))';
      return { f, helper, invoke: () => `helper.pointer.value(f(${made}))` };
    }
    // 64-bit integers are bigints in both directions; numbers are accepted, but slowly.
    if (types.args.includes('i64')) {
      return { f, invoke: (given) => `f(${given.map((one) => (one === 'i' ? 'BigInt(i)' : `${one}n`))})` };
    }
    if (callback === undefined) return { f };
    const { args, returns } = callback.types;
    const definition = { parameters: args.map(typeOf), result: returns };
    const valueAt = (pointer) => new UnsafePointerView(pointer).getInt32();
    return { f, helper: new UnsafeCallback(definition, functionOf(callback.source, valueAt)).pointer };
  };
  const start = ({ symbol, types }) =>
    functionAt(symbol, { parameters: types.args.map(typeOf), result: types.returns, nonblocking: true });
  const threads = (row) => {
    const { helper } = bind({ ...row, given: [] }, {});
    const call = start(row);
    return { Deno: (count, each) => call(helper, count, each) };
  };
  return { version: version.deno, lacks, bind, start, threads };
}
