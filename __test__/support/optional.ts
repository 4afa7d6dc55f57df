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

/** A test with a library; where the system lacks it, a skipped test that says so. */
export function testWith(library: string, title: string, run: () => void | Promise<void>): void {
  if (isPresent(library)) test(`${library}: ${title}`, run);
  else test.skip(`${library}: ${title} (the library is not installed)`, run);
}
