// What binding.js does where none of its names loads: finds the binary of a bundle or of a single-executable
// application, or says what is wrong.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const prefix = './';

function open(file) {
  const addon = { exports: {} };
  process.dlopen(addon, file);
  return addon.exports;
}

/** Loads the bytes of a binary from a file that only this user can write. */
function openCopy(bytes) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'arkffi-'));
  const file = path.join(folder, 'arkffi.node');
  try {
    fs.writeFileSync(file, Buffer.from(bytes), { mode: 0o700 });
    return open(file);
  } finally {
    // What is mapped needs no name. Windows keeps the file as long as the process.
    if (process.platform !== 'win32') fs.rmSync(folder, { recursive: true });
  }
}

/** The asset of that name in a single-executable application; undefined where there is none. */
function assetNamed(name) {
  const sea = process.getBuiltinModule?.('node:sea');
  if (sea?.isSea() !== true) return undefined;
  try {
    return sea.getRawAsset(name);
  } catch {
    return undefined;
  }
}

/** The binary of that name within the executable, beside it, or beside the program that node was started with. */
function embedded(name) {
  const asset = assetNamed(name);
  if (asset !== undefined) return openCopy(asset);
  const file = [process.execPath, process.argv[1]]
    .filter((program) => typeof program === 'string' && path.isAbsolute(program))
    .map((program) => path.join(path.dirname(program), name))
    .find((beside) => fs.existsSync(beside));
  return file === undefined ? undefined : open(file);
}

const isForbidden = ({ error }) => error.code === 'ERR_DLOPEN_DISABLED';
const isAbsent = ({ name, error }) =>
  error.code === 'ERR_UNKNOWN_BUILTIN_MODULE' ||
  (error.code === 'MODULE_NOT_FOUND' && String(error.message).includes(path.basename(name)));

/** What to do about it. */
function advice(failures) {
  if (failures.some(isForbidden)) {
    return (
      'This process may not load native addons, and arkffi is one. With the permission model, start node with ' +
      '--allow-addons; without it, leave out --no-addons.'
    );
  }
  if (failures.some((failure) => !isAbsent(failure))) {
    return 'A binary that is there could not be loaded: see the reason above.';
  }
  const [name] = failures.map((failure) => failure.name).filter((tried) => !tried.startsWith(prefix));
  return (
    `The package of this platform, ${name}, is an optional dependency that has not been installed. Install with ` +
    'optional dependencies (npm install --include=optional). If package-lock.json or node_modules came from another ' +
    'platform, delete both and install again. A bundler must leave arkffi external, or copy the .node file.'
  );
}

function notLoaded(failures) {
  const { ffiError } = require('./dist/errors.js');
  const here = `${process.platform} ${process.arch}`;
  if (failures.length === 0) {
    return ffiError(
      'ERR_FFI_UNSUPPORTED',
      `arkffi has no native binary for ${here}. See docs/installing.md.`,
    );
  }
  const tried = failures.map(
    (failure) =>
      `\n  ${failure.name}: ${isAbsent(failure) ? 'not there' : String(failure.error.message).split('\n')[0]}`,
  );
  const cause = (failures.find((failure) => !isAbsent(failure)) ?? failures[0]).error;
  return ffiError(
    'ERR_FFI_LIBRARY_LOAD',
    `arkffi found no native binary that works on ${here}. Tried:${tried.join('')}\n${advice(failures)}`,
    { cause },
  );
}

/** The binding, when the names of binding.js have failed. */
exports.load = (failures) => {
  if (failures.some(isForbidden)) throw notLoaded(failures);
  const names = failures.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    try {
      const binding = embedded(name.slice(prefix.length));
      if (binding !== undefined) return binding;
    } catch (error) {
      failures.push({ name: `${name.slice(prefix.length)} of the program`, error });
    }
  }
  throw notLoaded(failures);
};
