/** `arkffi/jest/after-each`: the matcher, and the check after each test. */
import { checkLeaks } from './index';

checkLeaks();
