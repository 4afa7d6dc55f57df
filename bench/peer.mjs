// Measures one implementation in this process, a runtime of its own, as it is told line by line; see peers.mjs.
//   <bun or deno> peer.mjs <file in impl/> <library> <effort as JSON> <groups>
import { createInterface } from 'node:readline';
import process, { argv, stdin, stdout } from 'node:process';
import { background, groups } from './cases/index.mjs';
import { inputs } from './cases/inputs.mjs';
import { measureBackground, prepare } from './measure.mjs';
import { measureInFlight, measureThreads } from './parallel.mjs';

const [file, library, effort, wanted] = argv.slice(2);
const { name, open } = await import(`./impl/${file}.mjs`);
const opened = { name, ...(await open(library)) };
const rows = wanted.split(',').flatMap((group) => groups[group]);

const say = (what) => stdout.write(`${JSON.stringify(what)}\n`);
const { round, results, missing } = prepare(rows, [opened], inputs, JSON.parse(effort));
const answers = {
  round: () => round() ?? 'done',
  results: () => ({ ns: results(), missing }),
  background: (given) => measureBackground(background, [opened], given),
  threads: (given) => measureThreads([opened], given),
  'in flight': (given) => measureInFlight([opened], given),
};
say({ name, version: opened.version });
for await (const line of createInterface({ input: stdin })) {
  const { ask, given } = JSON.parse(line);
  say(await answers[ask](given));
}
process.exit();
