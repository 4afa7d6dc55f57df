/**
 * Ownership: memory that is allocated, owned, counted and limited.
 *
 * Sizes are in bytes. Everything here belongs to the thread that imported it; a worker has limits and accounts of
 * its own. Over the limit of `setMemoryLimit` every allocation throws `ERR_FFI_MEMORY_LIMIT`, before anything
 * is allocated (memory of the engine's, such as that of `create` and `ref`, is not counted); without memory `ERR_FFI_OUT_OF_MEMORY`.
 */
import type {
  CallbackDefinition,
  CallbackFunction,
  FunctionLike,
  HasPointer,
  JSCallback,
  Pointer,
  PointerLike,
} from './index';
import type { FunctionPointerType, InferInput, MemoryType, StructSchema, UnionSchema } from './composites';

/**
 * Memory, strings, structs and callbacks that all go at once. Not for `free`: `close` gives everything back. Using it
 * after that throws `ERR_FFI_CLOSED`. An arena that is never closed keeps its memory until the environment ends.
 */
export declare class Arena {
  /** An empty arena, of this thread. */
  constructor();
  /** Memory of so many bytes, not set to anything. `align` is a power of two up to 4096, 16 by default. */
  alloc(size: number, align?: number): number;
  /** A string as NUL-terminated UTF-8. */
  cstring(text: string): number;
  /** A struct or union, zero or of those fields. Strings and buffers given to it live as long as the arena. */
  struct<T extends StructSchema | UnionSchema>(schema: T, value?: InferInput<T>): number;
  /** Values in a row. Strings live as long as the arena. */
  array<T extends MemoryType>(type: T, values: readonly InferInput<NoInfer<T>>[] | ArrayBufferView): number;
  /** A callback that is closed with the arena. */
  callback<const Def extends CallbackDefinition>(
    fn: CallbackFunction<NoInfer<Def>>,
    def: Def | undefined,
  ): JSCallback<Def>;
  /** The same with the signature of an `fn` type. */
  callback<const Def extends CallbackDefinition>(
    fn: CallbackFunction<NoInfer<Def>>,
    // eslint-disable-next-line @typescript-eslint/unified-signatures -- of a union Def would be inferred as the type itself
    type: FunctionPointerType<Def>,
  ): JSCallback<Def>;
  /** Without a definition, of a function that takes and gives nothing. */
  callback(fn: () => unknown): JSCallback<{}>;
  /** Gives everything back. Throws `ERR_FFI_BUSY`, and does nothing, while a call uses any of it. May be called again. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/** C memory that is freed exactly once: by `close`, after the object was collected, or at the environment's end. */
export interface Owned extends HasPointer {
  /** The address; throws `ERR_FFI_CLOSED` once the memory is freed or given away. */
  readonly ptr: Pointer;
  /** Frees the memory. Throws `ERR_FFI_BUSY`, and does nothing, while a call uses it. May be called again. */
  close(): void;
  /** Gives the memory away: it is yours to free. Gives its address. */
  forget(): Pointer;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Takes C memory over with its deallocator, a C function of one pointer. The deallocator's library stays loaded meanwhile.
 * `size` tells the engine how much memory the object stands for.
 *
 * @throws `ERR_FFI_INVALID_POINTER` for NULL, memory of arkffi's own, and what is owned already;
 *   `ERR_FFI_INVALID_ARG_TYPE` where the memory is a buffer's, a ref's or a callback's, or `free` is a JSCallback
 */
export declare function own(
  pointer: PointerLike,
  free: FunctionLike,
  options?: { readonly size?: number },
): Owned;

/**
 * Has a function called when the environment ends, the last added first: a C function of one pointer always, a
 * JavaScript function where that can still run (not after `worker.terminate()`). Nothing runs after a signal.
 */
export declare function addFinalizer<T>(fn: (argument: T) => unknown, argument: T): void;
/** A JavaScript function without an argument. */
export declare function addFinalizer(fn: () => unknown): void;
/**
 * A C function of one pointer, NULL by default. Its library stays loaded until then.
 *
 * @throws `ERR_FFI_INVALID_POINTER` where there is no code
 */
export declare function addFinalizer(fn: FunctionLike, argument?: PointerLike): void;

/** Memory of the engine's that threads share. */
export interface SharedMemory extends HasPointer {
  /** To be sent to other threads by `postMessage`. */
  readonly buffer: SharedArrayBuffer;
  /** Its address, the same in each thread. Throws `ERR_FFI_CLOSED` once it is closed. */
  readonly ptr: number;
  /** Holds the memory no longer: it lives as long as a thread has the buffer. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * A SharedArrayBuffer of so many bytes, all zero, whose address is valid until `close`, whoever still has the buffer.
 *
 * @throws `ERR_FFI_MEMORY_LIMIT` over the limit; `ERR_FFI_OUT_OF_MEMORY`
 */
export declare function sharedAlloc(size: number): SharedMemory;

/** The functions of an allocator: C functions, or JSCallbacks. */
export interface AllocatorFunctions {
  /** `void *malloc(size_t size)` */
  readonly malloc: FunctionLike;
  /** `void *calloc(size_t count, size_t size)` */
  readonly calloc: FunctionLike;
  /** `void *realloc(void *block, size_t size)` */
  readonly realloc: FunctionLike;
  /** `void free(void *block)` */
  readonly free: FunctionLike;
  /** `size_t malloc_usable_size(void *block)`; not called. */
  readonly usableSize?: FunctionLike;
}

/**
 * Sets where blocks, arenas and struct results come from; `null` is libc. With `opaque`, each function gets that pointer
 * first. An allocator of JSCallbacks serves blocks and arenas; what it has not got back at exit it is given then.
 *
 * @throws `ERR_FFI_BUSY` while blocks, arenas or struct results are live; `ERR_FFI_INVALID_POINTER` where one of them is no code
 */
export declare function setAllocator(functions: AllocatorFunctions | null, opaque?: PointerLike): void;

/**
 * Sets how many bytes may be in use in this environment, the main thread or one worker; 0, the default, is no limit. What is in use stays. An allocation that
 * would go over it throws `ERR_FFI_MEMORY_LIMIT`, and nothing is lost.
 */
export declare function setMemoryLimit(bytes: number): void;

/** So many things, of so many bytes in all. */
export interface MemoryTally {
  /** How many. */
  readonly count: number;
  /** Their bytes, as they were asked for. */
  readonly bytes: number;
}

/** How much memory an environment holds. */
export interface MemoryUsage {
  /** What `setMemoryLimit` has set. */
  readonly limit: number;
  /** All that arkffi has allocated and the user has asked for: what the limit is for. */
  readonly bytes: number;
  /** The most there was at once. */
  readonly peakBytes: number;
  /** Of `malloc`, `calloc`, `realloc`, `strdup` and `strndup`. */
  readonly blocks: MemoryTally;
  /** Struct results that have not been released. */
  readonly structReturns: MemoryTally;
  /** Open arenas, with what was allocated in them. */
  readonly arenas: MemoryTally;
  /** C memory by `own`, with the sizes that were given. Not in `bytes`. */
  readonly owned: MemoryTally;
  /** Strings of background calls that have not ended. Those of structs in buffers are the engine's memory. */
  readonly strings: MemoryTally;
  /** Of `sharedAlloc`. */
  readonly shared: MemoryTally;
  /** Open callbacks. */
  readonly callbacks: MemoryTally;
  /** Open libraries; the loader does not tell their size. */
  readonly libraries: MemoryTally;
  /** ArrayBuffers over C memory that have a deallocator. Not in `bytes`. */
  readonly views: MemoryTally;
  /** What arkffi takes to do its work. Not in `bytes`. */
  readonly internal: MemoryTally;
}

/** How much memory this environment holds, in bytes. */
export declare function memoryUsage(): MemoryUsage;
/** Writes that as a table, to stderr by default. */
export declare function dumpMemoryUsage(stream?: { write(text: string): unknown }): void;

/** Whether an address lies in memory that arkffi holds, or is that of an open callback. */
export declare function isLive(pointer: PointerLike): boolean;

/** Sets how many bytes more or less there must be before the engine is told, so that it collects in time: 2^20 by default. */
export declare function setGCThreshold(bytes: number): void;
/** What `setGCThreshold` has set, in bytes. */
export declare function getGCThreshold(): number;
/** Collects garbage. Throws `ERR_FFI_UNSUPPORTED` where Node.js was started without `--expose-gc`. */
export declare function runGC(): void;

/**
 * Sets how many bytes of stack a call of C, and what it calls back, may use on this thread, and the stacks of threads
 * that are started for background and pumped calls from now on: 131,072 to 2^32, or 0 for what there is by default. A call that is too
 * deep throws a RangeError.
 */
export declare function setMaxStackSize(bytes: number): void;

/** Memory and other things that were never released: of one kind, made at one place. */
export interface Leak {
  /** What it is. */
  readonly kind: 'block' | 'structReturn' | 'arena' | 'owned' | 'shared' | 'callback' | 'library';
  /** How many there are. */
  readonly count: number;
  /** Their bytes together. */
  readonly bytes: number;
  /** Milliseconds since the oldest was made. */
  readonly age: number;
  /** Where in JavaScript they were made: the lines of a stack. */
  readonly stack: string;
}

/** Follows what is allocated from now on, or forgets it and does so no longer. `ARKFFI_LEAKS=1` has it on from the start. */
export declare function trackAllocations(on: boolean): void;
/** What was allocated since, and has not been released; the most bytes first. */
export declare function leaks(): Leak[];

/** What is written to stderr. */
export interface DumpFlags {
  /** At exit: what was never released. Turns `trackAllocations` on. */
  readonly leaks: boolean;
  /** At exit: the memory in use. */
  readonly memory: boolean;
  /** Each `runGC`. */
  readonly gc: boolean;
  /** Each release. */
  readonly free: boolean;
}

/** Sets what is written to stderr; what is not named stays as it is. All are off by default. */
export declare function setDumpFlags(flags: Partial<DumpFlags>): void;
/** What `setDumpFlags` has set. */
export declare function getDumpFlags(): DumpFlags;
