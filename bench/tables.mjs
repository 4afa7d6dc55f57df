// Results as rows of cells, for the terminal (report.mjs) and for the documentation (docs.mjs).

const koffi = 'koffi';
const leaf = 'arkffi leaf';
const none = '–';

/** Nanoseconds to three figures or so. */
export const nanoseconds = (value) =>
  value === undefined ? none : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
const milliseconds = (value) => (value === undefined ? none : value.toFixed(value < 10 ? 1 : 0));
const whole = (value) => (value === undefined ? none : Math.round(value).toLocaleString('en'));

/** A time as a share of another. */
export const share = (ours, theirs) =>
  ours === undefined || theirs === undefined ? none : (ours / theirs).toFixed(2);

export const rowsOf = (run, group) => run.rows.filter((row) => row.group === group);

/** The implementations that have a figure in a group. */
function namesIn(run, group) {
  const rows = rowsOf(run, group);
  return Object.keys(run.implementations).filter((name) => rows.some(({ ns }) => name in ns));
}

/** Nanoseconds of a group's rows, by implementation. */
export function timesTable(run, group) {
  const names = namesIn(run, group);
  return [
    ['', ...names, 'arkffi/koffi'],
    ...rowsOf(run, group).map(({ name, ns }) => [
      name,
      ...names.map((implementation) => nanoseconds(ns[implementation])),
      share(ns.arkffi, ns[koffi]),
    ]),
  ];
}

/** The rows and implementations that README.md has. */
export function summaryTable(run) {
  const names = ['arkffi', leaf, koffi, 'ffi-rs', 'node:ffi', 'bun', 'Deno'].filter(
    (name) => name in run.implementations,
  );
  const long = ['call with one callback', 'qsort of 1,000'];
  return [
    ['', ...names.map((name) => (name === leaf ? name : `${name} ${run.implementations[name]}`))],
    ...rowsOf(run, 'calls')
      .filter(({ name }) => !long.includes(name))
      .map(({ name, ns }) => [name, ...names.map((implementation) => nanoseconds(ns[implementation]))]),
  ];
}

/** Shares of koffi's time on each Node.js; `of` is 'arkffi' or its leaf calls, another `to` compares with that. */
export function sharesTable(runs, group, of = 'arkffi', to = koffi) {
  const have = rowsOf(runs[0], group).filter(({ ns }) => of in ns);
  const at = (run, name) => rowsOf(run, group).find((row) => row.name === name)?.ns ?? {};
  return [
    ['', ...runs.map(({ node }) => `Node ${node.replace(/^v(\d+\.\d+).*/, '$1')}`)],
    ...have.map(({ name }) => [name, ...runs.map((run) => share(at(run, name)[of], at(run, name)[to]))]),
  ].filter((row, index) => index === 0 || row.slice(1).some((cell) => cell !== none));
}

/** What grows, and a table for each: how much of it, by implementation. */
export function growthTables(run) {
  const names = namesIn(run, 'growth').filter((name) => name !== 'ffi-rs');
  const kinds = [...new Set(rowsOf(run, 'growth').map(({ grows }) => grows))];
  return kinds.map((kind) => [
    [kind, ...names],
    ...rowsOf(run, 'growth')
      .filter(({ grows }) => grows === kind)
      .map(({ by, ns }) => [by.toLocaleString('en'), ...names.map((name) => nanoseconds(ns[name]))]),
  ]);
}

/** Nanoseconds by how many threads and calls there are. */
export function parallelTables({ parallel }) {
  const titles = {
    threads: 'threads that call back',
    inFlight: 'background calls in flight',
    pool: 'threads of the pool',
  };
  return Object.entries(titles).map(([what, title]) => {
    const counts = Object.entries(parallel[what]);
    const names = [...new Set(counts.flatMap(([, ns]) => Object.keys(ns)))];
    return [
      [title, ...names],
      ...counts.map(([count, ns]) => [count, ...names.map((name) => nanoseconds(ns[name]))]),
    ];
  });
}

/** What comes before the first call. */
export function startupTable({ startup: { load, first, imported, define, memory } }) {
  const names = Object.keys(load);
  const row = (title, format, values = {}) => [title, ...names.map((name) => format(values[name]))];
  return [
    ['', ...names],
    row('loading the package, ms', milliseconds, load),
    row('… and calling a first function, ms', milliseconds, first),
    row('… by an ES module, ms', milliseconds, imported),
    row('defining 1,000 functions, ms', milliseconds, define.defined),
    row('… and calling each once, ms', milliseconds, define.called),
    row('memory of a function that is defined, bytes', whole, memory.defined),
    row('… and has been called, bytes', whole, memory.called),
  ];
}

/** The loading alone, on each Node.js. */
export function loadTable(runs) {
  return [
    ['ms', ...runs.map(({ node }) => `Node ${node.replace(/^v(\d+\.\d+).*/, '$1')}`)],
    ['an empty script', ...runs.map(({ startup }) => milliseconds(startup.empty))],
    ...Object.keys(runs[0].startup.load).map((name) => [
      `… that loads ${name}`,
      ...runs.map(({ startup }) => `+${milliseconds(startup.load[name])}`),
    ]),
  ];
}

/** What no row lacks by a fault of its own. */
const partial = [leaf, 'koffi.decode', 'Node-API'];

/** The rows, or groups of which all rows are among them, in a few words. */
function named(run, rows) {
  const words = [];
  for (const group of new Set(run.rows.map((row) => row.group))) {
    const all = rowsOf(run, group).map(({ name }) => name);
    const some = all.filter((name) => rows.includes(name));
    if (some.length === all.length) words.push(`all ${group}`);
    else words.push(...some);
  }
  return words.join(', ');
}

/** Why cells are empty, one line a reason. */
export function reasons(runs) {
  const absent = new Map();
  for (const { node, absent: these } of runs) {
    for (const [name, reason] of Object.entries(these)) {
      const line = `${name}: ${reason}`;
      absent.set(line, [...(absent.get(line) ?? []), node.slice(1)]);
    }
  }
  const run = runs.at(-1);
  const found = new Map();
  for (const { name: row, missing } of run.rows) {
    for (const [name, reason] of Object.entries(missing)) {
      const line = `${name}: ${reason}`;
      if (!partial.includes(name)) found.set(line, [...(found.get(line) ?? []), row]);
    }
  }
  return [
    ...Array.from(absent, ([line, nodes]) => `${line} (Node.js ${nodes.join(', ')})`),
    ...Array.from(found, ([line, rows]) => `${line} (${named(run, rows)})`),
  ];
}
