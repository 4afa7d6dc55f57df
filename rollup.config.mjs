// From build/js, where tsc leaves one module for each source file, to dist: one file that `require('arkffi')` reads,
// as most of its time went into finding and reading some eighty; beside it what not everybody needs.
import { relative } from 'node:path';

const built = 'build/js';

/** Loaded on its own: the command, the matcher for jest, and the parser of C's declarations at its first use. */
const apart = /^(cli|jest|cdef)\//;

export default {
  input: {
    index: `${built}/index.js`,
    cdef: `${built}/cdef/cdef.js`,
    'cli/main': `${built}/cli/main.js`,
    'jest/index': `${built}/jest/index.js`,
    'jest/each': `${built}/jest/each.js`,
  },
  external: /^node:|\/binding\.js$/,
  output: {
    dir: 'dist',
    format: 'cjs',
    interop: 'esModule',
    externalLiveBindings: false,
    hoistTransitiveImports: false,
    chunkFileNames: '[name].js',
    manualChunks(id) {
      const file = relative(built, id);
      return file === 'index.js' || apart.test(file) ? undefined : 'arkffi';
    },
  },
};
