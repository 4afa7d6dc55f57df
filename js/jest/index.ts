/** `arkffi/jest`: teaches `expect` the matcher, where there is an `expect`. */
import { runner, toLeakNothing } from './watching';

export { checkLeaks, toLeakNothing } from './watching';

runner().expect?.extend?.({ toLeakNothing });
