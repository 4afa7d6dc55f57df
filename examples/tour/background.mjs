// Calls that JavaScript does not wait for, and calls that fail.
import { dlopen, errno } from '../../dist/index.js';
import { refuse, refuseSettled, say, show, showSettled } from './print.mjs';

export const title = 'In the background, and what errno says';

export async function run() {
  const lib = dlopen('libc.so.6', {
    usleep: { args: ['uint'], returns: 'int' },
    close: { args: ['int'], returns: 'int' },
    open: { args: ['CString', 'int', '...'], returns: 'int', throws: 'negative' },
  });
  const { usleep, close, open } = lib.symbols;

  say(
    '`.async` calls on a thread of arkffi. The event loop goes on meanwhile, and four sleeps take as long as one:',
  );
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const start = performance.now();
  const sleeps = Array.from({ length: 4 }, () => usleep.async(200_000));
  await showSettled(() => Promise.all(sleeps), [0, 0, 0, 0]);
  show(() => performance.now() - start < 800, true);
  show(() => ticks > 3, true);
  clearInterval(timer);

  say('A signal gives up a call that has not begun:');
  const options = { signal: AbortSignal.abort() };
  await refuseSettled(() => usleep.async.with(options)(1_000_000));

  say('errno as the last call left it, whatever node has done since:');
  show(() => close(-1), -1);
  show(() => errno(), 9);
  await showSettled(() => close.async.with({ errno: true })(-1), { value: -1, errno: 9 });

  say("With `throws: 'negative'` such a result is an error as Node's own are:");
  const error = refuse(() => open('/no/such/file', 0));
  show(() => [error.code, error.errno, error.syscall], ['ENOENT', -2, 'open']);
  await refuseSettled(() => open.async('/no/such/file', 0));

  lib.close();
}
