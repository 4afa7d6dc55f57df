// Views with a deallocator over memory that arkffi would free as well: the view takes it over, and it is freed once.
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Arena,
  dlopen,
  free,
  isLive,
  leaks,
  malloc,
  memoryUsage,
  own,
  read,
  realloc,
  releasePtr,
  sharedAlloc,
  toArrayBuffer,
  toBuffer,
  trackAllocations,
} from 'arkffi';
import { expectError } from '../support/errors';
import { outputOf } from '../support/subprocess';
import { library, prelude } from './library';

const { ow_make, ow_free, ow_note, pair } = library.symbols;
const { symbols: libc } = dlopen('libc.so.6', { free: { args: ['ptr'] } });
const { symbols: own_names } = dlopen(null, { free: { args: ['ptr'] } });

afterEach(() => trackAllocations(false));

/** What stays: jest ends without the collector, so that the deallocators of these do not run. */
const kept: unknown[] = [];
const keep = <T>(view: T): T => {
  kept.push(view);
  return view;
};

describe.each([
  ['toArrayBuffer', toArrayBuffer],
  ['toBuffer', toBuffer],
] as const)('%s', (_, view) => {
  test('of a whole block takes it over: it is not to be freed, and counts as a view', () => {
    trackAllocations(true);
    const before = memoryUsage();
    const block = malloc(48);
    expect(leaks()).toHaveLength(1);
    keep(view(block, 0, 48, ow_free));
    const { blocks, views, bytes } = memoryUsage();
    expect([blocks, bytes]).toEqual([before.blocks, before.bytes]);
    expect(views).toEqual({ count: before.views.count + 1, bytes: before.views.bytes + 48 });
    expect(leaks()).toEqual([]);
    for (const release of [() => free(block), () => realloc(block, 100)])
      expectError(release, 'ERR_FFI_INVALID_POINTER', 'belongs to a view');
    expectError(() => own(block, ow_note), 'ERR_FFI_INVALID_POINTER');
    expect(releasePtr(block)).toBe(false);
    expect(isLive(block + 47)).toBe(true);
    expectError(() => read.u8(block, 48), 'ERR_FFI_OUT_OF_BOUNDS');
  });

  test.each([
    ['by the name of the library', libc.free],
    ['by that of the process', own_names.free],
    ['by its address', libc.free.ptr],
  ])('of a part of it with the function that frees it, %s, does so too', (__, deallocator) => {
    const block = malloc(48);
    expectError(() => view(block, 8, 16, deallocator), 'ERR_FFI_INVALID_POINTER', 'is not to be called');
    expectError(() => free(block + 8), 'ERR_FFI_INVALID_POINTER');
    keep(view(block, 0, 16, deallocator));
    expectError(() => free(block), 'ERR_FFI_INVALID_POINTER', 'belongs to a view');
    expectError(() => view(block, 0, 48, deallocator), 'ERR_FFI_INVALID_POINTER', 'another view');
  });

  test('of a part with any other function leaves it as it was', () => {
    const block = malloc(48);
    const shown = keep(view(block, 0, 16, ow_note));
    keep(view(block, 16, 32, ow_note));
    free(block);
    expect(shown.byteLength).toBe(0);
  });

  test('of a struct result takes it over', () => {
    const before = memoryUsage().structReturns;
    const result = pair(3, 4);
    keep(view(result, 0, 16, ow_note));
    expect(memoryUsage().structReturns).toEqual(before);
    expect([releasePtr(result), isLive(result), read.i64(result, 8)]).toEqual([false, true, 4]);
  });

  test('of owned memory takes it from its owner', () => {
    const before = memoryUsage().owned;
    const owned = own(ow_make(16), ow_free, { size: 16 });
    const address = owned.ptr;
    keep(view(owned, 0, 8, ow_free));
    expect(memoryUsage().owned).toEqual(before);
    expectError(() => owned.ptr, 'ERR_FFI_CLOSED', 'given away');
    owned.close();
    expect(library.symbols.ow_times(address)).toBe(0);
  });

  test('is refused where its deallocator cannot be right: in an arena, shared memory, a struct result', () => {
    const [arena, shared] = [new Arena(), sharedAlloc(16)];
    for (const start of [arena.alloc(16), shared.ptr, pair(1, 2)])
      expectError(() => view(start, 0, 16, libc.free), 'ERR_FFI_INVALID_POINTER', 'is not to be called');
    keep(view(arena.alloc(16), 0, 16, ow_note));
    arena.close();
    shared.close();
  });
});

const flags = ['--expose-gc'];
const program = (source: string) => `${prelude}
  const { malloc, calloc, free, read, write, toBuffer, isLive, memoryUsage, JSCallback, setAllocator } = ffi;
  const views = () => memoryUsage().views.count;
  (async () => { ${source} })();`;

describe('what has been taken over is freed once', () => {
  test.each<[string, string, string]>([
    [
      'when the view has been collected, and is then nobody’s',
      `const blocks = Array.from({ length: 100 }, () => malloc(64));
       let all = blocks.map((block) => toBuffer(block, 0, 64, ow.ow_free));
       all = undefined;
       await collect(() => views() === 0);
       const once = blocks.every((block) => ow.ow_times(block) === 1 && !isLive(block));
       assert.throws(() => free(blocks[0]), { code: 'ERR_FFI_INVALID_POINTER' });
       console.log(ow.ow_recorded(), once, memoryUsage().bytes);`,
      '100 true 0',
    ],
    [
      'when all that shows it has been collected, whichever was made first',
      `const block = calloc(1, 64);
       let first = toBuffer(block, 0, 64);
       let taker = toBuffer(block, 0, 64, ow.ow_free);
       let last = new DataView(toBuffer(block, 8, 8).buffer);
       taker = undefined;
       await collect();
       first[0] = 5;
       const seen = [ow.ow_recorded(), read.u8(block), last.getUint8(0)];
       first = last = undefined;
       await collect(() => views() === 0);
       console.log(...seen, ow.ow_recorded());`,
      '0 5 0 1',
    ],
    [
      'by a callback that frees it as any block is freed',
      `const block = malloc(64);
       const freeing = new JSCallback((start) => free(start), { args: ['ptr'] });
       let view = toBuffer(block, 0, 64, freeing);
       assert.throws(() => free(block), { code: 'ERR_FFI_INVALID_POINTER' });
       view = undefined;
       await collect(() => views() === 0);
       console.log(isLive(block), memoryUsage().blocks.count);`,
      'false 0',
    ],
    [
      'by a callback that frees it otherwise, after which there is room for others',
      `const { symbols: c } = ffi.dlopen(null, { free: { args: ['ptr'] } });
       const others = [];
       const freeing = new JSCallback((start) => { c.free(start); others.push(malloc(64)); }, { args: ['ptr'] });
       for (let n = 0; n < 20; n++) toBuffer(malloc(64), 0, 64, freeing);
       await collect(() => views() === 0);
       console.log(others.length, memoryUsage().blocks.count);
       others.forEach(free);`,
      '20 20',
    ],
    [
      'by whoever had it before, where its callback has been closed',
      `const block = malloc(64);
       const freeing = new JSCallback(() => { throw new Error('closed'); }, { args: ['ptr'] });
       let view = toBuffer(block, 0, 64, freeing);
       freeing.close();
       view = undefined;
       await collect(() => views() === 0);
       console.log(memoryUsage().blocks.count);
       free(block);`,
      '1',
    ],
    [
      'after the background call that uses it',
      `const block = calloc(1, 64);
       let view = toBuffer(block, 0, 64, ow.ow_free);
       const call = ow.ow_sum_late.async(block, 64, 300);
       view = undefined;
       for (let round = 0; round < 10; round++) { gc(); await turn(); }
       const during = ow.ow_recorded();
       const sum = await call;
       await turn();
       console.log(during, sum, ow.ow_recorded(), isLive(block));`,
      '0 0 1 false',
    ],
    [
      'once for several views, of which each calls its function',
      `const block = malloc(64);
       for (let n = 0; n < 10; n++) toBuffer(block, 0, 64, ow.ow_note);
       await collect(() => views() === 0);
       console.log(ow.ow_times(block), isLive(block));`,
      '10 false',
    ],
  ])('%s', (_, source, printed) => {
    expect(outputOf(program(source), { flags })).toBe(printed);
  });

  const left = `globalThis.kept = [toBuffer(malloc(8), 0, 8, ow.ow_free), toBuffer(ow.ow_pair_of(1, 2), 0, 16, ow.ow_note),
    toBuffer(malloc(8), 0, 8, new JSCallback(() => { throw new Error('at the end'); }, { args: ['ptr'] }))];`;

  test('at the end of the process, and at that of a worker', () => {
    expect(outputOf(program(left))).toBe('');
    const inside = program(left).replaceAll('${', '\\${');
    const worker = `
      const { Worker } = require('node:worker_threads');
      const source = 'const entry = ' + JSON.stringify(entry) + ', fixture = ' + JSON.stringify(fixture)
        + ", assert = require('node:assert');" + ${JSON.stringify(inside)};
      const { symbols } = require(entry).dlopen(fixture, { ow_recorded: { returns: 'i32' } });
      new Worker(source, { eval: true }).on('exit', (code) => console.log(code, symbols.ow_recorded()));`;
    expect(outputOf(worker)).toBe('0 2');
  });

  test('where external memory is forbidden: at once', () => {
    const source = `const block = calloc(8, 8);
      const view = toBuffer(block, 0, 64, ow.ow_free);
      console.log(view.length, ow.ow_times(block), isLive(block), memoryUsage().blocks.count, views());`;
    const env = { ARKFFI_EXTERNAL_MEMORY: 'off' };
    expect(outputOf(program(source), { env })).toBe('64 1 false 0 0');
  });
});

test('blocks of an allocator in JavaScript are taken over as well, and are not handed back at exit', () => {
  const source = `
    const { symbols: c } = ffi.dlopen(null, { malloc: { args: ['usize'], returns: 'ptr' },
      calloc: { args: ['usize', 'usize'], returns: 'ptr' }, realloc: { args: ['ptr', 'usize'], returns: 'ptr' }, free: { args: ['ptr'] } });
    const freed = [];
    const release = new JSCallback((block) => { freed.push(block); c.free(block); }, { args: ['ptr'] });
    setAllocator({ malloc: new JSCallback((size) => c.malloc(size), { args: ['usize'], returns: 'ptr' }),
      calloc: c.calloc, realloc: c.realloc, free: release });
    const [block, left] = [malloc(64), malloc(8)];
    let view = toBuffer(block, 0, 16, release);
    globalThis.kept = toBuffer(left, 0, 8, ow.ow_free);
    assert.throws(() => free(block), { code: 'ERR_FFI_INVALID_POINTER' });
    assert.throws(() => setAllocator(null), { code: 'ERR_FFI_BUSY' });
    view = undefined;
    await collect(() => freed.length > 0);
    process.on('exit', () => console.log(freed.length, freed[0] === block, memoryUsage().blocks.count));`;
  expect(outputOf(program(source), { flags })).toBe('1 true 0');
});
