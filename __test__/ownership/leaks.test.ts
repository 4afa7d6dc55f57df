// What was never released, by name: kind, bytes, count, age and where in JavaScript it was made.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Arena,
  calloc,
  dlopen,
  free,
  getDumpFlags,
  JSCallback,
  leaks,
  malloc,
  own,
  realloc,
  releasePtr,
  setDumpFlags,
  sharedAlloc,
  strdup,
  trackAllocations,
} from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { runProgram } from '../support/subprocess';
import { library } from './library';

beforeEach(() => {
  trackAllocations(true);
});
afterEach(() => {
  trackAllocations(false);
});

describe('leaks', () => {
  test.each<[string, () => () => unknown, string, number | undefined]>([
    ['malloc', () => using_(malloc(10), free), 'block', 10],
    ['calloc', () => using_(calloc(2, 10), free), 'block', 20],
    ['realloc', () => using_(realloc(malloc(10), 30), free), 'block', 30],
    ['strdup', () => using_(strdup('text'), free), 'block', 5],
    ['a struct result', () => using_(library.symbols.pair(1, 2), releasePtr), 'structReturn', 16],
    ['sharedAlloc', () => closing(sharedAlloc(100)), 'shared', 100],
    ['own', () => closing(own(library.symbols.ow_make(8), library.symbols.ow_free, { size: 8 })), 'owned', 8],
    ['an arena', () => closing(new Arena()), 'arena', 0],
    [
      'an arena, with what is in it',
      () => {
        const arena = new Arena();
        arena.alloc(2000);
        arena.cstring('text');
        return closing(arena);
      },
      'arena',
      2005,
    ],
    ['a callback', () => closing(new JSCallback(() => undefined)), 'callback', undefined],
    ['a library', () => closing(dlopen(fixture, {})), 'library', undefined],
  ])('%s, until it is released', (_, make, kind, bytes) => {
    const release = make();
    const found = leaks();
    expect(found).toEqual([
      {
        kind,
        count: 1,
        bytes: bytes ?? expect.any(Number),
        age: expect.any(Number),
        stack: expect.any(String),
      },
    ]);
    expect(found[0]!.stack).toContain('leaks.test.ts');
    release();
    expect(leaks()).toEqual([]);
  });

  function using_(start: number, release: (start: number) => unknown): () => unknown {
    return () => release(start);
  }
  function closing(thing: { close(): void }): () => unknown {
    return () => thing.close();
  }

  test('are one for each place, the most bytes first', () => {
    const small = Array.from({ length: 5 }, () => malloc(10));
    const large = Array.from({ length: 2 }, () => malloc(1000));
    const found = leaks();
    expect(found.map(({ kind, count, bytes }) => [kind, count, bytes])).toEqual([
      ['block', 2, 2000],
      ['block', 5, 50],
    ]);
    [...small, ...large].forEach((block) => free(block));
    expect(leaks()).toEqual([]);
  });

  test('say how old the oldest is', async () => {
    const block = malloc(1);
    const first = leaks()[0]!.age;
    await new Promise((resolve) => setTimeout(resolve, 40));
    const later = leaks()[0]!.age;
    expect(later - first).toBeGreaterThan(30);
    expect(later).toBeLessThan(30_000);
    free(block);
  });

  test('are those since tracking began; off forgets them', () => {
    trackAllocations(false);
    const before = malloc(1);
    expect(leaks()).toEqual([]);
    trackAllocations(true);
    const since = malloc(2);
    expect(leaks().map(({ bytes }) => bytes)).toEqual([2]);
    free(before);
    trackAllocations(false);
    trackAllocations(true);
    expect(leaks()).toEqual([]);
    free(since);
  });

  test('a refused release is none', () => {
    const block = malloc(8);
    expectError(() => free(block + 1), 'ERR_FFI_INVALID_POINTER');
    expect(leaks()).toHaveLength(1);
    free(block);
  });

  test.each([1, 'true', null, undefined, {}])('trackAllocations(%p) is refused', (on) => {
    expectError(() => trackAllocations(on as boolean), 'ERR_FFI_INVALID_ARG_TYPE', 'trackAllocations');
  });
});

describe('setDumpFlags', () => {
  test('sets those that are given', () => {
    expect(getDumpFlags()).toEqual({ leaks: false, memory: false, gc: false, free: false });
    setDumpFlags({ gc: true });
    setDumpFlags({ memory: true });
    expect(getDumpFlags()).toEqual({ leaks: false, memory: true, gc: true, free: false });
    setDumpFlags({ gc: false, memory: false });
  });

  test.each<[unknown]>([
    [null],
    [1],
    ['leaks'],
    [{ leak: true }],
    [{ leaks: 1 }],
    [{ gc: true, free: 'yes' }],
  ])('%j is refused, and changes nothing', (flags) => {
    expectError(() => setDumpFlags(flags as never), 'ERR_FFI_INVALID_ARG_TYPE', 'setDumpFlags');
    expect(getDumpFlags()).toEqual({ leaks: false, memory: false, gc: false, free: false });
  });
});

const leaky = `
  const { malloc, free, Arena, own, JSCallback, setDumpFlags, runGC, trackAllocations } = require(entry);
  function forgetful() { return malloc(100); }
  const leave = () => { forgetful(); for (let n = 0; n < 2; n++) new JSCallback(() => {}); free(malloc(7)); };
`;
const report = /^arkffi: never released:\n(?: {2}\d+ .*\n(?:\s+at .*\n?)+)+$/;

describe('at exit', () => {
  test.each<[string, string, Record<string, string>]>([
    ['ARKFFI_LEAKS=1', '', { ARKFFI_LEAKS: '1' }],
    ['setDumpFlags({ leaks: true })', 'setDumpFlags({ leaks: true });', {}],
  ])('%s lists what was never released on stderr', (_, before, env) => {
    const { status, stderr, stdout } = runProgram(`${leaky} ${before} leave();`, { env });
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(report);
    expect(stderr).toMatch(/1 block, 100 bytes, up to \d+ ms old\n\s+at forgetful/);
    expect(stderr).toMatch(/2 callbacks/);
    expect(stderr).not.toMatch(/ 7 bytes/);
  });

  test('nothing is said where nothing has leaked', () => {
    const { status, stderr } = runProgram(
      `${leaky} const a = new Arena(); a.alloc(5); a.close(); free(forgetful());`,
      {
        env: { ARKFFI_LEAKS: '1' },
      },
    );
    expect([status, stderr]).toEqual([0, '']);
  });

  test('nothing is said without the flag', () => {
    const { status, stderr } = runProgram(`${leaky} trackAllocations(true); leave();`);
    expect([status, stderr]).toEqual([0, '']);
  });

  test('it is said at process.exit too, with what is owned, the most bytes first', () => {
    const { status, stderr } = runProgram(
      `${leaky} const { symbols } = require(entry).dlopen(fixture, { ow_note: { args: ['ptr'] } });
       globalThis.held = own(64, symbols.ow_note, { size: 12 }); leave(); process.exit(5);`,
      { env: { ARKFFI_LEAKS: '1' } },
    );
    expect(status).toBe(5);
    const listed = stderr.match(/^ {2}\d+ .*(?=, up to)/gm);
    expect(listed).toEqual(['  1 block, 100 bytes', '  1 owned, 12 bytes', '  2 callbacks', '  1 library']);
  });

  test('setDumpFlags({ memory: true }) writes the table', () => {
    const { status, stderr } = runProgram(`${leaky} setDumpFlags({ memory: true }); leave();`);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^arkffi: 100 bytes in use, at most 107, no limit\n/);
    expect(stderr).toMatch(/blocks +1 +100\n/);
  });

  test('setDumpFlags({ gc: true, free: true }) tell what happens', () => {
    const program = `${leaky} setDumpFlags({ gc: true, free: true }); const block = malloc(1); free(block); runGC();
      console.log(block.toString(16));`;
    const { stdout, stderr } = runProgram(program, { flags: ['--expose-gc'] });
    expect(stderr.split('\n')).toEqual([
      `arkffi: released block 0x${stdout}`,
      expect.stringContaining('collection'),
    ]);
  });
});
