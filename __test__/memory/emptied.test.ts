/** Views of arkffi's memory are emptied when that is released, whatever it is. */
import { expect, test } from '@jest/globals';
import {
  Arena,
  dlopen,
  free,
  malloc,
  realloc,
  releasePtr,
  sharedAlloc,
  Struct,
  toArrayBuffer,
  toBuffer,
} from 'arkffi';

const Division = Struct({ quot: 'int', rem: 'int' });
const { div } = dlopen('libc.so.6', { div: { args: ['int', 'int'], returns: Division } }).symbols;

test.each<[string, () => readonly [number, () => unknown]]>([
  ['a freed block', () => ((block) => [block, () => free(block)] as const)(malloc(16))],
  [
    'a block that was resized',
    () => ((block) => [block, () => free(realloc(block, 1 << 16))] as const)(malloc(16)),
  ],
  ['a struct result', () => ((result) => [result, () => releasePtr(result)] as const)(div(17, 5))],
  ['a part of an arena', () => ((arena) => [arena.alloc(16), () => arena.close()] as const)(new Arena())],
  ['shared memory', () => ((shared) => [shared.ptr, () => shared.close()] as const)(sharedAlloc(16))],
])('%s', (_, make) => {
  const [address, release] = make();
  const [whole, inner, buffer] = [
    new Uint8Array(toArrayBuffer(address, 0, 8)),
    new Uint8Array(toArrayBuffer(address + 4, 0, 4)),
    toBuffer(address, 0, 8),
  ];
  expect([whole.length, inner.length, buffer.length]).toEqual([8, 4, 8]);
  release();
  expect([whole.length, inner.length, buffer.length]).toEqual([0, 0, 0]);
  expect(whole[0]).toBeUndefined();
});

test('a refused release empties nothing', () => {
  const block = malloc(16);
  const view = toBuffer(block, 0, 16);
  expect(() => free(block + 4)).toThrow('not live memory');
  expect(view).toHaveLength(16);
  free(block);
  expect(view).toHaveLength(0);
});
