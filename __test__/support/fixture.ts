/** Where the compiled C fixtures are. */
import { join } from 'node:path';

export const fixture = join(__dirname, '..', 'fixtures', 'build', 'libfixture.so');
