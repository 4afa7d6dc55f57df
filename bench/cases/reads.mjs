// Reading what C has in its memory. What a row says is in ./index.mjs; the offsets are those of `Sample` in target.c.
import { inputs } from './inputs.mjs';

const scalar = (type, at, value) => ({ name: `read.${type}`, read: type, at, expected: () => value });

export const reads = [
  scalar('u8', 28, 200),
  scalar('i32', 24, 7),
  scalar('i64', 0, -42),
  scalar('f64', 8, 1.5),
  scalar('ptr', 16, inputs.address),
  { name: 'read.i32 of a Buffer', read: 'buffer', at: 24, expected: () => 7 },
  { name: 'read.cstring', read: 'cstring', at: 112, expected: () => 'hello world' },
  { name: 'CString', read: 'CString', at: 112, expected: () => 'hello world' },
  { name: 'fromPtr, two fields', read: 'Pair', at: 32, field: 'y', expected: () => 2 },
  { name: 'fromPtr, nested', read: 'Body', at: 48, field: 'position.x', expected: () => 1 },
  { name: 'view, made and one field read', read: 'view', at: 48, field: 'time', expected: () => 9 },
  { name: 'view, one field read', read: 'field', at: 48, field: 'time', expected: () => 9 },
  { name: 'toArrayBuffer', read: 'memory', at: 128, field: 'byteLength', expected: () => 128 },
];
