// Counts the instructions that a call takes on each hot path, and fails where it takes more than it did.
//   node bench/instructions.mjs            compares with instructions.json
//   node bench/instructions.mjs --renew    writes the counts of this Node.js there
// Valgrind's callgrind counts; where it is not installed the check is skipped. Unlike times, the counts repeat, on a busy
// machine too: V8 runs on one thread, with a heap that needs no collection while it is counted. They are those of one
// version of Node.js, on others the check is skipped as well.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { table } from './report.mjs';

/** How many calls are counted, how many times as many come before, and in how many times as many they are counted. */
export const counted = { calls: 1000, warmUp: 15, segments: [1, 2, 1, 2] };
/** How much more a call may take. */
const tolerance = 0.05;

const here = dirname(fileURLToPath(import.meta.url));
const file = join(here, 'instructions.json');
const deterministic = ['--predictable', '--single-threaded', '--hash-seed=1', '--random-seed=1'];
const roomy = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];

/**
 * Instructions per call, by path. The loop runs n times between two marks and 2n between the next: the difference counts.
 * It does so twice, and the lesser counts are taken, since a collection may fall into one.
 */
function count() {
  const folder = mkdtempSync(join(tmpdir(), 'arkffi-callgrind-'));
  try {
    const out = join(folder, 'out');
    const flags = ['--tool=callgrind', `--callgrind-out-file=${out}`, '--dump-before=instructions_mark'];
    const program = [...deterministic, ...roomy, join(here, 'instructions-loop.mjs')];
    const stdout = execFileSync('valgrind', [...flags, process.execPath, ...program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH },
    });
    const totals = readdirSync(folder)
      .filter((name) => /^out\.\d+$/.test(name))
      .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
      .map((name) => Number(/^(?:totals|summary): (\d+)/m.exec(readFileSync(join(folder, name), 'utf8'))[1]));
    const paths = JSON.parse(stdout);
    const each = 1 + counted.segments.length;
    if (totals.length !== each * paths.length)
      throw new Error(`${totals.length} counts of ${paths.length} paths`);
    return Object.fromEntries(
      paths.map(({ name, calls }, index) => {
        const [, once, twice, onceMore, twiceMore] = totals.slice(each * index);
        return [name, Math.round((Math.min(twice, twiceMore) - Math.min(once, onceMore)) / calls)];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compare(before, now) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const grown = names.filter((name) => !(now[name] <= before[name] * (1 + tolerance)));
  const change = (name) => `${(((now[name] - before[name]) / before[name]) * 100).toFixed(1)} %`;
  const rows = names.map((name) => [
    name,
    `${before[name] ?? '-'}`,
    `${now[name] ?? '-'}`,
    name in before && name in now ? change(name) : '-',
    !grown.includes(name) ? '' : name in before ? 'GROWN' : 'NEW',
  ]);
  console.log(table([['', 'checked in', 'now', 'change', ''], ...rows]));
  return grown;
}

function main() {
  const { values: options } = parseArgs({ options: { renew: { type: 'boolean', default: false } } });
  const known = JSON.parse(readFileSync(file, 'utf8'));
  const { version } = process;
  if (spawnSync('valgrind', ['--version']).status !== 0) {
    console.log('skipped: valgrind is not installed');
    return;
  }
  if (!options.renew && version !== known.node) {
    console.log(`skipped: the counts are those of Node.js ${known.node}, and this is ${version}`);
    return;
  }
  build();
  const now = count();
  console.log(`Instructions per call, Node.js ${version}`);
  const grown = compare(known.counts, now);
  if (options.renew) {
    writeFileSync(file, `${JSON.stringify({ node: version, counts: now }, null, 2)}\n`);
    return;
  }
  if (grown.length === 0) return;
  console.log(`${grown.join(', ')}: more than ${tolerance * 100} % over what is checked in, or not there.`);
  console.log(
    'Where that is as it should be, `npm run bench:instructions -- --renew` writes the new counts.',
  );
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
