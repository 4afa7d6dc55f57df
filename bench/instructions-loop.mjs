// What bench/instructions.mjs counts: each hot path is warmed up, then run between marks, which callgrind sees.
//   node <flags> instructions-loop.mjs
// Prints the names of the paths, in the order of their counts.
import { dlopen } from 'arkffi';
import { targetLibrary } from './build.mjs';
import { calls } from './cases/calls.mjs';
import { inputs } from './cases/inputs.mjs';
import { reads } from './cases/reads.mjs';
import * as arkffiLeaf from './impl/arkffi-leaf.mjs';
import * as arkffi from './impl/arkffi.mjs';
import { loopsOf } from './loop.mjs';
import { counted } from './instructions.mjs';

const { instructions_mark: mark } = dlopen(targetLibrary, { instructions_mark: {} }).symbols;
const implementations = [];
for (const { name, open } of [arkffi, arkffiLeaf]) {
  implementations.push({ name, ...(await open(targetLibrary)) });
}
// Sorting takes too long under valgrind, and what makes views leaves much to the collector.
const counting = ['i32', 'f64', 'cstring', 'Pair', 'Body'];
const rows = [
  ...calls.filter(({ symbol }) => symbol !== 'sort_1000'),
  ...reads.filter(({ read }) => counting.includes(read)),
];
const { loops } = loopsOf(rows, implementations, inputs);
const names = [];
for (const { loop, row, name } of loops) {
  const n = Math.ceil(counted.calls / (row.times ?? 1));
  for (let round = 0; round < counted.warmUp; round++) loop(n);
  gc({ type: 'minor' });
  mark();
  for (const times of counted.segments) {
    loop(times * n);
    mark();
  }
  names.push({ name: name === arkffi.name ? row.name : `${row.name}, leaf`, calls: n * (row.times ?? 1) });
}
console.log(JSON.stringify(names));
