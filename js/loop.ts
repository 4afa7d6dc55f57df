/** The event loop: other threads wake it, and it goes on as long as something holds it. */
import { environment, native } from './native';

let started = false;
let holds = 0;

/** What asynchronous hooks see. Tools that look for open handles, as jest does, ask it. */
const resource = { hasRef: (): boolean => holds > 0 };

/** Lets other threads wake the event loop, from the first callback or background call on. */
export function startLoop(): void {
  if (!started) native(() => environment.start(resource));
  started = true;
}

/** Keeps the event loop alive until `releaseLoop` is called as often. */
export function holdLoop(): void {
  if (holds++ === 0) environment.hold();
}

export function releaseLoop(): void {
  if (--holds === 0) environment.release();
}
