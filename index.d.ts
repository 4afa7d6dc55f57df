/// <reference lib="esnext.disposable" />

/**
 * arkffi: call C libraries from TypeScript.
 *
 * Sizes and offsets are in bytes. Functions throw errors with a stable `code` (see `docs/errors.md`).
 * Everything here belongs to the thread that imported it: a worker has libraries and functions of its own.
 */
import type {
  ArrayType,
  CompositeType,
  EnumerationType,
  FunctionPointerType,
  Infer,
  InferInput,
  MemoryType,
  ObjectType,
  OpaqueType,
  PointerType,
  ReturnableType,
  Stored,
  StructSchema,
  UnionSchema,
} from './composites';
import type { GeneralDefinition, GeneralSymbol } from './cdef';
import type { ArgumentTypes, FilledIn, ResultTypes } from './types';

export * from './cdef';
export * from './composites';
export * from './ownership';
export { FFIType } from './types';

/** An address: a number from 0 to 2^53-1, or a bigint to 2^64-1. -1 and -1n mean `(void*)-1`. */
export type Pointer = number | bigint;

/** Anything with an address of its own: a CFunction, a library symbol, a `ref`, a CString, an OpaquePointer. */
export interface HasPointer {
  /** The address that is passed. */
  readonly ptr: Pointer;
}

/** What an argument of type `ptr` accepts. A buffer is passed by the address of its bytes and kept alive for the call. */
export type PointerLike = Pointer | null | undefined | ArrayBufferLike | ArrayBufferView | HasPointer;

/** What a string argument accepts. A string is copied for the call; the rest is passed as an address. */
export type TextLike = string | PointerLike;

/** What an argument of type `callback` accepts. */
export type FunctionLike = Pointer | null | undefined | HasPointer;

/** Every spelling of every scalar type: canonical names, aliases and letters. */
export type TypeName = keyof ArgumentTypes;

/** A string result that is handed to a deallocator once it has been copied. Made by `disposable`. */
export interface DisposableType {
  /** The string type. */
  readonly type: object;
  /** The deallocator, as it was given. */
  readonly free: unknown;
}

/** What a type in a definition can be. */
export type Type = Exclude<TypeName, 'void' | 'v'> | CompositeType | typeof CString;

/** What the result of a function can be. */
export type ResultType = Exclude<TypeName, FilledIn> | DisposableType | ReturnableType | typeof CString;

/** The JavaScript value that an argument of that type accepts. */
export type Argument<T> = T extends keyof ArgumentTypes
  ? ArgumentTypes[T]
  : T extends CompositeType<infer Values>
    ? Values['argument']
    : T extends typeof CString
      ? TextLike
      : never;

/** The JavaScript value that a result of that type gives. */
export type Result<T> = T extends keyof ResultTypes
  ? ResultTypes[T]
  : T extends DisposableType
    ? string | null
    : T extends ReturnableType<infer Values>
      ? Values['result']
      : T extends typeof CString
        ? string | null
        : never;

/** A calling convention. Those but `'default'` exist on 32-bit Windows alone. */
export type Abi = 'default' | 'stdcall' | 'fastcall' | 'thiscall';

/** What a C function looks like. */
export interface FunctionType {
  /** The types of the arguments; a last `'...'` makes the function variadic. None by default. Structs go by value. */
  readonly args?: readonly (Type | '...')[];
  /**
   * The type of the result; `'void'` by default. A struct's schema gives the address of memory that is kept
   * until `releasePtr`, its `.object` a plain object.
   */
  readonly returns?: ResultType;
  /** The calling convention, `'default'` by default. One that the platform lacks throws `ERR_FFI_UNSUPPORTED`. */
  readonly abi?: Abi;
  /**
   * The function neither calls back into JavaScript nor blocks: V8 may call it directly. One that calls back all the
   * same gets zero from its callback, and the next call throws `ERR_FFI_CALLBACK`. `errno()` is not kept.
   */
  readonly leaf?: boolean;
  /**
   * The result means failure: below zero, not zero, NULL, or as the function says. The call throws an error
   * like Node's own, with `code` ('ENOENT'), `errno` and `syscall`; `result` is what C returned.
   */
  readonly throws?: 'negative' | 'nonzero' | 'null' | ((result: never) => boolean);
  /**
   * C runs on a helper thread, and this one serves callbacks until it returns: for calls that wait for other
   * threads which call back. Not for libraries that expect always the same thread.
   */
  readonly pump?: boolean;
}

/** How a symbol is found. */
export interface SymbolLocation {
  /** The C name, where it is not the key. */
  readonly symbol?: string;
  /** The version of the symbol, on loaders that have versions. */
  readonly version?: string;
  /** Gives `null` where the library lacks the symbol, instead of an error. */
  readonly optional?: boolean;
}

/** A function of a library. */
export interface FunctionDefinition extends FunctionType, SymbolLocation {}

/** A variable of a library. */
export interface DataDefinition extends SymbolLocation {
  /** The type of the variable. */
  readonly type: MemoryType;
}

/** A symbol of a library: a function, or a variable where it has a `type`. */
export type Definition = FunctionDefinition | DataDefinition;
/** The symbols of a library, by the names that they have in JavaScript. */
export type Definitions = Readonly<Record<string, Definition>>;

/** An extra argument of a variadic function: its type and its value, to which C's default promotions apply. */
export type VariadicArgument =
  | { [T in TypeName]: readonly [T, Argument<T>] }[Exclude<TypeName, FilledIn | 'void' | 'v'>]
  | readonly [typeof CString, TextLike]
  | VariadicComposite<StructSchema>
  | VariadicComposite<UnionSchema>
  | VariadicComposite<ObjectType>
  | VariadicComposite<ArrayType>
  | VariadicComposite<PointerType>
  | readonly [FunctionPointerType, FunctionLike | ((...args: never[]) => unknown)]
  | VariadicComposite<EnumerationType>
  | VariadicComposite<OpaqueType>;

/** Which fields, elements or names the type has is not known here, so that the value is not checked against them. */
type VariadicComposite<T extends CompositeType> = readonly [T, Argument<T>];

type Arguments<Args> = Args extends readonly [infer First, ...infer Rest]
  ? First extends '...'
    ? Rest extends readonly []
      ? VariadicArgument[]
      : never
    : First extends FilledIn
      ? Arguments<Rest>
      : [Argument<First>, ...Arguments<Rest>]
  : Args extends readonly []
    ? []
    : unknown[];

/** The arguments of a function, as a list, by the `args` of its definition; any where the compiler does not see whether there are some. */
type ArgumentsOf<Def> = Def extends { readonly args: infer Args }
  ? Arguments<Args>
  : 'args' extends keyof Def
    ? // eslint-disable-next-line @typescript-eslint/no-explicit-any -- every function must be one of these
      any[]
    : [];
/** The result of a function, by the `returns` of its definition; unknown where the compiler does not see it. */
type ResultOf<Def> = Def extends { readonly returns: infer Returns }
  ? Result<Returns>
  : 'returns' extends keyof Def
    ? unknown
    : void;

/** What a callback receives: a struct as a plain object, an array as its address. */
type CallbackArgument<T> = T extends StructSchema | UnionSchema | ObjectType
  ? Infer<T>
  : T extends ArrayType
    ? number
    : Result<T>;
/** What a callback receives, as a list. */
type CallbackArguments<Args> = Args extends readonly [infer First, ...infer Rest]
  ? [CallbackArgument<First>, ...CallbackArguments<Rest>]
  : Args extends readonly []
    ? []
    : never[];

/** What a callback returns. What it returns where C expects nothing is ignored. */
type CallbackResult<Def> = Def extends { readonly returns: infer Returns }
  ? Returns extends 'void' | 'v'
    ? unknown
    : Returns extends StructSchema | UnionSchema | ObjectType
      ? InferInput<Returns> | ArrayBufferLike | ArrayBufferView
      : Returns extends CompositeType
        ? InferInput<Returns>
        : Argument<Returns>
  : unknown;

/** The JavaScript function behind a callback of the signature `Def`. */
export type CallbackFunction<Def> = (
  ...args: Def extends { readonly args: infer Args }
    ? CallbackArguments<Args>
    : 'args' extends keyof Def
      ? never[]
      : []
) => CallbackResult<Def>;

/** The signature of a callback, and how it behaves. */
export interface CallbackDefinition {
  /** What C passes: none by default. */
  readonly args?: readonly Exclude<Type, FilledIn | 'napi_value'>[];
  /** What C expects: nothing by default. */
  readonly returns?: Exclude<ResultType, FilledIn | 'napi_value' | DisposableType>;
  /** Keeps the event loop alive until `close`: other threads may call at any time. False by default. */
  readonly threadsafe?: boolean;
  /**
   * What C receives when the function throws or its value does not convert, or what makes it of the error.
   * Zero by default. The error surfaces all the same.
   */
  readonly onError?:
    object | string | number | bigint | boolean | null | ((error: unknown) => unknown) | undefined;
}

/**
 * A JavaScript function that C can call, from any thread, until it is closed. It is never collected before.
 *
 * On the thread of JavaScript it runs at once, inside the call of C that called it; from another thread it runs when the
 * event loop gets to it, and the C thread waits for its value. An error surfaces from the call of C that
 * the function was called in; from another thread it is an `uncaughtException`.
 */
export declare class JSCallback<const Def extends CallbackDefinition = CallbackDefinition> {
  /**
   * Makes a function pointer for C. It lives until `close`.
   *
   * @throws `ERR_FFI_INVALID_TYPE` for a wrong definition; `ERR_FFI_UNSUPPORTED` for Node-API types;
   *   `ERR_FFI_OUT_OF_MEMORY` where there is no memory for code
   */
  constructor(fn: CallbackFunction<NoInfer<Def>>, def: Def | undefined);
  /** The same with the signature of an `fn` type. */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- of a union Def would be inferred as the type itself
  constructor(fn: CallbackFunction<NoInfer<Def>>, type: FunctionPointerType<Def>);
  /** Without a definition, a function that takes and gives nothing. */
  constructor(fn: () => unknown);
  /** The address of a C function of exactly that signature. It stays one, inert, when the callback is closed. */
  readonly ptr: number;
  /** Whether it holds the event loop open. */
  readonly threadsafe: boolean;
  /** Calls the function through its pointer, as C does. Throws `ERR_FFI_CLOSED` once it is closed. */
  call(...args: ArgumentsOf<Def>): ResultOf<Def>;
  /** What the raw bridge knows it by. */
  getHandle(): bigint;
  /** Makes the pointer inert: C gets zero from then on. Inside a call of its own, when that ends. May be called again. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** What is needed of an AbortSignal, so that the types work without those of Node.js. */
export interface AbortSignalLike {
  /** Whether it has been aborted. */
  readonly aborted: boolean;
  /** Has the listener be called when it is aborted. */
  addEventListener(type: 'abort', listener: () => void): void;
}

/** How a call in the background is made. */
export interface BackgroundOptions {
  /** Gives the call up if it has not begun: it rejects with an `AbortError`. */
  readonly signal?: AbortSignalLike;
  /** Gives `{ value, errno }`, since `errno()` tells of this thread's calls alone. */
  readonly errno?: boolean;
}

/** The result of a call in the background, and errno after it. */
export interface WithErrno<T> {
  /** What the call returned. */
  readonly value: T;
  /** errno as C has left it on the thread of the call. */
  readonly errno: number;
}

/**
 * Calls a C function on a thread of arkffi's own. The arguments are converted before it returns, and kept
 * until the call is over; every error rejects the promise.
 */
export interface BackgroundFunction<Def> {
  /** Starts a call. It never throws. */
  (...args: ArgumentsOf<Def>): Promise<ResultOf<Def>>;
  /** A function that calls with those options. A wrong option throws `ERR_FFI_INVALID_ARG_TYPE`. */
  with(
    options: BackgroundOptions & { readonly errno: true },
  ): (...args: ArgumentsOf<Def>) => Promise<WithErrno<ResultOf<Def>>>;
  with(
    options: BackgroundOptions & { readonly errno?: false },
  ): (...args: ArgumentsOf<Def>) => Promise<ResultOf<Def>>;
  with(
    options: BackgroundOptions,
  ): (...args: ArgumentsOf<Def>) => Promise<ResultOf<Def> | WithErrno<ResultOf<Def>>>;
}

/** How calls reach C: through the slots, through libffi, or by the engine's fast calls. */
export type CallPath = 'slots' | 'libffi' | 'leaf';

/** A C function as a JavaScript function. */
export interface NativeFunction<Def> {
  /**
   * Calls C on this thread.
   *
   * @throws `ERR_FFI_ARG_COUNT`, `ERR_FFI_INVALID_ARG_TYPE`, `ERR_FFI_OUT_OF_RANGE` before C is called; `ERR_FFI_CLOSED`;
   *   what a callback has thrown, when C has returned; a RangeError where the stack is used up
   */
  (...args: ArgumentsOf<Def>): ResultOf<Def>;
  /** The address of the C function; throws `ERR_FFI_CLOSED` once it is closed. */
  readonly ptr: number;
  /** How its calls reach C. */
  readonly path: CallPath;
  /** The same in the background. */
  readonly async: BackgroundFunction<Def>;
}

/**
 * A C variable. Throws `ERR_FFI_CLOSED` once its library is closed.
 *
 * A struct is read as a plain object, and is written as a whole. Strings cannot be written: nothing would
 * keep them.
 */
export interface DataSymbol<T> {
  /** The address of the variable. */
  readonly ptr: number;
  /** The key of its definition. */
  readonly name: string;
  /** What stands in it now. */
  get value(): Stored<T>;
  /** Writes it. What is wrong with a value throws as for an argument, and nothing is written. */
  set value(value: InferInput<T>);
}

/** What a definition makes: a function or a variable, or null too where it is optional. */
type SymbolOf<Def> = Def extends GeneralDefinition ? GeneralSymbol : KnownSymbol<Def>;
type KnownSymbol<Def> =
  | (Def extends { readonly type: infer T } ? DataSymbol<T> : NativeFunction<Def>)
  | (Def extends { readonly optional: infer Optional } ? (Optional extends false ? never : null) : never);

/** The symbols of a library, by the keys of its definitions. */
export type Symbols<Defs> = { readonly [Name in keyof Defs]: SymbolOf<Defs[Name]> };

/** How `dlopen` loads a library. */
export interface LibraryOptions {
  /** Resolve the library's own references at their first use. False by default. */
  readonly lazy?: boolean;
  /** Offer the library's symbols to libraries loaded later. False by default. */
  readonly global?: boolean;
  /** Never unload the library. False by default. */
  readonly nodelete?: boolean;
  /**
   * Bind the library to its own symbols first. `'auto'`, the default: where it would be bound to the node executable's.
   * `true` throws `ERR_FFI_UNSUPPORTED` where the loader cannot.
   */
  readonly deep?: boolean | 'auto';
}

/** A loaded library. Only `close` ever unloads it: neither the collector nor the end of a thread does. */
export interface Library<Defs> {
  /** Functions and variables, by the keys of the definitions. Each keeps the library loaded. */
  readonly symbols: Symbols<Defs>;
  /** The file that the loader chose; empty for the running process. */
  readonly path: string;
  /** The handle by which the raw bridge knows the library. */
  readonly handle: bigint;
  /** Whether the library is bound to its own symbols first. */
  readonly deep: boolean;
  /** Whether the library exports a symbol of that C name. Throws `ERR_FFI_CLOSED` once it is closed. */
  has(name: string): boolean;
  /**
   * Makes every symbol refuse with `ERR_FFI_CLOSED`, and unloads the library after the last call that runs in it or
   * was accepted in the background. Its code stays mapped once a foreign thread has called any callback of the process. May be called again.
   */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** A URL object, where its types are installed. */
export type FileURL = typeof globalThis extends { URL: { prototype: infer U } } ? U : never;

/** Loads a library, and binds no symbols. */
export declare function dlopen(
  path: string | FileURL | null,
  defs?: undefined,
  options?: LibraryOptions,
): Library<{}>;
/**
 * Loads a library and binds the symbols of `defs`.
 *
 * @param path a file, a soname, a bare name, a file URL, or `null` for the running process
 * @throws `ERR_FFI_INVALID_TYPE` for a wrong definition, before anything is loaded; `ERR_FFI_LIBRARY_LOAD`,
 *   `ERR_FFI_SYMBOL_NOT_FOUND`; `ERR_FFI_INVALID_ARG_TYPE` for anything else that is no path or option
 */
export declare function dlopen<const Defs extends Definitions>(
  path: string | FileURL | null,
  defs: Defs,
  options?: LibraryOptions,
): Library<Defs>;

/** A C function by its address, and what closes it. */
export interface ClosableFunction<Def> extends NativeFunction<Def> {
  /** Makes the function refuse with `ERR_FFI_CLOSED`, and lets its library go. May be called again. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** A function at an address. */
export interface PointerDefinition extends FunctionType {
  /** An address in executable memory, a symbol or another CFunction. */
  readonly ptr: FunctionLike;
}

/**
 * A C function by its address. Pins the library that the address lies in until it is closed; closes with it.
 *
 * @throws `ERR_FFI_INVALID_POINTER` where there is no code
 */
export declare function CFunction<const Def extends PointerDefinition>(def: Def): ClosableFunction<Def>;

/** A C function by its address, called in the background. */
export interface ClosableBackgroundFunction<Def> {
  /** Starts a call in the background. It never throws. */
  (...args: ArgumentsOf<Def>): Promise<ResultOf<Def>>;
  /** The address of the C function; throws `ERR_FFI_CLOSED` once it is closed. */
  readonly ptr: number;
  /** How its calls reach C. */
  readonly path: CallPath;
  /** The same as the function itself, with `with` for options. */
  readonly async: BackgroundFunction<Def>;
  /** Makes the function refuse with `ERR_FFI_CLOSED`. Calls that were accepted are still settled. May be called again. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** The same as `CFunction`, of which every call runs in the background. */
export declare function AsyncCFunction<const Def extends PointerDefinition>(
  def: Def,
): ClosableBackgroundFunction<Def>;

/**
 * Sets how many background calls of the process run at once, on all its threads together: 1 to 1024; as many as processors, at
 * least 4, by default. The environment variable `ARKFFI_POOL_SIZE` does so from the start.
 *
 * @throws `ERR_FFI_OUT_OF_RANGE` for any other number
 */
export declare function setPoolSize(size: number): void;

/**
 * Turns leaf calls off, or on again: functions declared `leaf: true` then are called through the slots, those that are bound
 * already too. On by default, unless `ARKFFI_LEAF=off` is set. It holds for this thread.
 */
export declare function setLeafCalls(enabled: boolean): void;

/**
 * errno as the last call of C on this thread left it, whatever ran since. With a number, sets it for the next; in a
 * callback, for the C code that called it. Leaf calls do not keep it; calls in the background have one of their own.
 *
 * @throws `ERR_FFI_INVALID_ARG_TYPE` or `ERR_FFI_OUT_OF_RANGE` for anything but a 32-bit integer
 */
export declare function errno(value?: number): number;

/** A call of C that has ended, for `trace`. */
export interface TracedCall {
  /** The file of the library; empty for the running process and for code in no library. */
  readonly library: string;
  /** The key of its definition; `CFunction`, `callPtr` for functions by address. */
  readonly name: string;
  /** The values that were given. */
  readonly args: readonly unknown[];
  /** What it returned. */
  readonly result?: unknown;
  /** What the call threw, or was rejected with. */
  readonly error?: unknown;
  /** In milliseconds, with the conversions; of a call in the background, until it was settled. */
  readonly time: number;
  /** Whether it ran in the background. */
  readonly async: boolean;
}

/**
 * Tells of every call of C on this thread as it ends: to stderr, or to a function, whose own calls are left
 * out; `false` ends it. `ARKFFI_TRACE=1` is `trace(true)` from the start. It costs nothing until it is used.
 */
export declare function trace(to: boolean | ((call: TracedCall) => void)): void;

/** Windows' error code (`GetLastError`) as the last call of C on this thread left it. Throws `ERR_FFI_UNSUPPORTED` elsewhere. */
export declare function lastError(): number;

/** Several C functions by their addresses. */
export interface LinkedSymbols<Defs> {
  /** The functions, by the keys of the definitions. */
  readonly symbols: { readonly [Name in keyof Defs]: ClosableFunction<Defs[Name]> };
  /** Closes all of them. May be called again. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Makes several functions as `CFunction` does, one for each definition. Where one fails, none is left open.
 *
 * @throws `ERR_FFI_INVALID_POINTER` where there is no code
 */
export declare function linkSymbols<const Defs extends Readonly<Record<string, PointerDefinition>>>(
  defs: Defs,
): LinkedSymbols<Defs>;

/** How the platform's shared libraries end. */
export declare const suffix: 'so' | 'dylib' | 'dll';

/**
 * A string that C allocated for the caller: copied, then handed to `free`, a C function of one pointer. It stands for the
 * result of a function. Which deallocator is the right one, the library's manual says.
 *
 * @throws `ERR_FFI_INVALID_TYPE` for any other type; `ERR_FFI_INVALID_POINTER` where `free` is no code, also when it is used
 */
export declare function disposable(
  type: 'CString' | 'cstring' | 's' | typeof CString,
  free: FunctionLike,
): DisposableType;

/** The size of a type, in bytes, as C's `sizeof` gives it. A flexible array at the end of a struct is not included. */
export declare function sizeof(type: MemoryType): number;
/** The alignment of a type, in bytes, as C's `alignof` gives it. */
export declare function alignof(type: MemoryType): number;

/** One value in memory of its own, to be passed where C writes a result. Lives as long as this object. */
export interface Ref<T> {
  /** The address. It keeps nothing alive: pass the object itself. */
  readonly ptr: number;
  /** What stands there now. */
  get value(): Stored<T>;
  /** Writes it. What is wrong with a value throws as for an argument, and nothing is written. */
  set value(value: InferInput<T>);
  /** Lets the memory go; later use throws `ERR_FFI_CLOSED`. It need not be called. May be called again. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** Memory of the engine's for one value, zero by default. The strings of a struct's fields live as long as the ref, or until it has another value. */
export declare function ref<T extends MemoryType>(type: T, value?: InferInput<NoInfer<T>>): Ref<T>;

/** A C string at an address. Its bytes are copied out when the object is made. As a type, the same as `'CString'`. */
export declare class CString {
  /**
   * Copies the bytes. NULL gives the empty string. With `byteLength`, exactly so many bytes; else up to the NUL.
   *
   * @throws `ERR_FFI_INVALID_POINTER` where they cannot be read; `ERR_FFI_OUT_OF_BOUNDS` beyond a buffer or a live block
   */
  constructor(pointer: PointerLike, byteOffset?: number, byteLength?: number);
  /** The address of the first byte, which is C's: it keeps nothing alive. */
  readonly ptr: Pointer;
  /** In bytes, without the NUL. */
  readonly byteLength: number;
  /** Of the JavaScript string, in UTF-16 units. */
  readonly length: number;
  /** A copy of the bytes, a new one each time. */
  readonly arrayBuffer: ArrayBuffer;
  /** The text; bytes that are not UTF-8 become U+FFFD. */
  toString(): string;
  /** The same, for `JSON.stringify`. */
  toJSON(): string;
}

/** The types that `read` and `write` have. `cstring` is the NUL-terminated text that stands at the address. */
export interface Accessible {
  /** `int8_t`. */
  i8: number;
  /** `uint8_t`. */
  u8: number;
  /** `int16_t`. */
  i16: number;
  /** `uint16_t`. */
  u16: number;
  /** `int32_t`. */
  i32: number;
  /** `uint32_t`. */
  u32: number;
  /** `int64_t`: a bigint from 2^53 on. */
  i64: number | bigint;
  /** `uint64_t`: a bigint from 2^53 on. */
  u64: number | bigint;
  /** `float`. */
  f32: number;
  /** `double`. */
  f64: number;
  /** `_Bool`: any byte but 0 is true. */
  bool: boolean;
  /** `void *`. */
  ptr: number;
  /** The UTF-8 text that stands at the address, up to its NUL. */
  cstring: string;
  /** `long`, of the platform's size. */
  long: number | bigint;
  /** `unsigned long`, of the platform's size. */
  ulong: number | bigint;
  /** `size_t`, of the platform's size. */
  usize: number | bigint;
}

/** What `write` accepts where that is more than `read` gives. */
export interface Writable extends Omit<Accessible, 'bool' | 'ptr'> {
  /** `_Bool`. */
  bool: boolean | 0 | 1;
  /** `void *`: what an argument of type `ptr` accepts. The memory keeps nothing alive. */
  ptr: PointerLike;
}

/**
 * Reads a value of native byte order at any alignment.
 *
 * @throws `ERR_FFI_INVALID_POINTER` where the address is NULL or not readable; `ERR_FFI_OUT_OF_BOUNDS` beyond the ends of
 *   a buffer, or of memory that arkffi holds
 */
export declare const read: {
  readonly [T in keyof Accessible]: (from: PointerLike, offset?: number) => Accessible[T];
};

/**
 * Writes a value of native byte order at any alignment. `cstring` writes the text and its NUL.
 *
 * @throws those of `read`, also where the memory cannot be written; `ERR_FFI_INVALID_ARG_TYPE` and `ERR_FFI_OUT_OF_RANGE` for a
 *   value that the type cannot hold
 */
export declare const write: {
  readonly [T in keyof Writable]: (to: PointerLike, offset: number, value: Writable[T]) => void;
};

/**
 * Copies bytes between addresses or buffers; the ranges may overlap.
 *
 * @throws `ERR_FFI_INVALID_POINTER` for NULL and what is not readable or writable; `ERR_FFI_OUT_OF_BOUNDS` beyond a buffer or a live block
 */
export declare function copy(to: PointerLike, from: PointerLike, bytes: number): void;

/**
 * The address of a buffer's first byte (a view's offset included), or of anything else that has one. It keeps nothing alive.
 *
 * @throws `ERR_FFI_INVALID_ARG_TYPE` for a number, NULL and a detached buffer
 */
export declare function ptr(value: ArrayBufferLike | ArrayBufferView | HasPointer): number;

/**
 * A copy of so many bytes of memory.
 *
 * @throws `ERR_FFI_INVALID_POINTER` for NULL and what is not readable; `ERR_FFI_OUT_OF_BOUNDS` beyond a buffer or a live block;
 *   `ERR_FFI_OUT_OF_MEMORY` for more than a buffer holds
 */
export declare function readMemory(from: PointerLike, bytes: number): ArrayBuffer;

/**
 * An ArrayBuffer over C's memory, without a copy. `free`, a C function of one address, is called with
 * `pointer + byteOffset` when the buffer has been collected, or at the environment's end; without it the memory stays
 * C's. A buffer over arkffi's own memory, or over an `Owned`, which it keeps alive, is emptied when that is released. Where the runtime forbids external memory, as
 * Electron does, it is a copy, and `free` is called at once.
 *
 * @throws `ERR_FFI_INVALID_POINTER` where a byte of the range cannot be read, or `free` is no code; `ERR_FFI_INVALID_ARG_TYPE` for a buffer of
 *   JavaScript's; `ERR_FFI_OUT_OF_BOUNDS` beyond a live block
 */
export declare function toArrayBuffer(
  pointer: PointerLike,
  byteOffset: number | undefined,
  byteLength: number,
  free?: FunctionLike,
): ArrayBuffer;
/** Node's Buffer, where its types are installed. */
export type NodeBuffer = typeof globalThis extends { Buffer: { alloc(size: number): infer B } }
  ? B
  : Uint8Array;

/** The same as a Buffer, where there is one. */
export declare function toBuffer(
  pointer: PointerLike,
  byteOffset: number | undefined,
  byteLength: number,
  free?: FunctionLike,
): NodeBuffer;

/**
 * Allocates a block of memory, not set to anything, to be freed by `free`. 0 bytes give a block of its own. A block belongs to this thread,
 * and is freed when that ends.
 *
 * @throws `ERR_FFI_MEMORY_LIMIT` over the limit; `ERR_FFI_OUT_OF_MEMORY`
 */
export declare function malloc(bytes: number): number;
/** Allocates a zeroed block of `count` times `size` bytes, as `malloc` does. */
export declare function calloc(count: number, size: number): number;
/**
 * Changes the size of a block in bytes, which may move it; NULL gives a new one. What is added is not set to anything. The errors are those of
 * `malloc` and `free`, and the block is then as it was.
 */
export declare function realloc(block: PointerLike, bytes: number): number;
/**
 * Frees a block; NULL is none. Views of it are empty from then on.
 *
 * @throws `ERR_FFI_INVALID_POINTER` for anything but the start of a live block of this thread; `ERR_FFI_BUSY` for a block that a running
 *   call uses; nothing is freed then
 */
export declare function free(block: PointerLike): void;
/**
 * A block with the string as NUL-terminated UTF-8, to be freed by `free`. The errors are those of `malloc`.
 *
 * @throws `ERR_FFI_INVALID_ARG_TYPE` for a string with a NUL
 */
export declare function strdup(text: string): number;
/** The same with at most so many bytes of the string, cut between characters; the NUL comes in addition. */
export declare function strndup(text: string, bytes: number): number;

/** The codes of arkffi's errors. */
export type ErrorCode =
  | 'ERR_FFI_LIBRARY_LOAD'
  | 'ERR_FFI_SYMBOL_NOT_FOUND'
  | 'ERR_FFI_INVALID_TYPE'
  | 'ERR_FFI_ARG_COUNT'
  | 'ERR_FFI_INVALID_ARG_TYPE'
  | 'ERR_FFI_OUT_OF_RANGE'
  | 'ERR_FFI_CALLBACK'
  | 'ERR_FFI_CLOSED'
  | 'ERR_FFI_BUSY'
  | 'ERR_FFI_INVALID_POINTER'
  | 'ERR_FFI_OUT_OF_BOUNDS'
  | 'ERR_FFI_MEMORY_LIMIT'
  | 'ERR_FFI_OUT_OF_MEMORY'
  | 'ERR_FFI_UNSUPPORTED';

/** An error that is neither a wrong kind of value (TypeError) nor one out of range (RangeError). */
export declare class FFIError extends Error {
  /** An error of that code. */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown });
  /** What went wrong: stable, unlike the message. TypeErrors and RangeErrors of arkffi's have one too. */
  readonly code: ErrorCode;
}

/** Argument types of the raw bridge: one letter a type, or a list of types. */
export type RawTypes = string | readonly Type[];

/**
 * The raw bridge: functions by handle and name. Strings take the next of `strArgs`, all else the next of `numArgs`; too few or too many throw
 * `ERR_FFI_ARG_COUNT`. A handle that was never given throws `ERR_FFI_INVALID_ARG_TYPE`, one that is closed `ERR_FFI_CLOSED`.
 */
export declare const ffi: {
  /** Loads a library as `dlopen` does, and gives a handle, a new one each time. */
  load(path: string | FileURL | null): bigint;
  /** Closes a library as `Library.close` does. May be called again. */
  close(handle: bigint): void;
  /** Binds a function for `callBySig`. Throws `ERR_FFI_SYMBOL_NOT_FOUND` where there is none. */
  defineFunction(handle: bigint, name: string, argTypes: RawTypes, returnType: ResultType): void;
  /** Calls a function that `defineFunction` has defined; one that it has not throws `ERR_FFI_INVALID_ARG_TYPE`. */
  callBySig(
    handle: bigint,
    name: string,
    numArgs?: readonly unknown[],
    strArgs?: readonly TextLike[],
  ): unknown;
  /** Binds a function where that has not been done, and calls it. */
  callMixed(
    handle: bigint,
    name: string,
    argTypes: RawTypes,
    returnType: ResultType,
    numArgs?: readonly unknown[],
    strArgs?: readonly TextLike[],
  ): unknown;
  /** Calls a function whose result is a string; NULL gives `''`. */
  callString(
    handle: bigint,
    name: string,
    argTypes?: RawTypes,
    numArgs?: readonly unknown[],
    strArgs?: readonly TextLike[],
  ): string;
  /** Calls the function at an address. Throws `ERR_FFI_INVALID_POINTER` where there is no code. */
  callPtr(
    pointer: FunctionLike,
    argTypes: RawTypes,
    returnType: ResultType,
    numArgs?: readonly unknown[],
    strArgs?: readonly TextLike[],
  ): unknown;
  /** As `callMixed`, in the background. */
  callAsync(
    handle: bigint,
    name: string,
    argTypes: RawTypes,
    returnType: ResultType,
    numArgs?: readonly unknown[],
    strArgs?: readonly TextLike[],
  ): Promise<unknown>;
  /** As `callPtr`, in the background. */
  callPtrAsync(
    pointer: FunctionLike,
    argTypes: RawTypes,
    returnType: ResultType,
    numArgs?: readonly unknown[],
    strArgs?: readonly TextLike[],
  ): Promise<unknown>;
  /** The address of a symbol. It keeps nothing alive. */
  getSymbolPtr(handle: bigint, name: string): number;
  /** Makes a JSCallback, and gives its handle. */
  createCallback(
    fn: (...args: never[]) => unknown,
    argTypes?: RawTypes,
    returnType?: ResultType,
    threadsafe?: boolean,
  ): bigint;
  /** Closes a callback. May be called again. */
  destroyCallback(handle: bigint): void;
  /** Calls a callback as C would. */
  invokeCallback(handle: bigint, ...args: unknown[]): unknown;
  /** Whether a callback was made with `threadsafe`. */
  getCallbackThreadsafe(handle: bigint): boolean;
  /** The function pointer of a callback. */
  getCallbackPtr(handle: bigint): number;
  /** Has another thread call the callback, which runs on this one; gives its value. */
  callCallbackThreadSafe(handle: bigint, ...args: unknown[]): Promise<unknown>;
  /** The string at an address; NULL gives `''`. */
  readCString(pointer: PointerLike): string;
  /** The function `ptr`. */
  ptr: typeof ptr;
  /** The function `readMemory`. */
  readMemory: typeof readMemory;
};
