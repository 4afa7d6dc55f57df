/** Views of arkffi's memory are emptied when that is released, whatever it is. */
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  dlopen,
  free,
  malloc,
  own,
  realloc,
  releasePtr,
  sharedAlloc,
  Struct,
  toArrayBuffer,
  toBuffer,
} from 'arkffi';
import { outputOf } from '../support/subprocess';

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

describe('of owned memory, given as the Owned', () => {
  const { symbols: c } = dlopen('libc.so.6', {
    malloc: { args: ['usize'], returns: 'ptr' },
    free: { args: ['ptr'] },
  });

  test.each([{}, { size: 16 }])('with %p, by close', (options) => {
    const owned = own(c.malloc(16), c.free, options);
    const whole = toArrayBuffer(owned, 0, 16);
    const part = toBuffer(owned, 8, 4);
    expect([whole.byteLength, part.length]).toEqual([16, 4]);
    owned.close();
    expect([whole.byteLength, part.length, part[0]]).toEqual([0, 0, undefined]);
  });

  test('not by forget: the memory is still there', () => {
    const owned = own(c.malloc(16), c.free);
    const view = toBuffer(owned, 0, 16).fill(7);
    const address = owned.forget();
    expect(view[15]).toBe(7);
    c.free(address);
  });

  test('the view keeps the Owned', () => {
    const source = `
      const { dlopen, memoryUsage, own, toBuffer } = require(entry);
      const { symbols: c } = dlopen('libc.so.6', { malloc: { args: ['usize'], returns: 'ptr' }, free: { args: ['ptr'] } });
      const owned = () => memoryUsage().owned.count;
      const collected = async (left) => {
        for (let round = 0; round < 50 && owned() > left; round++) {
          gc();
          await new Promise(setImmediate);
        }
        return owned();
      };
      (async () => {
        let view = new Uint8Array(toBuffer(own(c.malloc(16), c.free), 0, 16).buffer);
        const held = await collected(0);
        view = undefined;
        console.log(held, await collected(0));
      })();`;
    expect(outputOf(source, { flags: ['--expose-gc'] })).toBe('1 0');
  });
});

test('a refused release empties nothing', () => {
  const block = malloc(16);
  const view = toBuffer(block, 0, 16);
  expect(() => free(block + 4)).toThrow('not live memory');
  expect(view).toHaveLength(16);
  free(block);
  expect(view).toHaveLength(0);
});
