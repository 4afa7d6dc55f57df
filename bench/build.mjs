// Compiles the C functions that are called, and the addon that calls them without an FFI.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export const buildDirectory = join(here, 'build');
export const targetLibrary = join(buildDirectory, 'libtarget.so');
export const floorAddon = join(buildDirectory, 'floor.node');

/** Compiles a shared library where it is older than its source. */
export function compile(output, source, ...options) {
  if (existsSync(output) && statSync(output).mtimeMs > statSync(source).mtimeMs) return;
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-Wall', '-o', output, source, ...options], {
    stdio: 'inherit',
  });
}

export function build() {
  mkdirSync(buildDirectory, { recursive: true });
  compile(targetLibrary, join(here, 'native/target.c'), '-pthread');
  const headers = createRequire(import.meta.url)('node-api-headers').include_dir;
  compile(floorAddon, join(here, 'native/floor.c'), `-I${headers}`, targetLibrary, '-Wl,-rpath,$ORIGIN');
}
