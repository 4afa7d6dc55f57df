import { createRequire } from 'node:module';
import { structs } from '../cases/inputs.mjs';

export const name = 'ffi-rs';

/** What it does by other means than calls and values, which are not compared here. */
function lacks({ callback, read, grows }) {
  if (grows !== undefined) return 'crashes on structs of 16 doubles';
  if (read !== undefined) return 'reads through pointers of its own alone';
  if (callback !== undefined) return 'C gets no results of callbacks on the thread of JavaScript';
  return undefined;
}

const scalars = {
  void: 'Void',
  i32: 'I32',
  u8: 'U8',
  u32: 'U32',
  f32: 'Float',
  i64: 'I64',
  usize: 'U64',
  ptr: 'U64', // its own pointer type takes no number
  f64: 'Double',
  CString: 'String',
};

export async function open(library) {
  const { DataType, define, load: call, open: load } = await import('ffi-rs');
  const { version } = createRequire(import.meta.url)('ffi-rs/package.json');
  load({ library: 'target', path: library });
  const typeOf = (type) => {
    if (type in scalars) return DataType[scalars[type]];
    const fields = Object.entries(structs[type]).map(([field, inner]) => [field, typeOf(inner)]);
    return { ...Object.fromEntries(fields), ffiTypeTag: DataType.StackStruct };
  };
  const bind = ({ symbol, types, given }, { doubles }) => {
    const buffers = given.includes('doubles');
    const paramsType = buffers ? [DataType.U8Array] : types.args.map(typeOf);
    const retType = typeOf(types.returns);
    const f = define({ [symbol]: { library: 'target', retType, paramsType } })[symbol];
    // Of the typed arrays it takes Buffers alone.
    return buffers
      ? { f, helper: Buffer.from(doubles.buffer), invoke: () => 'f([helper])' }
      : { f, invoke: (args) => `f([${args}])` };
  };
  const start =
    ({ symbol, types }) =>
    (...paramsValue) =>
      call({
        library: 'target',
        funcName: symbol,
        retType: typeOf(types.returns),
        paramsType: types.args.map(typeOf),
        paramsValue,
        runInNewThread: true,
      });
  return { version, lacks, bind, start };
}
