/** Whether code may be generated: not where a switch or the runtime forbids it. */
import { switches } from './native';

let allowed = switches.codegen;

/** What `generate` makes, or undefined where no code may be generated. */
export function generated<T>(generate: () => T): T | undefined {
  if (!allowed) return undefined;
  try {
    return generate();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'EvalError') throw error;
    allowed = false;
    return undefined;
  }
}
