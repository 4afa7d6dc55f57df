// Measures calls and reads through arkffi, through others, and through an addon written by hand.
//   node bench/run.mjs [--quick] [--only calls,reads,growth,startup,parallel] [--out file.json]
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, targetLibrary } from './build.mjs';
import { background, groups } from './cases/index.mjs';
import { inputs } from './cases/inputs.mjs';
import * as arkffiLeaf from './impl/arkffi-leaf.mjs';
import * as arkffi from './impl/arkffi.mjs';
import * as ffiRs from './impl/ffi-rs.mjs';
import * as koffiDecode from './impl/koffi-decode.mjs';
import * as koffi from './impl/koffi.mjs';
import * as napi from './impl/napi.mjs';
import * as nodeFfi from './impl/node-ffi.mjs';
import { measure, measureBackground } from './measure.mjs';
import { measureParallel } from './parallel.mjs';
import { startPeers } from './peers.mjs';
import { describeRun } from './report.mjs';
import { measureStartup, startable } from './startup.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const parts = [...Object.keys(groups), 'startup', 'parallel'];
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: parts.join() },
    out: { type: 'string', default: join(here, 'results.json') },
  },
});
const wanted = options.only.split(',');
const unknown = wanted.filter((part) => !parts.includes(part));
if (unknown.length > 0) throw new Error(`--only has ${unknown.join()}, but knows ${parts.join()}`);
const efforts = {
  quick: {
    rows: { rounds: 60, sliceNs: 3e5, warmUpNs: 5e7, mostMs: 20_000 },
    background: { calls: 2000, rounds: 3 },
    startup: { processes: 10 },
    threads: { total: 2000, rounds: 2 },
  },
  full: {
    rows: { rounds: 300, sliceNs: 1e6, warmUpNs: 1e8, mostMs: 75_000 },
    background: { calls: 5000, rounds: 20 },
    startup: { processes: 30 },
    threads: { total: 5000, rounds: 5 },
  },
};
const effort = efforts[options.quick ? 'quick' : 'full'];
const wantedGroups = Object.keys(groups).filter((group) => wanted.includes(group));
const rows = wantedGroups.flatMap((group) => groups[group].map((row) => ({ ...row, group })));

build();
const [present, absent] = [[], {}];
for (const { name, open } of [arkffi, arkffiLeaf, koffi, koffiDecode, ffiRs, nodeFfi, napi]) {
  try {
    present.push({ name, ...(await open(targetLibrary)) });
  } catch (error) {
    if (name === arkffi.name) throw error;
    [absent[name]] = error.message.split('\n');
  }
}
const started = await startPeers(effort.rows, wantedGroups);
Object.assign(absent, started.absent);
const { peers } = started;

const { ns, missing, rounds } = await measure(rows, present, peers, inputs, effort.rows);
if (wanted.includes('calls')) {
  rows.push({ ...background, group: 'calls' });
  const found = [await measureBackground(background, present, effort.background)];
  for (const peer of peers) found.push(await peer.ask('background', effort.background));
  ns[background.name] = Object.assign({}, ...found);
  const others = [...present, ...peers].filter(({ name }) => !(name in ns[background.name]));
  missing[background.name] = Object.fromEntries(
    others.map(({ name }) => [name, 'no calls in the background']),
  );
}
const parallel = wanted.includes('parallel')
  ? await measureParallel(present, peers, targetLibrary, effort)
  : undefined;
for (const { end } of peers) end();
const loadable = startable.filter((name) => present.some((one) => one.name === name));
const startup = wanted.includes('startup') ? measureStartup(loadable, effort.startup) : undefined;

const results = {
  node: process.version,
  date: new Date().toISOString(),
  platform: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model ?? 'unknown CPU',
  cores: cpus().length,
  quick: options.quick,
  rounds,
  implementations: Object.fromEntries([...present, ...peers].map(({ name, version }) => [name, version])),
  absent,
  rows: rows.map(({ group, name, grows, by }) => ({
    ...{ group, name, grows, by, ns: ns[name] ?? {}, missing: missing[name] ?? {} },
  })),
  startup,
  parallel,
};
console.log(describeRun(results));
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
