// Test runners, other versions of Node.js, other runtimes.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Absent, install, prints, project, run, tool, write } from './project.mjs';
import { tarball } from './packages.mjs';
import { commonjs, esm, testFile, testImports, workers } from './programs.mjs';

/** A project with a tool. */
function projectWith(tools) {
  const folder = project([tarball()], { offline: true });
  write(folder, { 'main.cjs': commonjs, 'main.mjs': esm, 'workers.cjs': workers });
  install(folder, tools);
  return folder;
}

const jestHead = `const ${testImports} = require('arkffi');`;
const vitestHead = `import { describe, expect, test } from 'vitest';\nimport ${testImports} from 'arkffi';`;
const twoFiles = (head, end) => ({
  [`first.test.${end}`]: testFile('first', head),
  [`second.test.${end}`]: testFile('second', head),
});

function runsVitest(...pool) {
  const folder = projectWith({ vitest: '4.1.12' });
  write(folder, twoFiles(vitestHead, 'mjs'));
  const printed = run(tool(folder, 'vitest'), ['run', '--no-color', ...pool], { cwd: folder });
  if (!/Tests\s+8 passed \(8\)/.test(printed)) throw new Error(printed);
}

/** The first of some files in a project. */
function firstOf(folder, ...files) {
  const found = files.map((file) => join(folder, 'node_modules', file)).find((file) => existsSync(file));
  if (found === undefined) throw new Absent(`none of ${files.join(', ')} came with the package`);
  return found;
}

/** Another version of Node.js, from the package that has its binary, with the addon that this one built. */
function runsOnNode(version) {
  const folder = projectWith({ node: version });
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const platform = `node-${process.platform.replace('win32', 'win')}-${process.arch}`;
  const other = firstOf(
    folder,
    `node/bin/${name}`,
    `${platform}/bin/${name}`,
    `node/node_modules/${platform}/bin/${name}`,
  );
  for (const file of ['main.cjs', 'main.mjs']) prints('works', other, [file], { cwd: folder });
  prints('works\nworks', other, ['workers.cjs'], { cwd: folder });
}

export const runtimes = [
  [
    'jest, two files in one process, no open handles',
    () => {
      const folder = projectWith({ jest: '30.5.2' });
      write(folder, twoFiles(jestHead, 'cjs'));
      write(folder, { 'jest.config.json': '{ "testMatch": ["**/*.test.cjs"] }' });
      const args = ['--runInBand', '--detectOpenHandles', '--json', '--outputFile=report.json'];
      run(tool(folder, 'jest'), args, { cwd: folder });
      const report = readFileSync(join(folder, 'report.json'), 'utf8');
      const { numPassedTests, numTotalTests, openHandles } = JSON.parse(report);
      const wanted = numPassedTests === 8 && numTotalTests === 8 && (openHandles?.length ?? 0) === 0;
      if (!wanted) throw new Error(report);
    },
  ],
  ['vitest, two files in processes', () => runsVitest('--pool=forks')],
  ['vitest, two files in threads', () => runsVitest('--pool=threads')],
  ['Node.js 22', () => runsOnNode('22.23.1')],
  ['Node.js 24', () => runsOnNode('24.21.0')],
  ['Node.js 26', () => runsOnNode('26.10.0')],
  [
    'Bun, through its Node-API',
    () => {
      const folder = projectWith({ bun: '1.4.5' });
      const bun = firstOf(folder, `@oven/bun-${process.platform}-${process.arch}/bin/bun`, 'bun/bin/bun.exe');
      prints('works', bun, ['main.cjs'], { cwd: folder });
      prints('works', bun, ['main.mjs'], { cwd: folder });
    },
  ],
  [
    'Deno, through its Node-API',
    () => {
      const folder = projectWith({ deno: '2.9.6' });
      const libc = process.platform === 'linux' ? '-glibc' : '';
      const deno = firstOf(folder, `@deno/${process.platform}-${process.arch}${libc}/deno`, 'deno/deno');
      const allowed = [
        'run',
        '--no-prompt',
        '--allow-read',
        '--allow-env',
        '--allow-ffi',
        '--node-modules-dir=manual',
      ];
      prints('works', deno, [...allowed, 'main.cjs'], { cwd: folder });
      prints('works', deno, [...allowed, 'main.mjs'], { cwd: folder });
    },
  ],
];
