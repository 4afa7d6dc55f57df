export const name = 'node:ffi';

const type = {
  void: 'void',
  i32: 'int32',
  i64: 'int64',
  usize: 'uint64',
  ptr: 'pointer',
  f64: 'double',
  CString: 'string',
};

export async function open(library) {
  const { default: ffi } = await import('node:ffi');
  const bind = ({ symbol, types, given }, { address }) => {
    const pointers = given.includes('address + i');
    const signature = {
      arguments: types.args.map((arg) => (arg === 'ptr' && !pointers ? 'buffer' : type[arg])),
      return: types.returns === 'CString' ? 'pointer' : type[types.returns],
    };
    const f = ffi.dlopen(library, { [symbol]: signature }).functions[symbol];
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
  return { version: process.version, bind };
}
