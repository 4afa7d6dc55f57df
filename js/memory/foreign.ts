/** Allocators of the user's: C functions, which native code calls, or JavaScript functions, which are called here. */
import { bindFunction, type Callable } from '../call/function';
import { codeAddress, groupOf } from '../code';
import { addressOf } from '../convert';
import { checkObject, plainFunction } from '../define';
import { describe, ffiError } from '../errors';
import { environment } from '../native';
import { checkKeys, typeNamed } from '../types';
import { checkLength } from './range';
import { adopt, forget, kinds } from './routines';

/** Where blocks come from, if it is JavaScript. */
interface Allocator {
  allocate(size: number, zeroed: boolean, owner: string): number;
  resize(block: number, size: number, owner: string): number;
  free(block: number, owner: string): void;
  /** Memory for an arena, which counts by its parts. */
  allocateChunk(size: number, owner: string): number;
  freeChunk(chunk: number): void;
  /** Hands everything back. */
  end(): void;
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
function foreign(functions: Readonly<Record<Name, Callable>>, first: readonly unknown[]): Allocator {
  const sizes = new Map<number, number>();
  const chunks = new Set<number>();
  const exhausted = (owner: string, size: number) =>
    ffiError('ERR_FFI_OUT_OF_MEMORY', `${owner}: the allocator has no ${size} bytes left`);
  const note = (block: unknown, size: number, owner: string): number => {
    if (typeof block !== 'number' || block === 0) throw exhausted(owner, size);
    adopt(block, size, kinds.foreignBlock, owner);
    sizes.set(block, size);
    return block;
  };
  return {
    allocate(size, zeroed, owner) {
      checkLimit(size, owner);
      const bytes = Math.max(1, size);
      return note(
        zeroed ? functions.calloc(...first, 1, bytes) : functions.malloc(...first, bytes),
        size,
        owner,
      );
    },
    resize(block, size, owner) {
      const old = sizes.get(block);
      if (old !== undefined) checkLimit(Math.max(0, size - old), owner);
      forget(block, kinds.foreignBlock, owner);
      sizes.delete(block);
      let moved: unknown = 0;
      try {
        moved = functions.realloc(...first, block, Math.max(1, size));
      } finally {
        if (moved === 0) note(block, old!, owner);
      }
      if (moved === 0) throw exhausted(owner, size);
      return note(moved, size, owner);
    },
    free(block, owner) {
      forget(block, kinds.foreignBlock, owner);
      sizes.delete(block);
      functions.free(...first, block);
    },
    allocateChunk(size, owner) {
      const chunk = functions.malloc(...first, size);
      if (typeof chunk !== 'number' || chunk === 0) throw exhausted(owner, size);
      chunks.add(chunk);
      return chunk;
    },
    freeChunk(chunk) {
      if (chunks.delete(chunk)) functions.free(...first, chunk);
    },
    end() {
      for (const block of [...sizes.keys(), ...chunks]) functions.free(...first, block);
      sizes.clear();
      chunks.clear();
    },
  };
}

/** Refuses what would go over the limit before anything is asked for. */
export function checkLimit(more: number, owner: string): void {
  const { limit, bytes } = environment.memoryUsage();
  if (more === 0 || limit === 0 || bytes + more <= limit) return;
  const message = `${owner}: ${more} bytes more than the ${bytes} in use would go over the limit of ${limit}`;
  throw ffiError('ERR_FFI_MEMORY_LIMIT', message);
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
    foreignAllocator.given = undefined;
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
    if (!environment.setAllocator(codes, pointer)) throw busy();
    // The libraries of the functions stay mapped.
    for (const code of codes) groupOf(code);
    foreignAllocator.given = undefined;
    return;
  }
  if (!environment.setAllocator()) throw busy();
  const before = pointer === undefined ? [] : ['ptr'];
  const bound = names.map((name, index) => {
    const types = [...before, ...parameters[name]].map(typeNamed);
    const def = plainFunction(types, typeNamed(name === 'free' ? 'void' : 'ptr'));
    return [name, bindFunction(groupOf(codes[index]!), codes[index]!, `setAllocator: ${name}`, def).call];
  });
  const first = pointer === undefined ? [] : [pointer];
  foreignAllocator.given = foreign(Object.fromEntries(bound) as Record<Name, Callable>, first);
}

function isUnused(): boolean {
  const { blocks, arenas, structReturns } = environment.memoryUsage();
  return blocks[0] === 0 && arenas[0] === 0 && structReturns[0] === 0;
}

/** Sets how many bytes may be in use; 0 is no limit. What is in use stays. */
export function setMemoryLimit(bytes: unknown): void {
  environment.setMemoryLimit(checkLength(bytes, 'setMemoryLimit'));
}
