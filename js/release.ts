/** The release of struct results. */
import { bindFunction, ownGroup } from './call/function';
import { plainFunction } from './define';
import { environment, native } from './native';
import { typeNamed } from './types';

const pool = environment.poolAddress();

const release = bindFunction(
  ownGroup,
  native((binding) => binding.guardRoutines().release),
  'releasePtr',
  plainFunction([typeNamed('ptr'), typeNamed('ptr')], typeNamed('bool')),
).call;

/** Gives a struct result back; `false`, and nothing happens, for any other value. */
export function releasePtr(pointer: unknown): boolean {
  const address = typeof pointer === 'bigint' ? Number(pointer) : pointer;
  if (typeof address !== 'number' || !Number.isSafeInteger(address) || address <= 0) return false;
  return release(pool, address) as boolean;
}
