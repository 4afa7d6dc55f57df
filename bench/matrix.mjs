// Runs the benchmark on every supported Node.js and sums up what a call costs in comparison to koffi.
//   node bench/matrix.mjs [--quick]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDirectory } from './build.mjs';
import { ratio, table } from './report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const majors = [20, 22, 24, 26];

/** The executable of that Node.js: the running one, or one fetched by npm. */
function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const directory = join(buildDirectory, 'nodes', String(major));
  const binary = join(directory, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(directory, { recursive: true });
    const options = ['--no-save', '--no-package-lock', '--prefix', directory];
    execFileSync(npm, ['install', ...options, `node@${major}`], { cwd: directory, stdio: ['ignore', 2, 2] });
  }
  return binary;
}

const runs = majors.map((major) => {
  const out = join(buildDirectory, `results-${major}.json`);
  const options = [...process.argv.slice(2), '--out', out];
  execFileSync(nodeOf(major), [join(here, 'run.mjs'), ...options], { stdio: 'inherit' });
  return JSON.parse(readFileSync(out, 'utf8'));
});

const rows = runs[0].cases.flatMap(({ name, leaf }, index) => [
  [name, ...runs.map(({ cases }) => ratio(cases[index].ratio))],
  ...(leaf === undefined ? [] : [[`${name}, leaf`, ...runs.map(({ cases }) => ratio(cases[index].leaf))]]),
]);
console.log('Time of a call, arkffi/koffi');
console.log(table([['', ...runs.map(({ node }) => node)], ...rows]));
writeFileSync(join(here, 'results-matrix.json'), `${JSON.stringify({ runs }, null, 2)}\n`);
