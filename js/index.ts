/** The public exports. Their types stand in `index.d.ts`. */
export { c, cdef } from './cdef/cdef';
export { AsyncCFunction, CFunction, linkSymbols } from './cfunction';
export { array, bits, enumeration, fn, opaque, pointer } from './composite/types';

export { setPoolSize } from './call/background';
export { setLeafCalls } from './call/leaf';
export { disposable } from './code';
export { CString } from './cstring';
export { FFIError } from './errors';
export { errno, lastError } from './failure';
export { FFIType } from './generated/types';
export { JSCallback } from './jscallback';
export { dlopen, suffix } from './library';
export { read, write } from './memory/access';
export { Arena } from './memory/arena';
export { calloc, free, malloc, realloc, strdup, strndup } from './memory/blocks';
export { copy, ptr, readMemory } from './memory/bytes';
export { toArrayBuffer, toBuffer } from './memory/buffers';
export { addFinalizer, own } from './memory/ends';
export { setAllocator, setMemoryLimit } from './memory/foreign';
export { sharedAlloc } from './memory/shared';
export { leaks } from './memory/track';
export {
  dumpMemoryUsage,
  getDumpFlags,
  getGCThreshold,
  isLive,
  memoryUsage,
  runGC,
  setDumpFlags,
  setGCThreshold,
  setMaxStackSize,
  trackAllocations,
} from './memory/usage';
export { OpaquePointer } from './opaque';
export { ffi } from './raw';
export { ref } from './ref';
export { releasePtr } from './release';
export { offsetof, Struct, StructSchema, Union, UnionSchema } from './schema/schema';
export { trace } from './trace';
export { alignof, sizeof } from './types';
