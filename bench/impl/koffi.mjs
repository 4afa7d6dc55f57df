import { promisify } from 'node:util';
import { functionOf } from '../cases/index.mjs';
import { structs } from '../cases/inputs.mjs';

export const name = 'koffi';

const type = { f64: 'double', i32: 'int32_t', f32: 'float', i64: 'int64_t', u8: 'uint8_t' };

/** A read by the function that takes any type. */
const general = ({ decode, type }, name, address) => ({
  f: decode,
  helper: { at: address, type: type(name) },
  invoke: () => 'f(helper.at, helper.type)',
});

/** How rows of reads are written, each in the form that is the fastest. */
function readers(koffi, address) {
  const { decode, view } = koffi;
  const of = (f) => (at) => ({ f, helper: address(at), invoke: () => 'f(helper)' });
  const struct = (name) => (at) => general(koffi, name, address(at));
  return {
    u8: of(decode.uint8),
    i32: of(decode.int32),
    i64: of(decode.int64),
    f64: of(decode.double),
    ptr: of(decode.uint64),
    buffer: (at) => ({
      f: decode,
      helper: { buffer: Buffer.from(view(address(0), 64).slice()), type: koffi.types.int32_t },
      invoke: () => `f(helper.buffer, ${at}, helper.type)`,
    }),
    cstring: of(decode.string),
    CString: of(decode.string),
    Pair: struct('Pair'),
    Body: struct('Body'),
    // It has no views: of a struct it decodes all, of a field, whose address is known, that.
    view: struct('Body'),
    field: (at) => ({ ...of(decode.int64)(at + 48), whole: true }),
    memory: (at) => ({ f: view, helper: address(at), invoke: () => 'f(helper, 128)', few: 200 }),
  };
}

export async function open(library) {
  const { default: koffi } = await import('koffi');
  const loaded = koffi.load(library);
  for (const [struct, fields] of Object.entries(structs)) {
    const named = Object.entries(fields).map(([field, name]) => [field, type[name] ?? name]);
    koffi.struct(struct, Object.fromEntries(named));
  }
  const base = loaded.func('void *get_sample(void)')();
  const reads = readers(koffi, (at) => base + BigInt(at));
  const bind = ({ prototype, callback, read, at }) => {
    if (read !== undefined) return reads[read](at);
    if (callback === undefined) return { f: loaded.func(prototype) };
    const pointer = koffi.pointer(koffi.proto(callback.prototype));
    const valueAt = (address) => koffi.decode(address, 'int32_t');
    const helper = koffi.register(functionOf(callback.source, valueAt), pointer);
    return { f: loaded.func(prototype), helper };
  };
  const start = (row) => promisify(bind(row).f.async);
  const threads = (row) => {
    const { f, helper } = bind(row);
    const call = promisify(f.async);
    return { koffi: (count, each) => call(helper, count, each) };
  };
  return { version: koffi.version, bind, start, threads };
}
