// TypeScript, with each kind of module resolution that the package has types for.
import { Absent, install, prints, run, tool, write } from './project.mjs';
import { installed } from './packages.mjs';
import { typescript } from './programs.mjs';

let ready;

/** The project with TypeScript. */
function withTypeScript() {
  const folder = installed();
  try {
    ready ??= (install(folder, { typescript: '6.0.3', '@types/node': '24.19.2' }), true);
  } catch (error) {
    ready = error;
  }
  if (ready instanceof Absent) throw ready;
  write(folder, { 'types.mts': typescript, 'types.cts': typescript, 'types.ts': typescript });
  return folder;
}

const strict = ['--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--types', 'node'];

function compiles(file, ...options) {
  const folder = withTypeScript();
  run(tool(folder, 'tsc'), [...strict, ...options, file], { cwd: folder });
  return folder;
}

function compilesAndRuns(file, built, resolution) {
  const folder = compiles(file, '--module', resolution, '--outDir', `built-${resolution}`);
  prints('works', process.execPath, [`built-${resolution}/${built}`], { cwd: folder });
}

export const types = [
  ['TypeScript, nodenext, a module', () => compilesAndRuns('types.mts', 'types.mjs', 'nodenext')],
  ['TypeScript, nodenext, CommonJS', () => compilesAndRuns('types.cts', 'types.cjs', 'nodenext')],
  ['TypeScript, node16, a module', () => compilesAndRuns('types.mts', 'types.mjs', 'node16')],
  ['TypeScript, node16, CommonJS', () => compilesAndRuns('types.cts', 'types.cjs', 'node16')],
  [
    'TypeScript, bundler',
    () => void compiles('types.ts', '--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit'),
  ],
];
