// Measures a call through arkffi, through others, and through an addon written by hand.
//   node bench/run.mjs [--quick] [--out file.json]
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, targetLibrary } from './build.mjs';
import { background, cases, inputs } from './cases.mjs';
import * as arkffiLeaf from './impl/arkffi-leaf.mjs';
import * as arkffi from './impl/arkffi.mjs';
import * as ffiRs from './impl/ffi-rs.mjs';
import * as koffi from './impl/koffi.mjs';
import * as napi from './impl/napi.mjs';
import * as nodeFfi from './impl/node-ffi.mjs';
import { measure, measureBackground } from './measure.mjs';
import { describeRun } from './report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const effort = options.quick
  ? { rounds: 60, sliceNs: 3e5, warmUpNs: 2e7, mostMs: 10_000 }
  : { rounds: 300, sliceNs: 1e6, warmUpNs: 1e8, mostMs: 40_000 };

build();
const [present, absent] = [[], {}];
for (const { name, open } of [arkffi, arkffiLeaf, koffi, ffiRs, nodeFfi, napi]) {
  try {
    present.push({ name, ...(await open(targetLibrary)) });
  } catch (error) {
    if (name === arkffi.name) throw error;
    absent[name] = error.message.split('\n')[0];
  }
}

const { ns, rounds } = measure(cases, present, inputs, effort);
ns[background.name] = await measureBackground(background, present, {
  calls: 5000,
  rounds: options.quick ? 5 : 20,
});
const results = {
  node: process.version,
  date: new Date().toISOString(),
  platform: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model ?? 'unknown CPU',
  rounds,
  implementations: Object.fromEntries(present.map(({ name, version }) => [name, version])),
  absent,
  cases: [...cases, background].map(({ name }) => {
    const { [arkffi.name]: ours, [arkffiLeaf.name]: leaf, [koffi.name]: theirs } = ns[name];
    const to = (time) => time && theirs && Math.round((time / theirs) * 1000) / 1000;
    return { name, ns: ns[name], ratio: to(ours), leaf: to(leaf) };
  }),
};
console.log(describeRun(results));
const out = options.out ?? join(here, 'results.json');
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`);
