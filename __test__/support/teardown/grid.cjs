// The grid: each way in which an environment or a process ends, with each thing that may be under way then.
const { moreZeros, prelude } = require('./run.cjs');

/**
 * What is under way. `begin` brings it about; `ms`, how long calls take. `turns`: the event loop runs for a while
 * before the end. `threads`: threads of C's own call callbacks. `calls`: so many calls in the background, of which so
 * many are `running`.
 */
const states = {
  idle: { begin: () => 'assert.strictEqual(td.td_call(served), 1);' },
  'async calls': {
    calls: 3,
    running: 3,
    begin: (ms) => `
      const calls = Array.from({ length: 3 }, () => td.td_sleep.async(${ms}));
      until(() => td.td_started() >= 3);`,
  },
  'queued async calls': {
    calls: 10,
    running: 1,
    begin: (ms) => `
      setPoolSize(1);
      const calls = Array.from({ length: 10 }, () => td.td_sleep.async(${ms}));
      until(() => td.td_started() >= 1);`,
  },
  'threads waiting': {
    threads: true,
    begin: () => `
      td.td_start(served, 3, false);
      until(() => td.td_inside() === 3 && asleep('td') === 3);`,
  },
  'threads calling': { threads: true, turns: true, begin: () => 'td.td_start(served, 3, true);' },
};

const ended = "process.on('exit', () => console.log('ended'));";
/** In the event loop, or at once. */
const then = ({ turns }, source) => (turns ? `setTimeout(() => { ${source} }, 15);` : source);
/** Prints when the calls have been settled, or where there are none at the end. */
const settled = `
  if (typeof calls === 'undefined') process.on('exit', () => console.log('ended'));
  else {
    Promise.all(calls).then((values) => {
      assert.deepStrictEqual(values, calls.map(() => 20));
      console.log('ended');
    });
  }`;

/** The end of a worker, after which the main thread finds everything in order. */
function inWorker(state, { begin, ms, after, code }) {
  const worker = `${prelude} const begin = () => { ${state.begin(ms)} }; ${begin}`;
  const { calls = 0, running = 0 } = state;
  const left = state.turns ? moreZeros : 'await eventually(() => td.td_inside() === 0);';
  const threads = state.threads ? left : '';
  return `
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
    worker.on('message', () => { ${after} });
    worker.on('error', (error) => { throw error; });
    worker.on('exit', async (code) => {
      assert.strictEqual(code, ${code});
      ${threads}
      td.td_stop();
      await eventually(() => td.td_threads() === 0);
      setPoolSize(8);
      assert.strictEqual(td.td_call(served), 1);
      assert.strictEqual(await td.td_call.async(served), 1);
      assert.strictEqual(td.td_started(), ${ms === 'long' ? running : calls});
      console.log('ended');
    });`;
}

/** What a worker does until it is terminated; threads that wait are not to be served. */
const stay = (name) => (name === 'threads waiting' ? 'for (;;);' : 'setInterval(() => {}, 1000);');
const tell = "parentPort.postMessage('begun');";
const warned = ({ threads, turns }) =>
  turns ? { warns: ['served'] } : threads ? { mayWarn: ['served'] } : {};

const close = {
  idle: `
    library.close();
    assert.throws(() => td.td_call(served), { code: 'ERR_FFI_CLOSED' });
    assert.ok(!isMapped());
    ${ended}`,
  'async calls': `
    library.close();
    assert.ok(isMapped());
    Promise.all(calls).then(async (values) => {
      assert.deepStrictEqual(values, calls.map(() => 20));
      await assert.rejects(async () => td.td_sleep.async(1), { code: 'ERR_FFI_CLOSED' });
      await eventually(() => !isMapped());
      console.log('ended');
    });`,
  'threads waiting': `
    library.close();
    assert.throws(() => td.td_inside(), { code: 'ERR_FFI_CLOSED' });
    assert.ok(isMapped());
    const again = dlopen(fixture, { td_threads: count, td_zeros: count }).symbols;
    eventually(() => again.td_threads() === 0).then(() => {
      assert.deepStrictEqual([again.td_zeros(), isMapped()], [0, true]);
      console.log('ended');
    });`,
  'threads calling': `
    library.close();
    assert.throws(() => td.td_inside(), { code: 'ERR_FFI_CLOSED' });
    const again = dlopen(fixture, { td_calls: count, td_zeros: count }).symbols;
    const calls = again.td_calls();
    eventually(() => again.td_calls() > calls + 20).then(() => {
      assert.deepStrictEqual([again.td_zeros(), isMapped()], [0, true]);
      console.log('ended');
    });`,
};
close['queued async calls'] = close['async calls'];
const isMapped = "const isMapped = () => readFileSync('/proc/self/maps', 'latin1').includes(fixture);";

/** How it ends: gives a cell. */
const endings = {
  // Threads may call while the environment is going, which is worth a warning as long as the process lives.
  'natural end': (state) => ({
    source: `${state.begin(20)} ${settled} ${then(state, '')}`,
    ...(state.threads ? { mayWarn: ['served'] } : {}),
  }),
  'process.exit': (state) => ({
    source: `${ended} ${state.begin('long')} ${then(state, 'process.exit(7);')}`,
    status: 7,
  }),
  'uncaught error': (state) => ({
    source: `${ended} ${state.begin('long')} ${then(state, "throw new Error('the end');")}`,
    status: 1,
    error: 'Error: the end',
  }),
  'worker end': (state) => ({
    source: inWorker(state, { ms: 20, code: 0, after: '', begin: `begin(); ${then(state, '')}` }),
    ...warned(state),
  }),
  'worker exit': (state) => ({
    source: inWorker(state, {
      ms: 'long',
      code: 5,
      after: '',
      begin: `begin(); ${then(state, 'process.exit(5);')}`,
    }),
    ...warned(state),
  }),
  'worker error': (state) => ({
    source: inWorker(state, {
      ms: 'long',
      code: 1,
      after: '',
      begin: `begin(); ${then(state, "throw new Error('the end');")}`,
    }).replace('{ throw error; }', "assert.strictEqual(error.message, 'the end')"),
    ...warned(state),
  }),
  terminate: (state, name) => ({
    source: inWorker(state, {
      ms: 'long',
      code: 1,
      after: 'setTimeout(() => worker.terminate(), 10);',
      begin: `begin(); ${tell} ${stay(name)}`,
    }),
    ...warned(state),
  }),
  close: (state, name) => ({
    source: `${isMapped} ${state.begin(20)} ${then(state, close[name])}`,
    ...(state.threads ? { mayWarn: ['served'] } : {}),
  }),
};

module.exports = Object.entries(endings).flatMap(([ending, make]) =>
  Object.entries(states).map(([name, state]) => ({ name: `${ending}, ${name}`, ...make(state, name) })),
);
