/** The figures of the documentation are those that the benchmark has found, and CI counts what is checked in. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

interface Written {
  readonly pages: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly chart: string;
}

/** What bench/docs.mjs would write now, and the names of the texts. */
function written(): Written {
  const program = `
    import { readFileSync } from 'node:fs';
    import { chart, filled, sections } from './bench/docs.mjs';
    const results = JSON.parse(readFileSync('docs/benchmark.json', 'utf8'));
    const texts = sections(results);
    const page = (file) => [file, filled(readFileSync(file, 'utf8'), texts)];
    const pages = Object.fromEntries(['README.md', 'docs/performance.md'].map(page));
    console.log(JSON.stringify({ pages, names: Object.keys(texts), chart: chart(results) }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Written;
}

describe('the benchmark', () => {
  const now = written();

  test.each(['README.md', 'docs/performance.md'])('%s has the figures of docs/benchmark.json', (file) => {
    expect(text(file)).toBe(now.pages[file]);
  });

  test('every table has its place', () => {
    const all = text('README.md') + text('docs/performance.md');
    const places = Array.from(all.matchAll(/<!-- bench: ([\w-]+) -->/g), ([, name]) => name!);
    expect(places.toSorted()).toEqual(now.names.toSorted());
  });

  test('docs/benchmark.svg is the chart of them', () => {
    expect(text('docs/benchmark.svg')).toBe(now.chart);
  });

  test('CI counts instructions on the Node.js that bench/instructions.json names', () => {
    const { node } = JSON.parse(text('bench/instructions.json')) as { node: string };
    const [, job] = /^ {2}instructions:\n([^]*?)\n\n/m.exec(text('.github/workflows/ci.yml'))!;
    expect(job).toContain(`node-version: ${node.slice(1)}\n`);
  });
});
