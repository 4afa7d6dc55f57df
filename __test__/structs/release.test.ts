// Struct results that are kept: by `releasePtr` they go, and by nothing else.
import { describe, expect, test } from '@jest/globals';
import { calloc, free, malloc, ptr, strdup } from 'arkffi';
import { fixture } from '../support/fixture';
import { labelled } from '../types/refusal';
import { outputOf } from '../support/subprocess';
import { kinds } from './kinds';
import { functions, ref, releasePtr, Struct, type Call } from './loose';

const Complex = Struct({ real: 'f64', imag: 'f64' });
const { complex_add, named_find, add_i32 } = functions(fixture, {
  complex_add: { args: [Complex, Complex], returns: Complex },
  named_find: { returns: 'ptr' },
  add_i32: { args: ['i32', 'i32'], returns: 'i32' },
}).symbols as Record<'complex_add' | 'named_find' | 'add_i32', Call>;
const make = (real = 1) => complex_add({ real }, { imag: -real }) as number;
const content = (address: unknown) => Complex.fromPtr(address);

describe('releasePtr', () => {
  test('is true once', () => {
    const address = make();
    expect([releasePtr(address), releasePtr(address), releasePtr(address)]).toEqual([true, false, false]);
  });

  test('takes a bigint', () => {
    const address = BigInt(make());
    expect([releasePtr(address), releasePtr(address)]).toEqual([true, false]);
  });

  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('asked');
      },
    },
  );
  test.each(
    labelled(
      ...[undefined, null, true, false, 0, -0, 1, -1, 8, 16, 4096, 0.5, NaN, Infinity, -Infinity],
      ...[2 ** 31, 2 ** 32, 2 ** 47, 2 ** 53 - 1, 2 ** 53, 2 ** 64, 1e300, Number.MIN_VALUE],
      ...[0n, 1n, -1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 1000n, -(2n ** 64n)],
      ...['', '1', 'text', Symbol('s'), () => 1, {}, [], [1], { ptr: 1 }, new Map(), new Date(0), /a/],
      ...[new ArrayBuffer(16), new Uint8Array(16), Buffer.alloc(16), new SharedArrayBuffer(16), ref('i64')],
    ),
  )('%s gives false', (_, value) => {
    expect(releasePtr(value)).toBe(false);
  });

  test('runs no user code, and needs no argument', () => {
    expect(releasePtr(throwing)).toBe(false);
    expect((releasePtr as () => boolean)()).toBe(false);
    const address = make();
    expect((releasePtr as (...args: unknown[]) => boolean)(address, 1, 2)).toBe(true);
  });

  test('leaves all other memory alone', () => {
    const [block, text] = [calloc(2, 8), strdup('text')];
    const bytes = new Float64Array([1, 2]);
    const others = [block, text, ptr(bytes), named_find(), add_i32.ptr, Complex.ptr(Complex.create())];
    expect(others.map((address) => releasePtr(address))).toEqual(others.map(() => false));
    expect([...bytes]).toEqual([1, 2]);
    free(block);
    free(text);
  });

  test('takes the start of a result, nothing within or beside it', () => {
    const address = make(5);
    for (const by of [-16, -8, -1, 1, 4, 7, 8, 9, 15, 16, 64, 65536, -65536]) {
      if (by !== 16 && by !== -16) expect([by, releasePtr(address + by)]).toEqual([by, false]);
    }
    expect(releasePtr(address + 0.5)).toBe(false);
    expect(content(address)).toEqual({ real: 5, imag: -5 });
    expect(releasePtr(address)).toBe(true);
  });

  test('what arkffi keeps is no block to be freed', () => {
    const address = make();
    expect(() => free(address)).toThrow(
      expect.objectContaining({ code: 'ERR_FFI_INVALID_POINTER' }) as never,
    );
    expect(content(address)).toEqual({ real: 1, imag: -1 });
    expect(releasePtr(address)).toBe(true);
    const block = malloc(16);
    expect(releasePtr(block)).toBe(false);
    free(block);
  });
});

describe('live results', () => {
  test('have addresses of their own, and keep what is in them', () => {
    const addresses = Array.from({ length: 20_000 }, (_, index) => make(index));
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses.every((address) => address % 16 === 0)).toBe(true);
    expect(addresses.every((address, index) => content(address)['real'] === index)).toBe(true);
    const half = addresses.filter((_, index) => index % 2 === 0);
    expect(half.every((address) => releasePtr(address))).toBe(true);
    const rest = addresses.filter((_, index) => index % 2 === 1);
    const more = Array.from({ length: 20_000 }, (_, index) => make(-index));
    expect(new Set([...rest, ...more]).size).toBe(30_000);
    expect(rest.every((address, index) => content(address)['real'] === 2 * index + 1)).toBe(true);
    expect(more.every((address, index) => content(address)['real'] === -index)).toBe(true);
    expect([...rest, ...more].every((address) => releasePtr(address))).toBe(true);
    expect(addresses.some((address) => releasePtr(address))).toBe(false);
  });

  test('of all sizes side by side', () => {
    const calls = kinds.map(({ name, schema }) => {
      const { echo } = functions(fixture, {
        echo: { symbol: `echo_${name}`, args: [schema], returns: schema },
      }).symbols;
      return echo!;
    });
    const live: { address: unknown; index: number; first: boolean }[] = [];
    for (let round = 0; round < 40; round++) {
      kinds.forEach(({ value, other }, index) => {
        const first = (round + index) % 2 === 0;
        live.push({ address: calls[index]!(first ? value : other), index, first });
      });
      for (let n = 0; n < 20; n++) {
        const [gone] = live.splice((round * 31 + n * 17) % live.length, 1);
        expect(releasePtr(gone!.address)).toBe(true);
      }
    }
    expect(new Set(live.map(({ address }) => address)).size).toBe(live.length);
    for (const { address, index, first } of live) {
      const { schema, value, other } = kinds[index]!;
      expect(schema.fromPtr(address)).toMatchObject(first ? value : other);
      expect(releasePtr(address)).toBe(true);
    }
  });

  test('outlive the library that made them', () => {
    const own = functions(fixture, { complex_add: { args: [Complex, Complex], returns: Complex } });
    const address = own.symbols['complex_add']!({ real: 1 }, { imag: 2 });
    own.close();
    expect(content(address)).toEqual({ real: 1, imag: 2 });
    expect(releasePtr(address)).toBe(true);
  });

  test('are written through, viewed, and passed on', () => {
    const { complex_scale } = functions(fixture, {
      complex_scale: { args: ['ptr', 'size_t', 'f64'] },
    }).symbols;
    const address = make(3);
    complex_scale!(address, 1, 2);
    const view = Complex.view(address);
    expect(view).toEqual({ real: 6, imag: -6 });
    view['imag'] = 9;
    expect([content(address), releasePtr(address)]).toEqual([{ real: 6, imag: 9 }, true]);
  });

  test('a result that is refused, or of a call that is refused, keeps nothing', () => {
    const program = `
      const { dlopen, Struct, array, releasePtr } = require(entry);
      const Large = Struct({ values: array('u8', 60_000) });
      const { symbols } = dlopen(fixture, { large: { symbol: 'echo_F64x200', args: [Large], returns: Large } });
      const rss = () => { gc(); return process.memoryUsage().rss / 2 ** 20; };
      const refuse = (count) => { for (let n = 0; n < count; n++) try { symbols.large({ values: ['1'] }); } catch {} };
      refuse(500);
      const before = rss();
      refuse(3000);
      const grown = rss() - before;
      assert.ok(grown < 100, \`grown by \${grown} MB\`);
      console.log('steady');`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('steady');
  });
});

test('each worker has results of its own', () => {
  const program = `
    const { Worker } = require('node:worker_threads');
    const { dlopen, Struct, releasePtr } = require(entry);
    const Complex = Struct({ real: 'f64', imag: 'f64' });
    const { complex_add } = dlopen(fixture, { complex_add: { args: [Complex, Complex], returns: Complex } }).symbols;
    const address = complex_add({ real: 1 }, { imag: 2 });
    const source = \`
      const { workerData, parentPort } = require('node:worker_threads');
      const { dlopen, Struct, releasePtr } = require(\${JSON.stringify(entry)});
      const Complex = Struct({ real: 'f64', imag: 'f64' });
      const { complex_add } = dlopen(\${JSON.stringify(fixture)}, { complex_add: { args: [Complex, Complex], returns: Complex } }).symbols;
      const own = complex_add({ real: 5 }, {});
      globalThis.left = complex_add({ real: 6 }, {});
      parentPort.postMessage([releasePtr(workerData), Complex.fromPtr(workerData).imag, releasePtr(own), releasePtr(own)]);
    \`;
    new Worker(source, { eval: true, workerData: address })
      .on('message', (seen) => console.log(seen.join()))
      .on('exit', () => console.log(Complex.fromPtr(address).imag, releasePtr(address), releasePtr(address)));`;
  expect(outputOf(program)).toBe('false,2,true,false\n2 true false');
});

/** As many as take a few seconds; ARKFFI_TEST_LIVE_RESULTS=10000000 asks for more. */
const some = process.env['ARKFFI_CODEGEN'] === 'off' ? 300_000 : 2_000_000;
const total = Number(process.env['ARKFFI_TEST_LIVE_RESULTS'] ?? some);
test(`${total} live results in chunks do not grow the process`, () => {
  const program = `
    const { dlopen, Struct, releasePtr } = require(entry);
    const Complex = Struct({ real: 'f64', imag: 'f64' });
    const { complex_add } = dlopen(fixture, { complex_add: { args: [Complex, Complex], returns: Complex } }).symbols;
    const [a, b] = [{ real: 1, imag: 2 }, { real: 3, imag: 4 }];
    const chunk = 100_000;
    const addresses = new Float64Array(chunk);
    const run = () => {
      for (let n = 0; n < chunk; n++) addresses[n] = complex_add(a, b);
      assert.deepStrictEqual(Complex.fromPtr(addresses[chunk - 1]), { real: 4, imag: 6 });
      for (let n = 0; n < chunk; n++) if (!releasePtr(addresses[(n * 7919) % chunk])) throw new Error('not released');
      assert.strictEqual(releasePtr(addresses[0]), false);
    };
    const rss = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
    run();
    assert.strictEqual(new Set(addresses).size, chunk);
    for (let n = 0; n < 5; n++) run();
    const before = rss();
    for (let n = 0; n < ${total} / chunk; n++) run();
    const grown = rss() - before;
    assert.ok(grown < 16, \`grown by \${grown} MB\`);
    console.log('steady');`;
  expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('steady');
});

test('what was never released goes with the process, quietly', () => {
  const program = `
    const { dlopen, Struct } = require(entry);
    const Complex = Struct({ real: 'f64', imag: 'f64' });
    const { complex_add } = dlopen(fixture, { complex_add: { args: [Complex, Complex], returns: Complex } }).symbols;
    for (let n = 0; n < 100_000; n++) complex_add({ real: n }, {});
    console.log('done');`;
  expect(outputOf(program)).toBe('done');
});
