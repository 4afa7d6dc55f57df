// Downloads a file with libcurl, and shows how far it is. The transfer runs on another thread, which calls functions that
// run on this one; the event loop goes on.
//   node examples/download.mjs <URL> <file>            without arguments: from a server of its own
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fn, JSCallback, toBuffer } from 'arkffi';
import { open } from './open.mjs';

/** From curl.h. */
const GLOBAL_ALL = 3;
const NOPROGRESS = 43;
const FAILONERROR = 45;
const FOLLOWLOCATION = 52;
const NOSIGNAL = 99;
const URL_OPTION = 10002;
const WRITEFUNCTION = 20011;
const XFERINFOFUNCTION = 20219;
const CANCELLED = 42;

const Write = { args: ['ptr', 'size_t', 'size_t', 'ptr'], returns: 'size_t' };
const Progress = { args: ['ptr', 'int64', 'int64', 'int64', 'int64'], returns: 'int' };

const lib = open(['libcurl.so.4', 'libcurl-gnutls.so.4', 'curl'], {
  curl_global_init: { args: ['long'], returns: 'int' },
  curl_easy_init: { returns: 'ptr', throws: 'null' },
  curl_easy_setopt: { args: ['ptr', 'int', '...'], returns: 'int', throws: 'nonzero' },
  curl_easy_perform: { args: ['ptr'], returns: 'int' },
  curl_easy_strerror: { args: ['int'], returns: 'CString' },
  curl_easy_cleanup: { args: ['ptr'] },
});
const curl = lib.symbols;

async function download(url, file) {
  const output = openSync(file, 'w');
  let received = 0;
  let shown = -1;
  let cancelled = false;
  const cancel = () => (cancelled = true);
  process.once('SIGINT', cancel);
  let failure;
  // The bytes are libcurl's. It gets to know how many have been taken; where they are not all, it gives up.
  const write = new JSCallback((data, size, count) => {
    try {
      const taken = writeSync(output, toBuffer(data, 0, size * count));
      received += taken;
      return taken;
    } catch (error) {
      failure = error;
      return 0;
    }
  }, Write);
  const progress = new JSCallback((_, total, now) => {
    const tenth = total > 0 ? Math.floor((10 * now) / total) : 0;
    if (tenth !== shown) console.log(`${'#'.repeat(tenth).padEnd(10, '.')} ${tenth * 10} %`);
    shown = tenth;
    return Number(cancelled);
  }, Progress);

  const handle = curl.curl_easy_init();
  try {
    curl.curl_easy_setopt(handle, URL_OPTION, ['CString', url]);
    for (const option of [FOLLOWLOCATION, FAILONERROR, NOSIGNAL]) {
      curl.curl_easy_setopt(handle, option, ['long', 1]);
    }
    curl.curl_easy_setopt(handle, WRITEFUNCTION, [fn(Write), write]);
    curl.curl_easy_setopt(handle, XFERINFOFUNCTION, [fn(Progress), progress]);
    curl.curl_easy_setopt(handle, NOPROGRESS, ['long', 0]);
    const result = await curl.curl_easy_perform.async(handle);
    if (failure !== undefined) throw failure;
    if (result === CANCELLED) throw new Error('cancelled');
    if (result !== 0) throw new Error(curl.curl_easy_strerror(result));
    console.log(`${received} bytes from ${url}`);
  } finally {
    curl.curl_easy_cleanup(handle);
    process.off('SIGINT', cancel);
    closeSync(output);
    write.close();
    progress.close();
  }
}

/** A server in this very process: it can answer since the transfer is elsewhere. */
async function fromHere() {
  const content = Buffer.alloc(5_000_000, 'all that there is, again and again. ');
  const server = createServer((_, response) => {
    response.setHeader('content-length', content.length);
    response.end(content);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'download-'));
  try {
    const file = join(folder, 'content');
    await download(`http://127.0.0.1:${server.address().port}/content`, file);
    console.log(readFileSync(file).equals(content) ? 'It is what was sent.' : 'It is NOT what was sent.');
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

curl.curl_global_init(GLOBAL_ALL);
const [url, file] = process.argv.slice(2);
try {
  await (url === undefined ? fromHere() : download(url, file ?? 'download'));
} catch (error) {
  console.error(`${url ?? 'download'}: ${error.message}`);
  process.exitCode = 1;
} finally {
  lib.close();
}
