// Threads that C has started call JavaScript, while JavaScript waits for them.
import { dlopen, fn, JSCallback, ref } from '../../dist/index.js';
import { say, show } from './print.mjs';

export const title = 'Threads: callbacks from anywhere';

const Routine = { args: ['ptr'], returns: 'ptr' };

export function run() {
  const lib = dlopen(null, {
    create: { symbol: 'pthread_create', args: ['ptr', 'ptr', fn(Routine), 'ptr'], returns: 'int' },
    join: { symbol: 'pthread_join', args: ['ulong', 'ptr'], returns: 'int', pump: true },
  });
  const { create, join } = lib.symbols;

  say(
    'Eight threads, each of which runs a function of JavaScript. It runs here, one call after the other,',
    'and the thread waits for what it returns:',
  );
  const seen = [];
  const square = new JSCallback((argument) => {
    seen.push(argument);
    return argument ** 2;
  }, Routine);
  const threads = Array.from({ length: 8 }, () => ref('ulong'));
  show(() => threads.map((thread, index) => create(thread, null, square, index)), Array(8).fill(0));
  say(
    'pthread_join blocks until a thread has ended, and each needs us for that. With `pump: true` pthread_join runs',
    'on a helper while this thread serves callbacks:',
    "join: { symbol: 'pthread_join', args: ['ulong', 'ptr'], returns: 'int', pump: true }",
  );
  const result = ref('ptr');
  show(() => threads.map(({ value }) => (join(value, result), result.value)), [0, 1, 4, 9, 16, 25, 36, 49]);
  show(() => seen.sort(), [0, 1, 2, 3, 4, 5, 6, 7]);

  square.close();
  lib.close();
}
