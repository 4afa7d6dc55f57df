// What the compiler infers for callbacks, function arguments, background calls and errors. Checked by `tsc`, never run.
import {
  AsyncCFunction,
  dlopen,
  enumeration,
  errno,
  ffi,
  fn,
  FFIType,
  JSCallback,
  opaque,
  pointer,
  setPoolSize,
  Struct,
  Union,
  type CallbackDefinition,
  type CallbackFunction,
  type FunctionDefinition,
  type OpaquePointer,
  type WithErrno,
} from 'arkffi';
import { assert, some, type Equal } from './equal';

const Point = Struct({ x: 'f64', y: 'f64' });
const Either = Union({ whole: 'i32', real: 'f32' });
const File = opaque('File');
const Color = enumeration({ red: 1, green: 2 });

// The function's parameters come from the definition, in literals and without `as const`.
type Scalars = [number, number | bigint, number, bigint, number, boolean, string | null, number, number];
const all = new JSCallback(
  (...args) => {
    assert<Equal<typeof args, Scalars>>();
    return args.length;
  },
  {
    args: ['i8', FFIType.i64, 'u64_fast', 'biguint64', 'float', 'b', 'CString', 'p', 'callback'],
    returns: 'int',
  },
);
assert<Equal<ReturnType<typeof all.call>, number>>();
assert<Equal<Parameters<typeof all.call>[1], number | bigint>>();
assert<Equal<typeof all.ptr, number>>();
assert<Equal<typeof all.threadsafe, boolean>>();
assert<Equal<ReturnType<typeof all.getHandle>, bigint>>();
const disposableCallback: Disposable = all;
void disposableCallback;
// @ts-expect-error the address stays what it is
all.ptr = 1;

const composite = new JSCallback(
  (point, ...args) => {
    assert<Equal<typeof point, { x: number; y: number }>>();
    assert<Equal<(typeof args)[0], { x: number; y: number }>>();
    assert<Equal<(typeof args)[1]['whole'], number>>();
    assert<Equal<(typeof args)[2], OpaquePointer<'File'> | null>>();
    assert<Equal<(typeof args)[3], number>>();
    assert<Equal<(typeof args)[4], number>>();
    return args.length === 5 ? point : {};
  },
  { args: [Point, Point.object, Either, File, Color, pointer('i32')], returns: Point },
);
composite.call({ x: 1 }, Point.create(), { real: 1 }, null, 'red', Int32Array.of(1));
// @ts-expect-error no such name
composite.call({ x: 1 }, {}, { real: 1 }, null, 'blue', 0);
// @ts-expect-error no such field
composite.call({ z: 1 }, {}, { real: 1 }, null, 'red', 0);

// Results: what an argument of the type accepts.
new JSCallback(() => 'text', { returns: 'CString' });
new JSCallback(() => null, { returns: 'CString' });
new JSCallback(() => Buffer.alloc(4), { returns: 'ptr' });
new JSCallback(() => 1n, { returns: 'i64' });
new JSCallback(() => true, { returns: 'bool' });
new JSCallback(() => 'green' as const, { returns: Color });
new JSCallback(() => ({ x: 1 }), { returns: Point });
new JSCallback(() => Point.create(), { returns: Point.object });
new JSCallback(() => all, { returns: 'callback' });
// @ts-expect-error a string is no number
new JSCallback(() => 'text', { returns: 'i32' });
// @ts-expect-error nothing is no number
new JSCallback(() => {}, { returns: 'i32' });
// @ts-expect-error a Promise cannot be waited for
new JSCallback(async () => 1, { returns: 'i32' });
// @ts-expect-error no such field
new JSCallback(() => ({ z: 1 }), { returns: Point });
// @ts-expect-error more parameters than C passes
new JSCallback((one: number, two: number) => one + two, { args: ['i32'], returns: 'i32' });
// @ts-expect-error C passes a number
new JSCallback((text: string) => text.length, { args: ['i32'], returns: 'i32' });

// Where C expects nothing, anything may be returned; fewer parameters are fine.
new JSCallback(() => 'ignored');
new JSCallback(async () => {}, { returns: 'void' });
new JSCallback(() => 1, { args: ['i32', 'i32'], returns: 'i32' });
const nothing = new JSCallback(() => 1, { args: [] });
assert<Equal<ReturnType<typeof nothing.call>, void>>();
nothing.call();

new JSCallback(() => 1, { threadsafe: true, onError: (error: unknown) => void error });
new JSCallback(() => 1, {
  returns: 'i32',
  onError: (error) => {
    assert<Equal<typeof error, unknown>>();
    return error === undefined ? 1 : 0;
  },
});
new JSCallback(() => ({ x: 1 }), { returns: Point, onError: { x: 2 } });
// @ts-expect-error threadsafe is a boolean
new JSCallback(() => 1, { threadsafe: 1 });
// @ts-expect-error no such type
new JSCallback(() => 1, { args: ['in32'] });
// @ts-expect-error a callback is not variadic
new JSCallback(() => 1, { args: ['i32', '...'] });
// @ts-expect-error for calls of C alone
new JSCallback(() => 1, { args: ['napi_value'] });
// @ts-expect-error nothing would close the callback of a plain function
new JSCallback(() => () => 1, { returns: fn({ returns: 'i32' }) });
// @ts-expect-error void is no argument
new JSCallback(() => 1, { args: ['void'] });
// @ts-expect-error a function is needed
new JSCallback({ args: [] });
// @ts-expect-error no such property
new JSCallback(() => 1, { argz: [] });

const compare = { args: ['ptr', 'ptr'], returns: 'int' } as const satisfies CallbackDefinition;
assert<Equal<CallbackFunction<typeof compare>, (...args: [number, number]) => number>>();
const general: JSCallback = some<JSCallback>();
assert<Equal<ReturnType<typeof general.getHandle>, bigint>>();
assert<Equal<ReturnType<typeof general.call>, unknown>>();
general.call(1, 'text');
general.close();

// Of a definition that the compiler does not know, nothing is checked; without one, C passes nothing.
const unknownDefinition: CallbackDefinition = { args: ['i32', 'CString'], returns: 'i32' };
new JSCallback((one: number, text: string) => one + text.length, unknownDefinition).call(1, 'text');
new JSCallback(() => {}, undefined).call();
// @ts-expect-error no definition
new JSCallback((one: number) => one);
const unknownFunction: FunctionDefinition = { args: ['i32'], returns: 'i32' };
const { abs } = dlopen(null, { abs: unknownFunction }).symbols;
assert<Equal<ReturnType<typeof abs>, unknown>>();
abs(-1);
void abs.async(-1);

// Functions as arguments.
const Compare = fn(compare);
const library = dlopen(null, {
  qsort: { args: ['ptr', 'size_t', 'size_t', Compare] },
  signal: { args: ['int', 'callback'], returns: 'ptr' },
  open: { args: ['CString', 'int'], returns: 'int', throws: 'negative' },
  getenv: { args: ['CString'], returns: 'CString', throws: 'null', pump: true },
  sleep: { args: ['uint'], returns: 'uint' },
  div: { args: ['int', 'int'], returns: Point.object, throws: (result: { x: number }) => result.x > 0 },
  exit: {},
});
const { qsort, signal, sleep } = library.symbols;
qsort(Int32Array.of(1), 1, 4, (left, right) => {
  assert<Equal<typeof left, number>>();
  return left - right;
});
qsort(0, 1, 4, new JSCallback((left, right) => left - right, compare));
qsort(0, 1, 4, null);
qsort(0, 1, 4, sleep);
// @ts-expect-error the function's result
qsort(0, 1, 4, () => 'text');
// @ts-expect-error a string is no function
qsort(0, 1, 4, 'compare');
signal(1, all);
// @ts-expect-error a type without a signature takes no functions
signal(1, () => 1);

// Results are those of the type, whatever `throws` says.
assert<Equal<ReturnType<typeof library.symbols.open>, number>>();
assert<Equal<ReturnType<typeof library.symbols.getenv>, string | null>>();
// @ts-expect-error no such word
dlopen(null, { open: { throws: 'zero' } });

// Background calls.
assert<Equal<ReturnType<typeof sleep.async>, Promise<number>>>();
assert<Equal<Parameters<typeof sleep.async>, [number]>>();
assert<Equal<ReturnType<typeof library.symbols.getenv.async>, Promise<string | null>>>();
assert<Equal<ReturnType<typeof library.symbols.div.async>, Promise<{ x: number; y: number }>>>();
assert<Equal<ReturnType<typeof library.symbols.exit.async>, Promise<void>>>();
const { signal: abort } = new AbortController();
const withErrno = sleep.async.with({ errno: true, signal: abort })(1);
assert<Equal<Awaited<typeof withErrno>, WithErrno<number>>>();
void withErrno.then(({ value, errno: left }) => [value.toFixed(), left.toFixed()]);
const sleeping = sleep.async.with({})(1);
assert<Equal<typeof sleeping, Promise<number>>>();
void sleeping;
const perhaps = sleep.async.with({ errno: some<boolean>() })(1);
assert<Equal<typeof perhaps, Promise<number | WithErrno<number>>>>();
void perhaps;
void sleep.async.with({ signal: abort })(1);
// @ts-expect-error wrong argument
void sleep.async('1');
// @ts-expect-error no such option
sleep.async.with({ timeout: 1 });
// @ts-expect-error a signal is needed
sleep.async.with({ signal: true });

const later = AsyncCFunction({ args: ['i32', Compare], returns: 'i64', ptr: 4096 });
assert<Equal<ReturnType<typeof later>, Promise<number | bigint>>>();
void later(1, () => 0);

assert<Equal<ReturnType<typeof errno>, number>>();
errno(2);
// @ts-expect-error a number
errno('2');
setPoolSize(8);
// @ts-expect-error a number
setPoolSize('8');

const handle = ffi.createCallback(() => 1, 'ii', 'i', true);
assert<Equal<typeof handle, bigint>>();
ffi.destroyCallback(handle);
assert<Equal<ReturnType<typeof ffi.getCallbackPtr>, number>>();
assert<Equal<ReturnType<typeof ffi.getCallbackThreadsafe>, boolean>>();
assert<Equal<ReturnType<typeof ffi.invokeCallback>, unknown>>();
assert<Equal<ReturnType<typeof ffi.callCallbackThreadSafe>, Promise<unknown>>>();
// @ts-expect-error a handle is a bigint
ffi.destroyCallback(1);

// Functions among variadic arguments.
const printed = dlopen(null, { printf: { args: ['CString', '...'], returns: 'int' } });
printed.symbols.printf('%p', [Compare, (left: number, right: number) => left - right]);

// The signature of an fn type.
const ofType = new JSCallback((left, right) => left - right, Compare);
ofType.close();
assert<Equal<ReturnType<typeof ofType.call>, number>>();
// @ts-expect-error a number is given back
new JSCallback(() => 'text', Compare);
