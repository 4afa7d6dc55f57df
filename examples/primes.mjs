// Four threads, started by pthread_create, that count primes. They report to a function of JavaScript's, which can stop
// them; meanwhile the event loop goes on.
//   node examples/primes.mjs [limit]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dlopen, fn, JSCallback, ref, Struct, suffix } from 'arkffi';
import { open } from './open.mjs';

const Progress = { args: ['int', 'int'], returns: 'int' };
const Job = Struct({
  from: 'uint32',
  to: 'uint32',
  count: 'uint32',
  progress: fn(Progress),
  worker: 'int',
  stopped: 'int',
});

/** The library of primes.c, which is compiled first; it stays loaded without its file. */
function compiled() {
  const source = fileURLToPath(new URL('primes.c', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'primes-'));
  const library = join(folder, `primes.${suffix}`);
  try {
    execFileSync(process.env.CC ?? 'cc', ['-O2', '-shared', '-fPIC', '-o', library, source]);
    return dlopen(library, { count_primes: { args: ['ptr'], returns: 'ptr' } });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    console.log('Left out: there is no C compiler here.');
    process.exit();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const system = open(['libpthread.so.0', 'c'], {
  pthread_create: { args: ['ptr', 'ptr', 'callback', 'ptr'], returns: 'int' },
  pthread_join: { args: ['ulong', 'ptr'], returns: 'int' },
});
const pthread = system.symbols;
const lib = compiled();

/** Counts the primes below a limit. `shouldStop` is asked every now and then. */
async function countPrimes(limit, workers, shouldStop) {
  // C calls it from its threads. It runs here, one call after the other, and the thread waits for the answer.
  const reports = Array(workers).fill(0);
  const progress = new JSCallback((worker, tenths) => {
    reports[worker] = tenths;
    return Number(shouldStop(reports));
  }, Progress);

  // The threads work on these structs: they must live until the last has ended, and `jobs` sees to that.
  const share = Math.ceil(limit / workers);
  const jobs = Array.from({ length: workers }, (_, worker) => {
    const [from, to] = [worker * share, Math.min(limit, (worker + 1) * share)];
    return Job.create({ from, to, progress, worker });
  });
  const threads = jobs.map((job) => {
    const thread = ref('ulong');
    const result = pthread.pthread_create(thread, null, lib.symbols.count_primes, job);
    if (result !== 0) throw new Error(`pthread_create: ${result}`);
    return thread.value;
  });
  // Waiting is a blocking call. In the background it blocks nothing here, least of all `progress`.
  await Promise.all(threads.map((thread) => pthread.pthread_join.async(thread, null)));
  progress.close();
  const results = jobs.map((job) => Job.fromBuffer(job));
  return {
    count: results.reduce((sum, job) => sum + job.count, 0),
    stopped: results.filter((job) => job.stopped !== 0).length,
    reports,
  };
}

const limit = Number(process.argv[2] ?? 1_000_000);
if (!(limit >= 1000)) throw new RangeError('the limit must be 1000 or more');
let ticks = 0;
const clock = setInterval(() => ticks++, 1);
const all = await countPrimes(limit, 4, () => false);
clearInterval(clock);
console.log(`There are ${all.count} primes below ${limit}.`);
console.log(`Each of ${all.reports.length} threads has reported ${all.reports[0]} tenths.`);
console.log(ticks > 0 ? 'Timers went on meanwhile.' : 'It took no time.');

const half = await countPrimes(limit, 4, (reports) => reports.reduce((sum, tenths) => sum + tenths) >= 20);
console.log(
  `Stopped half-way: ${half.stopped} threads, ${half.count < all.count ? 'fewer' : 'as many'} primes.`,
);
lib.close();
system.close();
