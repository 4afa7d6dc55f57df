// Bundlers: arkffi left external, as is the custom for packages with addons, and bundled with its binary.
import { execPath } from 'node:process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaryOf, targetHere } from '../targets.mjs';
import { installed, tarball } from './packages.mjs';
import { Absent, filesOf, install, prints, project, run, tool, write } from './project.mjs';
import { esm } from './programs.mjs';

/** A project with these tools and the program; made once for each list of tools. */
const made = new Map();
function projectWith(tools) {
  const key = JSON.stringify(tools);
  if (!made.has(key)) {
    const folder = project([tarball()], { offline: true });
    write(folder, { 'main.mjs': esm });
    made.set(key, [folder]);
    try {
      install(folder, tools);
    } catch (error) {
      made.set(key, [folder, error]);
    }
  }
  const [folder, error] = made.get(key);
  if (error !== undefined) throw error;
  return folder;
}

/** Moves what a bundler wrote to a folder without node_modules and runs it there. */
function runsAlone(folder, built, file) {
  const alone = project([], { offline: true });
  for (const name of filesOf(join(folder, built))) copyFileSync(join(folder, built, name), join(alone, name));
  prints('works', execPath, [file], { cwd: alone });
}

const esbuild = { esbuild: '0.28.2' };
const webpack = { webpack: '5.112.2', 'node-loader': '2.1.0' };
const rollup = {
  rollup: '4.68.7',
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
};
const vite = { vite: '8.3.8' };

const bundle = ['main.mjs', '--bundle', '--platform=node', '--log-level=error'];

/** Runs webpack with a configuration; errors of the build end the process with 1. */
function runWebpack(folder, configuration) {
  write(folder, {
    'webpack.cjs': `const webpack = require('webpack');
      webpack({ mode: 'production', target: 'node20', entry: './main.mjs', ...${configuration} }, (error, stats) => {
        if (error ?? stats.hasErrors()) console.log(error ?? stats.toString());
        process.exitCode = error ?? stats.hasErrors() ? 1 : 0;
      });`,
  });
  run(execPath, ['webpack.cjs'], { cwd: folder });
}

function runRollup(folder, options) {
  write(folder, {
    'rollup.config.mjs': `import commonjs from '@rollup/plugin-commonjs';
      import { nodeResolve } from '@rollup/plugin-node-resolve';
      export default { input: 'main.mjs', plugins: [nodeResolve(), commonjs()], ...${options} };`,
  });
  run(tool(folder, 'rollup'), ['-c', '--failAfterWarnings'], { cwd: folder });
}

function runVite(folder, out, build, rest) {
  write(folder, {
    'vite.config.mjs': `export default {
      logLevel: 'error',
      build: { ssr: 'main.mjs', outDir: '${out}', ${build} },
      ${rest}
    };`,
  });
  run(tool(folder, 'vite'), ['build'], { cwd: folder });
}

export const bundlers = [
  [
    'esbuild, arkffi external, as a module',
    () => {
      const folder = projectWith(esbuild);
      const options = ['--external:arkffi', '--format=esm', '--outfile=external.mjs'];
      run(tool(folder, 'esbuild'), [...bundle, ...options], { cwd: folder });
      prints('works', execPath, ['external.mjs'], { cwd: folder });
    },
  ],
  [
    'esbuild, everything bundled, the binary copied',
    () => {
      const folder = projectWith(esbuild);
      const options = ['--loader:.node=copy', '--outdir=copied', '--out-extension:.js=.cjs'];
      run(tool(folder, 'esbuild'), [...bundle, ...options], { cwd: folder });
      runsAlone(folder, 'copied', 'main.cjs');
    },
  ],
  [
    'webpack, arkffi external',
    () => {
      const folder = projectWith(webpack);
      const output = "{ path: __dirname, filename: 'external.cjs' }";
      runWebpack(folder, `{ externals: { arkffi: 'commonjs arkffi' }, output: ${output} }`);
      prints('works', execPath, ['external.cjs'], { cwd: folder });
    },
  ],
  [
    'webpack, everything bundled, the binary by node-loader',
    () => {
      const folder = projectWith(webpack);
      const rules = "[{ test: /\\.node$/, loader: 'node-loader' }]";
      const output = "{ path: __dirname + '/bundled', filename: 'main.cjs' }";
      runWebpack(folder, `{ module: { rules: ${rules} }, output: ${output} }`);
      runsAlone(folder, 'bundled', 'main.cjs');
    },
  ],
  [
    'Rollup, arkffi external',
    () => {
      const folder = projectWith(rollup);
      runRollup(folder, "{ external: ['arkffi'], output: { file: 'external.mjs', format: 'es' } }");
      prints('works', execPath, ['external.mjs'], { cwd: folder });
    },
  ],
  [
    'Vite, a build for servers',
    () => {
      const folder = projectWith(vite);
      runVite(folder, 'ssr', '', '');
      prints('works', execPath, [join('ssr', 'main.mjs')], { cwd: folder });
    },
  ],
  [
    'Vite, a build for servers with everything bundled but the binary',
    () => {
      const folder = projectWith(vite);
      runVite(
        folder,
        'bundled',
        'rollupOptions: { external: [/[.]node$/, /^@arkffi/] }',
        'ssr: { noExternal: true }',
      );
      const binary = binaryOf(targetHere());
      copyFileSync(join(folder, 'node_modules', 'arkffi', binary), join(folder, 'bundled', binary));
      runsAlone(folder, 'bundled', 'main.mjs');
    },
  ],
  ['a single-executable application, the binary as an asset', () => singleExecutable(true)],
  ['a single-executable application, the binary beside it', () => singleExecutable(false)],
];

const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Builds a single-executable application, as Node's documentation says, and runs it in a folder of its own. */
function singleExecutable(asset) {
  if (process.platform === 'darwin') throw new Absent('the executable would have to be signed');
  const folder = projectWith({ ...esbuild, postject: '1.0.0-alpha.6' });
  run(
    tool(folder, 'esbuild'),
    [...bundle, '--external:*.node', '--external:@arkffi/*', '--outfile=app.cjs'],
    {
      cwd: folder,
    },
  );
  const binary = binaryOf(targetHere());
  const source = join(installed(), 'node_modules', 'arkffi', binary);
  write(folder, {
    'sea.json': JSON.stringify({
      main: 'app.cjs',
      output: 'app.blob',
      disableExperimentalSEAWarning: true,
      assets: asset ? { [binary]: source } : {},
    }),
  });
  run(execPath, ['--experimental-sea-config', 'sea.json'], { cwd: folder });
  const alone = project([], { offline: true });
  const app = join(alone, process.platform === 'win32' ? 'app.exe' : 'app');
  copyFileSync(execPath, app);
  run(tool(folder, 'postject'), [app, 'NODE_SEA_BLOB', 'app.blob', '--sentinel-fuse', fuse], { cwd: folder });
  if (!asset) copyFileSync(source, join(alone, binary));
  prints('works', app, [], { cwd: alone });
}
