/** What jest is asked to do: the matcher `toLeakNothing`, and a check after each test. */
import { describe, ffiError, isRevoked } from '../errors';
import { describeLeak, watch, type Leak } from '../memory/track';

/** What is used of jest, or of a runner that has the same. */
interface Runner {
  readonly expect?: { readonly extend?: (matchers: Record<string, unknown>) => void };
  readonly beforeEach?: (hook: () => void) => void;
  readonly afterEach?: (hook: () => void) => void;
}

/** The runner's functions: global ones, else what jest gives to those who import them. */
export function runner(): Runner {
  const globals = globalThis as Runner;
  if (typeof globals.expect?.extend === 'function' && typeof globals.afterEach === 'function') return globals;
  try {
    // Outside of jest the package is absent, or throws.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('@jest/globals') as Runner;
  } catch {
    return globals;
  }
}

/** What a matcher says. */
interface Outcome {
  readonly pass: boolean;
  readonly message: () => string;
}

function listed(found: readonly Leak[]): string {
  return found.map(describeLeak).join('\n');
}

function outcome(found: readonly Leak[]): Outcome {
  if (found.length > 0)
    return { pass: false, message: () => `expected to leak nothing, but leaked:\n${listed(found)}` };
  return { pass: true, message: () => 'expected to leak something, but leaked nothing' };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Runs a function and passes if all that it allocated has been released when it has returned, or is settled. */
export function toLeakNothing(fn: unknown): Outcome | Promise<Outcome> {
  if (typeof fn !== 'function' || isRevoked(fn)) {
    const message = `toLeakNothing takes a function, expect(() => …), got ${describe(fn)}`;
    throw ffiError('ERR_FFI_INVALID_ARG_TYPE', message);
  }
  const end = watch();
  let result: unknown;
  let isPromise: boolean;
  try {
    result = (fn as () => unknown)();
    isPromise = isThenable(result);
  } catch (error) {
    end();
    throw error;
  }
  if (!isPromise) return outcome(end());
  return Promise.resolve(result).then(
    () => outcome(end()),
    (error: unknown) => {
      end();
      throw error;
    },
  );
}

/** From now on, a test fails that leaves behind what it, or a hook of its own, allocated. */
export function checkLeaks(): void {
  const { beforeEach, afterEach } = runner();
  if (typeof beforeEach !== 'function' || typeof afterEach !== 'function') {
    throw ffiError('ERR_FFI_UNSUPPORTED', 'checkLeaks: there is no beforeEach and afterEach: run it in jest');
  }
  let end: (() => Leak[]) | undefined;
  beforeEach(() => {
    end = watch();
  });
  afterEach(() => {
    const found = end?.() ?? [];
    if (found.length > 0) throw new Error(`the test has leaked:\n${listed(found)}`);
  });
}
