/** The platforms of a release: one table, and what must agree with it. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputOf } from '../support/subprocess';

interface Target {
  readonly name: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
  readonly binary: string;
  readonly package: string;
}

interface Manifest {
  readonly [key: string]: unknown;
  readonly optionalDependencies?: Record<string, string>;
}

const root = join(__dirname, '..', '..');
const targets = JSON.parse(
  outputOf(`import(${JSON.stringify(join(root, 'scripts/targets.mjs'))}).then(({ targets, binaryOf, packageOf }) =>
    console.log(JSON.stringify(targets.map((one) => ({ ...one, binary: binaryOf(one), package: packageOf(one) })))));`),
) as Target[];
const text = (file: string) => readFileSync(join(root, file), 'utf8');
const version = (JSON.parse(text('package.json')) as { version: string }).version;

test('there are eight', () => {
  expect(targets.map(({ name }) => name)).toEqual([
    'linux-x64-gnu',
    'linux-arm64-gnu',
    'linux-x64-musl',
    'linux-arm64-musl',
    'darwin-x64',
    'darwin-arm64',
    'win32-x64',
    'win32-arm64',
  ]);
});

describe('the release workflow', () => {
  const workflow = text('.github/workflows/release.yml');

  test.each(targets)('builds and tests $name', ({ name }) => {
    expect(workflow.match(new RegExp(`target: ${name},\\s+runner:`, 'g'))).toHaveLength(2);
  });
});

test('docs/installing.md names each', () => {
  const named = Array.from(
    text('docs/installing.md').matchAll(/`(@arkffi\/[\w-]+)` \|/g),
    ([, name]) => name,
  );
  expect(named).toEqual(targets.map((target) => target.package));
});

describe('binding.js', () => {
  /** What it requires on another platform, in turn, and the error when nothing is there. */
  function tried(os: string, cpu: string) {
    const program = `
      const Module = require('node:module');
      Object.defineProperties(process, { platform: { value: '${os}' }, arch: { value: '${cpu}' } });
      const names = [];
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => {
        if (!/arkffi[./]/.test(name)) return resolve(name, ...rest);
        names.push(name);
        throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: 'MODULE_NOT_FOUND' });
      };
      try {
        require(entry.replace(/dist.index.js$/, 'binding.js'));
      } catch ({ name, code, message }) {
        console.log(JSON.stringify({ names, name, code, message }));
      }`;
    return JSON.parse(outputOf(program)) as { names: string[]; name: string; code: string; message: string };
  }

  test.each([...new Set(targets.map(({ os, cpu }) => `${os} ${cpu}`))])(
    'looks for those of %s',
    (platform) => {
      const [os, cpu] = platform.split(' ') as [string, string];
      const own = targets.filter((target) => target.os === os && target.cpu === cpu);
      const { names, ...error } = tried(os, cpu);
      expect(names).toEqual(own.flatMap((target) => [`./${target.binary}`, target.package]));
      expect(error).toMatchObject({ name: 'FFIError', code: 'ERR_FFI_LIBRARY_LOAD' });
      for (const target of own) expect(error.message).toContain(`${target.package}: not there`);
      expect(error.message).toContain('--include=optional');
    },
  );

  test.each(['freebsd x64', 'linux riscv64', 'win32 ia32'])('says that there is none for %s', (platform) => {
    const [os, cpu] = platform.split(' ') as [string, string];
    const { names, ...error } = tried(os, cpu);
    expect(names).toEqual([]);
    expect(error).toMatchObject({ name: 'FFIError', code: 'ERR_FFI_UNSUPPORTED' });
    expect(error.message).toContain(platform);
  });

  test('each name stands in it as a literal, where bundlers see it', () => {
    const literals = Array.from(
      text('binding.js').matchAll(/return require\('([^']+)'\);/g),
      ([, name]) => name!,
    );
    expect(literals.toSorted()).toEqual(
      targets.flatMap((target) => [`./${target.binary}`, target.package]).toSorted(),
    );
  });
});

describe('the packages of a release', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arkffi-stage-'));
  const [binaries, out] = [join(folder, 'binaries'), join(folder, 'npm')];
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(binaries);
  for (const target of targets) writeFileSync(join(binaries, target.binary), target.name);

  const stage = () =>
    spawnSync(process.execPath, ['scripts/stage.mjs', '--binaries', binaries, '--out', out], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, GITHUB_SERVER_URL: 'https://example.org', GITHUB_REPOSITORY: 'a/b' },
    });
  const manifest = (name: string) =>
    JSON.parse(readFileSync(join(out, name, 'package.json'), 'utf8')) as Manifest;
  const staged = stage();

  test('are those of the platforms, and arkffi', () => {
    expect([staged.status, staged.stderr]).toEqual([0, '']);
    expect(readdirSync(out).sort()).toEqual(['arkffi', ...targets.map(({ name }) => name)].sort());
  });

  test.each(targets)('$package', ({ name, os, cpu, libc, binary, package: packageName }) => {
    expect(manifest(name)).toMatchObject({
      name: packageName,
      version,
      main: binary,
      files: [binary],
      os: [os],
      cpu: [cpu],
      repository: { url: 'git+https://example.org/a/b.git' },
      license: 'MIT',
    });
    expect(manifest(name)['libc']).toEqual(libc === undefined ? undefined : [libc]);
    expect(manifest(name)['scripts']).toBeUndefined();
    expect(readFileSync(join(out, name, binary), 'utf8')).toBe(name);
  });

  test('arkffi depends on all of them, on just this version, and has no binary, scripts or tools', () => {
    const { optionalDependencies, ...main } = manifest('arkffi');
    expect(optionalDependencies).toEqual(Object.fromEntries(targets.map((one) => [one.package, version])));
    expect(main).toMatchObject({ name: 'arkffi', version, main: './dist/index.js' });
    expect(Object.keys(main)).not.toEqual(expect.arrayContaining(['scripts']));
    expect(Object.keys(main)).not.toEqual(expect.arrayContaining(['devDependencies']));
    const files = main['files'] as string[];
    expect(files.filter((file) => !existsSync(join(out, 'arkffi', file)))).toEqual([]);
    expect(readdirSync(join(out, 'arkffi')).filter((file) => file.endsWith('.node'))).toEqual([]);
  });

  test('are not made when a binary is missing', () => {
    rmSync(join(binaries, 'arkffi.win32-arm64.node'));
    const { status, stderr } = stage();
    expect(status).toBe(1);
    expect(stderr).toContain('no binary of win32-arm64');
  });
});
