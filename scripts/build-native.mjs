// Builds the native half and puts it beside binding.js, under the name that binding.js looks for.
import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { fileName } = createRequire(import.meta.url)('../binding-name.js');
const built = { linux: 'libarkffi.so', darwin: 'libarkffi.dylib', win32: 'arkffi.dll' }[process.platform];

execFileSync('cargo', ['build', '--release', '--lib'], { cwd: root, stdio: ['ignore', 2, 2] });
// Renamed into place: a process that has the old file mapped keeps it.
const target = join(root, fileName());
copyFileSync(join(root, 'target', 'release', built), `${target}.new`);
renameSync(`${target}.new`, target);
