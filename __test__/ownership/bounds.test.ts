/** The bounds that reads and writes keep are those of the memory as it is now, not as it was looked up last. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { Arena, free, malloc, read, realloc, releasePtr, sharedAlloc, write } from 'arkffi';
import { expectError } from '../support/errors';
import { library } from './library';

const blocks: number[] = [];
const take = (size: number) => blocks[blocks.push(malloc(size)) - 1]!;

afterEach(() => {
  blocks.splice(0).forEach(free);
});

const outside = (look: () => unknown) => expectError(look, 'ERR_FFI_OUT_OF_BOUNDS');

describe('after a look that was within bounds', () => {
  test('a block that has shrunk has less', () => {
    let block: number = malloc(64);
    write.u8(block, 63, 7);
    expect(read.u8(block, 63)).toBe(7);
    block = realloc(block, 16);
    blocks.push(block);
    outside(() => read.u8(block, 16));
    outside(() => write.u8(block, 63, 1));
    expect(read.u8(block, 15)).toEqual(expect.any(Number));
  });

  test('a block that has grown has more', () => {
    let block: number = malloc(16);
    write.u8(block, 15, 7);
    outside(() => write.u8(block, 16, 1));
    block = realloc(block, 4096);
    blocks.push(block);
    write.u8(block, 4095, 9);
    expect([read.u8(block, 15), read.u8(block, 4095)]).toEqual([7, 9]);
  });

  test('a smaller block in the place of one that was freed has its own size', () => {
    for (let round = 0; round < 50; round++) {
      const large = malloc(128);
      write.i32(large, 124, round);
      expect(read.i32(large, 124)).toBe(round);
      free(large);
      const small = take(120);
      outside(() => read.i32(small, 120));
      free(blocks.pop()!);
    }
  });

  test('one piece of memory does not lend its bounds to its neighbours', () => {
    const [first, second] = [take(24), take(24)];
    write.i64(first, 16, 1);
    outside(() => read.i64(second, 20));
    outside(() => read.i64(first, second - first));
    outside(() => read.i64(second, first - second));
    expect(read.i64(first, 16)).toBe(1);
    expect(read.i64(first + 8, 8)).toBe(1);
    outside(() => read.i64(first + 8, 16));
  });

  test('parts of arenas, struct results and shared memory have theirs', () => {
    const arena = new Arena();
    const part = arena.alloc(16);
    write.i32(part, 12, 5);
    outside(() => read.i32(part, 13));
    const pair = library.symbols.pair(3, 4);
    expect([read.i64(pair, 0), read.i64(pair, 8)]).toEqual([3, 4]);
    outside(() => read.i64(pair, 9));
    releasePtr(pair);
    const shared = sharedAlloc(8);
    write.i32(shared.ptr, 4, 6);
    outside(() => read.i32(shared.ptr, 8));
    expect(read.i32(part, 12)).toBe(5);
    arena.close();
    const block = take(8);
    outside(() => read.i32(block, 8));
  });
});

test('a string that begins within known memory ends there', () => {
  const block = take(8);
  Buffer.from('1234567\0').forEach((byte, index) => write.u8(block, index, byte));
  expect(read.cstring(block)).toBe('1234567');
  write.u8(block, 7, 56);
  outside(() => read.cstring(block));
  outside(() => read.cstring(block, 3));
});
