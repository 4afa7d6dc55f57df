import { createRequire } from 'node:module';
import { floorAddon } from '../build.mjs';

export const name = 'Node-API';

/** The floor: the addon is linked against the library, which it calls without any FFI. */
export async function open() {
  const { make } = createRequire(import.meta.url)(floorAddon);
  const lacks = ({ symbol }) => (symbol === undefined ? 'not written by hand' : undefined);
  return { version: process.versions.napi, lacks, bind: ({ symbol }) => ({ f: make(symbol) }) };
}
