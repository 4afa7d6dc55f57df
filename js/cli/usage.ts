/** What the commands share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command that is written wrong. */
export class Usage extends Error {}

/** The version of the package. */
export function version(): string {
  const file = join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The library that an argument names: '-' is the running process. */
export function libraryOf(name: string | undefined): string | null {
  if (name === undefined || name === '') throw new Usage('a library is missing');
  return name === '-' ? null : name;
}
