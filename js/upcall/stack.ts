/** Where the stack of JavaScript ends. */
import { environment } from '../native';

/** Each level of the descent takes so many arguments, 4 KB of the stack. */
const filler = Array.from({ length: 512 });

/** Stack that entering and leaving a context takes at most, in bytes: the engine may have to compile for it. */
const reserve = 128 * 1024;

/** The lowest address that JavaScript can get to: the engine ends a descent without end by an error. */
function lowestAddress(): number {
  let lowest = Infinity;
  const descend = (): void => {
    lowest = Math.min(lowest, environment.stackAddress());
    Reflect.apply(descend, undefined, filler);
  };
  try {
    descend();
  } catch {
    // That is what it is for.
  }
  return lowest;
}

let measured = false;

/**
 * Has callbacks refused near the end of JavaScript's stack, and below it, where C may be. It must not end while node
 * enters or leaves a context: that would be left half done, and node ends the process for it. Nor may V8 be entered far below
 * its end, which ends the process too from Node.js 26 on.
 */
export function measureStack(): void {
  if (measured) return;
  measured = true;
  environment.setScriptLimit(lowestAddress() + reserve);
}
