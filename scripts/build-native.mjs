// Builds the native half and puts it beside binding.js, under the name that binding.js looks for.
// `--target NAME` builds for another platform: one of scripts/targets.mjs, whose Rust target must be installed.
// `--locked`: with the versions of Cargo.lock and no others.
import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { binaryOf, targetHere, targetNamed } from './targets.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { target: { type: 'string' }, locked: { type: 'boolean' } } });
const target = values.target === undefined ? targetHere() : targetNamed(values.target);
const built = { linux: 'libarkffi.so', darwin: 'libarkffi.dylib', win32: 'arkffi.dll' }[target.os];

const cross = values.target === undefined ? [] : ['--target', target.rust];
const locked = values.locked === true ? ['--locked'] : [];
// An addon is a shared library, which musl's targets make only without their C library in it.
const flags = target.libc === 'musl' ? { RUSTFLAGS: '-C target-feature=-crt-static' } : {};
execFileSync('cargo', ['build', '--release', '--lib', ...locked, ...cross], {
  cwd: root,
  stdio: ['ignore', 2, 2],
  env: { ...process.env, ...flags },
});
// Renamed into place: a process that has the old file mapped keeps it.
const file = join(root, binaryOf(target));
copyFileSync(join(root, 'target', ...cross.slice(1), 'release', built), `${file}.new`);
renameSync(`${file}.new`, file);
