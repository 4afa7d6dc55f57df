/** Tests that need a library which not every system has. */
import { test } from '@jest/globals';
import { dlopen } from 'arkffi';

function isPresent(name: string): boolean {
  try {
    dlopen(name).close();
    return true;
  } catch {
    return false;
  }
}

/** A test with a library, or with any of several; where the system has none, a skipped test that says so. */
export function testWith(
  libraries: string | readonly string[],
  title: string,
  run: () => void | Promise<void>,
): void {
  const names = [libraries].flat();
  const library = names.find(isPresent) ?? names[0]!;
  if (names.some(isPresent)) test(`${library}: ${title}`, run);
  else test.skip(`${library}: ${title} (the library is not installed)`, run);
}
