/** Tells native code what it calls in JavaScript. */
import { settle } from './call/background';
import { environment } from './native';
import { dispatch, drive } from './upcall/callback';

function warn(text: string): void {
  process.emitWarning(text);
}

environment.install(dispatch, drive, settle, warn);
