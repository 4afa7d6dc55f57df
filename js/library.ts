/** Libraries: opened, their symbols bound when first used, closed. */
import { fileURLToPath } from 'node:url';
import { codeAddress } from './code';
import { checkObject, defineSymbol, type SymbolDefinition } from './define';
import { describe, ffiError, isRevoked } from './errors';
import { gone, noted, tracking } from './memory/track';
import { defineLazily } from './lazy';
import { givers, libraryClosed, libraryOpened, type Giver } from './modules';
import { environment, native, type NativeLibrary } from './native';
import { makeSymbol } from './symbols';
import { checkKeys, hint } from './types';

/** How the platform's shared libraries end. */
export const suffix = process.platform === 'win32' ? 'dll' : process.platform === 'darwin' ? 'dylib' : 'so';

function invalid(message: string): Error {
  return ffiError('ERR_FFI_INVALID_ARG_TYPE', message.replaceAll('\0', '\\0'));
}

/** What a URL says; any other value as it is. */
function textOf(path: unknown): unknown {
  if (isRevoked(path) || !(path instanceof URL)) return path;
  if (path.protocol === 'file:') return path.href;
  throw invalid(`${describe(path.href)} is not the URL of a file`);
}

function libraryName(path: unknown): string | null {
  if (path === null) return null;
  const text = textOf(path);
  if (typeof text !== 'string' || text === '' || text.includes('\0')) {
    throw invalid(`a library is a path, a name, a file URL or null, got ${describe(path)}`);
  }
  if (!text.startsWith('file:')) return text;
  try {
    const file = fileURLToPath(text);
    if (!file.includes('\0')) return file;
  } catch (error) {
    throw invalid(`${describe(text)} is not the URL of a file: ${(error as Error).message}`);
  }
  throw invalid(`the URL ${describe(text)} contains a NUL`);
}

const optionKeys = ['lazy', 'global', 'nodelete', 'deep'];

function loadOptions(options: unknown) {
  if (options === undefined) return { lazy: false, global: false, nodelete: false };
  checkObject(options, 'options', 'ERR_FFI_INVALID_ARG_TYPE');
  checkKeys('options', options, optionKeys, 'ERR_FFI_INVALID_ARG_TYPE');
  const given = options;
  const flag = (key: string): boolean => {
    const value = given[key] === undefined ? false : given[key];
    if (typeof value !== 'boolean')
      throw invalid(`options.${key} must be true or false, got ${describe(value)}`);
    return value;
  };
  const deep = given.deep === undefined ? 'auto' : given.deep;
  if (deep !== 'auto' && typeof deep !== 'boolean') {
    throw invalid(`options.deep must be true, false or 'auto', got ${describe(deep)}`);
  }
  const plain = { lazy: flag('lazy'), global: flag('global'), nodelete: flag('nodelete') };
  return deep === 'auto' ? plain : { ...plain, deep };
}

/** The open libraries, by the handles that the raw bridge knows them by. */
const handles = new Map<bigint, Opened>();
let lastHandle = 0n;

/** How many libraries are open. */
export function openLibraries(): number {
  return handles.size;
}

/** The open library of a handle; 'closed' for one that was open once. */
export function libraryOf(handle: unknown): Opened | 'closed' | undefined {
  if (typeof handle !== 'bigint') return undefined;
  return handles.get(handle) ?? (handle > 0n && handle <= lastHandle ? 'closed' : undefined);
}

/** A library that is loaded, and whether the user has closed it. */
export class Opened implements Giver {
  readonly path: string;
  readonly deep: boolean;
  readonly native: NativeLibrary;
  readonly name: string;
  /** What the raw bridge knows the library by. */
  readonly handle = ++lastHandle;
  closed = false;
  readonly #base: number;
  readonly #given = new Set<number>();
  readonly #groups = new Map<number, NativeLibrary>();

  constructor(path: unknown, options?: unknown) {
    const name = libraryName(path);
    const checked = loadOptions(options);
    this.native = native(() => environment.open(name, checked));
    this.name = name ?? 'the running process';
    this.path = this.native.path;
    this.deep = this.native.deep;
    this.#base = this.native.base;
    libraryOpened(this.#base);
    handles.set(this.handle, this);
    if (tracking.on) noted('library', this, 0);
  }

  /** The address of a symbol, or undefined where there is none. */
  find(symbol: string, version?: string): number | undefined {
    this.check(symbol);
    return native(() => this.native.symbol(symbol, version)) ?? undefined;
  }

  /** The address of a symbol that must exist. */
  get(symbol: string, version?: string): number {
    const address = this.find(symbol, version);
    if (address !== undefined) return address;
    const wanted = version === undefined ? `'${symbol}'` : `'${symbol}' of version '${version}'`;
    const near = hint(this.native.nearNames(symbol).filter((name) => name !== symbol));
    throw ffiError('ERR_FFI_SYMBOL_NOT_FOUND', `${this.name} has no symbol ${wanted}${near}`);
  }

  check(owner: string): void {
    if (this.closed) throw ffiError('ERR_FFI_CLOSED', `${owner}: ${this.name} has been closed`);
  }

  /** To be called when the address of a symbol is asked for. */
  give(address: number, owner: string): void {
    this.check(owner);
    if (givers.get(address) === this) return;
    givers.set(address, this);
    this.#given.add(address);
  }

  groupIn(base: number, path: string): NativeLibrary {
    const known = this.#groups.get(base);
    if (known !== undefined) return known;
    const group = environment.group(path);
    this.#groups.set(base, group);
    return group;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    handles.delete(this.handle);
    for (const address of this.#given) {
      if (givers.get(address) === this) givers.delete(address);
    }
    for (const group of this.#groups.values()) group.close();
    libraryClosed(this.#base);
    this.native.close();
    gone('library', this);
  }
}

/** An object without a prototype that V8 keeps in its fast form. */
function Symbols(this: unknown): void {
  // Its instances start empty.
}
Symbols.prototype = Object.freeze(Object.create(null) as object);

/**
 * The most symbols in V8's fast form. There, each that is bound costs a look at all the others (with a thousand, 3 ms
 * each); in a hash table it does not, but each use through `lib.symbols` costs some nanoseconds more.
 */
const mostFastSymbols = 64;

function newSymbols(count: number): Record<string, unknown> {
  if (count > mostFastSymbols) return Object.create(null) as Record<string, unknown>;
  return new (Symbols as unknown as new () => Record<string, unknown>)();
}

/** A loaded library. */
export class Library {
  readonly symbols: Record<string, unknown>;
  readonly handle: bigint;
  readonly #opened: Opened;

  declare readonly close: () => void;

  constructor(path: unknown, defs: unknown, options: unknown) {
    checkObject(defs, 'defs');
    const defined = Object.keys(defs).map((name) => [name, defineSymbol(name, defs[name])] as const);
    for (const [name, { what }] of defined) {
      if (what.kind === 'function' && what.free !== undefined) codeAddress(what.free, `defs.${name}.returns`);
    }
    const opened = new Opened(path, options);
    this.handle = opened.handle;
    this.#opened = opened;
    // Its own, so that it can be taken out of the library as `symbols` can.
    Object.defineProperty(this, 'close', { value: () => opened.close() });
    this.symbols = newSymbols(defined.length);
    try {
      for (const [name, definition] of defined) this.#define(name, definition);
    } catch (error) {
      this.close();
      throw error;
    }
    Object.preventExtensions(this.symbols);
  }

  #define(name: string, definition: SymbolDefinition): void {
    const { symbol, version, optional } = definition;
    const opened = this.#opened;
    const address = optional ? opened.find(symbol, version) : opened.get(symbol, version);
    if (address === undefined) {
      Object.defineProperty(this.symbols, name, { value: null, enumerable: true });
    } else {
      defineLazily(this.symbols, name, () => makeSymbol(name, definition, address, opened));
    }
  }

  get path(): string {
    return this.#opened.path;
  }

  get deep(): boolean {
    return this.#opened.deep;
  }

  /** Whether the library exports a symbol of that C name. */
  has(name: unknown): boolean {
    if (typeof name !== 'string') throw invalid(`has takes a C name, got ${describe(name)}`);
    return name !== '' && !name.includes('\0') && this.#opened.find(name) !== undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Loads a library and binds the symbols of `defs`. */
export function dlopen(path: unknown, defs: unknown = {}, options?: unknown): Library {
  return new Library(path, defs, options);
}
