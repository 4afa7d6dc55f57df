/** What `leaks()` says of things whose size or place is not plain when they are made. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Arena, dlopen, leaks, releasePtr, Struct, trackAllocations } from 'arkffi';

beforeAll(() => trackAllocations(true));
afterAll(() => trackAllocations(false));

test('an arena has the bytes of all that is in it', () => {
  const arena = new Arena();
  expect(leaks()).toMatchObject([{ kind: 'arena', bytes: 0 }]);
  arena.alloc(100);
  arena.cstring('four');
  arena.array('i32', [1, 2, 3]);
  expect(leaks()).toMatchObject([{ kind: 'arena', count: 1, bytes: 100 + 5 + 12 }]);
  arena.close();
  expect(leaks()).toEqual([]);
});

test('the struct result of a background call was made where the call was', async () => {
  const Division = Struct({ quot: 'int', rem: 'int' });
  const library = dlopen('libc.so.6', { div: { args: ['int', 'int'], returns: Division } });
  async function dividing() {
    return library.symbols.div.async(17, 5);
  }
  const results = await Promise.all([dividing(), dividing(), library.symbols.div.async(1, 1)]);
  const found = leaks().filter(({ kind }) => kind === 'structReturn');
  expect(found.map(({ count, bytes }) => [count, bytes])).toEqual([
    [1, 8],
    [1, 8],
    [1, 8],
  ]);
  expect(found.filter(({ stack }) => stack.includes('dividing'))).toHaveLength(2);
  expect(found.every(({ stack }) => stack.includes('leak-places.test.ts'))).toBe(true);
  results.forEach(releasePtr);
  library.close();
  expect(leaks()).toEqual([]);
});
