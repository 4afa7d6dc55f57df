// Packing and installing: the tarball of a build, and the packages of a release.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { binaryOf, packageOf, targetHere, targets } from '../targets.mjs';
import { Absent, filesOf, pack, prints, project, root, run, tool, work, write } from './project.mjs';
import { commonjs, esm, imports, workers } from './programs.mjs';

const here = targetHere();

function once(make) {
  let made;
  return () => (made ??= make());
}

/** The tarball of this checkout, with the binary in it. */
export const tarball = once(() => pack(root));

/** A project that has it, installed without a registry. */
export const installed = once(() => {
  const folder = project([tarball()], { offline: true });
  write(folder, { 'main.cjs': commonjs, 'main.mjs': esm, 'imports.mjs': imports, 'workers.cjs': workers });
  return folder;
});

/** The tarballs of a release: arkffi without a binary, and the package of this platform. */
const release = once(() => {
  const out = join(work, 'npm');
  run(process.execPath, ['scripts/stage.mjs', '--partial', '--out', out], { cwd: root });
  return { main: pack(join(out, 'arkffi')), platform: pack(join(out, here.name)) };
});

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/** Requires arkffi in a program that prints the code and the message of what it throws. */
const failing = `
try {
  require('arkffi');
} catch ({ code, message }) {
  console.log(code, message);
}`;

/** What a newcomer does: the commands that are said to print something, and the first program. */
function firstSteps() {
  if (process.platform === 'win32') throw new Absent('it has no library m');
  const folder = installed();
  const [readme, guide] = ['README.md', 'docs/getting-started.md'].map((page) =>
    readFileSync(join(folder, 'node_modules', 'arkffi', page), 'utf8'),
  );
  const [, command, printed] = /^npx arkffi (call .+?) +# (.+)$/m.exec(readme);
  const [, second] = /^npx arkffi (call .+)$/m.exec(guide);
  const call = (words) => words.match(/'[^']*'|\S+/g).map((word) => word.replaceAll("'", ''));
  prints(printed, tool(folder, 'arkffi'), call(command), { cwd: folder });
  prints(/prints (\d+)/.exec(guide)[1], tool(folder, 'arkffi'), call(second), { cwd: folder });
  run(tool(folder, 'arkffi'), ['doctor'], { cwd: folder });
  run(process.execPath, [join('node_modules', 'arkffi', 'examples', 'sort.mjs')], { cwd: folder });
  const [, file] = /Save it as `(\S+)`/.exec(readme);
  write(folder, { [file]: /^```js\n(.+?)^```/ms.exec(readme)[1] });
  prints(/prints (\d+)/.exec(readme)[1], process.execPath, [file], { cwd: folder });
}

export const packages = [
  [
    'npm pack: the binary, the facade and the types are in, and nothing runs at installation',
    () => {
      const folder = join(installed(), 'node_modules', 'arkffi');
      const files = filesOf(join(folder, '.'));
      const wanted = [
        'dist/index.js',
        'index.d.ts',
        'binding.js',
        'docs/reference.md',
        'SECURITY.md',
        binaryOf(here),
      ];
      for (const file of wanted) {
        assert(files.includes(join(file)), `${file} is not in the tarball`);
      }
      const foreign = files.filter((file) =>
        /^(src|js|__test__|target|examples\/quickjs\/build(?!\.)|\.github)\b/.test(file),
      );
      assert(foreign.length === 0, `the tarball has ${foreign.join(', ')}`);
      const { scripts, dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const runs = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
      assert(runs.length === 0 && dependencies === undefined, `it has ${runs} or dependencies`);
    },
  ],
  ['the first steps of README and of the first guide, as they are written there', firstSteps],
  ['CommonJS', () => prints('works', process.execPath, ['main.cjs'], { cwd: installed() })],
  ['ECMAScript modules', () => prints('works', process.execPath, ['imports.mjs'], { cwd: installed() })],
  ['workers', () => prints('works\nworks', process.execPath, ['workers.cjs'], { cwd: installed() })],
  [
    `a release: arkffi and ${packageOf(here)}, with no registry for the other packages`,
    () => {
      const { main, platform } = release();
      const folder = project([main, platform], { offline: true });
      const manifest = readFileSync(join(folder, 'node_modules', 'arkffi', 'package.json'), 'utf8');
      const { optionalDependencies: optional, version } = JSON.parse(manifest);
      const named = targets.every((target) => optional[packageOf(target)] === version);
      assert(named && Object.keys(optional).length === targets.length, 'optional dependencies');
      const binaries = filesOf(join(folder, 'node_modules', 'arkffi', '.')).filter((file) =>
        file.endsWith('.node'),
      );
      assert(binaries.length === 0, 'a release of arkffi has no binary of its own');
      write(folder, { 'main.cjs': commonjs, 'main.mjs': esm });
      prints('works', process.execPath, ['main.cjs'], { cwd: folder });
      prints('works', process.execPath, ['main.mjs'], { cwd: folder });
    },
  ],
  [
    'a release without the package of the platform: the error names it',
    () => {
      const folder = project([release().main], { offline: true });
      const printed = run(process.execPath, ['-e', failing], { cwd: folder });
      assert(printed.startsWith('ERR_FFI_LIBRARY_LOAD'), printed);
      assert(printed.includes(packageOf(here)) && printed.includes('--include=optional'), printed);
    },
  ],
  [
    'a binary that is damaged: the error shows what the loader says',
    () => {
      const folder = project([tarball()], { offline: true });
      const binary = join(folder, 'node_modules', 'arkffi', binaryOf(here));
      rmSync(binary);
      write(folder, { [`node_modules/arkffi/${binaryOf(here)}`]: 'no library' });
      const printed = run(process.execPath, ['-e', failing], { cwd: folder });
      assert(/ERR_FFI_LIBRARY_LOAD[^]*\.node: .*(file too short|invalid|not a)/i.test(printed), printed);
    },
  ],
];
