// quickjs.h, said to arkffi: its structs, its constants and the functions that the example uses.
import { dlopen, Struct, Union } from 'arkffi';
import { build } from './build.mjs';

/** A value of the script: 16 bytes, by value everywhere. (Where pointers have 4 bytes it is another type.) */
export const JSValue = Struct({
  u: Union({ int32: 'int32', float64: 'double', ptr: 'ptr' }),
  tag: 'int64',
});

/** What is in `u`. Values of the negative tags are counted by reference. */
export const TAG = {
  BIG_INT: -9,
  STRING: -7,
  STRING_ROPE: -6,
  OBJECT: -1,
  INT: 0,
  BOOL: 1,
  NULL: 2,
  UNDEFINED: 3,
  EXCEPTION: 6,
  SHORT_BIG_INT: 7,
  FLOAT64: 8,
};

export const JS_DUMP_LEAKS = 0x4000;
export const JS_DUMP_ATOM_LEAKS = 0x8000;
export const JS_DUMP_MEM = 0x10000;

const counters = [
  ...['malloc_size', 'malloc_limit', 'memory_used_size', 'malloc_count', 'memory_used_count'],
  ...['atom_count', 'atom_size', 'str_count', 'str_size', 'obj_count', 'obj_size', 'prop_count', 'prop_size'],
  ...['shape_count', 'shape_size', 'js_func_count', 'js_func_size', 'js_func_code_size'],
  ...['js_func_pc2line_count', 'js_func_pc2line_size', 'c_func_count', 'array_count'],
  ...['fast_array_count', 'fast_array_elements', 'binary_object_count', 'binary_object_size'],
];
export const JSMemoryUsage = Struct(Object.fromEntries(counters.map((name) => [name, 'int64'])));

export const JSMallocFunctions = Struct({
  js_calloc: 'callback',
  js_malloc: 'callback',
  js_free: 'callback',
  js_realloc: 'callback',
  js_malloc_usable_size: 'callback',
});

export const JSSharedArrayBufferFunctions = Struct({
  sab_alloc: 'callback',
  sab_free: 'callback',
  sab_dup: 'callback',
  sab_opaque: 'ptr',
});

/** JSCFunction: what a script calls. The arguments are an array of values, in the memory of the engine. */
export const JSCFunction = { args: ['ptr', JSValue, 'int', 'ptr'], returns: JSValue.object };
export const JSRuntimeFinalizer = { args: ['ptr', 'ptr'] };

const value = JSValue.object;

export const library = dlopen(build(), {
  JS_GetVersion: { returns: 'CString' },
  JS_NewRuntime: { returns: 'ptr' },
  JS_NewRuntime2: { args: ['ptr', 'ptr'], returns: 'ptr' },
  JS_FreeRuntime: { args: ['ptr'] },
  JS_GetRuntimeOpaque: { args: ['ptr'], returns: 'ptr' },
  JS_SetRuntimeOpaque: { args: ['ptr', 'ptr'] },
  JS_AddRuntimeFinalizer: { args: ['ptr', 'callback', 'ptr'], returns: 'int' },
  JS_SetMemoryLimit: { args: ['ptr', 'size_t'] },
  JS_SetMaxStackSize: { args: ['ptr', 'size_t'] },
  JS_UpdateStackTop: { args: ['ptr'] },
  JS_SetGCThreshold: { args: ['ptr', 'size_t'] },
  JS_GetGCThreshold: { args: ['ptr'], returns: 'size_t' },
  JS_RunGC: { args: ['ptr'] },
  JS_IsLiveObject: { args: ['ptr', JSValue], returns: 'bool' },
  JS_ComputeMemoryUsage: { args: ['ptr', 'ptr'] },
  JS_DumpMemoryUsage: { args: ['ptr', 'ptr', 'ptr'] },
  JS_SetDumpFlags: { args: ['ptr', 'uint64'] },
  JS_GetDumpFlags: { args: ['ptr'], returns: 'uint64' },
  JS_SetSharedArrayBufferFunctions: { args: ['ptr', 'ptr'] },
  js_malloc_rt: { args: ['ptr', 'size_t'], returns: 'ptr' },
  js_mallocz_rt: { args: ['ptr', 'size_t'], returns: 'ptr' },
  js_calloc_rt: { args: ['ptr', 'size_t', 'size_t'], returns: 'ptr' },
  js_realloc_rt: { args: ['ptr', 'ptr', 'size_t'], returns: 'ptr' },
  js_free_rt: { args: ['ptr', 'ptr'] },
  js_strdup: { args: ['ptr', 'CString'], returns: 'ptr' },
  js_strndup: { args: ['ptr', 'CString', 'size_t'], returns: 'ptr' },
  js_free: { args: ['ptr', 'ptr'] },
  JS_NewContext: { args: ['ptr'], returns: 'ptr' },
  JS_FreeContext: { args: ['ptr'] },
  JS_Eval: { args: ['ptr', 'CString', 'size_t', 'CString', 'int'], returns: value },
  JS_GetException: { args: ['ptr'], returns: value },
  JS_ThrowPlainError: { args: ['ptr', 'CString', '...'], returns: value },
  JS_FreeValue: { args: ['ptr', JSValue] },
  JS_NewObject: { args: ['ptr'], returns: value },
  JS_NewStringLen: { args: ['ptr', 'CString', 'size_t'], returns: value },
  JS_NewBigInt64: { args: ['ptr', 'int64'], returns: value },
  JS_NewAtom: { args: ['ptr', 'CString'], returns: 'uint32' },
  JS_ToCStringLen2: { args: ['ptr', 'ptr', JSValue, 'bool'], returns: 'ptr' },
  JS_FreeCString: { args: ['ptr', 'ptr'] },
  JS_ParseJSON: { args: ['ptr', 'CString', 'size_t', 'CString'], returns: value },
  JS_JSONStringify: { args: ['ptr', JSValue, JSValue, JSValue], returns: value },
  JS_GetGlobalObject: { args: ['ptr'], returns: value },
  JS_SetPropertyStr: { args: ['ptr', JSValue, 'CString', JSValue], returns: 'int' },
  JS_NewCFunction2: { args: ['ptr', 'callback', 'CString', 'int', 'int', 'int'], returns: value },
  JS_GetArrayBuffer: { args: ['ptr', 'ptr', JSValue], returns: 'ptr' },
});
export const quickjs = library.symbols;
