// Results as text.
import { growthTables, parallelTables, reasons, rowsOf, startupTable, timesTable } from './tables.mjs';

/** Rows of cells as lines: the first column to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  '),
    )
    .join('\n');
}

/** What one run found: where, the tables, and why cells are empty. */
export function describeRun(run) {
  const { node, platform, cpu, rounds, implementations, startup, parallel } = run;
  const groups = ['calls', 'reads'].filter((group) => rowsOf(run, group).length > 0);
  const versions = Object.entries(implementations).map(([name, version]) => `${name} ${version}`);
  return [
    `Node ${node}, ${platform}, ${cpu}`,
    versions.join(', '),
    `Nanoseconds per call, the least of ${rounds} rounds; Node-API is the floor, an addon written by hand.`,
    ...groups.map((group) => table(timesTable(run, group))),
    ...(rowsOf(run, 'growth').length > 0 ? growthTables(run).map(table) : []),
    ...(parallel === undefined ? [] : parallelTables(run).map(table)),
    ...(startup === undefined ? [] : [table(startupTable(run))]),
    `Empty cells:\n${reasons([run]).join('\n')}`,
    '',
  ].join('\n\n');
}
