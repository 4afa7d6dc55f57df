// Calls random C functions, lets C call callbacks of the same signatures, and compares, by value, what arrives on
// either side.
//   node fuzz/abi/run.mjs [--seed 1] [--count 2000] [--batch 200] [--rounds 4] [--jobs n]
//     --only 17        one signature, with its C and JavaScript
//     --compiler gcc   or clang, or gcc,clang
//     --opt 1          the level of optimization, or 1,2
//     --path libffi    without the fast path
//     --no-callbacks   calls alone
//     --keep           keeps the C files
//     --shrink         makes the shortest mismatch of each kind smaller, which takes a while
//     --without a3,S17_2.f1  leaves out parts of the signature of --only
import { parseArgs } from 'node:util';
import { defaults, fuzz } from './fuzz.mjs';
import { signatureText } from './report.mjs';
import { shrink } from './shrink.mjs';
import { signature } from './signatures.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: defaults.seed },
    count: { type: 'string', default: String(defaults.count) },
    batch: { type: 'string', default: String(defaults.batch) },
    rounds: { type: 'string', default: String(defaults.rounds) },
    jobs: { type: 'string', default: String(defaults.jobs) },
    only: { type: 'string' },
    compiler: { type: 'string', default: defaults.compiler },
    opt: { type: 'string', default: defaults.level },
    path: { type: 'string' },
    'no-callbacks': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    without: { type: 'string', default: '' },
  },
});

function whole(name, least) {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} takes a whole number from ${least}`);
}

const { seed, compiler, opt, path, keep } = values;
const callbacks = !values['no-callbacks'];
const sizes = { batch: whole('batch', 1), rounds: whole('rounds', 1), jobs: whole('jobs', 1) };
const without = values.without === '' ? [] : values.without.split(',');
const range = values.only === undefined ? { count: whole('count', 1) } : { from: whole('only', 0), count: 1 };
if (values.only !== undefined) console.log(`${signatureText(signature(seed, range.from, without), true)}\n`);

// Exiting, other than dying, removes the C files.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    console.log(`stopped by ${signal}`);
    process.exit(1);
  });
}

/** Of each kind how many there are, and the shortest of them, which says the most. */
const kinds = new Map();

function noteMismatch(mismatch, options) {
  const { text, index, kind } = mismatch;
  console.log(`MISMATCH seed ${seed} index ${index}: ${kind}`);
  const known = kinds.get(kind) ?? { count: 0, mismatch, options };
  const isShorter = text.length < known.mismatch.text.length;
  kinds.set(kind, { ...(isShorter ? { mismatch, options } : known), count: known.count + 1 });
}

const [total, start] = [{ signatures: 0, mismatches: 0 }, performance.now()];
const summaries = [];
for (const one of compiler.split(',')) {
  for (const level of opt.split(',')) {
    const options = {
      seed,
      ...range,
      ...sizes,
      compiler: one,
      level,
      path,
      callbacks,
      keep,
      without,
    };
    const onMismatch = (mismatch) => noteMismatch(mismatch, options);
    const result = await fuzz({ ...options, onMismatch });
    total.signatures += result.signatures;
    total.mismatches += result.mismatches;
    const paths = Object.entries(result.paths).map(([name, count]) => `${count} ${name}`);
    const seconds = (result.compileMs / 1000 / sizes.jobs).toFixed(1);
    const parts = [
      `${result.calls} calls`,
      `${result.callbacks} callbacks`,
      ...paths,
      `${result.refused} refused`,
      `${seconds} s of compiling`,
    ];
    summaries.push(`${one} -O${level}: ${parts.join(', ')}`);
  }
}
for (const [kind, { count, mismatch, options }] of kinds) {
  const text = values.shrink ? await shrink(options, mismatch) : mismatch.text;
  console.log(`\n${count} × ${kind}\n\n${text}`);
}
for (const summary of summaries) console.log(summary);
console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
console.log(`${total.signatures} signatures, ${total.mismatches} mismatches`);
process.exitCode = total.mismatches === 0 ? 0 : 1;
