import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CFunction, Struct, dlopen, free, linkSymbols, malloc, read, write, type ErrorCode } from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { expectRejection } from '../support/rejections';
import { outputOf } from '../support/subprocess';

const closed: ErrorCode = 'ERR_FFI_CLOSED';
const add = { args: ['i32', 'i32'], returns: 'i32' } as const;

const watched = compile(
  'libwatched.so',
  `
  #include <stddef.h>
  typedef void *napi_env; typedef void *napi_value;
  extern int napi_get_undefined(napi_env, napi_value *);
  extern int napi_call_function(napi_env, napi_value, napi_value, size_t, const napi_value *, napi_value *);
  static int *flag;
  int variable = 5;
  void *pointer;
  void watch(int *to) { flag = to; }
  int add(int a, int b) { return a + b; }
  void *echo(void *value) { return value; }
  const char *text(void) { return "text"; }
  int call(napi_env env, napi_value function) {
    napi_value undefined;
    napi_get_undefined(env, &undefined);
    napi_call_function(env, undefined, function, 0, NULL, NULL);
    return flag == NULL ? -1 : *flag;
  }
  __attribute__((destructor)) static void gone(void) { if (flag) ++*flag; }
  `,
);

const watchedDefs = {
  watch: { args: ['ptr'] },
  add,
  echo: { args: ['ptr'], returns: 'ptr' },
  call: { args: ['napi_env', 'napi_value'], returns: 'int' },
  text: { returns: 'CString' },
  variable: { type: 'i32' },
  pointer: { type: 'ptr' },
} as const;

const isMapped = () => readFileSync('/proc/self/maps', 'latin1').includes('libwatched.so');

/** Opens the watched library with a counter of how often its destructor has run. */
function openWatched() {
  const library = dlopen(watched, watchedDefs);
  const counter = malloc(4);
  write.i32(counter, 0, 0);
  library.symbols.watch(counter);
  return { library, unloads: () => read.i32(counter), forget: () => free(counter) };
}

describe('close', () => {
  test('unloads the library, once, and may be called again', () => {
    const { library, unloads, forget } = openWatched();
    expect(isMapped()).toBe(true);
    expect(library.close()).toBeUndefined();
    expect(isMapped()).toBe(false);
    expect(unloads()).toBe(1);
    library.close();
    library[Symbol.dispose]();
    expect(unloads()).toBe(1);
    forget();
  });

  test('everything of the library refuses afterwards', () => {
    const library = dlopen(fixture, {
      used: { symbol: 'add_i32', ...add },
      untouched: { symbol: 'add_i32', ...add },
      text: { symbol: 'echo_string', args: ['CString'], returns: 'CString' },
      snprintf: { args: ['ptr', 'size_t', 'CString', '...'], returns: 'int' },
      data: { symbol: 'data_i32', type: 'i32' },
      untouchedData: { symbol: 'data_i32', type: 'i32' },
    });
    const { symbols } = library;
    const { used, data, text, snprintf } = symbols;
    const found = CFunction({ ...add, ptr: used });
    const linked = linkSymbols({ one: { ...add, ptr: used.ptr } }).symbols.one;
    expect([used(1, 2), found(3, 4), linked(5, 6), text('kept'), data.value]).toEqual([
      3,
      7,
      11,
      'kept',
      -320000,
    ]);
    library.close();
    const refused: (() => unknown)[] = [
      () => used(1, 2),
      () => symbols.untouched(1, 2),
      () => text('kept'),
      () => text('new'),
      () => snprintf(null, 0, '%d', ['int', 1]),
      () => found(1, 2),
      () => linked(1, 2),
      () => used.ptr,
      () => symbols.untouched.ptr,
      () => data.value,
      () => (data.value = 1),
      () => data.ptr,
      () => symbols.untouchedData.value,
      () => symbols.untouchedData.ptr,
      () => library.has('add_i32'),
    ];
    for (const use of refused) expectError(use, closed);
    expect(() => found.close()).not.toThrow();
  });

  test('whatever else is wrong with the call', async () => {
    const pair = Struct({ x: 'f64', y: 'f64' });
    const library = dlopen(fixture, {
      add_i32: add,
      leaf: { symbol: 'add_i32', ...add, leaf: true },
      string_length: { args: ['CString'], returns: 'usize' },
      snprintf: { symbol: 'variadic_ints', args: ['i32', '...'], returns: 'i64' },
      echo_ptr: { args: ['ptr'], returns: 'ptr' },
      pair: { symbol: 'add_i32', args: [pair], returns: 'i32' },
    });
    const { symbols } = library;
    const found = CFunction({ ...add, ptr: symbols.add_i32.ptr });
    type Any = ((...args: unknown[]) => unknown) & { async: (...args: unknown[]) => Promise<unknown> };
    const functions = [...Object.values(symbols), found] as unknown[] as Any[];
    const uses = functions.flatMap((call) => [() => call(), () => call(Symbol()), () => call({}, [])]);
    for (const use of uses) expect(use).toThrow(/takes|argument/);
    library.close();
    for (const use of uses) expectError(use, closed);
    for (const call of functions) {
      await expectRejection(call.async(), closed);
      await expectRejection(call.async(Symbol()), closed);
    }
  });

  test('the error names the function and the library', () => {
    const library = dlopen(fixture, { add_i32: add });
    library.symbols.add_i32(1, 2);
    library.close();
    expect(expectError(() => library.symbols.add_i32(1, 2), closed)).toContain('add_i32');
    expect(expectError(() => library.symbols.add_i32.ptr, closed)).toContain('libfixture.so');
    expect(library.path).toContain('libfixture.so');
  });

  test('closed symbols are refused as arguments', () => {
    const library = dlopen(fixture, { echo_ptr: { args: ['ptr'], returns: 'ptr' } });
    const other = dlopen(fixture, { echo_ptr: { args: ['ptr'], returns: 'ptr' } });
    const { echo_ptr } = library.symbols;
    library.close();
    expectError(() => other.symbols.echo_ptr(echo_ptr), closed);
    expectError(() => CFunction({ ptr: echo_ptr }), closed);
    other.close();
  });

  test('close can be taken out of the library', () => {
    const { symbols, close } = dlopen(fixture, { add_i32: add });
    expect(symbols.add_i32(1, 2)).toBe(3);
    close();
    expectError(() => symbols.add_i32(1, 2), closed);
  });

  test('Symbol.dispose closes', () => {
    const library = dlopen(fixture, { add_i32: add });
    library[Symbol.dispose]();
    expectError(() => library.symbols.add_i32(1, 2), closed);
  });

  test('two dlopens are two libraries: closing one leaves the other', () => {
    const [first, second] = [openWatched(), openWatched()];
    expect(first.library).not.toBe(second.library);
    expect(first.library.handle).not.toBe(second.library.handle);
    const found = CFunction({ ...add, ptr: first.library.symbols.add });
    const others = CFunction({ ...add, ptr: second.library.symbols.add.ptr });
    first.library.close();
    expectError(() => found(2, 2), closed);
    expectError(() => found.ptr, closed);
    expectError(() => second.library.symbols.echo(found), closed);
    expectError(() => first.library.symbols.add(1, 2), closed);
    expect(second.library.symbols.add(1, 2)).toBe(3);
    expect(second.library.symbols.variable.value).toBe(5);
    expect(others(2, 2)).toBe(4);
    expect(isMapped()).toBe(true);
    second.library.close();
    expectError(() => others(2, 2), closed);
    expect(isMapped()).toBe(false);
    expect(second.unloads()).toBe(1);
  });

  test('a library opened again after its end starts anew', () => {
    const first = dlopen(watched, watchedDefs);
    first.symbols.variable.value = 99;
    first.close();
    const again = dlopen(watched, watchedDefs);
    expect(again.symbols.variable.value).toBe(5);
    expect(again.symbols.add(1, 1)).toBe(2);
    expectError(() => first.symbols.add(1, 1), closed);
    again.close();
  });

  test('nodelete keeps the code mapped, and the symbols refuse all the same', () => {
    const path = compile('libstays.so', 'int stays(void) { return 1; }');
    const library = dlopen(path, { stays: { returns: 'int' } }, { nodelete: true });
    expect(library.symbols.stays()).toBe(1);
    library.close();
    expectError(() => library.symbols.stays(), closed);
    expect(readFileSync('/proc/self/maps', 'latin1')).toContain('libstays.so');
  });

  test('a failed dlopen leaves nothing loaded', () => {
    expectError(() => dlopen(watched, { add, nothing: {} }), 'ERR_FFI_SYMBOL_NOT_FOUND');
    expect(isMapped()).toBe(false);
  });

  test('one handle after another: a thousand times', () => {
    for (let round = 0; round < 1000; round++) {
      const library = dlopen(watched, { add });
      expect(library.symbols.add(round, 1)).toBe(round + 1);
      library.close();
    }
    expect(isMapped()).toBe(false);
  });
});

describe('close in the middle of a call', () => {
  test.each(['first call', 'after a call'])('from a getter that gives an argument (%s)', (when) => {
    const { library, forget } = openWatched();
    const { echo } = library.symbols;
    if (when === 'after a call') expect(echo(7)).toBe(7);
    const closing = {
      get ptr() {
        library.close();
        return 7;
      },
    };
    expectError(() => echo(closing), closed);
    expect(isMapped()).toBe(false);
    expectError(() => echo(7), closed);
    forget();
  });

  test('from a getter that gives the value of a data symbol', () => {
    const library = dlopen(watched, watchedDefs);
    const { pointer } = library.symbols;
    const closing = {
      get ptr() {
        library.close();
        return 7;
      },
    };
    expectError(() => (pointer.value = closing), closed);
  });

  test('from a getter that gives the address of a CFunction', () => {
    const library = dlopen(watched, { add });
    const { ptr } = library.symbols.add;
    const closing = {
      get ptr() {
        library.close();
        return ptr;
      },
    };
    expectError(() => CFunction({ ...add, ptr: closing }), 'ERR_FFI_INVALID_POINTER');
  });

  test('from JavaScript that C has called: C goes on, and the library goes when it returns', () => {
    const { library, unloads, forget } = openWatched();
    const unloadedWhileRunning = library.symbols.call(() => {
      library.close();
      expectError(() => library.symbols.add(1, 2), closed);
    });
    expect(unloadedWhileRunning).toBe(0);
    expect(unloads()).toBe(1);
    expect(isMapped()).toBe(false);
    forget();
  });
});

describe('dropping a library', () => {
  test('unloads nothing, and its symbols stay usable', () => {
    const program = `
      const { dlopen, CFunction } = require(entry);
      const symbols = () => dlopen(fixture, {
        add_i32: { args: ['i32', 'i32'], returns: 'i32' },
        data_i32: { type: 'i32' },
      }).symbols;
      const { add_i32, data_i32 } = symbols();
      const lazy = symbols();
      const found = CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: symbols().add_i32 });
      const collected = new WeakRef(dlopen(fixture));
      setTimeout(() => {
        for (let round = 0; round < 5; round++) gc();
        assert.strictEqual(collected.deref(), undefined);
        assert.strictEqual(add_i32(1, 2), 3);
        assert.strictEqual(lazy.add_i32(1, 2), 3);
        assert.strictEqual(found(1, 2), 3);
        assert.strictEqual(data_i32.value, -320000);
        console.log('usable');
      }, 10);`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('usable');
  });
});
