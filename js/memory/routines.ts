/** The native side of memory: one C function for each thing that is done with it. */
import { bindFunction, ownGroup, type Callable } from '../call/function';
import { plainFunction } from '../define';
import { ffiError, hex } from '../errors';
import { lazily } from '../lazy';
import { environment, layout, native, slots } from '../native';
import { typeNamed } from '../types';

const memory = environment.memoryAddress();

/** What each takes after the memory, and gives. */
const signatures = {
  allocate: [['usize', 'bool'], 'ptr'],
  resize: [['ptr', 'usize'], 'ptr'],
  free: [['ptr'], 'u32'],
  allocateChunk: [['usize'], 'ptr'],
  freeChunk: [['ptr'], 'void'],
  adopt: [['ptr', 'usize', 'u32'], 'u32'],
  forget: [['ptr', 'u32'], 'u32'],
  forgetArena: [['ptr', 'usize'], 'u32'],
  release: [['ptr'], 'u32'],
  holds: [['ptr', 'i64', 'usize'], 'bool'],
  room: [['ptr'], 'i64'],
  start: [['ptr'], 'ptr'],
  addEnd: [['ptr', 'ptr', 'bool', 'usize'], 'u64'],
  claim: [['ptr', 'usize', 'ptr', 'ptr'], 'u32'],
  takeEnd: [['u64'], 'u32'],
} as const satisfies Record<string, readonly [args: readonly string[], result: string]>;

type Name = keyof typeof signatures;

const routines = lazily(Object.keys(signatures) as Name[], (name): Callable => {
  const [args, result] = signatures[name];
  const types = ['ptr', ...args].map(typeNamed);
  const address = native((binding) => binding.memoryRoutines()[name]);
  return bindFunction(ownGroup, address, name, plainFunction(types, typeNamed(result))).call;
});

/** Why memory is not given or taken: the numbers of `Refusal` in `src/memory/heap.rs`. No address is so low. */
const refusals = { exhausted: 1, limit: 2, stranger: 3, busy: 4, viewed: 5 } as const;
const lastRefusal = 15;

/** Ranges of memory that are allocated elsewhere: the numbers of `Kind` in `src/memory/registry.rs`. */
export const kinds = { foreignBlock: 1, arena: 2, shared: 3 } as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

/** `what` names the memory in a message. */
function refused(status: number, owner: string, what: string, bytes?: number): Error {
  switch (status) {
    case refusals.limit: {
      const { limit, bytes: used } = environment.memoryUsage();
      const message = `${owner}: ${bytes} bytes more than the ${used} in use would go over the limit of ${limit}`;
      return ffiError('ERR_FFI_MEMORY_LIMIT', message);
    }
    case refusals.exhausted:
      return ffiError('ERR_FFI_OUT_OF_MEMORY', `${owner}: the allocator has no ${bytes} bytes left`);
    case refusals.busy:
      return ffiError('ERR_FFI_BUSY', `${owner}: a call that has not returned uses ${what}`);
    case refusals.viewed: {
      const message = `${owner}: ${what} belongs to a view, which frees it when it has been collected`;
      return ffiError('ERR_FFI_INVALID_POINTER', message);
    }
    default:
      return ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${what} is not live memory of that kind`);
  }
}

function checkAddress(given: unknown, owner: string, what: string, bytes: number): number {
  const address = given as number;
  if (address > lastRefusal) return address;
  throw refused(address, owner, what, bytes);
}

function checkStatus(given: unknown, owner: string, what: string, bytes?: number): void {
  if (given !== 0) throw refused(given as number, owner, what, bytes);
}

/** A new block. */
export function allocate(size: number, zeroed: boolean, owner: string): number {
  return checkAddress(routines.allocate(memory, size, zeroed), owner, 'the block', size);
}

/** A block with another size. */
export function resize(block: number, size: number, owner: string): number {
  return checkAddress(routines.resize(memory, block, size), owner, `the block at ${hex(block)}`, size);
}

/** Frees a block. */
export function release(block: number, owner: string): void {
  const status = routines.free(memory, block);
  if (status !== 0) throw refused(status as number, owner, `the block at ${hex(block)}`);
}

/** Memory for an arena. It does not count, and is nowhere known. */
export function allocateChunk(size: number, owner: string): number {
  return checkAddress(routines.allocateChunk(memory, size), owner, 'the arena', size);
}

export function freeChunk(chunk: number): void {
  routines.freeChunk(memory, chunk);
}

/** Notes memory that was allocated elsewhere. */
export function adopt(start: number, size: number, kind: Kind, owner: string): void {
  checkStatus(
    routines.adopt(memory, start, size, kind),
    owner,
    `what the allocator gave, ${hex(start)},`,
    size,
  );
}

/** Forgets it: it is the caller's to free. */
export function forget(start: number, kind: Kind, owner: string): void {
  checkStatus(routines.forget(memory, start, kind), owner, `the memory at ${hex(start)}`);
}

/** Forgets all parts of an arena, or none. */
export function forgetAll(starts: Float64Array, count: number, owner: string): void {
  checkStatus(routines.forgetArena(memory, starts, count), owner, 'a part of the arena');
}

/** Gives a struct result back; `false` for anything else. */
export function releaseResult(address: number): boolean {
  const status = routines.release(memory, address) as number;
  if (status > 1) throw refused(status, 'releasePtr', `the struct at ${hex(address)}`);
  return status === 1;
}

/** Whether memory of arkffi's can be at an address: a look at two numbers. */
export function mayBeHeld(address: number): boolean {
  return address >= slots.F64[layout.held]! && address < slots.F64[layout.held + 1]!;
}

/** Whether bytes at an offset of an address lie in one piece of memory with it, or arkffi knows nothing of them. */
export function holds(address: number, offset: number, bytes: number): boolean {
  const [start, end] = [slots.F64[layout.found]!, slots.F64[layout.found + 1]!];
  const first = address + offset;
  // Mostly it is the piece that was looked up last.
  if (address >= start && address < end && first >= start && first + bytes <= end) return true;
  return routines.holds(memory, address, offset, bytes) as boolean;
}

/** How many bytes there are from an address to the end of the memory that arkffi knows there. */
export function roomFrom(address: number | bigint): number | undefined {
  if (typeof address !== 'number' || !mayBeHeld(address)) return undefined;
  const room = routines.room(memory, address) as number;
  return room < 0 ? undefined : room;
}

/** The start of the memory that arkffi knows at an address; 0 where it knows none. */
export function startFrom(address: number): number {
  return mayBeHeld(address) ? (routines.start(memory, address) as number) : 0;
}

/** Has a C function called with an address at the environment's end, and gives the number to take that back by. */
export function addEnd(code: number, argument: number | bigint, owned: boolean, bytes: number): number {
  const number = routines.addEnd(memory, code, argument, owned, bytes) as number;
  if (number > lastRefusal) return number;
  const message = `own: the memory at ${hex(argument)} is arkffi's own, or owned already`;
  throw ffiError('ERR_FFI_INVALID_POINTER', message);
}

/** What a view with a deallocator makes of the memory that it shows: the numbers of `Claim` in `src/memory/views.rs`. */
export const claims = { none: 0, taken: 6, owned: 7 } as const;

/** What such a view takes over. `foreign` frees the blocks of an allocator in JavaScript. */
export function claimView(
  start: number,
  bytes: number,
  code: number,
  foreign: number | undefined,
  owner: string,
): number {
  const claim = routines.claim(memory, start, bytes, code, foreign ?? 0) as number;
  if (claim === refusals.stranger) {
    const message = `${owner}: free is not to be called with ${hex(start)}, which lies in memory that arkffi or another view frees`;
    throw ffiError('ERR_FFI_INVALID_POINTER', message);
  }
  if (claim === refusals.busy) throw refused(claim, owner, 'the memory');
  return claim;
}

/** Takes an end back; `false` where it was taken before. */
export function takeEnd(number: number, owner: string): boolean {
  const status = routines.takeEnd(memory, number) as number;
  if (status > 1) throw refused(status, owner, 'the memory');
  return status === 1;
}
