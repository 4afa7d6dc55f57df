// `npm run teardown`: ends environments and processes in every way, again and again, and prints a table.
//   --repeat N      how often each cell runs (100)
//   --only PATTERN  the cells whose names match
//   --node PATH     another node
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
require('../__test__/support/build-fixture.cjs')();
const { grid, variants, runCell } = require('../__test__/support/teardown/index.cjs');

const { values } = parseArgs({
  options: {
    repeat: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    node: { type: 'string', default: process.execPath },
  },
});
const repeat = Number(values.repeat);
const pattern = new RegExp(values.only);
const cells = [...grid, ...variants].filter(({ name }) => pattern.test(name));
const width = Math.max(...cells.map(({ name }) => name.length));

let failed = 0;
for (const cell of cells) {
  const wrong = new Map();
  let good = 0;
  const start = performance.now();
  for (let round = 0; round < repeat; round++) {
    const text = await runCell(cell, values.node);
    if (text === undefined) good++;
    else wrong.set(text, (wrong.get(text) ?? 0) + 1);
  }
  const each = ((performance.now() - start) / repeat).toFixed(0);
  console.log(`${cell.name.padEnd(width)}  ${String(good).padStart(5)} of ${repeat}  ${each.padStart(6)} ms`);
  for (const [text, count] of wrong) console.log(`    ${count} × ${text}`);
  failed += repeat - good;
}
console.log(`${cells.length} cells, ${cells.length * repeat} processes, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
