import { createRequire } from 'node:module';

export const name = 'ffi-rs';

export async function open(library) {
  const { DataType, define, open: load } = await import('ffi-rs');
  const { version } = createRequire(import.meta.url)('ffi-rs/package.json');
  const type = {
    void: DataType.Void,
    i32: DataType.I32,
    i64: DataType.I64,
    usize: DataType.U64,
    ptr: DataType.U64, // its own pointer type takes no number
    f64: DataType.Double,
    CString: DataType.String,
  };
  load({ library: 'target', path: library });
  const bind = ({ symbol, types, given }, { doubles }) => {
    const buffers = given.includes('doubles');
    const paramsType = buffers ? [DataType.U8Array] : types.args.map((arg) => type[arg]);
    const f = define({ [symbol]: { library: 'target', retType: type[types.returns], paramsType } })[symbol];
    // Of the typed arrays it takes Buffers alone.
    return buffers
      ? { f, helper: Buffer.from(doubles.buffer), invoke: () => 'f([helper])' }
      : { f, invoke: (args) => `f([${args}])` };
  };
  return { version, bind };
}
