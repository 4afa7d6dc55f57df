// A library whose functions the node executable has as well.
import { dlopen, ref } from '../../dist/index.js';
import { say, show } from './print.mjs';

export const title = "zlib: the system's own, beside the one inside node";

export function run() {
  const lib = dlopen('libz.so.1', {
    zlibVersion: { returns: 'CString' },
    crc32: { args: ['ulong', 'ptr', 'uint'], returns: 'ulong' },
    compressBound: { args: ['ulong'], returns: 'ulong' },
    compress: { args: ['ptr', 'ptr', 'ptr', 'ulong'], returns: 'int' },
    uncompress: { args: ['ptr', 'ptr', 'ptr', 'ulong'], returns: 'int' },
  });
  const { zlibVersion, crc32, compressBound, compress, uncompress } = lib.symbols;

  show(() => zlibVersion());
  show(() => process.versions.zlib);
  say('Two versions in one process. `deep` tells whether this library is bound to its own functions first:');
  show(() => lib.deep);

  say('A buffer is passed by the address of its bytes, without a copy:');
  show(() => crc32(0, Buffer.from('123456789'), 9));

  const text = Buffer.from('so much the same, '.repeat(50));
  const packed = Buffer.alloc(compressBound(text.length));
  say('The size goes in and comes out through a `ref`:', "const size = ref('ulong', packed.length)");
  const size = ref('ulong', packed.length);
  show(() => compress(packed, size, text, text.length));
  show(() => `${text.length} bytes became ${size.value}`);

  const unpacked = Buffer.alloc(text.length);
  const unpackedSize = ref('ulong', unpacked.length);
  show(() => uncompress(unpacked, unpackedSize, packed, size.value));
  show(() => unpacked.equals(text));

  lib.close();
}
