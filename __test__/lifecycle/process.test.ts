import { describe, expect, test } from '@jest/globals';
import { outputOf, runProgram } from '../support/subprocess';

const load = `
  const { dlopen, CFunction, malloc, read, ref, strdup } = require(entry);
  const { symbols } = dlopen(fixture, {
    add_i32: { args: ['i32', 'i32'], returns: 'i32' },
    echo_string: { args: ['CString'], returns: 'CString' },
    echo_u64: { args: ['u64'], returns: 'u64' },
    sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
    data_f64: { type: 'f64' },
  });
`;

describe('the end of a process', () => {
  test.each<[string, string, number]>([
    ['by itself', '', 0],
    ['by itself, with an exit code set', 'process.exitCode = symbols.add_i32(3, 4);', 7],
    ['by process.exit', 'process.exit(symbols.add_i32(40, 2));', 42],
    ['by process.exit in an event', 'setImmediate(() => process.exit(3)); setInterval(() => {}, 1000);', 3],
    [
      'with calls in its exit event',
      "process.on('exit', () => { process.exitCode = symbols.add_i32(4, 5); });",
      9,
    ],
    ['with blocks, refs and strings left', "malloc(100); strdup('x'); globalThis.kept = ref('i32');", 0],
  ])('%s', (_, source, code) => {
    const { status, signal, stderr } = runProgram(load + source);
    expect({ status, signal, stderr }).toEqual({ status: code, signal: null, stderr: '' });
  });

  test('by an uncaught error of a call', () => {
    const { status, stderr } = runProgram(`${load} symbols.add_i32(1);`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/TypeError: add_i32/);
    expect(stderr).toContain("code: 'ERR_FFI_ARG_COUNT'");
  });

  test('a signal ends it as ever', () => {
    expect(
      runProgram(`${load} process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`).signal,
    ).toBe('SIGTERM');
  });
});

const everything = `${load}
  assert.strictEqual(symbols.add_i32(1, 2), 3);
  assert.strictEqual(symbols.echo_string('ü'), 'ü');
  assert.strictEqual(symbols.echo_u64(2n ** 64n - 1n), 2n ** 64n - 1n);
  assert.strictEqual(symbols.sum_f64(Float64Array.of(1, 2), 2), 3);
  assert.strictEqual(symbols.data_f64.value, 0.1);
  assert.strictEqual(CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: symbols.add_i32 })(1, 2), 3);
  assert.throws(() => symbols.add_i32(1.5, 2), { code: 'ERR_FFI_OUT_OF_RANGE' });
  assert.throws(() => symbols.add_i32(1), { code: 'ERR_FFI_ARG_COUNT' });
  assert.throws(() => read.u8(16), { code: 'ERR_FFI_INVALID_POINTER' });
  console.log('works');`;

describe('everything works', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['plainly', [], {}],
    ['where code cannot be made of strings', ['--disallow-code-generation-from-strings'], {}],
    ['without generated wrappers', [], { ARKFFI_CODEGEN: 'off' }],
    ['through libffi', [], { ARKFFI_PATH: 'libffi' }],
    ['through libffi without generated wrappers', [], { ARKFFI_PATH: 'libffi', ARKFFI_CODEGEN: 'off' }],
    ['with frozen intrinsics', ['--frozen-intrinsics', '--no-warnings'], {}],
    ['without __proto__', ['--disable-proto=delete'], {}],
    ['in strict mode', ['--use_strict'], {}],
  ])('%s', (_, flags, env) => {
    expect(outputOf(everything, { flags, env })).toBe('works');
  });

  test('without a compiler in the engine', () => {
    // The engine itself warns that it has no WebAssembly then.
    const { status, stdout } = runProgram(everything, { flags: ['--jitless'] });
    expect([status, stdout]).toEqual([0, 'works']);
  });
});

describe('two copies in one process', () => {
  const twice = `
    const first = require(entry);
    for (const key of Object.keys(require.cache)) delete require.cache[key];
    const second = require(entry);
    assert.notStrictEqual(first, second);
    const defs = { add_i32: { args: ['i32', 'i32'], returns: 'i32' }, echo_string: { args: ['CString'], returns: 'CString' } };
    const [one, two] = [first, second].map(({ dlopen }) => dlopen(fixture, defs));`;

  test("both work, and take each other's functions", () => {
    const program = `${twice}
      for (let round = 0; round < 1000; round++) {
        assert.strictEqual(one.symbols.add_i32(round, 1), round + 1);
        assert.strictEqual(two.symbols.add_i32(round, 2), round + 2);
        assert.strictEqual(one.symbols.echo_string('a' + round), 'a' + round);
        assert.strictEqual(two.symbols.echo_string('b' + round), 'b' + round);
        for (const { read } of [first, second]) assert.throws(() => read.u8(16), { code: 'ERR_FFI_INVALID_POINTER' });
      }
      const across = second.CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: one.symbols.add_i32 });
      assert.strictEqual(across(1, 2), 3);
      const block = first.malloc(8);
      assert.throws(() => second.free(block), { code: 'ERR_FFI_INVALID_POINTER' });
      first.free(block);
      console.log('both');`;
    expect(outputOf(program)).toBe('both');
  });

  test('a library closed in one is open in the other', () => {
    const program = `${twice}
      one.close();
      assert.throws(() => one.symbols.add_i32(1, 2), { code: 'ERR_FFI_CLOSED' });
      console.log(two.symbols.add_i32(1, 2));`;
    expect(outputOf(program)).toBe('3');
  });

  test('the first one collected leaves the second', () => {
    const program = `
      let copies = 0;
      const use = () => {
        for (const key of Object.keys(require.cache)) delete require.cache[key];
        const { dlopen } = require(entry);
        assert.strictEqual(dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } }).symbols.add_i32(1, 2), 3);
        gc();
        if (++copies < 10) setImmediate(use);
        else console.log('ten');
      };
      use();`;
    expect(outputOf(program, { flags: ['--expose-gc'] })).toBe('ten');
  });
});
