/**
 * `arkffi/jest`: finds what a test never releases. Importing it adds the matcher `toLeakNothing` to `expect`;
 * `arkffi/jest/after-each` is for `setupFilesAfterEnv`: it does the same, and calls `checkLeaks`.
 */

/** What a matcher gives to `expect`. */
export interface LeakOutcome {
  /** Whether nothing has leaked. */
  readonly pass: boolean;
  /** What `expect` says where it fails: what has leaked, and where it was made. */
  readonly message: () => string;
}

/** The matcher itself, for an `expect` that is not global: `expect.extend({ toLeakNothing })`. */
export declare function toLeakNothing(fn: () => unknown): LeakOutcome | Promise<LeakOutcome>;

/**
 * Has each test from here on fail that leaves behind what was allocated since it began, its `beforeEach` hooks
 * included: blocks, struct results, arenas, owned and shared memory, callbacks, libraries.
 *
 * @throws `ERR_FFI_UNSUPPORTED` where there are no hooks: outside of jest
 */
export declare function checkLeaks(): void;

/** What `expect(fn)` has in addition. */
export interface LeakMatchers<R, T> {
  /**
   * Calls the function and expects that it has released all that it allocated with arkffi when it returns, or when
   * its promise is settled; the result is to be awaited then.
   */
  toLeakNothing(): T extends () => PromiseLike<unknown> ? Promise<void> : R;
}

declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends LeakMatchers<R, T> {}
  }
}

// Where the package is absent, as without jest, there is nothing to add to.
// eslint-disable-next-line @typescript-eslint/ban-ts-comment -- where it is present, there is no error
// @ts-ignore
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends LeakMatchers<R, T> {}
}
