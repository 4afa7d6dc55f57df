/** What a promise is rejected with. */
import type { ErrorCode } from 'arkffi';
import { expectError } from './errors';

/** Expects a promise to be rejected with an error of that code, its class and message; returns the message. */
export async function expectRejection(
  promise: Promise<unknown>,
  code: ErrorCode,
  message: RegExp | string = '',
): Promise<string> {
  const outcome = await promise.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  return expectError(outcome, code, message);
}
