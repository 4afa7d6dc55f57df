// `npm run test:ecosystem`: the package as users get it, in projects of theirs: packed, installed, imported, bundled,
// under other test runners and runtimes. Each check is named; the last line has the totals.
//
//     node scripts/ecosystem.mjs [--quick] [--only TEXT]
//
// --quick: what needs no tools but TypeScript. --only: the checks whose names contain that text.
import { parseArgs } from 'node:util';
import { bundlers } from './ecosystem/bundlers.mjs';
import { packages } from './ecosystem/packages.mjs';
import { Absent } from './ecosystem/project.mjs';
import { runtimes } from './ecosystem/runtimes.mjs';
import { types } from './ecosystem/types.mjs';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});

const total = { passed: 0, failed: 0, skipped: 0 };
const checks = [...packages, ...types, ...(values.quick ? [] : [...bundlers, ...runtimes])];
for (const [name, check] of checks.filter(([title]) => title.includes(values.only))) {
  const start = performance.now();
  try {
    check();
    total.passed++;
    console.log(`ok   ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    const skipped = error instanceof Absent;
    total[skipped ? 'skipped' : 'failed']++;
    console.log(skipped ? `skip ${name}: ${error.message}` : `FAIL ${name}\n${error.stack ?? error}`);
  }
}
const { passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
