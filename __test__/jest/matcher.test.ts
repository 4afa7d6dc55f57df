import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  dlopen,
  free,
  JSCallback,
  leaks,
  malloc,
  own,
  releasePtr,
  sharedAlloc,
  Struct,
  trackAllocations,
} from 'arkffi';
import { toLeakNothing, type LeakOutcome } from 'arkffi/jest';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

const Division = Struct({ quot: 'int', rem: 'int' });
const libc = dlopen('libc.so.6', {
  div: { args: ['int', 'int'], returns: Division },
  malloc: { args: ['size_t'], returns: 'ptr' },
  free: { args: ['ptr'] },
}).symbols;

/** What the matcher says of a function that leaks. */
function messageOf(fn: () => unknown): string {
  const { pass, message } = toLeakNothing(fn) as LeakOutcome;
  expect(pass).toBe(false);
  return message();
}

/** Something to leak, and how it is released after all. */
const kinds: readonly (readonly [string, () => () => unknown, RegExp])[] = [
  [
    'a block',
    () =>
      (
        (block) => () =>
          free(block)
      )(malloc(100)),
    /^ {2}1 block, 100 bytes, /m,
  ],
  [
    'a struct result',
    () =>
      (
        (result) => () =>
          releasePtr(result)
      )(libc.div(7, 2)),
    /^ {2}1 structReturn, 8 bytes, /m,
  ],
  [
    'an arena',
    () =>
      (
        (arena) => () =>
          arena.close()
      )(new Arena()),
    /^ {2}1 arena, /m,
  ],
  [
    'C memory',
    () =>
      (
        (owned) => () =>
          owned.close()
      )(own(libc.malloc(32), libc.free, { size: 32 })),
    /^ {2}1 owned, 32 bytes, /m,
  ],
  [
    'shared memory',
    () =>
      (
        (shared) => () =>
          shared.close()
      )(sharedAlloc(64)),
    /^ {2}1 shared, 64 bytes, /m,
  ],
  [
    'a callback',
    () =>
      (
        (callback) => () =>
          callback.close()
      )(new JSCallback(() => undefined, {})),
    /^ {2}1 callback, /m,
  ],
  [
    'a library',
    () =>
      (
        (library) => () =>
          library.close()
      )(dlopen(fixture)),
    /^ {2}1 library, /m,
  ],
];

describe.each(kinds)('%s', (_, make, line) => {
  test('that is released is no leak', () => {
    expect(() => make()()).toLeakNothing();
  });

  test('that is not is named, with the place where it was made', () => {
    let release = () => undefined as unknown;
    const message = messageOf(() => (release = make()));
    release();
    expect(message).toMatch(line);
    expect(message).toContain('matcher.test.ts');
    expect(message).not.toContain('/dist/');
  });
});

test('what is made at one place is counted together', () => {
  const blocks: number[] = [];
  const message = messageOf(() => {
    for (let round = 0; round < 3; round++) blocks.push(malloc(10));
  });
  expect(message).toMatch(/^ {2}3 blocks, 30 bytes, /m);
  expect(message.match(/blocks?,/g)).toHaveLength(1);
  blocks.forEach(free);
});

test('what was made before is no leak, and may be released', () => {
  const blocks = [malloc(1), malloc(2)] as const;
  expect(() => free(blocks[0])).toLeakNothing();
  expect(() => undefined).toLeakNothing();
  free(blocks[1]);
});

test('.not expects a leak', () => {
  let block = 0;
  expect(() => (block = malloc(1))).not.toLeakNothing();
  free(block);
  expect(() => expect(() => 1).not.toLeakNothing()).toThrow('leaked nothing');
});

describe('asynchronous functions', () => {
  test('are waited for', async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await expect(async () => {
      const block = malloc(8);
      await turn();
      free(block);
    }).toLeakNothing();
    let block = 0;
    const leaking = async () => {
      await turn();
      block = malloc(24);
    };
    await expect(expect(leaking).toLeakNothing()).rejects.toThrow('1 block, 24 bytes');
    free(block);
  });

  test('may overlap', async () => {
    let finish = () => undefined as void;
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const slow = expect(async () => {
      const block = malloc(8);
      await waiting;
      free(block);
    }).toLeakNothing();
    await expect(async () => undefined).toLeakNothing();
    finish();
    await slow;
    expect(leaks()).toEqual([]);
  });
});

describe('whether allocations are followed is afterwards as it was', () => {
  test('off', () => {
    const held = malloc(1);
    expect(() => undefined).toLeakNothing();
    const block = malloc(1);
    expect(leaks()).toEqual([]);
    [held, block].forEach(free);
  });

  test('on, with what was found before', () => {
    trackAllocations(true);
    const block = malloc(48);
    expect(() => free(malloc(1))).toLeakNothing();
    expect(leaks()).toMatchObject([{ kind: 'block', bytes: 48 }]);
    free(block);
    expect(leaks()).toEqual([]);
    trackAllocations(false);
  });

  test('after a function that throws or rejects, whose error it is', async () => {
    const failing = () => {
      throw new RangeError('mine');
    };
    expect(() => expect(failing).toLeakNothing()).toThrow(new RangeError('mine'));
    await expect(expect(async () => failing()).toLeakNothing()).rejects.toThrow(new RangeError('mine'));
    free(malloc(1));
    const block = malloc(1);
    expect(leaks()).toEqual([]);
    free(block);
  });
});

test.each([undefined, null, 1, 'text', Promise.resolve()])('%p is no function', (value) => {
  const check = () => expect(value).toLeakNothing();
  expectError(check, 'ERR_FFI_INVALID_ARG_TYPE', 'takes a function');
});
