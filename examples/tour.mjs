// A tour of arkffi on real libraries. Each call is printed as it stands in the code, then its result.
//   npm run demo
import { heading, say } from './tour/print.mjs';
import * as libm from './tour/libm.mjs';
import * as libc from './tour/libc.mjs';
import * as zlib from './tour/zlib.mjs';
import * as sqlite from './tour/sqlite.mjs';
import * as libclang from './tour/libclang.mjs';
import * as mistakes from './tour/mistakes.mjs';

for (const { title, run } of [libm, libc, zlib, sqlite, libclang, mistakes]) {
  heading(title);
  try {
    run();
  } catch (error) {
    // A library that this system lacks ends its section and no more; any other error ends the tour.
    if (error.code !== 'ERR_FFI_LIBRARY_LOAD') throw error;
    say(`Left out: ${error.message.split('\n')[0].replace(/; tried$/, '')}. It is not installed here.`);
  }
}
