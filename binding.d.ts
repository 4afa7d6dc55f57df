/** What the native half exports, as `src/bindings` defines it; `binding.test.ts` holds the two together. */

/** The state of one environment. */
export declare class Environment {
  constructor();
  /** The slots' memory. */
  slots(): ArrayBuffer;
  /** The address of the slots' memory. */
  slotsAddress(): number;
  /** What the memory routines take for the memory of this environment. */
  memoryAddress(): number;
  /** How much memory is held, and how much may be. */
  memoryUsage(): MemoryUsage;
  /** Sets how many bytes may be held; 0 for any number. */
  setMemoryLimit(bytes: number): void;
  /** Counts what was allocated elsewhere: 'arenas' or 'strings'; negative numbers count it no longer. */
  count(account: string, count: number, bytes: number): void;
  /** New bytes between two reports to the engine. */
  reportThreshold(bytes?: number | undefined | null): number;
  /** Whether an address lies in memory that is held. */
  isLive(at: number): boolean;
  /** Whether an address is that of an open callback's function pointer. */
  isCallback(at: number): boolean;
  /**
   * Sets where blocks come from: addresses of malloc, calloc, realloc and free, and what is passed first to each;
   * without them libc's. `false` while anything is allocated.
   */
  setAllocator(functions?: Array<number> | undefined | null, opaque?: number | undefined | null): boolean;
  /**
   * Sets how many bytes of stack a call of C, and what it calls back, may use on this thread, and the stacks of threads
   * that are started from now on; 0 for what there is by default.
   */
  setStackLimit(bytes: number): void;
  /** The address of the word that guarded loads fill. */
  loadedAddress(): number;
  layout(): SlotLayout;
  /** The machine representation and size in bytes of each row of the type table. */
  machines(): Array<[string, number]>;
  /**
   * The row of a struct ('struct', 'packed') or union ('union'). Each member is four numbers: its
   * offset in bytes, its row, and for a bit-field the first bit and the width, else 0 and 0.
   */
  addStruct(kind: string, size: number, align: number, members: Array<number>): number;
  /** The row of an array. */
  addArray(count: number, size: number, align: number, element: number): number;
  /**
   * The plan of a signature, made at its first use. `fixed` counts a variadic function's declared
   * parameters, else it is -1. `holds`: a struct result is kept and given as an address.
   */
  plan(params: Array<number>, fixed: number, result: number, holds: boolean, fast: boolean): PlanInfo;
  /** Loads a library; `null` is the running process. */
  open(name: string | undefined | null, options: LoadOptions): NativeLibrary;
  /**
   * A group of functions whose code keeps the module of that path mapped; without a path, or where
   * no such module is loaded, a group that keeps nothing.
   */
  group(path?: string | undefined | null): NativeLibrary;
  /**
   * A function that puts the address of a buffer's bytes into the result slot as a number: -1 for
   * anything but a buffer, -2 for one that is detached.
   */
  addressFunction(): (value: unknown) => void;
  /** Tells what runs a callback, and what runs those of a suspended call. Once, before there is a callback. */
  tellCallbacks(dispatch: unknown, drive: unknown): void;
  /** Tells what settles background calls. Once, before there is one. */
  tellSettle(settle: unknown): void;
  /** Tells what warns. Once. */
  tellWarn(warn: unknown): void;
  /**
   * A function that gives an ArrayBuffer over memory, which nobody is told of: `undefined` where that cannot be read, or is
   * not allowed. `direct`: V8 makes them by itself where it can, without Node-API.
   */
  externalFunction(direct: boolean): (start: number, bytes: number) => ArrayBuffer | undefined;
  /** A function that copies an object, its accessors as they are; `undefined` where only the engine could. */
  copyFunction(): ((object: object) => object) | undefined;
  /** Lets other threads wake the event loop. Asynchronous hooks are shown the resource. */
  start(resource: object): void;
  /** An address on the stack, where this is called. */
  stackAddress(): number;
  /** Sets the lowest address on the stack at which a callback may start. */
  setScriptLimit(limit: number): void;
  /** Gives back the memory of a struct result that nobody gets. */
  releaseResult(block: number): void;
  /** Keeps the event loop alive until `release` is called as often. */
  hold(): void;
  release(): void;
  /** The number of the class of callbacks of that signature. */
  callbackClass(params: Array<number>, result: number, fast: boolean): number;
  /** The number of a name for callbacks. */
  callbackName(name: string): number;
  /**
   * A function that makes a function pointer: for the callback, of the class and with the name whose numbers are
   * in the slots from `opened` on. Its address, or 0, is then in the result slot as a number.
   * And one that makes the function pointer of the callback inert whose number is there.
   */
  callbackFunctions(): [() => void, () => void];
  /** Gives a background call up; `false` where it has begun. */
  cancel(number: number): boolean;
  /** To be called when the event loop has come round since background calls were settled: whether there are more. */
  nextTurn(): boolean;
  /**
   * A function that puts the outcome of the next background call that has ended into the slots, its number
   * too, and returns its string result.
   */
  finishedFunction(): () => unknown;
  /** Puts the values of the callback that a suspended call has called into the slots again. */
  reload(): void;
  /** A function that lets a suspended call of C go on. */
  resumeFunction(): () => unknown;
  /** Allows what V8 does by itself, without Node-API, in a Node.js of that ABI: bare functions first. */
  allowBare(modules: number): void;
  /**
   * Allows leaf calls, in a runtime of that ABI: why there are none, or nothing. The numbers in the buffer are
   * gates: a leaf function may be called where its own is 0. `prints`: whether it is printed at once when one
   * calls back.
   */
  allowLeaves(modules: number, gates: ArrayBuffer, prints: boolean): string | null;
  /** The names of a leaf function that has called back, and of the callback. Nobody is told twice. */
  takeLie(): [string, string] | null;
  /** A function that gives the string which the bare function that was called last has returned. */
  fetchFunction(): () => unknown;
  /** A function that reads the string whose address is in the result slot, as its 64-bit pattern; `wanted` tells it more. */
  textFunction(): () => unknown;
}

/** A loaded library and the functions bound in it. */
export declare class NativeLibrary {
  /** The file that the loader chose. */
  get path(): string;
  /** Whether the library is bound to itself. */
  get deep(): boolean;
  /** Where the module is mapped; 0 for the running process. */
  get base(): number;
  /** The address of a symbol; absent where there is none, or the library is closed. */
  symbol(name: string, version?: string | undefined | null): number | null;
  /** The names nearest to one that the library lacks. */
  nearNames(name: string): Array<string>;
  /** The names that the library exports, in order. */
  names(): Array<string>;
  /**
   * The native function that calls `target` by a plan, and its number for `closeFunction`. The mode is
   * 'direct', 'suspendable', 'pumped' or 'background'.
   */
  bind(
    environment: Environment,
    plan: number,
    target: number,
    mode: string,
    name: string,
  ): [(...values: unknown[]) => unknown, number];
  /**
   * The function that makes the calls of the direct function of that number, and its own number: with the strings of that
   * one's last call, or with the one that was left in the slots. Nothing where that function is closed.
   */
  repeating(id: number, left: boolean): [(...values: unknown[]) => unknown, number] | null;
  /**
   * The raw function beside a function of that number, the number of its gate, and the raw function for while that is
   * 0, where there is one; nothing where the signature does not allow it, or the runtime.
   */
  leaf(
    environment: Environment,
    id: number,
  ):
    | [
        raw: (...values: unknown[]) => unknown,
        gate: number,
        direct: ((...values: unknown[]) => unknown) | null,
      ]
    | null;
  /** Makes one function refuse; `false` when it did already. */
  closeFunction(id: number): boolean;
  /** Whether the function of that number is open. */
  isOpen(id: number): boolean;
  /** Whether no function is open. */
  get isEmpty(): boolean;
  /**
   * Makes every function refuse and unloads the library, or does so when the calls that run have
   * returned.
   */
  close(): void;
}

/** How much memory is held: numbers of things and of bytes. */
export interface MemoryUsage {
  limit: number;
  bytes: number;
  peakBytes: number;
  blocks: Array<number>;
  structReturns: Array<number>;
  arenas: Array<number>;
  owned: Array<number>;
  strings: Array<number>;
  shared: Array<number>;
  views: Array<number>;
  /** How many callbacks are open. */
  callbacks: number;
  /** What it takes to manage the memory, and the slots. */
  overhead: number;
}

/** Addresses of C functions for the memory of an environment. Each takes first what `memoryAddress` gave. */
export interface MemoryRoutines {
  allocate: number;
  resize: number;
  free: number;
  allocateChunk: number;
  freeChunk: number;
  adopt: number;
  forget: number;
  forgetArena: number;
  release: number;
  holds: number;
  room: number;
  start: number;
  addEnd: number;
  claim: number;
  takeEnd: number;
}

export declare function memoryRoutines(): MemoryRoutines;

/** Detaches a buffer: its memory is gone. */
export declare function detach(buffer: ArrayBuffer): void;

/** Calls a deallocator, as when a buffer with it has been collected. */
export declare function deallocate(
  environment: Environment,
  start: number,
  deallocator: number,
  takes: boolean,
): void;

/**
 * An ArrayBuffer over memory of C's, or `undefined` where the runtime forbids those. The deallocator,
 * 0 for none, is called with the address when the buffer has been collected. `takes`: it takes over what starts there.
 */
export declare function externalArrayBuffer(
  environment: Environment,
  start: number,
  bytes: number,
  deallocator: number,
  takes: boolean,
): ArrayBuffer | undefined;

export declare function guardRoutines(): GuardRoutines;

/** Addresses of C functions by which memory is reached safely. See `memory::guard`. */
export interface GuardRoutines {
  load: Array<number>;
  store: Array<number>;
  storeF32: number;
  storeF64: number;
  copy: number;
  length: number;
  /** Returns its argument: bound with a string result, it reads a string. */
  identity: number;
}

export declare function isExecutable(at: number): boolean;

export declare function isReadable(start: number, bytes: number): boolean;

/**
 * What code that V8 has compiled calls to read (or `writes`) values of a row of the type table at an address; nothing where
 * there is none. Elsewhere it gives `undefined`, and `quickFailed` where the address is at fault.
 */
export declare function quickFunction(
  environment: Environment,
  row: number,
  writes: boolean,
): ((address: number, value?: number) => number | undefined) | null;

/**
 * What code that V8 has compiled calls to learn whether the string at an address is one that is kept: 1 or 0; elsewhere it
 * gives `undefined`, and `quickFailed` where the address is at fault. Nothing where there is no such function.
 */
export declare function sameTextFunction(
  environment: Environment,
): ((address: number, kept: number) => number | undefined) | null;

/** How to load. `deep` is absent for 'auto'. */
export interface LoadOptions {
  lazy: boolean;
  global: boolean;
  nodelete: boolean;
  deep?: boolean;
}

/** A module and where it is mapped. */
export interface ModuleInfo {
  base: number;
  path: string;
}

export declare function moduleOf(at: number): ModuleInfo | null;

/** The names most like one, best first. */
export declare function nearestNames(name: string, candidates: Array<string>): Array<string>;

/** Where the values of a call go. */
export interface PlanInfo {
  /** The plan, for `bind`. */
  id: number;
  /** How C is entered: 'slots' or 'libffi'. */
  path: string;
  /** The plan in one line. */
  text: string;
  /** The two words of each parameter in turn: of an aggregate those of its first eightbytes. */
  words: Array<number>;
  /** How each parameter is stored: 'number', 'f32', 'f64', 'aggregate', 'text', 'value' or 'env'. */
  stores: Array<string>;
  /** The words in which a struct result is found that is not kept. */
  resultWords: Array<number>;
}

/** The numbers of the slots' words. */
export interface SlotLayout {
  argumentWords: number;
  result: number;
  resultNumber: number;
  resultFloat: number;
  status: number;
  flags: number;
  loaded: number;
  flagBits: number;
  flagSameText: number;
  flagFilling: number;
  flagUsesBuffers: number;
  errno: number;
  errnoSet: number;
  lastError: number;
  callback: number;
  origin: number;
  finished: number;
  finishedErrno: number;
  suspended: number;
  couldNotRun: number;
  opened: number;
  held: number;
  found: number;
  textOwner: number;
  text: number;
  textRoom: number;
  textSame: number;
  textNull: number;
  leafResult: number;
  quickFailed: number;
  wanted: number;
  recent: number;
  recentBytes: number;
  recentCount: number;
  statuses: Array<string>;
}

/** Sets how many background calls of the process run at once. */
export declare function setPoolSize(size: number): void;
/** The version of libffi that calls go through. */
export declare function libffiVersion(): string;
