/** koffi's `decode(address, type)`, which reads any type; its functions for single types are in the row of koffi. */
export const name = 'koffi.decode';

const types = {
  u8: 'uint8_t',
  i32: 'int32_t',
  i64: 'int64_t',
  f64: 'double',
  ptr: 'void *',
  cstring: 'char',
};

export async function open(library) {
  const { default: koffi } = await import('koffi');
  const base = koffi.load(library).func('void *get_sample(void)')();
  const bind = ({ read, at }) => ({
    f: koffi.decode,
    helper: { at: base + BigInt(at), type: koffi.type(types[read]) },
    invoke: () => `f(helper.at, helper.type${read === 'cstring' ? ', -1' : ''})`,
  });
  const lacks = ({ read }) => (read in types ? undefined : 'as koffi');
  return { version: koffi.version, lacks, bind };
}
