import { afterEach, describe, expect, test } from '@jest/globals';
import { CFunction, dlopen, JSCallback, linkSymbols, setLeafCalls, Struct, type Library } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { expectRejection } from '../support/rejections';
import { outputOf, runProgram } from '../support/subprocess';

const echo = { symbol: 'echo_i32', args: ['i32'], returns: 'i32', leaf: true } as const;

// The tests run with leaf calls and without: what a user sees is the same but for the path.
const leaf = dlopen(fixture, { echo }).symbols.echo.path;
const on = leaf === 'leaf' ? describe : describe.skip;

afterEach(() => setLeafCalls(true));

on('the path', () => {
  const point = Struct({ x: 'i32', y: 'i32' });
  const pathOf = (def: object): string => {
    const library = dlopen(fixture, { f: { symbol: 'leaf_increase', leaf: true, ...def } } as never);
    return (library as unknown as Library<{ f: { args: [] } }>).symbols.f.path;
  };
  test.each<[string, object]>([
    ['nothing', {}],
    ['six integers', { args: Array(6).fill('i64'), returns: 'u64' }],
    ['eight doubles and six integers', { args: [...Array(8).fill('f64'), ...Array(6).fill('u8')] }],
    ['pointers', { args: ['ptr', 'buffer'], returns: 'ptr' }],
    ['bool, float and bigints', { args: ['bool', 'f32', 'biguint64'], returns: 'bigint64' }],
    ['a function pointer as the result', { returns: 'callback' }],
  ])('leaf: %s', (_, def) => expect(pathOf(def)).toBe('leaf'));

  test.each<[string, object]>([
    ['not declared', { leaf: false }],
    ['seven integers', { args: Array(7).fill('i32') }],
    ['nine doubles', { args: Array(9).fill('f64') }],
    ['a string', { args: ['CString'] }],
    ['a string result', { returns: 'CString' }],
    ['a callback', { args: ['callback'] }],
    ['a struct', { args: [point] }],
    ['a struct result', { returns: point.object }],
    ['Node-API values', { args: ['napi_value'] }],
    ['variadic', { args: ['i32', '...'] }],
    ['throws, which needs errno', { returns: 'i32', throws: 'negative' }],
    ['pump', { pump: true }],
  ])('slots: %s', (_, def) => expect(pathOf(def)).toBe('slots'));

  test('functions by address', () => {
    const { ptr } = dlopen(fixture, { echo }).symbols.echo;
    const def = { args: echo.args, returns: echo.returns, leaf: true } as const;
    expect(CFunction({ ...def, ptr }).path).toBe('leaf');
    expect(linkSymbols({ mine: { ...def, ptr } }).symbols.mine.path).toBe('leaf');
  });

  test('many functions: those beyond the pool are called through the slots', () => {
    const source = `
      const def = { symbol: 'echo_i32', args: ['i32'], returns: 'i32', leaf: true };
      const defs = Object.fromEntries(Array.from({ length: 2200 }, (_, index) => ['f' + index, def]));
      const all = Object.values(require(entry).dlopen(fixture, defs).symbols);
      all.forEach((f, index) => assert.strictEqual(f(index), index));
      console.log([...new Set(all.map(({ path }) => path))].join());`;
    expect(outputOf(source)).toBe('leaf,slots');
  });

  test.each([
    ['ARKFFI_LEAF=off', { ARKFFI_LEAF: 'off' }, 'slots'],
    ['ARKFFI_PATH=libffi', { ARKFFI_PATH: 'libffi' }, 'libffi'],
    ['ARKFFI_CODEGEN=off', { ARKFFI_CODEGEN: 'off' }, 'slots'],
  ])('with %s', (_, env, path) => {
    const source = `const { add } = require(entry).dlopen(fixture, {
      add: { symbol: 'add_i32', args: ['i32', 'i32'], returns: 'i32', leaf: true } }).symbols;
      console.log(add(1, 2), add.path);`;
    expect(outputOf(source, { env })).toBe(`3 ${path}`);
  });

  test('a trace tells of calls that compiled code makes too', () => {
    const source = `
      const { dlopen, trace } = require(entry);
      const { leaf_echo: f } = dlopen(fixture, { leaf_echo: { args: ['i32'], returns: 'i32', leaf: true } }).symbols;
      const often = (n) => { for (let i = 0; i < n; i++) f(i); };
      for (let i = 0; i < 10; i++) often(100_000);
      let told = 0;
      trace(() => told++);
      often(1000);
      trace(false);
      often(1000);
      console.log(told);`;
    expect(outputOf(source)).toBe('1000');
  });

  test('setLeafCalls turns them off, and on again', () => {
    const before = dlopen(fixture, { echo }).symbols.echo;
    setLeafCalls(false);
    const meanwhile = dlopen(fixture, { echo }).symbols.echo;
    expect([before.path, meanwhile.path]).toEqual(['slots', 'slots']);
    expect([before(1), meanwhile(2)]).toEqual([1, 2]);
    setLeafCalls(true);
    expect([before.path, meanwhile.path]).toEqual(['leaf', 'slots']);
    expect(dlopen(fixture, { echo }).symbols.echo.path).toBe('leaf');
    expectError(() => setLeafCalls(1 as never), 'ERR_FFI_INVALID_ARG_TYPE', 'setLeafCalls');
  });

  test('a lie is told by a call in the background too, if that is the next', async () => {
    const { apply, echo: f } = dlopen(fixture, {
      apply: { symbol: 'th_call', args: ['ptr', 'i32'], returns: 'i32', leaf: true },
      echo,
    }).symbols;
    using callback = new JSCallback((value) => value + 1, { args: ['i32'], returns: 'i32' });
    expect(apply(callback.ptr, 4)).toBe(0);
    await expectRejection(f.async(1), 'ERR_FFI_CALLBACK', 'apply is declared leaf: true');
    expect([await f.async(2), f(3)]).toEqual([2, 3]);
  });

  test('where they are turned off, a function that is declared one may call back', () => {
    const { apply } = dlopen(fixture, {
      apply: { symbol: 'th_call', args: ['ptr', 'i32'], returns: 'i32', leaf: true },
    }).symbols;
    using callback = new JSCallback((value) => value + 1, { args: ['i32'], returns: 'i32' });
    setLeafCalls(false);
    expect(apply(callback.ptr, 4)).toBe(5);
    setLeafCalls(true);
    expect(apply(callback.ptr, 4)).toBe(0);
    expectError(() => apply(callback.ptr, 4), 'ERR_FFI_CALLBACK', 'apply is declared leaf: true');
  });
});

describe('as with any function', () => {
  const open = () =>
    dlopen(fixture, {
      echo,
      first: { symbol: 'leaf_first', args: ['ptr'], returns: 'i32', leaf: true },
      store: { symbol: 'leaf_set_errno', args: ['i32'], leaf: true },
    });

  test('wrong arguments are refused', () => {
    const { echo: f, first } = open().symbols;
    expectError(() => f(...([] as unknown as [number])), 'ERR_FFI_ARG_COUNT', 'echo takes 1 argument, got 0');
    expectError(() => f(...([1, 2] as unknown as [number])), 'ERR_FFI_ARG_COUNT', 'got 2');
    expectError(() => f('1' as never), 'ERR_FFI_INVALID_ARG_TYPE', 'echo: args[0] (int32_t)');
    expectError(() => f(0.5), 'ERR_FFI_OUT_OF_RANGE', 'echo: args[0] (int32_t)');
    expectError(() => first({} as never), 'ERR_FFI_INVALID_ARG_TYPE', 'first: args[0]');
  });

  test('void gives undefined', () => expect(open().symbols.store(0)).toBeUndefined());

  test('closed functions are refused', () => {
    const library = open();
    const { echo: f, store } = library.symbols;
    const { args, returns } = echo;
    const byAddress = CFunction({ args, returns, leaf: true, ptr: f.ptr });
    const alone = CFunction({ args, returns, leaf: true, ptr: f.ptr });
    expect(alone(3)).toBe(3);
    alone.close();
    expectError(() => alone(3), 'ERR_FFI_CLOSED', 'CFunction');
    expect([f(4), byAddress(5)]).toEqual([4, 5]);
    library.close();
    expectError(() => f(4), 'ERR_FFI_CLOSED', 'echo');
    expectError(() => store(4), 'ERR_FFI_CLOSED', 'store');
    expect(open().symbols.echo(6)).toBe(6);
  });

  test('buffers are read where they are, and are refused once detached', () => {
    const { first } = open().symbols;
    const values = new Int32Array(32);
    for (const value of [1, 2, 3]) {
      values[0] = value;
      expect(first(values)).toBe(value);
    }
    expect(first(values.subarray(1))).toBe(0);
    expect([first(null), first(undefined), first(0)]).toEqual([-1, -1, -1]);
    structuredClone(values.buffer, { transfer: [values.buffer] });
    expectError(() => first(values), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
  });

  test('in the background', async () => expect(await open().symbols.echo.async(8)).toBe(8));

  test('a callback of another thread is run while honest leaf functions are called', async () => {
    const { start, echo: f } = dlopen(fixture, {
      start: { symbol: 'leaf_start', args: ['ptr'], leaf: true },
      echo,
    }).symbols;
    let callback: JSCallback | undefined;
    const called = new Promise<string>((resolve) => {
      callback = new JSCallback(() => resolve('called'), { threadsafe: true });
    });
    start(callback!.ptr);
    for (let i = 0; i < 10_000; i++) f(i);
    expect(await called).toBe('called');
    expect(f(1)).toBe(1);
    callback!.close();
  });
});

on('a leaf function that calls back', () => {
  const lying = { symbol: 'leaf_lying', args: ['ptr', 'i32'], returns: 'i32', leaf: true } as const;
  const source = `
    const { dlopen, JSCallback } = require(entry);
    const { lying, other } = dlopen(fixture, { lying: ${JSON.stringify(lying)}, other: { symbol: 'leaf_counted' } }).symbols;
    const { ptr } = new JSCallback(function plus(x) { console.log('ran'); return x + 1; }, { args: ['i32'], returns: 'i32' });
    for (const call of [() => lying(ptr, 1), other, other]) {
      try { console.log(call()); } catch ({ code, message }) { console.log(code, message); }
    }`;
  const told =
    "ERR_FFI_CALLBACK lying is declared leaf: true, but has called the callback 'plus', which got zero: remove leaf";

  test('gets zero, and the next call throws an error that names it', () => {
    expect(outputOf(source)).toBe(`0\n${told}\nundefined`);
  });

  test('with ARKFFI_CHECK_LEAF=1 it is printed at once, and the call itself throws', () => {
    const { status, stdout, stderr } = runProgram(source, { env: { ARKFFI_CHECK_LEAF: '1' } });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${told}\nundefined\nundefined` });
    expect(stderr).toMatch(
      /^\(node:\d+\) Warning: arkffi: lying is declared leaf: true, but has called the callback 'plus', which got zero$/,
    );
  });

  test('without leaf calls it may', () => {
    expect(outputOf(source, { env: { ARKFFI_LEAF: 'off' } })).toBe('ran\n2\nundefined\nundefined');
  });
});
