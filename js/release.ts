/** The release of struct results. */
import { bindFunction, ownGroup } from './call/function';
import { environment, native } from './native';
import { typeNamed } from './types';

const pool = environment.poolAddress();

const release = bindFunction(
  ownGroup,
  native((binding) => binding.guardRoutines().release),
  'releasePtr',
  {
    kind: 'function',
    args: [typeNamed('ptr'), typeNamed('ptr')],
    variadic: false,
    result: typeNamed('bool'),
    holds: false,
    free: undefined,
  },
).call;

/** Gives a struct result back; `false`, and nothing happens, for any other value. */
export function releasePtr(pointer: unknown): boolean {
  const address = typeof pointer === 'bigint' ? Number(pointer) : pointer;
  if (typeof address !== 'number' || !Number.isSafeInteger(address) || address <= 0) return false;
  return release(pool, address) as boolean;
}
