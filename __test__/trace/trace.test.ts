// Traces tell of every call, and of nothing else.
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  AsyncCFunction,
  CFunction,
  dlopen,
  disposable,
  ffi,
  fn,
  free,
  malloc,
  read,
  trace,
  type TracedCall,
} from 'arkffi';
import { expectError } from '../support/errors';
import { expectRejection } from '../support/rejections';
import { outputOf, runProgram } from '../support/subprocess';

const { symbols } = dlopen(null, {
  abs: { args: ['int'], returns: 'int' },
  strlen: { args: ['CString'], returns: 'size_t' },
  snprintf: { args: ['ptr', 'size_t', 'CString', '...'], returns: 'int' },
  close: { args: ['int'], returns: 'int', throws: 'negative' },
  free: { args: ['ptr'] },
});
const math = dlopen('m', { cos: { args: ['double'], returns: 'double' } });

afterEach(() => {
  trace(false);
});

/** The calls that were told of while something ran. */
function callsOf(run: () => unknown): TracedCall[] {
  const calls: TracedCall[] = [];
  trace((call) => calls.push(call));
  try {
    run();
  } catch {
    // The call tells of it.
  }
  trace(false);
  return calls;
}

describe('a call', () => {
  test('is told with its library, name, arguments, result and time', () => {
    const [call, ...rest] = callsOf(() => math.symbols.cos(0));
    expect(rest).toEqual([]);
    expect(call).toEqual({
      library: math.path,
      name: 'cos',
      args: [0],
      result: 1,
      time: expect.any(Number),
      async: false,
    });
    expect(call!.time).toBeGreaterThan(0);
    expect(call!.time).toBeLessThan(1000);
  });

  test('gives what it gives without traces, also where it was called before', () => {
    const { abs } = symbols;
    for (let i = 0; i < 20_000; i++) abs(-i);
    let result: unknown;
    expect(callsOf(() => (result = abs(-7)))).toMatchObject([{ name: 'abs', args: [-7], result: 7 }]);
    expect(result).toBe(7);
    expect(abs(-8)).toBe(8);
    expect(callsOf(() => [abs(-1), abs(-2)])).toHaveLength(2);
  });

  test('that fails tells the error, and throws it', () => {
    const [wrong, count, failed] = callsOf(() => {
      expectError(() => symbols.abs('1' as never), 'ERR_FFI_INVALID_ARG_TYPE');
      expectError(() => (symbols.abs as unknown as () => void)(), 'ERR_FFI_ARG_COUNT');
      symbols.close(-1);
    });
    expect(wrong).toMatchObject({ args: ['1'], error: { code: 'ERR_FFI_INVALID_ARG_TYPE' } });
    expect(count).toMatchObject({ args: [], error: { code: 'ERR_FFI_ARG_COUNT' } });
    expect(failed).toMatchObject({ name: 'close', args: [-1], result: -1 });
  });

  test('within a callback is told before the call around it', () => {
    const sort = dlopen(null, {
      qsort: { args: ['ptr', 'size_t', 'size_t', fn({ args: ['ptr', 'ptr'], returns: 'int' })] },
    }).symbols.qsort;
    const calls = callsOf(() =>
      sort(Int32Array.of(2, 1), 2, 4, (a, b) => symbols.abs(read.i32(a)) - read.i32(b)),
    );
    expect(calls.map(({ name }) => name)).toEqual(['abs', 'qsort']);
  });

  test('of a variadic function, by address, by the raw bridge', () => {
    const by = CFunction({ ptr: symbols.abs.ptr, args: ['int'], returns: 'int' });
    const handle = ffi.load('m');
    const calls = callsOf(() => {
      symbols.snprintf(null, 0, '%d', ['int', 5]);
      by(-3);
      ffi.callMixed(handle, 'sqrt', 'd', 'd', [16]);
      ffi.callPtr(symbols.abs, 'i', 'i', [-2]);
    });
    expect(calls.map(({ name, args, result }) => [name, args, result])).toEqual([
      ['snprintf', [null, 0, '%d', 5], 1],
      ['CFunction', [-3], 3],
      ['sqrt', [16], 4],
      ['callPtr', [-2], 2],
    ]);
    ffi.close(handle);
    by.close();
  });

  test('in the background is told when it has ended', async () => {
    const calls: TracedCall[] = [];
    trace((call) => calls.push(call));
    const promise = symbols.strlen.async('four');
    expect(calls).toEqual([]);
    await expect(promise).resolves.toBe(4);
    await expectRejection(symbols.abs.async('1' as never), 'ERR_FFI_INVALID_ARG_TYPE');
    const abs = AsyncCFunction({ ptr: symbols.abs.ptr, args: ['int'], returns: 'int' });
    await abs(-4);
    expect(calls).toMatchObject([
      { name: 'strlen', args: ['four'], result: 4, async: true },
      { name: 'abs', args: ['1'], error: { code: 'ERR_FFI_INVALID_ARG_TYPE' }, async: true },
      { name: 'AsyncCFunction', args: [-4], result: 4, async: true },
    ]);
  });

  test('in the background tells what C returned, also where errno is looked at', async () => {
    const calls: TracedCall[] = [];
    trace((call) => calls.push(call));
    await expect(symbols.close.async(-1)).rejects.toMatchObject({ code: 'EBADF' });
    const settled = await symbols.abs.async.with({ errno: true })(-3);
    trace(false);
    expect(settled).toEqual({ value: 3, errno: expect.any(Number) });
    expect(calls).toMatchObject([
      { name: 'close', args: [-1], result: -1, async: true },
      { name: 'abs', args: [-3], result: 3, async: true },
    ]);
  });

  test('of arkffi itself is not told', () => {
    const calls = callsOf(() => {
      const block = malloc(8);
      read.i32(block);
      free(block);
      const copy = dlopen(null, {
        strdup: { args: ['CString'], returns: disposable('CString', symbols.free) },
      });
      copy.symbols.strdup('text');
    });
    expect(calls.map(({ name }) => name)).toEqual(['strdup']);
  });
});

describe('the function that is told', () => {
  test('may call C itself', () => {
    const seen: unknown[] = [];
    trace(({ name, args }) => seen.push(name, symbols.abs(-Number(args[0]))));
    expect(math.symbols.cos(0)).toBe(1);
    expect(math.symbols.cos(0)).toBe(1);
    expect(seen).toEqual(['cos', 0, 'cos', 0]);
  });

  test('is another after another trace', () => {
    const [first, second]: [unknown[], unknown[]] = [[], []];
    trace((call) => first.push(call));
    trace((call) => second.push(call));
    symbols.abs(1);
    expect([first.length, second.length]).toEqual([0, 1]);
  });

  test('that throws takes nothing from the call', () => {
    const output = outputOf(`
      const { dlopen, trace } = require(entry);
      const { abs } = dlopen(null, { abs: { args: ['int'], returns: 'int' } }).symbols;
      process.on('uncaughtException', ({ message }) => console.log(message));
      trace(() => { throw new Error('of the trace'); });
      console.log(abs(-3));`);
    expect(output).toBe('3\nof the trace');
  });

  test.each([undefined, null, 1, 'on', {}])('is not %p', (value) => {
    expectError(
      () => trace(value as never),
      'ERR_FFI_INVALID_ARG_TYPE',
      'trace takes true, false or a function',
    );
  });
});

describe('stderr', () => {
  const program = `
    const { dlopen, trace } = require(entry);
    const { abs, strlen, puts } = dlopen(null, {
      abs: { args: ['int'], returns: 'int' },
      strlen: { args: ['CString'], returns: 'size_t' },
    }).symbols;
    const { cos } = dlopen('m', { cos: { args: ['double'], returns: 'double' } }).symbols;
    TURN
    cos(0);
    strlen('x'.repeat(200));
    try { abs(0.5); } catch {}
    abs.async(-1).then(console.log);`;
  const lines = [
    /^arkffi: libm\.so\S* cos\(0\) = 1 \(\d+\.\d{3} ms\)$/,
    /^arkffi: strlen\('x{80}'\.\.\. 120 more characters\) = 200 \(/,
    /^arkffi: abs\(0\.5\) threw abs: args\[0\].* \(/,
    /^arkffi: abs\(-1\) = 1 \(async, \d/,
  ];
  const cases: readonly [string, string, Record<string, string>][] = [
    ['trace(true)', 'trace(true);', {}],
    ['ARKFFI_TRACE=1', '', { ARKFFI_TRACE: '1' }],
    ['wrappers that are not generated', 'trace(true);', { ARKFFI_CODEGEN: 'off' }],
  ];
  test.each(cases)('has a line for each call with %s', (_, turn, env) => {
    const { status, stdout, stderr } = runProgram(program.replace('TURN', turn), { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '1' });
    const written = stderr.split('\n');
    expect(written).toHaveLength(lines.length);
    written.forEach((line, index) => expect(line).toMatch(lines[index]!));
  });

  test.each([{}, { ARKFFI_TRACE: '0' }, { ARKFFI_TRACE: 'off' }, { ARKFFI_TRACE: '' }])(
    'has none with %j',
    (env: Record<string, string>) => {
      expect(outputOf(program.replace('TURN', ''), { env })).toBe('1');
    },
  );

  test('values run no code of the user', () => {
    const { stderr, stdout } = runProgram(`
      const { dlopen, Struct, trace } = require(entry);
      const T = Struct({ quot: 'int', rem: 'int' });
      const { div, free } = dlopen(null, { div: { args: ['int', 'int'], returns: T.object }, free: { args: ['ptr'] } }).symbols;
      trace(true);
      let asked = 0;
      const value = { get ptr() { asked++; return 0; }, [Symbol.for('nodejs.util.inspect.custom')]: () => 'custom' };
      free(value);
      div(7, 2);
      console.log(asked);`);
    expect(stdout).toBe('1');
    expect(stderr).toMatch(/free\(\{ ptr: \[Getter\]/);
    expect(stderr).toMatch(/div\(7, 2\) = \{ quot: 3, rem: 1 \} \(/);
  });
});
