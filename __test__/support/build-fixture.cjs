// Compiles the C fixtures into one library before the tests run.
const { execFileSync } = require('node:child_process');
const { mkdirSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

module.exports = function buildFixture() {
  const source = join(__dirname, '..', 'fixtures', 'c');
  const build = join(__dirname, '..', 'fixtures', 'build');
  const files = readdirSync(source)
    .filter((file) => file.endsWith('.c'))
    .map((file) => join(source, file));
  mkdirSync(build, { recursive: true });
  const flags = ['-shared', '-fPIC', '-O1', '-g', '-Wall', '-Werror', '-o', join(build, 'libfixture.so')];
  execFileSync(process.env.CC ?? 'cc', [...flags, ...files, '-lpthread'], { stdio: 'inherit' });
};
