/** Loaded modules: the functions found in them by address, and the open libraries that they are. */
import type { NativeLibrary } from './native';

/** The functions found by address in one loaded module. */
interface Module {
  /** Holds the module mapped, and makes the functions refuse when it is closed. */
  readonly group: NativeLibrary;
}

/** By their base addresses. */
export const modules = new Map<number, Module>();
/** How many open libraries there are of each module. */
export const libraries = new Map<number, number>();

/** What gives addresses: an open library. */
export interface Giver {
  /** What functions found by them belong to, in the module of that base address and path: it closes with the library. */
  groupIn(base: number, path: string): NativeLibrary;
}

/** The open library of whose symbols an address was asked last. */
export const givers = new Map<number, Giver>();

/** Counts a library that was opened. */
export function libraryOpened(base: number): void {
  libraries.set(base, (libraries.get(base) ?? 0) + 1);
}

/** Counts a library that is closed: with the last of a module, the functions found in it close. */
export function libraryClosed(base: number): void {
  const left = (libraries.get(base) ?? 1) - 1;
  if (left > 0) {
    libraries.set(base, left);
    return;
  }
  libraries.delete(base);
  modules.get(base)?.group.close();
  modules.delete(base);
}
