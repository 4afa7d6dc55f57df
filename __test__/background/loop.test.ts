// Background calls and the life of a program: the event loop, its end, and memory.
import { describe, expect, test } from '@jest/globals';
import { outputOf, runProgram } from '../support/subprocess';

const load = `
  const { dlopen, disposable, fn, Struct, malloc, releasePtr } = require(entry);
  const Pair = Struct({ a: 'f64', b: 'i8' });
  const Large = Struct({ a: 'i64', b: 'i64', c: 'i64', d: 'i64', e: 'i64', f: 'i64' });
  const { string_delete } = dlopen(fixture, { string_delete: { args: ['ptr'] } }).symbols;
  const { symbols } = dlopen(fixture, {
    sleep: { symbol: 'th_sleep', args: ['i32', 'i32'], returns: 'i32' },
    wait: { symbol: 'th_wait', args: ['ptr', 'i32'], returns: 'i32' },
    tick: { symbol: 'th_tick', args: ['i32'], returns: 'i32' },
    upper: { symbol: 'string_upper', args: ['CString'], returns: 'CString' },
    fresh: { symbol: 'string_new', args: ['CString'], returns: disposable('CString', string_delete) },
    held: { symbol: 'echo_DoubleChar', args: [Pair], returns: Pair },
    large: { symbol: 'th_large_echo', args: [Large], returns: Large.object },
    call: { symbol: 'th_call', args: [fn({ args: ['i32'], returns: 'i32' }), 'i32'], returns: 'i32' },
    later: { symbol: 'th_later', args: ['callback', 'i32', 'i32'] },
    apply: { symbol: 'th_apply', args: [fn({ args: ['i32'], returns: 'i32' }), 'i32'], returns: 'i32' },
    sum: { symbol: 'th_sum_late', args: ['ptr', 'size_t', 'i32'], returns: 'f64' },
    ints: { symbol: 'variadic_ints', args: ['i32', '...'], returns: 'i64' },
  });
`;

describe('the event loop', () => {
  test('stays alive for a call, and ends after it', () => {
    expect(outputOf(`${load} symbols.sleep.async(200, 7).then(console.log);`)).toBe('7');
  });

  test('ends by itself after a thousand calls of which nobody waits', () => {
    const program = `${load}
      for (let n = 0; n < 1000; n++) symbols.tick.async(n);
      process.on('exit', (code) => console.log('end', code));`;
    expect(outputOf(program)).toBe('end 0');
  });

  test('an await at the top of a module', () => {
    const program = `${load}
      globalThis.symbols = symbols;
      import('data:text/javascript,' + encodeURIComponent('console.log(await symbols.sleep.async(50, 3));'));`;
    expect(outputOf(program)).toBe('3');
  });

  test('process.exit does not wait for a call that blocks', () => {
    const start = Date.now();
    const { status, signal } = runProgram(`${load}
      symbols.wait.async(malloc(4), 1);
      symbols.sleep.async(20_000, 1);
      setTimeout(() => process.exit(3), 50);`);
    expect({ status, signal }).toEqual({ status: 3, signal: null });
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  test('an error elsewhere ends the program, though a call runs', () => {
    const { status, stderr } = runProgram(`${load}
      symbols.sleep.async(20_000, 1);
      setTimeout(() => { throw new Error('elsewhere'); }, 20);`);
    expect(status).toBe(1);
    expect(stderr).toContain('Error: elsewhere');
  });

  test('calls started in the exit event are not waited for', () => {
    const program = `${load}
      symbols.tick.async(1).then(() => console.log('first'));
      process.on('exit', () => symbols.sleep.async(20_000, 1));`;
    expect(outputOf(program)).toBe('first');
  });
});

describe('memory does not grow', () => {
  const takesFunctions = (round: string) => /symbols\.(?:call|apply)\./.test(round);
  const steady = (round: string) => `${load}
    const round = async () => { ${round} };
    const rss = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
    const rounds = async (count) => {
      const before = rss();
      for (let n = 0; n < count; n++) await round();
      return rss() - before;
    };
    (async () => {
      // The records of 65,536 closed callbacks rest before one is used again.
      if (${takesFunctions(round)}) {
        const { JSCallback } = require(entry);
        for (let n = 0; n < 70_000; n++) new JSCallback(() => 0, { args: ['i32'], returns: 'i32' }).close();
      }
      await rounds(30);
      // What leaks grows each time; the allocators take some time to settle.
      const grown = [];
      do grown.push(await rounds(30)); while (grown.at(-1) > 1 && grown.length < 10);
      console.log(grown.at(-1) > 1 ? 'grows by ' + grown.join() : 'steady');
    })();`;

  const rounds = [
    [
      'of numbers and strings',
      "await Promise.all(Array.from({ length: 1000 }, (_, n) => n % 2 ? symbols.tick.async(n) : symbols.upper.async('x'.repeat(1000))));",
    ],
    [
      'of structs, held and not',
      `const calls = Array.from({ length: 500 }, (_, b) => symbols.held.async({ a: 1, b: b % 100 }));
      for (const pointer of await Promise.all(calls)) assert(releasePtr(pointer));
      await Promise.all(Array.from({ length: 500 }, (_, a) => symbols.large.async({ a })));`,
    ],
    [
      'of buffers and disposable strings',
      `await Promise.all(Array.from({ length: 200 }, () => symbols.sum.async(new Float64Array(1000), 1000, 0)));
      await Promise.all(Array.from({ length: 200 }, () => symbols.fresh.async('y'.repeat(5000))));`,
    ],
    [
      'of functions, on threads of arkffi and of C',
      `await Promise.all(Array.from({ length: 200 }, (_, n) => symbols.call.async((value) => value + 1, n)));
      await Promise.all(Array.from({ length: 20 }, (_, n) => symbols.apply.async((value) => value + 1, n)));`,
    ],
    [
      'that fail: wrong arguments, errors of callbacks, aborted ones',
      `const signal = AbortSignal.abort();
      const failing = Array.from({ length: 300 }, (_, n) => [
        symbols.tick.async('x'),
        symbols.call.async(() => { throw new Error('thrown'); }, n),
        symbols.tick.async.with({ signal })(1),
      ]).flat();
      const outcomes = await Promise.allSettled(failing);
      assert(outcomes.every(({ status }) => status === 'rejected'));`,
    ],
    [
      'with one signal for all',
      `globalThis.control ??= new AbortController();
      const call = symbols.upper.async.with({ signal: control.signal });
      await Promise.all(Array.from({ length: 500 }, () => call('z'.repeat(500))));`,
    ],
    [
      'of variadic functions',
      "await Promise.all(Array.from({ length: 500 }, (_, n) => symbols.ints.async(2, ['i32', n], ['i64', 5])));",
    ],
  ] as const;
  // So many closures of libffi's take too long to make.
  const isClosure = process.env.ARKFFI_PATH === 'libffi';
  const measured = rounds.filter(([, round]) => !isClosure || !takesFunctions(round));

  test.each(measured)('%s', (_, round) => {
    expect(outputOf(steady(round), { flags: ['--expose-gc'] })).toBe('steady');
  });
});
