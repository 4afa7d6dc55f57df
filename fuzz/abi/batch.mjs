// A child process: compiles one batch of signatures and checks them. fuzz.mjs starts it and reads what it reports, a
// line of JSON each, from file descriptor 3: { at } before each signature, { mismatch, index }, and last { done }.
import { spawnSync } from 'node:child_process';
import { writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkCallbacks } from './checks/callbacks.mjs';
import { checkCalls } from './checks/calls.mjs';
import { Words } from './checks/exchange.mjs';
import { checkLayouts, readLayouts } from './checks/layout.mjs';
import { sourceOf } from './emit-c.mjs';
import { kindOf, mismatchText } from './report.mjs';
import { builderFor } from './schemas.mjs';
import { signature } from './signatures.mjs';

const options = JSON.parse(process.argv[2]);
const api = createRequire(import.meta.url)('../../dist/index.js');

const report = (line) => writeSync(3, `${JSON.stringify(line)}\n`);

/** Compiles the functions of all signatures into a shared library. */
function compile(signatures) {
  const { directory, compiler, level, from } = options;
  const source = join(directory, `batch-${from}.c`);
  const library = join(directory, `batch-${from}.so`);
  writeFileSync(source, sourceOf(signatures, options));
  // Warnings are of no use here: bit-fields narrower than their enumeration are meant.
  const flags = [
    `-O${level}`,
    '-w',
    '-pipe',
    '-g0',
    '-fPIC',
    '-fno-asynchronous-unwind-tables',
    '-shared',
    '-pthread',
  ];
  const { status, stderr, error } = spawnSync(compiler, [...flags, '-o', library, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw error ?? new Error(`${compiler} refuses ${source}:\n${stderr}`);
  return library;
}

const signatures = Array.from({ length: options.count }, (_, index) =>
  signature(options.seed, options.from + index, options.without),
);
const start = performance.now();
const library = compile(signatures);
const stats = { compileMs: performance.now() - start, calls: 0, callbacks: 0, refused: 0, paths: {} };

const { symbols } = api.dlopen(library, {
  abi_seen: { returns: 'ptr' },
  abi_given: { returns: 'ptr' },
  abi_layouts: { type: 'ptr' },
  abi_ones: { type: 'ptr' },
  abi_callers: { type: 'ptr' },
  abi_run: { args: ['ptr', 'callback'] },
  abi_run_often: { args: ['ptr', 'callback', 'int'] },
  abi_run_in_thread: { args: ['ptr', 'callback'], returns: 'int', pump: true, throws: 'nonzero' },
});
const layouts = readLayouts(api, symbols, signatures);
const talk = {
  seen: new Words(api, symbols.abi_seen()),
  given: new Words(api, symbols.abi_given()),
  code: BigInt(symbols.abi_seen.ptr),
  rounds: options.rounds,
  run: symbols.abi_run,
  runOften: symbols.abi_run_often,
  runInThread: symbols.abi_run_in_thread,
};

/** Everything that is checked of a signature. */
async function* check(one) {
  const builder = builderFor(api);
  yield* checkLayouts(api, one, builder, layouts);
  const name = `f${one.index}`;
  const definition = builder.definition(one);
  const bound = api.dlopen(library, { [name]: definition }, { deep: false });
  const call = bound.symbols[name];
  stats.paths[call.path] = (stats.paths[call.path] ?? 0) + 1;
  yield* checkCalls(api, one, builder, call, talk);
  stats.calls += options.rounds;
  bound.close();
  if (!options.callbacks) return;
  const caller = api.read.ptr(symbols.abi_callers.ptr, (one.index - options.from) * 8);
  yield* checkCallbacks(api, one, builder, caller, talk, stats);
}

/** Without a path of its own, arkffi may refuse by name what libffi cannot pass. */
const isRefusal = (error) =>
  error?.code === 'ERR_FFI_UNSUPPORTED' && (process.arch !== 'x64' || process.env.ARKFFI_PATH === 'libffi');

for (const one of signatures) {
  report({ at: one.index });
  const found = [];
  try {
    for await (const wrong of check(one)) if (found.push(wrong) === options.most) break;
  } catch (error) {
    if (isRefusal(error)) stats.refused++;
    else found.push({ what: 'throws', got: error });
  }
  if (found.length > 0) {
    report({ mismatch: mismatchText(one, found, options), index: one.index, kind: kindOf(found[0]) });
  }
}
report({ done: stats });
