// The file name of the native binary for this platform: arkffi.linux-x64-gnu.node and so on.
'use strict';

/** Which C library node is linked with; its report names glibc's version only where it is glibc. */
function libc() {
  if (process.platform !== 'linux') return '';
  return process.report.getReport().header.glibcVersionRuntime === undefined ? '-musl' : '-gnu';
}

exports.fileName = () => `arkffi.${process.platform}-${process.arch}${libc()}.node`;
