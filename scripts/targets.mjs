// The platforms that a release has a native binary for.

/** What npm calls a platform, and what Rust does. `name` is in the names of the binary and of its package. */
export const targets = [
  { name: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc', rust: 'x86_64-unknown-linux-gnu' },
  { name: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc', rust: 'aarch64-unknown-linux-gnu' },
  { name: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl', rust: 'x86_64-unknown-linux-musl' },
  { name: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl', rust: 'aarch64-unknown-linux-musl' },
  { name: 'darwin-x64', os: 'darwin', cpu: 'x64', rust: 'x86_64-apple-darwin' },
  { name: 'darwin-arm64', os: 'darwin', cpu: 'arm64', rust: 'aarch64-apple-darwin' },
  { name: 'win32-x64', os: 'win32', cpu: 'x64', rust: 'x86_64-pc-windows-msvc' },
  { name: 'win32-arm64', os: 'win32', cpu: 'arm64', rust: 'aarch64-pc-windows-msvc' },
];

/** The file name of a target's binary, and the name of the package that has it in a release. */
export const binaryOf = ({ name }) => `arkffi.${name}.node`;
export const packageOf = ({ name }) => `@arkffi/${name}`;

/** The C library that this node is linked with; the report names glibc's version only where it is glibc. */
function libcHere() {
  if (process.platform !== 'linux') return undefined;
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

export function targetNamed(name) {
  const target = targets.find((one) => one.name === name);
  if (target === undefined) throw new Error(`no target ${name}; there are ${targets.map((one) => one.name)}`);
  return target;
}

/** The target that this process runs on. */
export function targetHere() {
  const libc = libcHere();
  const here = targets.find(
    (target) => target.os === process.platform && target.cpu === process.arch && target.libc === libc,
  );
  if (here === undefined) throw new Error(`arkffi is not built for ${process.platform} ${process.arch}`);
  return here;
}
