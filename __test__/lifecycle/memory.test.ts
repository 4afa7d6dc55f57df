import { describe, expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';

describe('memory does not grow', () => {
  test.each([
    ['with strings as arguments', "strlen('some text, not short, number ' + n + '.'.repeat(200))"],
    ['with strings as results', "echo_string('some text, not short, number ' + n)"],
    ['with strings that stay the same', "echo_string('the same text at every call')"],
    ['with buffers', 'sum_f64(new Float64Array(8), 8)'],
    ['with bigints', 'echo_u64(2n ** 64n - 1n - BigInt(n))'],
    ['with errors', 'refused(n)'],
  ])('%s', (_, call) => {
    const program = `
      const { dlopen } = require(entry);
      const { strlen } = dlopen(null, { strlen: { args: ['CString'], returns: 'size_t' } }).symbols;
      const { echo_string, sum_f64, echo_u64 } = dlopen(fixture, {
        echo_string: { args: ['CString'], returns: 'CString' },
        sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
        echo_u64: { args: ['u64'], returns: 'u64' },
      }).symbols;
      const refused = (n) => { if (n % 20 === 0) try { echo_string(Symbol.iterator); } catch {} };
      const rss = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
      const run = (count) => { for (let n = 0; n < count; n++) ${call}; };
      run(200_000);
      const before = rss();
      run(1_000_000);
      const grown = rss() - before;
      assert.ok(grown < 32, \`grown by \${grown} MB\`);
      console.log('steady');`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('steady');
  });
});

describe('the collector', () => {
  const run = (body: string, env = {}) =>
    outputOf(
      `const { dlopen, CFunction, ref } = require(entry);
      const { symbols } = dlopen(fixture, {
        add_i32: { args: ['i32', 'i32'], returns: 'i32' },
        add_f64: { args: ['f64', 'f64'], returns: 'f64' },
        echo_u64: { args: ['u64'], returns: 'u64' },
        echo_string: { args: ['CString'], returns: 'CString' },
        sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
        sum_around_call: { args: ['napi_env', 'napi_value', 'ptr', 'size_t'], returns: 'f64' },
      });
      const litter = () => Array.from({ length: 20 }, (_, n) => new Float64Array(512).fill(n + 0.5));
      ${body}
      console.log('kept');`,
      { flags: ['--expose-gc'], env },
    );
  const variants: [string, Record<string, string>][] = [
    ['generated wrappers', {}],
    ['plain wrappers', { ARKFFI_CODEGEN: 'off' }],
    ['libffi', { ARKFFI_PATH: 'libffi' }],
  ];

  test.each(variants)('values between JavaScript and C survive it (%s)', (_, env) => {
    const body = `
      for (let n = 0; n < 400; n++) {
        if (n % 3 === 0) gc();
        assert.strictEqual(symbols.add_i32(n, 1), n + 1);
        assert.strictEqual(symbols.add_f64(n, 0.5), n + 0.5);
        assert.strictEqual(symbols.echo_u64(2n ** 63n + BigInt(n)), 2n ** 63n + BigInt(n));
        assert.strictEqual(symbols.echo_string('text ' + n), 'text ' + n);
        litter();
      }`;
    expect(run(body, env)).toBe('kept');
  });

  test.each(variants)('a buffer given inline stays alive while C runs (%s)', (_, env) => {
    const body = `
      const collect = () => { gc(); litter(); gc(); };
      for (let n = 0; n < 25; n++) {
        assert.strictEqual(symbols.sum_around_call(collect, new Float64Array(64).fill(n), 64), 64 * n);
        assert.strictEqual(symbols.sum_around_call(collect, Float64Array.from({ length: 4096 }, () => n).buffer, 4096), 4096 * n);
        assert.strictEqual(symbols.sum_around_call(collect, new DataView(new ArrayBuffer(512)), 64), 0);
      }`;
    expect(run(body, env)).toBe('kept');
  });

  test.each(variants)('a ref given inline stays alive while C runs (%s)', (_, env) => {
    const body = `
      const collect = () => { gc(); litter(); gc(); };
      for (let n = 0; n < 60; n++) {
        assert.strictEqual(symbols.sum_around_call(collect, ref('f64', n), 1), n);
      }`;
    expect(run(body, env)).toBe('kept');
  });

  test('calls inside of calls keep their values apart', () => {
    const body = `
      const nest = (depth) => {
        if (depth === 0) return 0;
        let inner;
        const outer = symbols.sum_around_call(() => { inner = nest(depth - 1); gc(); symbols.add_f64(1, 2); }, Float64Array.of(depth, depth), 2);
        assert.strictEqual(inner, (depth - 1) * 2);
        return outer;
      };
      for (let round = 0; round < 5; round++) assert.strictEqual(nest(20), 40);`;
    expect(run(body)).toBe('kept');
  });
});
