// Compiles the C fixtures into one library before the tests run, where they have changed.
const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, readdirSync, renameSync, statSync } = require('node:fs');
const { join } = require('node:path');

const written = (file) => statSync(file).mtimeMs;

module.exports = function buildFixture() {
  const source = join(__dirname, '..', 'fixtures', 'c');
  const build = join(__dirname, '..', 'fixtures', 'build');
  const library = join(build, 'libfixture.so');
  const inputs = readdirSync(source).map((file) => join(source, file));
  const newest = Math.max(...[__filename, source, ...inputs].map(written));
  if (existsSync(library) && written(library) > newest) return;
  mkdirSync(build, { recursive: true });
  // Some tests run jest themselves: what others load meanwhile is whole.
  const made = join(build, `libfixture.${process.pid}.so`);
  const files = inputs.filter((file) => file.endsWith('.c'));
  const flags = ['-shared', '-fPIC', '-O1', '-g', '-Wall', '-Werror', '-o', made];
  execFileSync(process.env.CC ?? 'cc', [...flags, ...files, '-lpthread'], { stdio: 'inherit' });
  renameSync(made, library);
};
