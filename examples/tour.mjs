// A tour of arkffi on real libraries. Each call is printed as it stands in the code, then its result.
//   npm run demo
import { heading, say } from './tour/print.mjs';
import * as libm from './tour/libm.mjs';
import * as libc from './tour/libc.mjs';
import * as zlib from './tour/zlib.mjs';
import * as sqlite from './tour/sqlite.mjs';
import * as callbacks from './tour/callbacks.mjs';
import * as sqliteFunctions from './tour/sqlite-functions.mjs';
import * as expat from './tour/expat.mjs';
import * as curl from './tour/curl.mjs';
import * as threads from './tour/threads.mjs';
import * as background from './tour/background.mjs';
import * as libclang from './tour/libclang.mjs';
import * as mistakes from './tour/mistakes.mjs';

const values = [libm, libc, zlib, sqlite];
const functions = [callbacks, sqliteFunctions, expat, curl, threads, background];

for (const { title, run } of [...values, ...functions, libclang, mistakes]) {
  heading(title);
  try {
    await run();
  } catch (error) {
    // A library that this system lacks ends its section and no more; any other error ends the tour.
    if (error.code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    say(`Left out: ${error.message.split('\n')[0].replace(/; tried$/, '')}. It is not installed here.`);
  }
}
