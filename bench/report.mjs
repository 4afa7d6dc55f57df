// Results as text.

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

export const ratio = (value) => (value === undefined ? '-' : value.toFixed(2));

/** Nanoseconds to three figures or so. */
export const nanoseconds = (value) => (value === undefined ? '-' : value.toFixed(value < 100 ? 1 : 0));

/** What one run found: where, what is missing and why, and the table. */
export function describeRun({ node, platform, cpu, rounds, implementations, absent, cases }) {
  const names = Object.keys(implementations);
  const rows = cases.map(({ name, ns, ratio: ours, leaf }) => [
    name,
    ...names.map((implementation) => nanoseconds(ns[implementation])),
    ratio(ours),
    ratio(leaf),
  ]);
  return [
    `Node ${node}, ${platform}, ${cpu}`,
    names.map((name) => `${name} ${implementations[name]}`).join(', '),
    ...Object.entries(absent).map(([name, reason]) => `${name} is left out: ${reason}`),
    `Nanoseconds per call, the least of ${rounds} rounds; Node-API is the floor, an addon written by hand.`,
    '',
    table([['', ...names, 'arkffi/koffi', 'leaf/koffi'], ...rows]),
    '',
  ].join('\n');
}
