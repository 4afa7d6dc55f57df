/** The native side of memory: one C function for each thing that is done with it. */
import { bindFunction, ownGroup, type Callable } from '../call/function';
import { plainFunction } from '../define';
import { ffiError } from '../errors';
import { environment, layout, native, slots } from '../native';
import { typeNamed } from '../types';

const memory = environment.memoryAddress();
const routines = native((binding) => binding.memoryRoutines());

function bind(name: keyof typeof routines, args: readonly string[], result: string): Callable {
  const types = ['ptr', ...args].map(typeNamed);
  return bindFunction(ownGroup, routines[name], name, plainFunction(types, typeNamed(result))).call;
}

const allocateBlock = bind('allocate', ['usize', 'bool'], 'ptr');
const resizeBlock = bind('resize', ['ptr', 'usize'], 'ptr');
const freeBlock = bind('free', ['ptr'], 'u32');
const takeChunk = bind('allocateChunk', ['usize'], 'ptr');
const giveChunk = bind('freeChunk', ['ptr'], 'void');
const adoptRange = bind('adopt', ['ptr', 'usize', 'u32'], 'u32');
const forgetRange = bind('forget', ['ptr', 'u32'], 'u32');
const forgetParts = bind('forgetArena', ['ptr', 'usize'], 'u32');
const releaseBlock = bind('release', ['ptr'], 'u32');
const holdsBytes = bind('holds', ['ptr', 'i64', 'usize'], 'bool');
const roomAt = bind('room', ['ptr'], 'i64');
const startOf = bind('start', ['ptr'], 'ptr');
const addEndOf = bind('addEnd', ['ptr', 'ptr', 'bool', 'usize'], 'u64');
const takeEndOf = bind('takeEnd', ['u64'], 'u32');

/** Why memory is not given or taken: the numbers of `Refusal` in `src/memory/heap.rs`. No address is so low. */
const refusals = { exhausted: 1, limit: 2, stranger: 3, busy: 4 } as const;
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
    default:
      return ffiError('ERR_FFI_INVALID_POINTER', `${owner}: ${what} is not live memory of that kind`);
  }
}

function hex(address: number | bigint): string {
  return `0x${address.toString(16)}`;
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
  return checkAddress(allocateBlock(memory, size, zeroed), owner, 'the block', size);
}

/** A block with another size. */
export function resize(block: number, size: number, owner: string): number {
  return checkAddress(resizeBlock(memory, block, size), owner, `the block at ${hex(block)}`, size);
}

/** Frees a block. */
export function release(block: number, owner: string): void {
  const status = freeBlock(memory, block);
  if (status !== 0) throw refused(status as number, owner, `the block at ${hex(block)}`);
}

/** Memory for an arena. It does not count, and is nowhere known. */
export function allocateChunk(size: number, owner: string): number {
  return checkAddress(takeChunk(memory, size), owner, 'the arena', size);
}

export function freeChunk(chunk: number): void {
  giveChunk(memory, chunk);
}

/** Notes memory that was allocated elsewhere. */
export function adopt(start: number, size: number, kind: Kind, owner: string): void {
  checkStatus(adoptRange(memory, start, size, kind), owner, `what the allocator gave, ${hex(start)},`, size);
}

/** Forgets it: it is the caller's to free. */
export function forget(start: number, kind: Kind, owner: string): void {
  checkStatus(forgetRange(memory, start, kind), owner, `the memory at ${hex(start)}`);
}

/** Forgets all parts of an arena, or none. */
export function forgetAll(starts: Float64Array, count: number, owner: string): void {
  checkStatus(forgetParts(memory, starts, count), owner, 'a part of the arena');
}

/** Gives a struct result back; `false` for anything else. */
export function releaseResult(address: number): boolean {
  const status = releaseBlock(memory, address) as number;
  if (status > 1) throw refused(status, 'releasePtr', `the struct at ${hex(address)}`);
  return status === 1;
}

/** Whether memory of arkffi's can be at an address: a look at two numbers. */
export function mayBeHeld(address: number): boolean {
  return address >= slots.F64[layout.held]! && address < slots.F64[layout.held + 1]!;
}

/** Whether bytes at an offset of an address lie in one piece of memory with it, or arkffi knows nothing of them. */
export function holds(address: number, offset: number, bytes: number): boolean {
  return holdsBytes(memory, address, offset, bytes) as boolean;
}

/** How many bytes there are from an address to the end of the memory that arkffi knows there. */
export function roomFrom(address: number | bigint): number | undefined {
  if (typeof address !== 'number' || !mayBeHeld(address)) return undefined;
  const room = roomAt(memory, address) as number;
  return room < 0 ? undefined : room;
}

/** The start of the memory that arkffi knows at an address; 0 where it knows none. */
export function startFrom(address: number): number {
  return mayBeHeld(address) ? (startOf(memory, address) as number) : 0;
}

/** Has a C function called with an address at the environment's end, and gives the number to take that back by. */
export function addEnd(code: number, argument: number | bigint, owned: boolean, bytes: number): number {
  const number = addEndOf(memory, code, argument, owned, bytes) as number;
  if (number > lastRefusal) return number;
  const message = `own: the memory at ${hex(argument)} is arkffi's own, or owned already`;
  throw ffiError('ERR_FFI_INVALID_POINTER', message);
}

/** Takes that back; `false` where it was taken before. */
export function takeEnd(number: number, owner: string): boolean {
  const status = takeEndOf(memory, number) as number;
  if (status > 1) throw refused(status, owner, 'the memory');
  return status === 1;
}
