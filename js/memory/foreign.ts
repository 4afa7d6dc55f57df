/** Allocators of the user's: C functions, which native code calls, or JavaScript functions, which are called here. */
import { bindFunction, type Callable } from '../call/function';
import { codeAddress } from '../code';
import { addressOf } from '../convert';
import { checkObject, plainFunction } from '../define';
import { describe, ffiError } from '../errors';
import { environment, native, type NativeLibrary } from '../native';
import { checkKeys, typeNamed } from '../types';
import { checkLength } from './range';
import { adopt, forget, kinds } from './routines';
import { gone } from './track';
import { detachViews } from './views';

/** Where blocks come from, if it is JavaScript. */
interface Allocator {
  /** The function that frees a block, called with nothing but its address; 0 where there is none. */
  readonly code: number;
  allocate(size: number, zeroed: boolean, owner: string): number;
  resize(block: number, size: number, owner: string): number;
  /** `before` runs when the block is forgotten, and not yet free. */
  free(block: number, owner: string, before: () => void): void;
  /** Forgets a block, which a view is to free. */
  handOver(block: number): void;
  /** Memory for an arena, which counts by its parts. */
  allocateChunk(size: number, owner: string): number;
  freeChunk(chunk: number): void;
  /** Hands everything back; gives what was thrown. */
  end(): readonly unknown[];
}

/** The allocator that is written in JavaScript, if that was set. */
export const foreignAllocator: { given: Allocator | undefined } = { given: undefined };

const parameters = {
  malloc: ['usize'],
  calloc: ['usize', 'usize'],
  realloc: ['ptr', 'usize'],
  free: ['ptr'],
} as const;
type Name = keyof typeof parameters;
const names = Object.keys(parameters) as Name[];

/** Blocks of an allocator in JavaScript: they are counted before they are asked for, and known by their addresses. */
function foreign(
  functions: Readonly<Record<Name, Callable>>,
  first: readonly unknown[],
  code: number,
): Allocator {
  const sizes = new Map<number, number>();
  const chunks = new Set<number>();
  const exhausted = (owner: string, size: number) =>
    ffiError('ERR_FFI_OUT_OF_MEMORY', `${owner}: the allocator has no ${size} bytes left`);
  const note = (block: unknown, size: number, owner: string): number => {
    if (typeof block !== 'number' || block <= 0) throw exhausted(owner, size);
    adopt(block, size, kinds.foreignBlock, owner);
    sizes.set(block, size);
    return block;
  };
  /** Runs a function of the allocator's, which may not be exchanged meanwhile, and is to give so many bytes more. */
  const during = <T>(more: number, run: () => T): T => {
    running.count++;
    running.bytes += more;
    try {
      return run();
    } finally {
      running.count--;
      running.bytes -= more;
    }
  };
  const release = (block: number): void => {
    during(0, () => functions.free(...first, block));
  };
  return {
    code,
    allocate(size, zeroed, owner) {
      checkLimit(size, owner);
      const bytes = Math.max(1, size);
      const block = during(size, () =>
        zeroed ? functions.calloc(...first, 1, bytes) : functions.malloc(...first, bytes),
      );
      return note(block, size, owner);
    },
    resize(block, size, owner) {
      const old = sizes.get(block);
      if (old !== undefined) checkLimit(Math.max(0, size - old), owner);
      // The old block is forgotten meanwhile.
      return during(Math.max(size, old ?? 0), () => {
        forget(block, kinds.foreignBlock, owner);
        sizes.delete(block);
        try {
          return note(functions.realloc(...first, block, Math.max(1, size)), size, owner);
        } catch (error) {
          // The block is as it was, as far as the allocator says.
          note(block, old!, owner);
          throw error;
        }
      });
    },
    free(block, owner, before) {
      forget(block, kinds.foreignBlock, owner);
      sizes.delete(block);
      before();
      release(block);
    },
    handOver(block) {
      sizes.delete(block);
    },
    allocateChunk(size, owner) {
      const chunk = during(0, () => functions.malloc(...first, size));
      if (typeof chunk !== 'number' || chunk <= 0) throw exhausted(owner, size);
      chunks.add(chunk);
      return chunk;
    },
    freeChunk(chunk) {
      if (chunks.delete(chunk)) release(chunk);
    },
    end() {
      const errors: unknown[] = [];
      for (const block of [...sizes.keys(), ...chunks]) {
        try {
          if (sizes.delete(block)) {
            forget(block, kinds.foreignBlock, 'exit');
            detachViews(block);
            gone('block', block);
          }
          chunks.delete(block);
          release(block);
        } catch (error) {
          // What a call still uses is left to it.
          errors.push(error);
        }
      }
      return errors;
    },
  };
}

/** How many functions of an allocator in JavaScript run, and how many bytes they are to give: these count already. */
const running = { count: 0, bytes: 0 };

/** Refuses what would go over the limit before anything is asked for. */
export function checkLimit(more: number, owner: string): void {
  const { limit, bytes: counted } = environment.memoryUsage();
  const bytes = counted + running.bytes;
  if (more === 0 || limit === 0 || bytes + more <= limit) return;
  const message = `${owner}: ${more} bytes more than the ${bytes} in use would go over the limit of ${limit}`;
  throw ffiError('ERR_FFI_MEMORY_LIMIT', message);
}

/** What the present allocator needs: the libraries of its functions, and a buffer that was given as `opaque`. */
let present: { readonly groups: readonly NativeLibrary[]; readonly opaque: unknown } | undefined;

/** The libraries of functions, which stay mapped until `close`. */
function pin(codes: readonly number[]): NativeLibrary[] {
  return codes.map((code) => environment.group(native((binding) => binding.moduleOf(code))?.path));
}

function exchange(groups: readonly NativeLibrary[], opaque: unknown, given: Allocator | undefined): void {
  for (const group of present?.groups ?? []) group.close();
  present = { groups, opaque };
  foreignAllocator.given = given;
}

function busy(): Error {
  const message =
    'setAllocator: blocks, arenas or struct results are live that the present allocator has given';
  return ffiError('ERR_FFI_BUSY', message);
}

/**
 * Sets where blocks come from, and what arenas and struct results are made of; `null` is libc. With `opaque`, each
 * function gets that pointer first.
 */
export function setAllocator(functions: unknown, opaque?: unknown): void {
  if (functions === null) {
    if (!isUnused() || !environment.setAllocator()) throw busy();
    exchange([], undefined, undefined);
    return;
  }
  checkObject(functions, 'the functions of setAllocator', 'ERR_FFI_INVALID_ARG_TYPE');
  checkKeys('setAllocator', functions, [...names, 'usableSize'], 'ERR_FFI_INVALID_ARG_TYPE');
  const pointer = opaque === undefined ? undefined : addressOf(opaque, 'setAllocator: opaque');
  if (typeof pointer === 'bigint') {
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `setAllocator: opaque is no address, got ${describe(opaque)}`);
  }
  const given = functions;
  if (given.usableSize !== undefined) codeAddress(given.usableSize, 'setAllocator: usableSize');
  const codes = names.map((name) => codeAddress(given[name], `setAllocator: ${name}`));
  if (!isUnused()) throw busy();
  if (!codes.some((code) => environment.isCallback(code))) {
    const groups = pin(codes);
    if (environment.setAllocator(codes, pointer)) {
      exchange(groups, opaque, undefined);
      return;
    }
    for (const group of groups) group.close();
    throw busy();
  }
  if (!environment.setAllocator()) throw busy();
  const before = pointer === undefined ? [] : ['ptr'];
  const groups = pin(codes);
  const bound = names.map((name, index) => {
    const types = [...before, ...parameters[name]].map(typeNamed);
    const def = plainFunction(types, typeNamed(name === 'free' ? 'void' : 'ptr'));
    return [name, bindFunction(groups[index]!, codes[index]!, `setAllocator: ${name}`, def).call];
  });
  const first = pointer === undefined ? [] : [pointer];
  const code = pointer === undefined ? codes[names.indexOf('free')]! : 0;
  exchange(groups, opaque, foreign(Object.fromEntries(bound) as Record<Name, Callable>, first, code));
}

function isUnused(): boolean {
  const { blocks, arenas, structReturns } = environment.memoryUsage();
  return running.count === 0 && blocks[0] === 0 && arenas[0] === 0 && structReturns[0] === 0;
}

/** Sets how many bytes may be in use; 0 is no limit. What is in use stays. */
export function setMemoryLimit(bytes: unknown): void {
  environment.setMemoryLimit(checkLength(bytes, 'setMemoryLimit'));
}
