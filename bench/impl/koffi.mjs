import { promisify } from 'node:util';
import { functionOf, structs } from '../cases.mjs';

export const name = 'koffi';

const type = { f64: 'double', i32: 'int32_t', f32: 'float', i64: 'int64_t', u8: 'uint8_t' };

export async function open(library) {
  const { default: koffi } = await import('koffi');
  const loaded = koffi.load(library);
  for (const [struct, fields] of Object.entries(structs)) {
    const named = Object.entries(fields).map(([field, name]) => [field, type[name] ?? name]);
    koffi.struct(struct, Object.fromEntries(named));
  }
  const bind = ({ prototype, callback }) => {
    if (callback === undefined) return { f: loaded.func(prototype) };
    const pointer = koffi.pointer(koffi.proto(callback.prototype));
    const valueAt = (address) => koffi.decode(address, 'int32_t');
    const helper = koffi.register(functionOf(callback.source, valueAt), pointer);
    return { f: loaded.func(prototype), helper };
  };
  const start = (one) => promisify(bind(one).f.async);
  return { version: koffi.version, bind, start };
}
