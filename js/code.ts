/** Code addresses that users hand over: checked, and their modules kept mapped. */
import { addressOf } from './convert';
import { describe, ffiError } from './errors';
import { givers, libraries, modules } from './modules';
import { environment, native, type NativeLibrary } from './native';
import { ownGroup } from './call/function';
import { Disposable, resolveType } from './types';

/** Checks that a value names code, and returns its address. */
export function codeAddress(value: unknown, owner: string): number {
  const address = addressOf(value, owner);
  if (typeof value === 'object' && value !== null && ArrayBuffer.isView(value)) {
    throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: a buffer holds no code`);
  }
  if (typeof address === 'bigint' || address <= 0 || !native((binding) => binding.isExecutable(address))) {
    const given = typeof value === 'object' ? `the address ${address}` : describe(value);
    throw ffiError('ERR_FFI_INVALID_POINTER', `${owner}: there is no code at ${given}`);
  }
  return address;
}

/** Refuses the address of a callback of JavaScript's, which may be closed when it is needed. */
export function refuseCallback(code: number, owner: string): void {
  if (!environment.isCallback(code)) return;
  const message = `${owner} takes a C function: a JSCallback may be closed when it is needed`;
  throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
}

/**
 * The group that a function at that address belongs to. It pins the address's module. `given`: the function is found in the library
 * of which the address was asked, if it was one, and is closed with that library, even where another one of the same file is open.
 */
export function groupOf(address: number, given = false): NativeLibrary {
  const found = native((binding) => binding.moduleOf(address));
  if (found === null) return ownGroup;
  const giver = given ? givers.get(address) : undefined;
  if (giver !== undefined) return giver.groupIn(found.base, found.path);
  const known = modules.get(found.base);
  if (known !== undefined) return known.group;
  const group = environment.group(found.path);
  modules.set(found.base, { group });
  return group;
}

/** Gives a module back once no function found in it is open and no library of it is. */
export function releaseGroup(group: NativeLibrary): void {
  if (group === ownGroup || !group.isEmpty) return;
  for (const [base, module] of modules) {
    if (module.group !== group) continue;
    if ((libraries.get(base) ?? 0) === 0) {
      modules.delete(base);
      group.close();
    }
    return;
  }
}

/** A string result that C allocated for the caller: it is copied, then handed to `free`. */
export function disposable(type: unknown, free: unknown): Disposable {
  const row = resolveType(type, 'disposable');
  if (row.convert !== 'utf8') {
    throw ffiError(
      'ERR_FFI_INVALID_TYPE',
      `disposable: only a CString can be disposed of, not '${row.name}'`,
    );
  }
  codeAddress(free, 'disposable: free');
  return new Disposable(row, free);
}
