// What the compiler infers from the definitions of libraries. Checked by `tsc`, never run.
import {
  CFunction,
  dlopen,
  FFIError,
  FFIType,
  JSCallback,
  type DataSymbol,
  type Definitions,
  type FunctionDefinition,
  type FunctionLike,
  type Library,
  type NativeFunction,
  type PointerDefinition,
  type PointerLike,
  type TextLike,
} from 'arkffi';
import { assert, some, type Equal } from './equal';

const library = dlopen('m', {
  nothing: {},
  cos: { args: [FFIType.double], returns: FFIType.double },
  letters: { args: ['i', 'd', 's', 'p', 'k', 'b', 'l'], returns: 'l' },
  aliases: { args: ['int32_t', 'uchar', 'short', 'longlong', 'size_t'], returns: 'usize' },
  wide: { args: ['bigint64', 'biguint64', 'i64_fast', 'u64_fast'], returns: 'bigint64' },
  fast: { returns: 'u64_fast' },
  strlen: { args: ['CString'], returns: 'size_t' },
  getenv: { args: ['cstring'], returns: 'CString' },
  wcs: { args: ['wstring', 'string16', 'string32'], returns: 'wstring' },
  address: { args: ['ptr', 'buffer', 'callback'], returns: 'pointer' },
  pointerToCode: { returns: 'callback' },
  flag: { args: ['bool'], returns: 'bool' },
  explicitVoid: { args: ['u8'], returns: 'void' },
  env: { args: ['napi_env', 'napi_value', 'i32'], returns: 'napi_value' },
  envLast: { args: ['i32', 'napi_env'] },
  printf: { args: ['CString', '...'], returns: 'int' },
  onlyVariadic: { args: ['...'] },
  maybe: { args: ['i32'], returns: 'i32', optional: true },
  surely: { args: ['i32'], returns: 'i32', optional: false },
  renamed: { symbol: 'other', version: 'V_1', args: ['f32'], returns: 'f32' },
  counter: { type: 'i32' },
  big: { type: 'u64' },
  text: { type: 'CString' },
  pointer: { type: 'ptr' },
  maybeData: { type: 'bool', optional: true },
});
const { symbols } = library;

type Parameters_<F> = F extends (...args: infer A) => unknown ? A : never;
type Result_<F> = F extends (...args: never[]) => infer R ? R : never;

type F = typeof symbols;
assert<Equal<Parameters_<F['nothing']>, []>>();
assert<Equal<Result_<F['nothing']>, void>>();
assert<Equal<Parameters_<F['cos']>, [number]>>();
assert<Equal<Result_<F['cos']>, number>>();
assert<
  Equal<
    Parameters_<F['letters']>,
    [number, number, TextLike, PointerLike, FunctionLike, boolean | 0 | 1, number | bigint]
  >
>();
assert<Equal<Result_<F['letters']>, number | bigint>>();
assert<Equal<Parameters_<F['aliases']>, [number, number, number, number | bigint, number | bigint]>>();
assert<Equal<Result_<F['aliases']>, number | bigint>>();
assert<Equal<Parameters_<F['wide']>, [number | bigint, number | bigint, number | bigint, number | bigint]>>();
assert<Equal<Result_<F['wide']>, bigint>>();
assert<Equal<Result_<F['fast']>, number>>();
assert<Equal<Result_<F['strlen']>, number | bigint>>();
assert<Equal<Result_<F['getenv']>, string | null>>();
assert<Equal<Parameters_<F['wcs']>, [TextLike, TextLike, TextLike]>>();
assert<Equal<Result_<F['wcs']>, string | null>>();
assert<Equal<Parameters_<F['address']>, [PointerLike, PointerLike, FunctionLike]>>();
assert<Equal<Result_<F['address']>, number>>();
assert<Equal<Result_<F['pointerToCode']>, number>>();
assert<Equal<Result_<F['flag']>, boolean>>();
assert<Equal<Result_<F['explicitVoid']>, void>>();
assert<Equal<Parameters_<F['env']>, [unknown, number]>>();
assert<Equal<Result_<F['env']>, unknown>>();
assert<Equal<Parameters_<F['envLast']>, [number]>>();
assert<Equal<F['renamed']['ptr'], number>>();
assert<Equal<Result_<F['surely']>, number>>();
assert<Equal<F['counter'], DataSymbol<'i32'>>>();
assert<Equal<F['counter']['value'], number>>();
assert<Equal<F['big']['value'], number | bigint>>();
assert<Equal<F['text']['value'], string | null>>();
assert<Equal<F['maybeData'], DataSymbol<'bool'> | null>>();
assert<Equal<null extends F['maybe'] ? true : false, true>>();
assert<Equal<null extends F['surely'] ? true : false, false>>();
assert<Equal<typeof library.handle, bigint>>();
assert<Equal<typeof library.deep, boolean>>();
assert<Equal<typeof library.path, string>>();

symbols.letters(1, 0.5, 'text', null, symbols.cos, 1, 2n);
symbols.printf(
  '%d %s %f',
  ['int', 1],
  ['CString', 'text'],
  ['double', 0.5],
  ['i64', 2n],
  ['p', new Uint8Array(8)],
);
symbols.onlyVariadic();
symbols.maybe?.(1);
symbols.env({ any: 'value' }, 1);
symbols.address(new Uint8Array(8), symbols.counter, symbols.cos);
symbols.strlen(some<string | null>());
symbols.strlen(Buffer.from('text'));
symbols.counter.value = 1;
symbols.text.value = null;
symbols.pointer.value = symbols.cos;
const closesAtTheEnd: Disposable = library;
void closesAtTheEnd;

// @ts-expect-error too few arguments
symbols.cos();
// @ts-expect-error too many arguments
symbols.cos(1, 2);
// @ts-expect-error a string for a number
symbols.cos('1');
// @ts-expect-error a bigint for a narrow type
symbols.explicitVoid(1n);
// @ts-expect-error null for a number
symbols.cos(null);
// @ts-expect-error a number beyond 0 and 1 for a bool
symbols.flag(2);
// @ts-expect-error a string for a pointer
symbols.address('text', null, null);
// @ts-expect-error a JavaScript function for a C function
symbols.address(null, null, () => 1);
// @ts-expect-error an optional symbol may be null
symbols.maybe(1);
// @ts-expect-error optional data may be null
void symbols.maybeData.value;
// @ts-expect-error napi_env is filled in, not passed
symbols.env({}, {}, 1);
// @ts-expect-error a variadic argument is [type, value]
symbols.printf('%d', 1);
// @ts-expect-error the value does not belong to the type
symbols.printf('%d', ['int', 'text']);
// @ts-expect-error no such type
symbols.printf('%d', ['integer', 1]);
// @ts-expect-error napi_env is no variadic argument
symbols.printf('%d', ['napi_env', 1]);
// @ts-expect-error no such symbol
void symbols.missing;
// @ts-expect-error symbols are fixed
symbols.cos = symbols.cos;
// @ts-expect-error a string for an int variable
symbols.counter.value = 'text';
// @ts-expect-error an address is not assigned to
symbols.counter.ptr = 1;
// @ts-expect-error void is no argument
dlopen('m', { f: { args: ['void'] } });
// @ts-expect-error no such type
dlopen('m', { f: { args: ['integer'] } });
// @ts-expect-error no such result type
dlopen('m', { f: { returns: 'integer' } });
// @ts-expect-error napi_env is no result
dlopen('m', { f: { returns: 'napi_env' } });
// @ts-expect-error args are an array
dlopen('m', { f: { args: 'ii' } });
// @ts-expect-error a variable of type void
dlopen('m', { f: { type: 'void' } });
// @ts-expect-error a path is a string, a URL or null
dlopen(42);
// @ts-expect-error no such option
dlopen('m', {}, { lasy: true });
// @ts-expect-error deep is a boolean or 'auto'
dlopen('m', {}, { deep: 'always' });

// What `throws` gets is known to whoever writes it.
dlopen('m', { f: { returns: 'double', throws: (result) => result === Infinity } });
dlopen('m', { f: { returns: 'CString', throws: (result: string | null) => result?.length === 0 } });
// @ts-expect-error it tells yes or no
dlopen('m', { f: { returns: 'double', throws: () => 'yes' } });

// Definitions kept apart, and those of which nothing is known.
export const defs = { abs: { args: ['int'], returns: 'int' } } as const;
assert<Equal<Parameters_<ReturnType<typeof dlopen<typeof defs>>['symbols']['abs']>, [number]>>();
assert<Equal<keyof ReturnType<typeof dlopen>['symbols'], string>>();
assert<Equal<keyof ReturnType<typeof bare>['symbols'], never>>();
export function bare() {
  return dlopen(null);
}
assert<Equal<keyof ReturnType<typeof optioned>['symbols'], never>>();
export function optioned() {
  return dlopen(null, undefined, { lazy: true });
}

// Definitions of which the compiler sees only that they are some.
export const loose = dlopen('m', some<Record<string, FunctionDefinition>>());
export const anyFunction: NativeFunction<FunctionDefinition> = symbols.cos;
export const anyLibrary: Library<Definitions> = library;
export const anyCallback: JSCallback = new JSCallback((x: number) => x, { args: ['int'], returns: 'int' });
assert<Equal<ReturnType<typeof called>, unknown>>();
export function called() {
  anyCallback.call(1);
  return loose.symbols['one']?.(1, 'two') ?? anyFunction(1) ?? CFunction(some<PointerDefinition>())(1);
}
export const problem = new FFIError('ERR_FFI_CLOSED', 'closed', { cause: 1 });
// @ts-expect-error no such code
export const strange = new FFIError('ERR_OTHER', 'other');
