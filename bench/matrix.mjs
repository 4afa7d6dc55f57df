// Runs the benchmark on every supported Node.js, and writes what it found into the documentation.
//   node bench/matrix.mjs            everything: docs/performance.md, docs/benchmark.svg, docs/benchmark.json
//   node bench/matrix.mjs --quick    fewer rounds; writes build/benchmark.json alone
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { majors, nodeOf } from './binaries.mjs';
import { build, buildDirectory } from './build.mjs';
import { writeDocs } from './docs.mjs';
import { table } from './report.mjs';
import { sharesTable } from './tables.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const quick = process.argv.includes('--quick');
const newest = majors.at(-1);

build();
const runs = majors.map((major) => {
  const out = join(buildDirectory, `results-${major}.json`);
  // How cost grows is shown for one version.
  const parts = ['calls', 'reads', 'startup', ...(major === newest ? ['growth', 'parallel'] : [])];
  const options = ['--only', parts.join(), '--out', out, ...(quick ? ['--quick'] : [])];
  execFileSync(nodeOf(major), [join(here, 'run.mjs'), ...options], { stdio: 'inherit' });
  return JSON.parse(readFileSync(out, 'utf8'));
});
console.log('Time of a call, arkffi/koffi');
for (const group of ['calls', 'reads']) console.log(`${table(sharesTable(runs, group))}\n`);
console.log(`Leaf calls\n${table(sharesTable(runs, 'calls', 'arkffi leaf'))}`);
if (quick) writeFileSync(join(buildDirectory, 'benchmark.json'), `${JSON.stringify({ runs }, null, 1)}\n`);
else writeDocs({ runs });
