// Writes the results into the documentation: the tables of docs/performance.md and README.md, each between markers, and
// the chart.
//   node bench/docs.mjs [results]    from docs/benchmark.json, which `npm run bench:matrix` writes, or other results
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { barChart } from './svg.mjs';
import {
  growthTables,
  loadTable,
  nanoseconds,
  parallelTables,
  reasons,
  rowsOf,
  sharesTable,
  startupTable,
  summaryTable,
  timesTable,
} from './tables.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs');
/** Where tables stand. */
export const pages = [join(docs, 'performance.md'), join(docs, '..', 'README.md')];
export const resultsFile = join(docs, 'benchmark.json');

/** Rows of cells as a table of Markdown. */
function markdown([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** Where and when a run was made, and with what. */
function conditions(runs) {
  const { date, platform, cpu, cores, rounds, implementations, quick } = runs.at(-1);
  const versions = Object.entries(implementations)
    .filter(([name]) => !['arkffi', 'arkffi leaf', 'koffi.decode', 'node:ffi', 'Node-API'].includes(name))
    .map(([name, version]) => `${name} ${version}`);
  const nodes = runs.map(({ node }) => node.slice(1)).join(', ');
  return [
    `Measured on ${date.slice(0, 10)} on ${platform}, ${cpu}, ${cores} cores: arkffi ${implementations.arkffi} on Node.js ${nodes},`,
    `${versions.join(', ')}. The least of ${rounds} rounds${quick ? ', in a quick run' : ''}.`,
  ].join('\n');
}

/** The texts between the markers, by their names. */
export function sections({ runs }) {
  const newest = runs.at(-1);
  const tables = {
    summary: summaryTable(newest),
    shares: sharesTable(runs, 'calls'),
    calls: timesTable(newest, 'calls'),
    leaf: sharesTable(runs, 'calls', 'arkffi leaf'),
    'leaf-node': sharesTable([newest], 'calls', 'arkffi leaf', 'node:ffi'),
    'read-shares': sharesTable(runs, 'reads'),
    reads: timesTable(newest, 'reads'),
    load: loadTable(runs),
    startup: startupTable(newest),
  };
  const texts = Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, markdown(rows)]));
  texts.growth = growthTables(newest).map(markdown).join('\n\n');
  texts.threads = parallelTables(newest).map(markdown).join('\n\n');
  texts.conditions = conditions(runs);
  texts.empty = reasons(runs)
    .map((reason) => `- ${reason}`)
    .join('\n');
  texts.summary += `\n\nOn Node.js ${newest.node.slice(1)}, ${newest.platform}, ${newest.cpu}, ${newest.date.slice(0, 10)}.`;
  return texts;
}

/** A page with the texts between its markers. */
export function filled(page, texts) {
  return page.replace(
    /(<!-- bench: ([\w-]+) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin, name, end) => `${begin}\n${texts[name]}\n\n${end}`,
  );
}

export function chart({ runs }) {
  const newest = runs.at(-1);
  const title = `Time of a call in nanoseconds, Node.js ${newest.node.slice(1)}`;
  const subtitle = `as long as it is in comparison to koffi's (dashed) · ${newest.date.slice(0, 10)} · ${newest.cpu}, ${newest.platform}`;
  return barChart(title, subtitle, rowsOf(newest, 'calls'), nanoseconds);
}

/** Writes tables, chart and the results themselves. */
export function writeDocs(results) {
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(docs, 'benchmark.svg'), chart(results));
  for (const page of pages) writeFileSync(page, filled(readFileSync(page, 'utf8'), sections(results)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeDocs(JSON.parse(readFileSync(process.argv[2] ?? resultsFile, 'utf8')));
}
