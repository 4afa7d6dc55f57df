// Builds QuickJS as a shared library, from the C sources that come with the crate rquickjs-sys.
//   node examples/quickjs/build.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suffix } from 'arkffi';

const here = dirname(fileURLToPath(import.meta.url));
const crate = 'rquickjs-sys';
const files = ['quickjs.c', 'libregexp.c', 'libunicode.c', 'dtoa.c'];
const defines = ['-D_GNU_SOURCE', '-DBUILDING_QJS_SHARED', '-DNDEBUG', '-DENABLE_DUMPS'];

/** Runs a command and gives what it printed; its words are part of the error. */
function run(command, args, timeout) {
  try {
    // Without a network cargo is to say so soon.
    const env = { CARGO_NET_RETRY: '1', CARGO_HTTP_TIMEOUT: '20', ...process.env };
    const options = { encoding: 'utf8', timeout, env, maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'pipe'] };
    return execFileSync(command, args, options);
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'is not installed' : (error.stderr || error.message).trim();
    throw new Error(`QuickJS cannot be built here: ${command} ${why}`, { cause: error });
  }
}

/** The folder of the sources. cargo fetches the crate where it is not on this machine yet. */
function sources() {
  const manifest = join(here, 'Cargo.toml');
  const args = ['metadata', '--locked', '--format-version', '1', '--manifest-path', manifest];
  const { packages } = JSON.parse(run('cargo', args, 60_000));
  return join(dirname(packages.find(({ name }) => name === crate).manifest_path), 'quickjs');
}

/** The path of the library, which is built where it is not there yet. */
export function build() {
  const lock = readFileSync(join(here, 'Cargo.lock'), 'utf8');
  const [, version] = new RegExp(`name = "${crate}"\nversion = "(.+)"`).exec(lock);
  const library = join(here, 'build', `quickjs-${version}.${suffix}`);
  if (existsSync(library)) return library;

  const folder = sources();
  mkdirSync(dirname(library), { recursive: true });
  const unfinished = `${library}.${process.pid}`;
  const input = files.map((file) => join(folder, file));
  const flags = ['-O1', '-shared', '-fPIC', '-fvisibility=hidden', ...defines];
  run(process.env.CC ?? 'cc', [...flags, '-o', unfinished, ...input, '-lm', '-lpthread'], 120_000);
  renameSync(unfinished, library);
  return library;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(build());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
