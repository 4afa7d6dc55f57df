/** How much memory there is, and what is said of it: on demand, and when the process exits. */
import { addressOf } from '../convert';
import { checkObject } from '../define';
import { describe, ffiError, isRevoked } from '../errors';
import { openLibraries } from '../library';
import { environment } from '../native';
import { checkKeys } from '../types';
import { exitHooks, listen } from './ends';
import { foreignAllocator } from './foreign';
import { checkLength } from './range';
import { describeLeak, dumpFlags, forgetAll, leaks, mostBytesFirst, tracking, type Leak } from './track';

/** So many things, of so many bytes in all. */
interface Tally {
  readonly count: number;
  readonly bytes: number;
}

/** The number of bytes that the code and the record of a callback take. */
const callbackBytes = 128;

function tally([count, bytes]: readonly number[]): Tally {
  return { count: count!, bytes: bytes! };
}

/** How much memory this environment holds, in bytes. */
export function memoryUsage() {
  const usage = environment.memoryUsage();
  const { limit, bytes, peakBytes, callbacks, overhead } = usage;
  return {
    limit,
    bytes,
    peakBytes,
    blocks: tally(usage.blocks),
    structReturns: tally(usage.structReturns),
    arenas: tally(usage.arenas),
    owned: tally(usage.owned),
    strings: tally(usage.strings),
    shared: tally(usage.shared),
    callbacks: { count: callbacks, bytes: callbacks * callbackBytes },
    libraries: { count: openLibraries(), bytes: 0 },
    views: tally(usage.views),
    internal: { count: 1, bytes: overhead + callbacks * callbackBytes },
  };
}

/** Something that text can be written to. */
interface Output {
  write(text: string): unknown;
}

function isOutput(value: unknown): value is Output {
  if (typeof value !== 'object' || value === null || isRevoked(value)) return false;
  return typeof (value as { write?: unknown }).write === 'function';
}

/** Writes a table of the memory in use. */
export function dumpMemoryUsage(stream: unknown = process.stderr): void {
  if (!isOutput(stream)) {
    const message = `dumpMemoryUsage takes a stream, got ${describe(stream)}`;
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
  }
  const { limit, bytes, peakBytes, ...named } = memoryUsage();
  const lines = Object.entries(named).map(
    ([name, { count, bytes: size }]) =>
      `  ${name.padEnd(14)}${String(count).padStart(12)}${String(size).padStart(16)}`,
  );
  const most = limit === 0 ? 'no limit' : `limit ${limit}`;
  const head = `arkffi: ${bytes} bytes in use, at most ${peakBytes}, ${most}`;
  const columns = `  ${''.padEnd(14)}${'count'.padStart(12)}${'bytes'.padStart(16)}`;
  stream.write(`${[head, columns, ...lines].join('\n')}\n`);
}

/** Whether an address lies in memory that arkffi holds, or is an open callback's. */
export function isLive(pointer: unknown): boolean {
  const address = addressOf(pointer, 'isLive');
  return typeof address === 'number' && address > 0 && environment.isLive(address);
}

/** Sets how many bytes more or less there must be before the engine is told. */
export function setGCThreshold(bytes: unknown): void {
  environment.reportThreshold(checkLength(bytes, 'setGCThreshold'));
}

export function getGCThreshold(): number {
  return environment.reportThreshold();
}

/** Collects garbage, where Node was started with `--expose-gc`. */
export function runGC(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (typeof gc !== 'function') {
    throw ffiError('ERR_FFI_UNSUPPORTED', 'runGC: start Node.js with --expose-gc to collect on demand');
  }
  if (dumpFlags.gc) process.stderr.write('arkffi: a collection is asked for\n');
  gc();
}

/** Less would not do for a call that calls back. */
const smallestStack = 128 * 1024;
const largestStack = 2 ** 32;

/** Sets how much stack a call of C and what it calls back may use: here, and on threads that are started from now on. */
export function setMaxStackSize(bytes: unknown): void {
  const size = checkLength(bytes, 'setMaxStackSize');
  if (size !== 0 && (size < smallestStack || size > largestStack)) {
    const message = `setMaxStackSize takes 0, or ${smallestStack} to ${largestStack} bytes, got ${size}`;
    throw ffiError('ERR_FFI_OUT_OF_RANGE', message);
  }
  environment.setStackLimit(size);
}

type Flag = keyof typeof dumpFlags;

/** Sets what is written to stderr: at exit what has leaked and how much memory there was, collections, what is freed. */
export function setDumpFlags(given: unknown): void {
  checkObject(given, 'the flags of setDumpFlags', 'ERR_FFI_INVALID_ARG_TYPE');
  checkKeys('setDumpFlags', given, Object.keys(dumpFlags), 'ERR_FFI_INVALID_ARG_TYPE');
  const entries = Object.entries(given);
  for (const [name, value] of entries) {
    if (value !== undefined && typeof value !== 'boolean') {
      const message = `setDumpFlags: ${name} is true or false, got ${describe(value)}`;
      throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
    }
  }
  for (const [name, value] of entries) if (value !== undefined) dumpFlags[name as Flag] = value as boolean;
  if (dumpFlags.leaks) trackAllocations(true);
}

export function getDumpFlags(): Record<Flag, boolean> {
  return { ...dumpFlags };
}

/** Follows what is allocated from now on, with where in JavaScript; or forgets it and does so no longer. */
export function trackAllocations(on: unknown): void {
  if (typeof on !== 'boolean') {
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', `trackAllocations takes true or false, got ${describe(on)}`);
  }
  tracking.on = on;
  if (!on) forgetAll();
}

/** What is owned is freed at the end: that it was not before is to be said all the same. */
let owned: readonly Leak[] = [];

exitHooks.before = () => {
  if (tracking.on) owned = leaks().filter(({ kind }) => kind === 'owned');
};

exitHooks.after = () => {
  if (tracking.on && (dumpFlags.leaks || process.env.ARKFFI_LEAKS === '1')) {
    const found = [...owned, ...leaks()].sort(mostBytesFirst);
    const text = found.map(describeLeak).join('\n');
    if (found.length > 0) process.stderr.write(`arkffi: never released:\n${text}\n`);
  }
  if (dumpFlags.memory) dumpMemoryUsage();
  return foreignAllocator.given?.end() ?? [];
};

listen();
if (process.env.ARKFFI_LEAKS === '1') tracking.on = true;
