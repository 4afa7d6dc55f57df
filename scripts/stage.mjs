// Writes the packages of a release, as they are published: one for each platform with its binary, and `arkffi` itself,
// which has none and names the others as optional dependencies.
//
//     node scripts/stage.mjs [--binaries FOLDER] [--out npm] [--partial]
//
// --binaries: where the .node files are, by default the root. --partial: those of some platforms only.
// package.json itself names no optional dependencies: npm would look for packages of a version that is not there yet.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { binaryOf, packageOf, targets } from './targets.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    binaries: { type: 'string', default: root },
    out: { type: 'string', default: join(root, 'npm') },
    partial: { type: 'boolean', default: false },
  },
});

const main = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Where the sources are: what npm's provenance is checked against. GitHub's runners say it. */
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
const repository =
  main.repository ??
  (GITHUB_REPOSITORY && { type: 'git', url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git` });

function writePackage(folder, manifest) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

function stagePlatform(target) {
  const { version, license, engines } = main;
  const file = binaryOf(target);
  const folder = join(values.out, target.name);
  writePackage(folder, {
    name: packageOf(target),
    version,
    description: `The native binary of arkffi for ${target.name}`,
    license,
    ...(repository && { repository }),
    main: file,
    files: [file],
    engines,
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc && { libc: [target.libc] }),
  });
  copyFileSync(join(values.binaries, file), join(folder, file));
  writeFileSync(
    join(folder, 'README.md'),
    `# ${packageOf(target)}\n\nThe native binary of arkffi for ${target.name}.\n` +
      'Install `arkffi`, which depends on it.\n',
  );
}

function stageMain() {
  const folder = join(values.out, 'arkffi');
  const development = ['scripts', 'devDependencies', 'overrides'];
  const kept = Object.entries(main).filter(([name]) => !development.includes(name));
  const files = main.files.filter((file) => file !== '*.node' && !file.startsWith('!'));
  const left = main.files.filter((file) => file.startsWith('!')).map((file) => join(root, file.slice(1)));
  writePackage(folder, {
    ...Object.fromEntries(kept),
    ...(repository && { repository }),
    files,
    optionalDependencies: Object.fromEntries(targets.map((target) => [packageOf(target), main.version])),
  });
  const filter = (path) => !left.includes(path);
  for (const file of [...files, 'README.md']) {
    cpSync(join(root, file), join(folder, file), { recursive: true, filter });
  }
}

const missing = targets.filter((target) => !existsSync(join(values.binaries, binaryOf(target))));
if (missing.length > 0 && !values.partial) {
  throw new Error(`no binary of ${missing.map(({ name }) => name).join(', ')} in ${values.binaries}`);
}
rmSync(values.out, { recursive: true, force: true });
targets.filter((target) => !missing.includes(target)).forEach(stagePlatform);
stageMain();
