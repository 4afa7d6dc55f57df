import { describe, expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';

/** What a worker runs before its own part. */
const worker = `
  const { Worker } = require('node:worker_threads');
  const start = (source, data) => new Worker(
    \`const entry = \${JSON.stringify(entry)}, fixture = \${JSON.stringify(fixture)};
    const assert = require('node:assert');
    const { parentPort, workerData } = require('node:worker_threads');
    const defs = {
      add_i32: { args: ['i32', 'i32'], returns: 'i32' },
      echo_string: { args: ['CString'], returns: 'CString' },
      sum_f64: { args: ['ptr', 'size_t'], returns: 'f64' },
    };\` + source,
    { eval: true, workerData: data },
  );
  const ended = (thread) => new Promise((resolve, reject) => thread.on('error', reject).on('exit', resolve));
`;

const calling = `
  const { dlopen, malloc, free, read, write, CFunction } = require(entry);
  const library = dlopen(fixture, defs);
  const { add_i32, echo_string, sum_f64 } = library.symbols;
  const found = CFunction({ ...defs.add_i32, ptr: add_i32 });
  const block = malloc(8);
  for (let round = 0; round < 2000; round++) {
    assert.strictEqual(add_i32(round, workerData), round + workerData);
    assert.strictEqual(found(round, 1), round + 1);
    assert.strictEqual(echo_string('ü' + round), 'ü' + round);
    assert.strictEqual(sum_f64(Float64Array.of(round, 0.5), 2), round + 0.5);
    write.u32(block, 0, round);
    assert.strictEqual(read.u32(block), round);
    assert.throws(() => read.u32(16), { code: 'ERR_FFI_INVALID_POINTER' });
  }
  free(block);
`;

describe('workers', () => {
  test('many at a time, one after another, in all of which everything works', () => {
    const program = `${worker}
      const source = ${JSON.stringify(calling)};
      (async () => {
        for (let round = 0; round < 5; round++) {
          const threads = Array.from({ length: 6 }, (_, index) => start(source, index));
          const codes = await Promise.all(threads.map(ended));
          assert.deepStrictEqual(codes, [0, 0, 0, 0, 0, 0]);
        }
        console.log('ended');
      })();`;
    expect(outputOf(program)).toBe('ended');
  });

  test('beside the main thread, which goes on', () => {
    const program = `${worker}
      const source = ${JSON.stringify(calling)};
      const { dlopen } = require(entry);
      const { add_i32 } = dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } }).symbols;
      let running = true;
      const spin = () => {
        for (let round = 0; round < 1000; round++) assert.strictEqual(add_i32(round, 1), round + 1);
        if (running) setImmediate(spin);
      };
      spin();
      (async () => {
        for (let round = 0; round < 4; round++) await ended(start(source, round));
        assert.strictEqual(add_i32(1, 2), 3);
        running = false;
        console.log('ended');
      })();`;
    expect(outputOf(program)).toBe('ended');
  });

  test('the only threads that load it: the addon stays, and later ones work', () => {
    const program = `${worker}
      const source = ${JSON.stringify(calling)};
      (async () => {
        for (let round = 0; round < 8; round++) assert.strictEqual(await ended(start(source, round)), 0);
        const { dlopen } = require(entry);
        console.log(dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } }).symbols.add_i32(1, 2));
      })();`;
    expect(outputOf(program)).toBe('3');
  });

  test('terminated in the middle of calls', () => {
    const loops = [
      'for (;;) add_i32(1, 2);',
      "for (let n = 0; ; n++) echo_string('text ' + n);",
      'for (;;) sum_f64(new Float64Array(100), 100);',
      'for (;;) { const again = dlopen(fixture, defs); again.symbols.add_i32(1, 2); again.close(); }',
      'for (;;) { try { require(entry).read.u8(16); } catch {} }',
    ];
    const program = `${worker}
      (async () => {
        for (const loop of ${JSON.stringify(loops)}) {
          for (let round = 0; round < 4; round++) {
            const thread = start(\`
              const { dlopen } = require(entry);
              const { add_i32, echo_string, sum_f64 } = dlopen(fixture, defs).symbols;
              parentPort.postMessage('calling');
              \${loop}\`);
            await new Promise((resolve, reject) => thread.on('message', resolve).on('error', reject));
            await new Promise((resolve) => setTimeout(resolve, 5 * round));
            assert.strictEqual(await thread.terminate(), 1);
          }
        }
        const { dlopen, read } = require(entry);
        assert.throws(() => read.u8(16), { code: 'ERR_FFI_INVALID_POINTER' });
        console.log(dlopen(fixture, { add_i32: { args: ['i32', 'i32'], returns: 'i32' } }).symbols.add_i32(1, 2));
      })();`;
    expect(outputOf(program)).toBe('3');
  });

  test("libraries are each worker's own: closing one in a worker leaves the main thread's", () => {
    const program = `${worker}
      const { dlopen } = require(entry);
      const { symbols } = dlopen(fixture, { data_i32: { type: 'i32' }, add_i32: { args: ['i32', 'i32'], returns: 'i32' } });
      symbols.data_i32.value = 5;
      const source = \`
        const library = require(entry).dlopen(fixture, { data_i32: { type: 'i32' } });
        assert.strictEqual(library.symbols.data_i32.value, 5);
        library.symbols.data_i32.value = 6;
        library.close();\`;
      ended(start(source)).then((code) => console.log(code, symbols.data_i32.value, symbols.add_i32(1, 2)));`;
    expect(outputOf(program)).toBe('0 6 3');
  });

  test('the end of a worker unloads no library', () => {
    const program = `${worker}
      const source = "require(entry).dlopen(fixture, defs).symbols.add_i32(1, 2);";
      ended(start(source)).then(() => {
        console.log(require('node:fs').readFileSync('/proc/self/maps', 'latin1').includes('libfixture.so'));
      });`;
    expect(outputOf(program)).toBe('true');
  });

  test('a worker with little stack: recursion is an error, not a crash', () => {
    const program = `${worker}
      const thread = new Worker(\`
        const { dlopen } = require(\${JSON.stringify(entry)});
        const { sum_around_call } = dlopen(\${JSON.stringify(fixture)}, {
          sum_around_call: { args: ['napi_env', 'napi_value', 'ptr', 'size_t'], returns: 'f64' },
        }).symbols;
        let depth = 0;
        const deeper = () => { depth++; sum_around_call(deeper, null, 0); };
        let thrown;
        try { deeper(); } catch (error) { thrown = error; }
        require('node:worker_threads').parentPort.postMessage([thrown?.name, depth > 10]);\`,
        { eval: true, resourceLimits: { stackSizeMb: 1 } });
      thread.on('message', (message) => console.log(...message));`;
    expect(outputOf(program)).toBe('RangeError true');
  });

  test('process.exit of a worker ends the worker alone', () => {
    const program = `${worker}
      const thread = start("const { add_i32 } = require(entry).dlopen(fixture, defs).symbols; process.exit(add_i32(3, 4));");
      ended(thread).then((code) => console.log(code));`;
    expect(outputOf(program)).toBe('7');
  });
});
