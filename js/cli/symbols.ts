/** `arkffi symbols`: what a library exports. */
import { ffiError } from '../errors';
import { Opened } from '../library';
import { libraryOf, Usage } from './usage';

export function symbols([library, ...rest]: readonly string[]): string {
  const name = libraryOf(library);
  if (rest.length > 0) throw new Usage(`symbols takes one library, not also '${rest[0]}'`);
  const opened = new Opened(name, { lazy: true });
  const names = opened.native.names();
  if (names.length > 0) return names.join('\n');
  const message = `the file of ${opened.name} does not tell what it exports`;
  throw ffiError('ERR_FFI_UNSUPPORTED', message);
}
