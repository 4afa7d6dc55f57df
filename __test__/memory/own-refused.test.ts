/** What cannot be owned: memory that is not C's, or has its owner. */
import { expect, test } from '@jest/globals';
import { Arena, CString, dlopen, free, JSCallback, malloc, memoryUsage, own, ref, sharedAlloc } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

const { counting_free, freed_count } = dlopen(fixture, {
  counting_free: { args: ['ptr'] },
  freed_count: { returns: 'int' },
}).symbols;

const callback = new JSCallback(() => undefined, {});

test.each<[string, unknown]>([
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a SharedArrayBuffer', new SharedArrayBuffer(8)],
  ['a Buffer', Buffer.alloc(8)],
  ['a DataView', new DataView(new ArrayBuffer(8))],
  ['a ref', ref('int')],
  ['a JSCallback', callback],
  ["a JSCallback's address", callback.ptr],
  ['an object whose ptr is a callback', { ptr: callback.ptr }],
  ['a string', 'text'],
])('%s is not C memory', (_, value) => {
  const before = [freed_count(), memoryUsage().owned.count];
  expectError(() => own(value as never, counting_free), 'ERR_FFI_INVALID_ARG_TYPE', 'own');
  expect([freed_count(), memoryUsage().owned.count]).toEqual(before);
});

test("memory of arkffi's own has its owner", () => {
  const block = malloc(16);
  const arena = new Arena();
  const shared = sharedAlloc(8);
  for (const value of [block, block + 8, BigInt(block), new CString(block), arena.alloc(8), shared])
    expectError(() => own(value, counting_free), 'ERR_FFI_INVALID_POINTER', "arkffi's own");
  free(block);
  arena.close();
  shared.close();
});
