// From build/js, where tsc leaves one module for each source file, to dist: a few files instead of some eighty, as
// finding and reading them would take most of the time of `require('arkffi')`. Of what is left, most is V8's first look at the
// source: `dist/part-core.js` holds what it takes to open a library, and the parts beside it are loaded when they are used.
import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import { lazyParts } from './scripts/lazy-parts.mjs';

const built = 'build/js';

/**
 * The parts, by the modules in them. One of the first three loads those before it at once, as do all others: they use
 * them at each call. Everything else is loaded when something in it is used.
 */
const parts = [
  ['part-core', /^(errors|native|types|define|library|memory\/track)\.js$/],
  [
    'part-calls',
    /^(call\/(function|wrap|compile|shape|support|results)|composite\/decode|upcall\/(pending|stack)|accepts|buffer|code|codegen|convert|failure|shown|symbols|text|trace|values)\.js$/,
  ],
  [
    'part-memory',
    /^(alive|cell|recent|memory\/(access|bytes|data|range|routines|views)|composite\/codec)\.js$/,
  ],
  ['part-structs', /^(composite|schema)\//],
  ['part-callbacks', /^upcall\/(callback|compile|control)\.js$|^jscallback\.js$/],
  ['part-blocks', /^memory\/(?!track)|^(ref|cstring|release)\.js$/],
  ['part-background', /^call\/background\.js$|^(call|upcall)\/interpret\.js$/],
  ['part-leaf', /^(call\/leaf|quick)\.js$/],
  ['part-raw', /^(raw|cfunction)\.js$/],
  ['part-cdef', /^cdef\//],
];
const files = parts.map(([name]) => `${name}.js`);
const base = files.slice(0, 3);

function isLazy(file, user) {
  const [level, from] = [base.indexOf(file), base.indexOf(user)];
  if (level === -1) return true;
  return files.includes(user) ? from !== -1 && from < level : level > 0;
}

/** Loaded on its own: the command, and the matcher for jest. */
const apart = /^(cli|jest)\//;

// Files that earlier builds have left would be packed too.
rmSync('dist', { recursive: true, force: true });

const external = /^node:|\/binding\.js$/;
const output = { format: 'cjs', interop: 'esModule', externalLiveBindings: false };

export default [
  {
    input: {
      index: `${built}/index.js`,
      'cli/main': `${built}/cli/main.js`,
      'cli/commands': `${built}/cli/commands.js`,
      'jest/index': `${built}/jest/index.js`,
      'jest/each': `${built}/jest/each.js`,
    },
    external,
    plugins: [lazyParts(files, isLazy)],
    output: {
      ...output,
      dir: 'dist',
      hoistTransitiveImports: false,
      chunkFileNames: '[name].js',
      manualChunks(id) {
        const file = relative(built, id);
        // The command's help and its errors need no native half.
        if (/^cli\/(usage|help)\.js$/.test(file)) return 'cli/usage';
        if (file === 'index.js' || apart.test(file)) return undefined;
        return parts.find(([, modules]) => modules.test(file))?.[0] ?? 'part-core';
      },
    },
  },
  // A second copy, for binding-fallback.js: where no binary loads, the rest does not either.
  { input: `${built}/errors.js`, external, output: { ...output, file: 'dist/errors.js' } },
];
