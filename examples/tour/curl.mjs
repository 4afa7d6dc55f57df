// A transfer whose bytes are handed to a function of JavaScript's as they arrive.
import { readFileSync } from 'node:fs';
import { dlopen, fn, JSCallback, readMemory, ref } from '../../dist/index.js';
import { refuse, say, show } from './print.mjs';

export const title = 'libcurl: a write callback';

/** From curl.h. The options are arguments of a variadic function, whose type goes with each value. */
const URL_OPTION = 10002;
const WRITE_FUNCTION = 20011;
const CONTENT_LENGTH = 0x600000 + 15;

const Write = { args: ['ptr', 'size_t', 'size_t', 'ptr'], returns: 'size_t' };

export function run() {
  const lib = dlopen('libcurl.so.4', {
    version: { symbol: 'curl_version', returns: 'CString' },
    init: { symbol: 'curl_easy_init', returns: 'ptr' },
    setopt: { symbol: 'curl_easy_setopt', args: ['ptr', 'int', '...'], returns: 'int' },
    perform: { symbol: 'curl_easy_perform', args: ['ptr'], returns: 'int' },
    getinfo: { symbol: 'curl_easy_getinfo', args: ['ptr', 'int', '...'], returns: 'int' },
    strerror: { symbol: 'curl_easy_strerror', args: ['int'], returns: 'CString' },
    cleanup: { symbol: 'curl_easy_cleanup', args: ['ptr'] },
  });
  const curl = lib.symbols;
  show(() => curl.version().split(' ')[0]);

  say(
    'size_t write(char *data, size_t size, size_t count, void *user): what it returns is what it has taken:',
    "const Write = { args: ['ptr', 'size_t', 'size_t', 'ptr'], returns: 'size_t' }",
  );
  const chunks = [];
  const write = new JSCallback((data, size, count) => {
    chunks.push(Buffer.from(readMemory(data, size * count)));
    return size * count;
  }, Write);
  const easy = curl.init();
  show(() => curl.setopt(easy, URL_OPTION, ['CString', import.meta.url]), 0);
  show(() => curl.setopt(easy, WRITE_FUNCTION, [fn(Write), write]), 0);
  show(() => curl.perform(easy), 0);
  const own = readFileSync(new URL(import.meta.url));
  show(() => Buffer.concat(chunks).equals(own), true);
  const length = ref('i64');
  show(() => curl.getinfo(easy, CONTENT_LENGTH, ['ptr', length]), 0);
  show(() => length.value === own.length, true);

  say("What libcurl finds wrong is a result; it has the words for it. 37 is a file that can't be read:");
  curl.setopt(easy, URL_OPTION, ['CString', 'file:///no/such/file']);
  show(() => curl.perform(easy), 37);
  show(() => curl.strerror(37));

  say('An exception: libcurl gets 0, which ends the transfer, and the exception surfaces from perform:');
  curl.setopt(easy, URL_OPTION, ['CString', import.meta.url]);
  const full = new JSCallback(() => {
    throw new Error('the disk is full');
  }, Write);
  curl.setopt(easy, WRITE_FUNCTION, [fn(Write), full]);
  refuse(() => curl.perform(easy));

  curl.cleanup(easy);
  for (const callback of [write, full]) callback.close();
  lib.close();
}
