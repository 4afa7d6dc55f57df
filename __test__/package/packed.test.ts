/** The pages in the package: what they link to is in it, too. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const root = join(__dirname, '..', '..');

/** The files of the tarball, as npm says. */
function packed(): readonly string[] {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(stderr);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

const files = new Set(packed());

test('guides, reference and examples are in the package, and nothing that is built', () => {
  expect([...files]).toEqual(
    expect.arrayContaining([
      'README.md',
      'docs/getting-started.md',
      'docs/reference.md',
      'examples/tour.mjs',
    ]),
  );
  expect([...files].filter((file) => file.startsWith('examples/quickjs/build/'))).toEqual([]);
});

const pages = [...files].filter((file) => file.endsWith('.md')).sort();

test.each(pages)('the links of %s lead to files of the package', (page) => {
  const links = Array.from(
    readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g),
    ([, target]) => target!,
  );
  const broken = links
    .filter((target) => !/^(https:\/\/|#)/.test(target))
    .map((target) => posix.join(posix.dirname(page), target.split('#')[0]!))
    .filter((target) => !files.has(target));
  expect(broken).toEqual([]);
});
