/** What the documentation says of the sources: lists that must be complete, links that must lead somewhere. */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(__dirname, '..', '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

/** The files below a folder that end so, as paths from the root. */
function filesBelow(folder: string, end: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(end))
    .map((file) => join(folder, file))
    .sort();
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'examples/README.md',
  ...filesBelow('docs', '.md'),
];

/** The headings of a page, as the anchors that GitHub makes of them. */
function anchorsOf(file: string): string[] {
  const withoutCode = text(file).replaceAll(/^```.*?^```$/gms, '');
  const anchors = Array.from(withoutCode.matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return anchors.map((anchor, index) => {
    const earlier = anchors.slice(0, index).filter((other) => other === anchor).length;
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const links = Array.from(text(page).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target!);
  const broken = links
    .filter((target) => !target.startsWith('https://'))
    .filter((target) => {
      const [path, anchor] = target.split('#');
      const file = path === '' ? page : relative(root, join(root, dirname(page), path!));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
  expect(broken).toEqual([]);
});

describe('lists', () => {
  test('README.md names the two commands', () => {
    expect(text('README.md')).toMatch(/npm run demo[^]*npm test/);
  });

  test('docs/errors.md has a row for each code', () => {
    const union = /export type ErrorCode =([^;]+);/.exec(text('index.d.ts'))![1]!;
    const codes = Array.from(union.matchAll(/'(\w+)'/g), ([, code]) => code!);
    const rows = Array.from(text('docs/errors.md').matchAll(/^\| `(\w+)` \|/gm), ([, code]) => code!);
    expect(rows.toSorted()).toEqual(codes.toSorted());
  });

  test('docs/architecture.md names each source file, and none that does not exist', () => {
    const named = Array.from(
      text('docs/architecture.md').matchAll(/`((?:js|src)\/[\w/]+\.(?:ts|rs))`/g),
      ([, file]) => file!,
    );
    const files = [...filesBelow('js', '.ts'), ...filesBelow('src', '.rs')];
    expect([...new Set(named)].sort()).toEqual(files.sort());
  });

  test('no module of js/ uses one that docs/architecture.md has above it', () => {
    const rows = Array.from(text('docs/architecture.md').matchAll(/^\| `js\/.*$/gm), ([row]) => row);
    const rowOf = (file: string) => rows.findIndex((row) => row.split(' | ')[0]!.includes(`\`${file}\``));
    const upward = filesBelow('js', '.ts').flatMap((file) =>
      Array.from(text(file).matchAll(/from '(\.[^']+)'/g), ([, target]) => target!)
        .map((target) => `${relative(root, join(root, dirname(file), target))}.ts`)
        .filter((target) => target.startsWith('js/') && rowOf(target) < rowOf(file))
        .map((target) => `${file} uses ${target}`),
    );
    expect(upward).toEqual([]);
  });

  test('docs/unsafe.md lists the files that allow unsafe code', () => {
    const allowing = filesBelow('src', '.rs').filter((file) => /allow\([^)]*unsafe_code/.test(text(file)));
    const listed = Array.from(text('docs/unsafe.md').matchAll(/^\| `(src\/[^`]+)`/gm), ([, file]) => file!);
    expect(listed.sort()).toEqual(allowing);
  });

  test('examples/README.md lists each example', () => {
    const listed = Array.from(text('examples/README.md').matchAll(/^\| \[([^\]]+)\]/gm), ([, file]) => file!);
    expect(listed.map((file) => join('examples', file)).sort()).toEqual(filesBelow('examples', '.mjs'));
  });
});
