/** What the commands share. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';

/** A command that is written wrong. */
export class Usage extends Error {}

/** The version of the package. */
export function version(): string {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    if (dirname(directory) === directory) return 'unknown';
  }
}

export type Rows = readonly (readonly [name: string, value: string])[];

/** Rows of names and values; an empty name makes an empty line. */
export function table(rows: Rows): string {
  return rows.map(([name, value]) => (name === '' ? '' : `${name.padEnd(18)}${value}`)).join('\n');
}

/** What is known without the native half. */
export function platformRows(): Rows {
  const { platform, arch, versions } = process;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const libc = header.glibcVersionRuntime;
  const libcText = platform !== 'linux' ? '' : libc === undefined ? ', no glibc' : `, glibc ${libc}`;
  return [
    ['arkffi', version()],
    ['node', `${versions.node} (Node-API ${versions.napi}, V8 ${versions.v8})`],
    ['platform', `${platform} ${arch}, kernel ${release()}${libcText}`],
  ];
}

/** The library that an argument names: '-' is the running process. */
export function libraryOf(name: string | undefined): string | null {
  if (name === undefined || name === '') throw new Usage('a library is missing');
  return name === '-' ? null : name;
}
