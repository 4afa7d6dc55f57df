// Ends of other kinds than the grid's: inside callbacks, inside calls of C, at the very end of the process.
const { moreZeros, prelude } = require('./run.cjs');

/** The main thread with a worker that has said where it is; `check` runs when it has ended. */
function withWorker(
  worker,
  { code = 1, onMessage = 'setTimeout(() => worker.terminate(), 10);', check = '' } = {},
) {
  return `
    const worker = new Worker(${JSON.stringify(prelude + worker)}, { eval: true });
    worker.on('message', (message) => { ${onMessage} });
    worker.on('error', (error) => { throw error; });
    worker.on('exit', async (code) => {
      assert.strictEqual(code, ${code});
      ${check}
      td.td_stop();
      await eventually(() => td.td_threads() === 0);
      assert.strictEqual(td.td_call(served), 1);
      assert.strictEqual(await td.td_call.async(served), 1);
      console.log('ended');
    });`;
}

const onExit = "process.on('exit', () => console.log('ended'));";
const tell = "parentPort.postMessage('begun');";
const noneBlocks = 'assert.strictEqual(td.td_blocking(), 0);';
/**
 * The end of the environment waits for C's loop. Its calls give zero: first as JavaScript is stopped in them, without a word, then,
 * for the rest of a second, as the callback is closed.
 */
const looping = {
  onMessage: `
    setTimeout(() => worker.terminate(), 10);
    eventually(() => td.td_zeros() > 0).then(() => setTimeout(() => td.td_stop(), 1000));`,
  check: noneBlocks,
};
const exit = "const leave = callback('leave', () => process.exit(7));";
const fail = "const fail = callback('fail', () => { throw new Error('the end'); });";
const uncaught = { status: 1, error: 'Error: the end' };
/** Has a callback been called so often that C runs on a stack of its own. */
const often = 'for (let round = 0; round < 100; round++) td.td_loop(served, 1);';

const exits = [
  { name: 'process.exit in a callback', source: `${exit} td.td_call(leave);`, status: 7 },
  {
    name: 'process.exit in a callback of a loop',
    source: `
      ${often} let calls = 0;
      const leave = callback('leave', () => (++calls === 1000 ? process.exit(7) : 1));
      td.td_loop(leave, long);`,
    status: 7,
  },
  {
    name: "process.exit in a callback on a thread's request",
    source: `${exit} td.td_start(leave, 3, true); setInterval(() => {}, 1000);`,
    status: 7,
  },
  {
    name: 'process.exit in a callback of a pumped call',
    source: `${exit} td.td_join_pumped(leave, 3);`,
    status: 7,
  },
  {
    name: 'process.exit in a callback of an async call',
    source: `${exit} td.td_loop.async(leave, long);`,
    status: 7,
  },
  {
    name: 'process.exit of a worker in a callback',
    source: withWorker(`${exit} td.td_call(leave);`, { code: 7 }),
  },
  {
    name: 'process.exit of a worker in a callback of a loop',
    source: withWorker(`${often} ${exit} td.td_loop(leave, 50);`, { code: 7, check: noneBlocks }),
  },
  {
    name: 'process.exit of a worker in a callback of a pumped call',
    source: withWorker(`${exit} td.td_join_pumped(leave, 3);`, { code: 7 }),
    mayWarn: ['leave'],
  },
  {
    name: "process.exit of a worker in a callback on a thread's request",
    source: withWorker(`${exit} td.td_start(leave, 3, true); setInterval(() => {}, 1000);`, {
      code: 7,
      check: moreZeros,
    }),
    warns: ['leave'],
  },
].map((cell) => (cell.status === 7 ? { ...cell, source: `${onExit} ${cell.source}` } : cell));

const terminations = [
  {
    name: 'terminate in a call that loops over a callback',
    source: withWorker(`${tell} td.td_loop(served, 60); for (;;);`, { check: noneBlocks }),
  },
  {
    name: 'terminate in a call that loops over a callback on a stack of its own',
    source: withWorker(`${often} ${tell} td.td_loop(served, 60); for (;;);`, { check: noneBlocks }),
  },
  {
    name: 'terminate in a callback that does not end',
    source: withWorker(`td.td_call(callback('endless', () => { ${tell} for (;;); }));`),
  },
  {
    name: 'terminate in a callback that does not end, on a stack of its own',
    source: withWorker(
      `
      ${often} let calls = 0;
      td.td_loop(callback('endless', () => { if (++calls === 1000) { ${tell} for (;;); } return 1; }), 100);`,
      {
        check: noneBlocks,
      },
    ),
  },
  {
    name: 'terminate in a pumped call that loops over a callback',
    source: withWorker(`${tell} td.td_loop_pumped(served, 60); for (;;);`, { check: noneBlocks }),
  },
  {
    name: 'terminate in a pumped call that blocks',
    source: withWorker(`${tell} td.td_sleep_pumped(60); for (;;);`, { check: noneBlocks }),
  },
  {
    name: 'terminate in a callback of a pumped call that does not end',
    source: withWorker(`td.td_join_pumped(callback('endless', () => { ${tell} for (;;); }), 3);`),
  },
  {
    name: 'terminate with an async call that writes to a buffer',
    source: withWorker(
      `
      td.td_fill.async(new Uint8Array(1 << 16), 1 << 16, 150); until(() => td.td_started() >= 1);
      ${tell} setInterval(() => {}, 1000);`,
      {
        check: noneBlocks,
      },
    ),
  },
  {
    name: 'terminate with an async call that loops over a callback',
    source: withWorker(
      `td.td_loop.async(served, long); until(() => td.td_started() >= 1); ${tell} setInterval(() => {}, 1000);`,
      looping,
    ),
    warns: ['served'],
  },
  {
    name: 'terminate with async calls whose callback is their own',
    source: withWorker(
      `
      const { fn } = require(entry);
      const { loop } = dlopen(fixture, {
        loop: { symbol: 'td_loop', args: [fn({ args: ['int'], returns: 'int' }), 'int'], returns: 'int' },
      }).symbols;
      loop.async(function own() { return 1; }, long); until(() => td.td_started() >= 1); ${tell} setInterval(() => {}, 1000);`,
      looping,
    ),
    warns: ['loop: args[0]'],
  },
  {
    name: 'terminate with threads calling, where nobody reads stderr',
    source: withWorker(`td.td_start(served, 2, true); ${tell} setInterval(() => {}, 1000);`, {
      check: moreZeros,
    }),
    deaf: true,
  },
  {
    name: 'terminate many workers with threads at once',
    source: `
      const source = ${JSON.stringify(`${prelude} td.td_start(served, 2, true); ${tell} setInterval(() => {}, 1000);`)};
      const workers = Array.from({ length: 5 }, () => new Worker(source, { eval: true }));
      let ready = 0;
      for (const worker of workers) worker.on('message', () => {
        if (++ready === 5) setTimeout(() => workers.forEach((each) => each.terminate()), 10);
      });
      const exits = workers.map((worker) => new Promise((resolve) => worker.on('exit', resolve)));
      Promise.all(exits).then(async (codes) => {
        assert.deepStrictEqual(codes, [1, 1, 1, 1, 1]);
        td.td_stop();
        await eventually(() => td.td_threads() === 0);
        console.log('ended');
      });`,
    // Five callbacks of that name.
    many: true,
    mayWarn: ['served'],
  },
  {
    name: 'process.exit with workers that threads call',
    source: `
      ${onExit}
      const source = ${JSON.stringify(`${prelude} td.td_start(served, 2, true); ${tell} setInterval(() => {}, 1000);`)};
      let ready = 0;
      for (let count = 0; count < 4; count++) {
        new Worker(source, { eval: true }).on('message', () => {
          if (++ready === 4) setTimeout(() => process.exit(7), 10);
        });
      }`,
    status: 7,
    many: true,
    mayWarn: ['served'],
  },
];

const errors = [
  { name: 'an error of a callback that nobody catches', source: `${fail} td.td_call(fail);`, ...uncaught },
  {
    name: "an error of a callback on a thread's request",
    source: `${fail} td.td_start(fail, 2, true); setInterval(() => {}, 1000);`,
    ...uncaught,
  },
  {
    name: 'an error of a callback of a pumped call',
    source: `${fail} td.td_join_pumped(fail, 2);`,
    ...uncaught,
  },
  { name: 'an error of a callback of an async call', source: `${fail} td.td_call.async(fail);`, ...uncaught },
].map((cell) => ({ ...cell, source: `${onExit} ${cell.source}` }));

const atExit = {
  // The first is called before arkffi knows of the end, the second after.
  'an atexit handler': 'td.td_at_exit(served);',
  "the library's destructor": 'td.td_at_unload(served);',
};
const printed = { 'an atexit handler': 'at exit 0', "the library's destructor": 'unloaded 0' };
const late = Object.entries(atExit).flatMap(([what, source]) => [
  { name: `natural end, ${what} calls a callback`, source, stdout: printed[what], mayWarn: ['served'] },
  {
    name: `process.exit, ${what} calls a callback`,
    source: `${source} process.exit(7);`,
    status: 7,
    stdout: printed[what],
    mayWarn: ['served'],
  },
  {
    name: `a worker has ended, ${what} calls its callback`,
    source: withWorker(source, { code: 0 }),
    stdout: `ended\n${printed[what]}`,
    mayWarn: ['served'],
  },
]);

const uv = `
  const uv = dlopen(null, {
    uv_default_loop: { returns: 'ptr' },
    uv_handle_size: { args: ['int'], returns: 'size_t' },
    uv_timer_init: { args: ['ptr', 'ptr'], returns: 'int' },
    uv_timer_start: { args: ['ptr', 'callback', 'u64', 'u64'], returns: 'int' },
    uv_timer_stop: { args: ['ptr'], returns: 'int' },
  }).symbols;
  const timer = malloc(uv.uv_handle_size(13));
  uv.uv_timer_init(uv.uv_default_loop(), timer);
  const onTimer = (run) => uv.uv_timer_start(timer, new JSCallback(run, { args: ['ptr'] }), 5, 5);
`;

const others = [
  {
    name: 'the event loop calls a callback',
    source: `${uv}
      let calls = 0;
      onTimer((handle) => {
        assert.strictEqual(handle, timer);
        assert.strictEqual(td.td_call(served), 1);
        if (++calls < 3) return;
        uv.uv_timer_stop(timer);
        process.nextTick(() => Promise.resolve().then(() => console.log('ended')));
      });`,
  },
  {
    name: 'the event loop calls a callback, promises and ticks run after each',
    source: `${uv}
      const order = [];
      onTimer(() => {
        order.push('call');
        Promise.resolve().then(() => order.push('promise'));
        process.nextTick(() => order.push('tick'));
        if (order.length < 6) return;
        uv.uv_timer_stop(timer);
        setImmediate(() => console.log(order.join(' ')));
      });`,
    stdout: 'call tick promise call tick promise call tick promise',
  },
  {
    name: 'an error of a callback that the event loop calls',
    source: `${onExit} ${uv} onTimer(() => { throw new Error('the end'); });`,
    ...uncaught,
  },
  {
    name: 'an error of a callback that the event loop calls, handled',
    source: `${uv}
      process.on('uncaughtException', (error) => {
        assert.strictEqual(error.message, 'the end');
        console.log('ended');
      });
      onTimer(() => {
        uv.uv_timer_stop(timer);
        throw new Error('the end');
      });`,
  },
  {
    name: 'process.exit in a callback that the event loop calls',
    source: `${onExit} ${uv} onTimer(() => process.exit(7));`,
    status: 7,
  },
  {
    name: "the main thread calls a worker's callback when the worker has ended",
    source: withWorker('parentPort.postMessage(served.ptr);', {
      code: 0,
      onMessage: 'globalThis.ptr = message;',
      check: 'for (let round = 0; round < 3; round++) assert.strictEqual(td.td_call(ptr), 0);',
    }),
    warns: ['served'],
  },
  {
    name: "the library's destructor calls a callback at close",
    source: "td.td_at_unload(served); library.close(); console.log('ended');",
    stdout: 'unloaded 1\nended',
  },
];

// Plain functions: a time limit inside an AsyncResource's scope is fatal to any program, whoever stops in it.
const inTime = (body) => `
  const { fn } = require(entry);
  const { runInNewContext } = require('node:vm');
  const plain = fn({ args: ['int'], returns: 'int' });
  const { run, loop, join_pumped, loop_pumped } = dlopen(fixture, {
    run: { symbol: 'td_call', args: [plain], returns: 'int' },
    loop: { symbol: 'td_loop', args: [plain, 'int'], returns: 'int' },
    join_pumped: { symbol: 'td_join', args: [plain, 'int'], returns: 'int', pump: true },
    loop_pumped: { symbol: 'td_loop', args: [plain, 'int'], returns: 'int', pump: true },
  }).symbols;
  const one = () => 1;
  const endless = () => { for (;;); };
  for (let round = 0; round < 3; round++) {
    const late = { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' };
    assert.throws(() => runInNewContext('test()', { test: () => { ${body} } }, { timeout: 15 }), late);
    assert.strictEqual(td.td_call(served), 1);
    assert.strictEqual(run(one), 1);
    assert.ok(td.td_loop(served, 2) > 0);
    assert.ok(loop(one, 2) > 0);
  }
  td.td_call.async(served).then((value) => { assert.strictEqual(value, 1); console.log('ended'); });`;
const timeouts = [
  { name: 'a time limit in a callback', source: inTime('run(endless);') },
  { name: 'a time limit in a callback of a loop', source: inTime('loop(one, 40); endless();') },
  {
    name: 'a time limit in a callback of a loop on a stack of its own',
    source: inTime('for (;;) loop(one, 1);'),
  },
  { name: 'a time limit in nested callbacks', source: inTime('run(() => run(endless));') },
  { name: 'a time limit in a callback of a pumped call', source: inTime('join_pumped(endless, 2);') },
  {
    name: 'a time limit in a callback of a pumped loop',
    source: inTime('loop_pumped(one, 40); endless();'),
  },
  {
    name: 'a time limit in a loop whose callback has failed before',
    source: inTime(`
      let calls = 0;
      loop(() => { if (++calls === 1) throw new Error('lost'); return 1; }, 40);
      endless();`),
  },
  {
    name: 'a time limit set in a callback',
    source: `
      const { runInNewContext } = require('node:vm');
      const limited = callback('limited', () => runInNewContext('for (;;);', {}, { timeout: 15 }));
      const late = { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' };
      for (const call of [td.td_call, td.td_call_pumped]) assert.throws(() => call(limited), late);
      assert.rejects(td.td_call.async(limited), late).then(() => console.log('ended'));`,
  },
];

module.exports = [...exits, ...terminations, ...errors, ...late, ...others, ...timeouts];
