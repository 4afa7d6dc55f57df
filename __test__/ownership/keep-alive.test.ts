// What keeps what alive, seen with a collector that runs on demand; and what keeps nothing.
import { describe, expect, test } from '@jest/globals';
import { compile } from '../support/compile';
import { outputOf } from '../support/subprocess';
import { prelude } from './library';

const flags = ['--expose-gc'];

/** Runs a program with `watched(thing, name)`, `gone` with the names of what was collected, and `collect`. */
const run = (body: string) =>
  outputOf(
    `${prelude}
    const { dlopen, CFunction, JSCallback, Struct, array, Arena, ref } = ffi;
    const gone = [];
    const registry = new FinalizationRegistry((name) => gone.push(name));
    const watched = (thing, name) => (registry.register(thing, name), thing);
    const isMapped = (name) => require('node:fs').readFileSync('/proc/self/maps', 'latin1').includes(name);
    (async () => {
      ${body}
      console.log('as documented');
    })();`,
    { flags },
  );
const fine = 'as documented';

describe('kept', () => {
  test.each([
    [
      'a symbol',
      "{ pair: { symbol: 'ow_pair_of', args: ['i64', 'i64'], returns: 'ptr' } }",
      'pair',
      'kept.name',
    ],
    ['a data symbol', "{ data: { symbol: 'ow_recorded', type: 'u8' } }", 'data', 'kept.value'],
  ])('the library of %s, when the Library has been dropped', (_, defs, name, use) => {
    const body = `
      let kept = dlopen(fixture, ${defs}).symbols.${name};
      await collect();
      assert.ok(isMapped('libfixture.so'));
      assert.notStrictEqual(${use}, undefined);`;
    expect(run(body)).toBe(fine);
  });

  test('the library of a CFunction, until it is closed', () => {
    const body = `
      const open = () => dlopen(fixture, { ow_recorded: { returns: 'i32' } });
      const other = open();
      const calls = [open(), other].map(({ symbols }) => CFunction({ returns: 'i32', ptr: symbols.ow_recorded.ptr }));
      await collect();
      assert.deepStrictEqual(calls.map((call) => call()), [0, 0]);
      other.close();
      await collect();
      assert.strictEqual(calls[0](), 0);
      assert.throws(() => calls[1](), { code: 'ERR_FFI_CLOSED' });`;
    expect(run(body)).toBe(fine);
  });

  test('a buffer by the views of it, nested ones and those of arrays too', () => {
    const body = `
      const Inner = Struct({ numbers: array('i32', 4) });
      const Outer = Struct({ tag: 'i32', inner: Inner });
      const make = () => {
        const buffer = watched(Outer.create({ tag: 1, inner: { numbers: [1, 2, 3, 4] } }), 'buffer');
        return Outer.view(buffer).inner;
      };
      let inner = make();
      await collect();
      assert.deepStrictEqual(gone, []);
      assert.strictEqual(inner.numbers[3], 4);
      inner = undefined;
      await collect(() => gone.length > 0);
      assert.deepStrictEqual(gone, ['buffer']);`;
    expect(run(body)).toBe(fine);
  });

  test('the strings of a struct by its buffer, and those of an arena by the arena', () => {
    const body = `
      const Named = Struct({ name: 'CString' });
      const text = (address) => new ffi.CString(Named.fromPtr(address).name).toString();
      const long = 'a string '.repeat(100);
      const buffer = Named.create({ name: long });
      const arena = new Arena();
      const inArena = arena.struct(Named, { name: long });
      const list = arena.array('CString', [long, long]);
      await collect();
      for (let n = 0; n < 1000; n++) Buffer.from('x'.repeat(900));
      assert.strictEqual(text(Named.ptr(buffer)), long);
      assert.strictEqual(text(inArena), long);
      assert.strictEqual(new ffi.CString(ffi.read.ptr(list, 8)).toString(), long);
      arena.close();`;
    expect(run(body)).toBe(fine);
  });

  test('the arguments of a background call, until it settles', () => {
    const body = `
      const start = () => ow.ow_sum_late.async(watched(new Uint8Array(1000).fill(1), 'argument'), 1000, 300);
      const call = start();
      for (let round = 0; round < 10; round++) { gc(); await turn(); }
      assert.deepStrictEqual(gone, []);
      assert.strictEqual(await call, 1000);
      await collect(() => gone.length > 0);
      assert.deepStrictEqual(gone, ['argument']);`;
    expect(run(body)).toBe(fine);
  });

  test('a JSCallback by itself, until it is closed', () => {
    const body = `
      const make = () => {
        const closure = watched({ value: 42 }, 'closure');
        return watched(new JSCallback(() => closure.value, { args: [], returns: 'i32' }), 'callback').getHandle();
      };
      const address = ffi.ffi.getCallbackPtr(make());
      await collect();
      assert.deepStrictEqual(gone.filter((name) => name === 'closure'), []);
      const call = CFunction({ returns: 'i32', ptr: address });
      assert.strictEqual(call(), 42);`;
    expect(run(body)).toBe(fine);
  });

  test('blocks, struct results and what is in arenas by nobody: they stay until they are released', () => {
    const body = `
      const block = ffi.malloc(64);
      ffi.write.u8(block, 0, 5);
      const result = ow.ow_pair_of(6, 7);
      const part = (() => { const arena = new Arena(); const start = arena.alloc(8); ffi.write.u8(start, 0, 8); return start; })();
      await collect();
      assert.deepStrictEqual([ffi.read.u8(block), ffi.read.i64(result), ffi.read.u8(part)], [5, 6, 8]);
      assert.ok(ffi.isLive(part));
      ffi.free(block);
      assert.ok(ffi.releasePtr(result));`;
    expect(run(body)).toBe(fine);
  });
});

describe('not kept', () => {
  test('a buffer by its address', () => {
    const body = `
      const Point = Struct({ x: 'i32' });
      const addresses = (() => {
        const [buffer, struct] = [watched(new Uint8Array(64), 'buffer'), watched(Point.create(), 'struct')];
        return [ffi.ptr(buffer), Point.ptr(struct), Point.ptr(struct, 'x')];
      })();
      await collect(() => gone.length === 2);
      assert.deepStrictEqual(gone.sort(), ['buffer', 'struct']);
      assert.strictEqual(addresses.length, 3);`;
    expect(run(body)).toBe(fine);
  });

  test('anything by an arena that is closed, a callback that is closed, a call that has returned', () => {
    const body = `
      (() => {
        const arena = new Arena();
        const Holder = Struct({ data: 'ptr' });
        arena.struct(Holder, { data: watched(new Uint8Array(8), 'pointed to') });
        arena.callback(watched(() => 1, 'function of the arena'), {});
        arena.close();
        globalThis.arena = arena;
        const callback = new JSCallback(watched(() => 1, 'function'), {});
        callback.close();
        ow.ow_sum_late(watched(new Uint8Array(8), 'argument'), 8, 0);
      })();
      // The last buffer that a function was given stays until it is given another one.
      ow.ow_sum_late(null, 0, 0);
      await collect(() => gone.length === 4);
      assert.deepStrictEqual(gone.sort(), ['argument', 'function', 'function of the arena', 'pointed to']);`;
    expect(run(body)).toBe(fine);
  });

  test('a library that was closed, by its symbols', () => {
    const body = `
      const other = dlopen(copy, { ow_recorded: { returns: 'i32' } });
      globalThis.symbols = other.symbols;
      assert.strictEqual(symbols.ow_recorded(), 0);
      assert.ok(isMapped('libkept.so'));
      other.close();
      assert.ok(!isMapped('libkept.so'));
      assert.throws(() => symbols.ow_recorded(), { code: 'ERR_FFI_CLOSED' });`;
    const copy = compile('libkept.so', 'int ow_recorded(void) { return 0; }');
    expect(run(`const copy = ${JSON.stringify(copy)};${body}`)).toBe(fine);
  });
});
