// Functions without number: more than there are stubs, and as many as come and go.
import { describe, expect, test } from '@jest/globals';
import { CFunction, dlopen, linkSymbols } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';

const count = 4096;
const nameOf = (index: number) => `numbered_${index.toString(16).padStart(3, '0')}`;

describe('more functions alive at once than there are stubs', () => {
  const names = Array.from({ length: count }, (_, index) => nameOf(index));

  test('of one library', () => {
    const library = dlopen(
      fixture,
      Object.fromEntries(names.map((name) => [name, { returns: 'int' } as const])),
    );
    const functions = names.map((name) => library.symbols[name]!);
    for (const order of [functions, [...functions].reverse()]) {
      expect(order.every((call) => call() === Number.parseInt(call.name.slice(-3), 16))).toBe(true);
    }
    library.close();
    for (const index of [0, 1, 2047, 2048, 4095]) expectError(() => functions[index]!(), 'ERR_FFI_CLOSED');
  });

  test('CFunctions with arguments of every kind', () => {
    const { add_i32, add_f64, echo_string } = dlopen(fixture, {
      add_i32: {},
      add_f64: {},
      echo_string: {},
    }).symbols;
    const made = Array.from({ length: 1000 }, () => ({
      ints: CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: add_i32 }),
      reals: CFunction({ args: ['f64', 'f64'], returns: 'f64', ptr: add_f64 }),
      texts: CFunction({ args: ['CString'], returns: 'CString', ptr: echo_string }),
    }));
    made.forEach(({ ints, reals, texts }, index) => {
      expect([ints(index, 1), reals(index, 0.5), texts(`t${index}`)]).toEqual([
        index + 1,
        index + 0.5,
        `t${index}`,
      ]);
    });
    made.forEach(({ ints, reals, texts }) => [ints, reals, texts].forEach((call) => call.close()));
    expectError(() => made[999]!.texts('t'), 'ERR_FFI_CLOSED');
  });

  test('linkSymbols', () => {
    const { add_i32 } = dlopen(fixture, { add_i32: {} }).symbols;
    const def = { args: ['i32', 'i32'], returns: 'i32', ptr: add_i32 } as const;
    const linked = linkSymbols(Object.fromEntries(names.slice(0, 2500).map((name) => [name, def])));
    names.slice(0, 2500).forEach((name, index) => expect(linked.symbols[name]!(index, 1)).toBe(index + 1));
    linked.close();
    expectError(() => linked.symbols[names[2400]!]!(1, 2), 'ERR_FFI_CLOSED');
  });
});

describe('functions that are dropped', () => {
  const rounds = (body: string) => `
    const { dlopen, CFunction } = require(entry);
    const { add_i32 } = dlopen(fixture, { add_i32: {} }).symbols;
    const make = () => CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: add_i32 });
    const turn = () => new Promise((resolve) => setTimeout(resolve, 2));
    const memory = async () => {
      for (let round = 0; round < 4; round++) { gc(); await turn(); }
      return process.memoryUsage().rss / 2 ** 20;
    };
    (async () => {
      let early;
      for (let round = 0; round < 20; round++) {
        ${body}
        gc();
        await turn();
        if (round === 7) early = await memory();
      }
      const grown = (await memory()) - early;
      assert.ok(grown < 24, \`grown by \${grown} MB\`);
      assert.strictEqual(make()(1, 2), 3);
      console.log('steady');
    })();`;

  test.each([
    [
      'and collected give everything back',
      `for (let index = 0; index < 1000; index++) assert.strictEqual(make()(index, 1), index + 1);`,
    ],
    [
      'and closed give everything back',
      `const made = Array.from({ length: 1000 }, make);
       made.forEach((call, index) => { assert.strictEqual(call(index, 1), index + 1); call.close(); });`,
    ],
    [
      'while others live leave those alone',
      `const kept = Array.from({ length: 500 }, make);
       for (let index = 0; index < 500; index++) make();
       gc();
       await turn();
       const later = Array.from({ length: 500 }, make);
       kept.forEach((call, index) => assert.strictEqual(call(index, 1), index + 1));
       later.forEach((call, index) => assert.strictEqual(call(index, 2), index + 2));`,
    ],
    [
      'with their libraries, opened and closed',
      `for (let index = 0; index < 200; index++) {
         const library = dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } });
         assert.strictEqual(library.symbols.add_i32(index, 1), index + 1);
         library.close();
       }`,
    ],
  ])('%s', (_, body) => {
    // The engine's cache of compiled code would keep that of the functions until memory is short.
    const flags = ['--expose-gc', '--no-compilation-cache'];
    expect(outputOf(rounds(body), { flags })).toBe('steady');
  });
});
