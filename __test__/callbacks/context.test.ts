// The context that callbacks run in, and what keeps them alive.
import { describe, expect, test } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { outputOf } from '../support/subprocess';
import { fn } from '../structs/loose';
import { bind, JSCallback, thrownBy, withCallback } from './loose';

const unary = { args: ['i32'], returns: 'i32' };
const applied = bind('with', ['callback', 'i32'], 'i32');
const sum = bind('sum', ['callback', 'i32'], 'i64');

describe('AsyncLocalStorage', () => {
  const storage = new AsyncLocalStorage<string>();

  test('is that of the creation, not that of the call', () => {
    const seen: unknown[] = [];
    const note = () => (seen.push(storage.getStore()), 0);
    const callback = storage.run('creation', () => new JSCallback(note, unary));
    storage.run('call', () => {
      applied(callback, 1);
      sum(callback, 2);
      callback.call(1);
      seen.push(storage.getStore());
    });
    const outside = new JSCallback(note, unary);
    storage.run('call', () => applied(outside, 1));
    expect(seen).toEqual([...Array.from({ length: 4 }, () => 'creation'), 'call', undefined]);
    callback.close();
    outside.close();
  });

  test('each callback has its own, nested and in turns, many times', () => {
    const seen = new Set<unknown>();
    const inner = storage.run(
      'inner',
      () => new JSCallback(() => (seen.add(`inner ${storage.getStore()}`), 0), unary),
    );
    const answer = (index: number) => {
      applied(inner, index);
      seen.add(`outer ${storage.getStore()}`);
      return 0;
    };
    const outer = storage.run('outer', () => new JSCallback(answer, unary));
    storage.run('call', () => {
      for (let round = 0; round < 50; round++) sum(outer, 20);
      seen.add(`call ${storage.getStore()}`);
    });
    expect([...seen].sort()).toEqual(['call call', 'inner inner', 'outer outer']);
    [inner, outer].forEach((callback) => callback.close());
  });

  test('after an error the context of the call is back', () => {
    const failing = () => {
      throw new Error('thrown');
    };
    const callback = storage.run('creation', () => new JSCallback(failing, unary));
    const after = storage.run('call', () => (thrownBy(() => applied(callback, 1)), storage.getStore()));
    expect([after, storage.getStore()]).toEqual(['call', undefined]);
    callback.close();
  });

  test('of a plain function is that of its call', () => {
    const seen: unknown[] = [];
    const call = bind('with', [fn(unary), 'i32'], 'i32');
    storage.run('call', () => call(() => (seen.push(storage.getStore()), 0), 1));
    expect(seen).toEqual(['call']);
  });

  test('what a callback starts goes on in it', async () => {
    let later: unknown;
    const answer = () => {
      void turn().then(() => (later = storage.getStore()));
      return 0;
    };
    const callback = storage.run('creation', () => new JSCallback(answer, unary));
    storage.run('call', () => applied(callback, 1));
    callback.close();
    await turn();
    await turn();
    expect(later).toBe('creation');
  });
});

describe('what is run when', () => {
  test('promises and ticks of a callback run after the outermost call', async () => {
    const order: string[] = [];
    const answer = (index: number) => {
      process.nextTick(() => order.push(`tick ${index}`));
      void Promise.resolve().then(() => order.push(`promise ${index}`));
      order.push(`callback ${index}`);
      return 0;
    };
    withCallback(answer, unary, (callback) => sum(callback, 2));
    order.push('returned');
    await turn();
    expect(order.slice(0, 3)).toEqual(['callback 0', 'callback 1', 'returned']);
    expect(order.slice(3).sort()).toEqual(['promise 0', 'promise 1', 'tick 0', 'tick 1']);
  });
});

describe('the collector', () => {
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

  test('a callback that nobody refers to works until it is closed', async () => {
    const keep = bind('keep', ['callback']);
    const kept = bind('kept', ['i32'], 'i32');
    (() => {
      const data = { factor: 6 };
      keep(new JSCallback((value: number) => value * data.factor, unary));
    })();
    for (let round = 0; round < 5; round++) {
      collect();
      await turn();
      Array.from({ length: 1000 }, (_, index) => ({ index }));
    }
    expect(kept(7)).toBe(42);
  });

  test('collection within a callback', () => {
    const answer = (index: number) => {
      collect();
      return index;
    };
    withCallback(answer, unary, (callback) => expect(sum(callback, 20)).toBe(190));
    const texts = bind('string_equals', ['callback', 'CString', 'CString'], 'i32');
    const echo = (text: string) => (collect(), `${text}!`);
    withCallback(echo, { args: ['CString'], returns: 'CString' }, (callback) => {
      expect(texts(callback, 'text', 'text!')).toBe(1);
    });
  });

  test('strings of a struct that is returned live on, also those of a buffer', () => {
    const source = `
      const { CFunction, JSCallback, read, Struct } = require(entry);
      const Entry = Struct({ name: 'CString', count: 'i32' });
      const Outer = Struct({ entry: Entry, more: 'i64' });
      const text = 'a string of some length, which is freed and written over when nothing holds it';
      const churn = () => {
        for (let round = 0; round < 2; round++) {
          gc();
          for (let index = 0; index < 500; index++) Entry.create({ name: 'x'.repeat(text.length) });
        }
      };
      const make = () => Entry.create({ name: text });
      const returned = [() => ({ name: text }), make, () => new Uint8Array(make())];
      const nested = [() => ({ entry: make() }), () => Outer.create({ entry: make() })];
      const held = [];
      for (const [schema, fns] of [[Entry, returned], [Outer, nested]]) {
        for (const fn of fns) {
          const callback = new JSCallback(fn, { returns: schema });
          const call = CFunction({ ptr: callback.ptr, returns: schema.object });
          const value = call();
          churn();
          held.push(read.cstring((value.entry ?? value).name) === text);
        }
      }
      console.log(String(held));`;
    expect(outputOf(source, { flags: ['--expose-gc'] })).toBe('true,true,true,true,true');
  });

  test('what a closed callback used is let go', () => {
    const source = `
      const { JSCallback, dlopen } = require(entry);
      const { cb_with } = dlopen(fixture, { cb_with: { args: ['callback', 'i32'], returns: 'i32' } }).symbols;
      const def = { args: ['i32'], returns: 'i32' };
      let gone = 0;
      const registry = new FinalizationRegistry(() => gone++);
      const open = [];
      function make(close) {
        const data = { value: 1 };
        const callback = new JSCallback((value) => value + data.value, def);
        registry.register(data);
        if (cb_with(callback, 1) !== 2) throw new Error('wrong');
        if (close) callback.close();
        else open.push(callback);
      }
      for (let index = 0; index < 100; index++) make(index % 2 === 0);
      open.length = 0;
      (async () => {
        for (let round = 0; round < 10; round++) {
          gc();
          await new Promise(setImmediate);
        }
        // The last may still be in a register.
        console.log(gone >= 49 && gone <= 50);
      })();`;
    expect(outputOf(source, { flags: ['--expose-gc'] })).toBe('true');
  });
});
