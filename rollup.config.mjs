// From build/js, where tsc leaves one module for each source file, to dist: one file that `require('arkffi')` reads,
// as most of its time went into finding and reading some eighty; beside it what not everybody needs.
import { rmSync } from 'node:fs';
import { relative } from 'node:path';

const built = 'build/js';

/** Loaded on its own: the command, the matcher for jest, and the parser of C's declarations at its first use. */
const apart = /^(cli|jest|cdef)\//;

// Files that earlier builds have left would be packed too.
rmSync('dist', { recursive: true, force: true });

const external = /^node:|\/binding\.js$/;
const output = { format: 'cjs', interop: 'esModule', externalLiveBindings: false };

export default [
  {
    input: {
      index: `${built}/index.js`,
      cdef: `${built}/cdef/cdef.js`,
      'cli/main': `${built}/cli/main.js`,
      'cli/commands': `${built}/cli/commands.js`,
      'jest/index': `${built}/jest/index.js`,
      'jest/each': `${built}/jest/each.js`,
    },
    external,
    output: {
      ...output,
      dir: 'dist',
      hoistTransitiveImports: false,
      chunkFileNames: '[name].js',
      manualChunks(id) {
        const file = relative(built, id);
        // The command's help and its errors need no native half.
        if (/^cli\/(usage|help)\.js$/.test(file)) return 'cli/usage';
        if (file.startsWith('cdef/')) return 'declarations';
        return file === 'index.js' || apart.test(file) ? undefined : 'arkffi';
      },
    },
  },
  // A second copy, for binding-fallback.js: where no binary loads, the rest does not either.
  { input: `${built}/errors.js`, external, output: { ...output, file: 'dist/errors.js' } },
];
