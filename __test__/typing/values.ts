// What the compiler infers for functions by address, refs, memory and the raw bridge. Checked by `tsc`, never run.
import {
  alignof,
  array,
  CFunction,
  copy,
  CString,
  disposable,
  dlopen,
  ffi,
  FFIError,
  FFIType,
  fn,
  free,
  linkSymbols,
  malloc,
  pointer,
  ptr,
  read,
  readMemory,
  ref,
  sizeof,
  Struct,
  suffix,
  toArrayBuffer,
  toBuffer,
  Union,
  write,
  type CallPath,
  type ErrorCode,
  type Infer,
  type Ref,
} from 'arkffi';
import { assert, some, type Equal } from './equal';

const add = CFunction({ args: ['i32', 'f64'], returns: 'i64', ptr: 4096 });
assert<Equal<Parameters<typeof add>, [number, number]>>();
assert<Equal<ReturnType<typeof add>, number | bigint>>();
assert<Equal<typeof add.ptr, number>>();
assert<Equal<typeof add.path, CallPath>>();
assert<Equal<ReturnType<typeof add.close>, void>>();
assert<Equal<ReturnType<ReturnType<typeof voidFunction>>, void>>();
export function voidFunction() {
  return CFunction({ ptr: add });
}
const disposableFunction: Disposable = add;
void disposableFunction;
// @ts-expect-error ptr is needed
CFunction({ args: [] });
// @ts-expect-error a string is no address
CFunction({ ptr: 'cos' });
// @ts-expect-error a buffer is no function
CFunction({ ptr: new Uint8Array(8) });
// @ts-expect-error wrong argument
add('1', 2);

const linked = linkSymbols({
  one: { args: ['CString'], returns: 'CString', ptr: 1n },
  two: { ptr: add },
  three: { args: ['napi_env', 'bool'], returns: 'bool', ptr: { ptr: 4096 } },
});
assert<Equal<ReturnType<typeof linked.symbols.one>, string | null>>();
assert<Equal<Parameters<typeof linked.symbols.two>, []>>();
assert<Equal<Parameters<typeof linked.symbols.three>, [boolean | 0 | 1]>>();
linked.symbols.one.close();
// @ts-expect-error no such symbol
void linked.symbols.four;
// @ts-expect-error each needs a ptr
linkSymbols({ one: { args: [] } });

const spelled = dlopen(null, { strdup: { args: [CString], returns: CString } });
assert<Equal<ReturnType<typeof spelled.symbols.strdup>, string | null>>();
spelled.symbols.strdup('text');
// @ts-expect-error a number is no text, but a pointer; an object is neither
spelled.symbols.strdup({});
const freed = dlopen(null, { strdup: { args: ['CString'], returns: disposable('CString', add) } });
assert<Equal<ReturnType<typeof freed.symbols.strdup>, string | null>>();
// @ts-expect-error only strings are disposed of
disposable('ptr', add);
// @ts-expect-error the deallocator is an address or a C function
disposable('CString', 'free');

assert<Equal<typeof FFIType.int32, 'i32'>>();
assert<Equal<typeof FFIType.u8, 'u8'>>();
assert<Equal<typeof FFIType.double, 'f64'>>();
assert<Equal<typeof FFIType.cstring, 'CString'>>();
assert<Equal<typeof FFIType.pointer, 'ptr'>>();
// @ts-expect-error no such type
void FFIType.integer;

assert<Equal<ReturnType<typeof int>, Ref<'i32'>>>();
export function int() {
  return ref('i32', 1);
}
export const [number, big, exact, text, flag, address] = [
  ref('i32'),
  ref('i64', 2n),
  ref('bigint64', 1n),
  ref('CString'),
  ref('bool', true),
  ref('ptr', null),
];
assert<Equal<typeof number.value, number>>();
assert<Equal<typeof big.value, number | bigint>>();
assert<Equal<typeof exact.value, bigint>>();
assert<Equal<typeof text.value, string | null>>();
assert<Equal<typeof flag.value, boolean>>();
assert<Equal<typeof address.value, number>>();
flag.value = 1;
address.value = new ArrayBuffer(8);
text.value = 4096;
// @ts-expect-error the initial value does not belong to the type
ref('i32', 'one');
// @ts-expect-error void does not stand in memory
ref('void');
// @ts-expect-error napi_value does not stand in memory
ref('napi_value');
// @ts-expect-error a string for a number
number.value = '1';

assert<Equal<ReturnType<typeof read.i32>, number>>();
assert<Equal<ReturnType<typeof read.u64>, number | bigint>>();
assert<Equal<ReturnType<typeof read.bool>, boolean>>();
assert<Equal<ReturnType<typeof read.cstring>, string>>();
assert<Equal<ReturnType<typeof read.ptr>, number>>();
write.ptr(malloc(8), 0, add);
write.bool(new Uint8Array(1), 0, 1);
write.u64(0n, 0, 1n);
// @ts-expect-error the value does not belong to the type
write.i32(0, 0, 1n);
// @ts-expect-error the offset is needed
write.i32(0, 1);
// @ts-expect-error a string is no memory
read.i32('text');
// @ts-expect-error no such type
read.i128(0);

assert<Equal<ReturnType<typeof sizeof>, number>>();
assert<Equal<ReturnType<typeof alignof>, number>>();
// @ts-expect-error void has no size
sizeof('void');
assert<Equal<typeof suffix, 'so' | 'dylib' | 'dll'>>();
assert<Equal<ReturnType<typeof ptr>, number>>();
// @ts-expect-error a number is no buffer
ptr(4096);
assert<Equal<ReturnType<typeof readMemory>, ArrayBuffer>>();
assert<Equal<ReturnType<typeof toArrayBuffer>, ArrayBuffer>>();
assert<Equal<ReturnType<typeof toBuffer>, Buffer<ArrayBuffer>>>();
toBuffer(malloc(8), undefined, 8, add);
copy(new SharedArrayBuffer(8), new DataView(new ArrayBuffer(8)), 8);
free(null);

const string = new CString(4096, 0, 3);
assert<Equal<typeof string.arrayBuffer, ArrayBuffer>>();
assert<Equal<typeof string.length, number>>();
freed.symbols.strdup(string);

const handle = ffi.load('m');
assert<Equal<typeof handle, bigint>>();
assert<Equal<ReturnType<typeof ffi.callString>, string>>();
assert<Equal<ReturnType<typeof ffi.callMixed>, unknown>>();
assert<Equal<ReturnType<typeof ffi.getSymbolPtr>, number>>();
ffi.defineFunction(handle, 'cos', ['double'], 'd');
ffi.callBySig(handle, 'cos', [1], []);
ffi.callPtr(add, 'ii', 'i', [1, 2n, new Uint8Array(1)], ['text', null]);
// @ts-expect-error a handle is a bigint
ffi.close(1);
// @ts-expect-error no such type
ffi.defineFunction(handle, 'cos', ['integer'], 'd');

const error = some<FFIError>();
assert<Equal<typeof error.code, ErrorCode>>();
const isError: Error = error;
void isError;

// The class stands for the type's name in memory too.
const Named = Struct({ name: CString, others: array(CString, 2) });
Named.create({ name: 'text', others: [null] });
assert<Equal<Infer<typeof Named>, { name: number; others: number[] }>>();
const texts = dlopen(null, { text: { type: CString }, print: { args: [CString, '...'], returns: 'int' } });
assert<Equal<typeof texts.symbols.text.value, string | null>>();
assert<Equal<ReturnType<typeof textRef>, string | null>>();
export function textRef() {
  return ref(CString).value;
}
texts.symbols.print('%s', [CString, 'text']);
export const textUnion = Union({ text: CString, number: 'int' }).create({ text: 'text' });
export const [textSize, textPointer] = [sizeof(CString) + alignof(CString), pointer(CString)];
export const textFunction = fn({ args: [CString], returns: CString });
// @ts-expect-error a boolean is no text
Named.create({ name: true });
