// Mistakes that end a C program, or give it a wrong value, are errors here.
import { dlopen, free, malloc, read, write } from '../../dist/index.js';
import { refuse, say } from './print.mjs';

export const title = 'Mistakes throw: nothing is rounded, cut off or dereferenced blindly';

export function run() {
  const lib = dlopen('libc.so.6', {
    abs: { args: ['int'], returns: 'int' },
    strlen: { args: ['CString'], returns: 'size_t' },
  });
  const { abs, strlen } = lib.symbols;

  say('A wrong value:');
  refuse(() => abs(1.5));
  refuse(() => write.u8(Buffer.alloc(1), 0, 300));
  refuse(() => abs('7'));
  refuse(() => abs());
  refuse(() => strlen('cut\0here'));

  say('A wrong name:');
  refuse(() => dlopen('libc.so.6', { strlenn: { args: ['CString'], returns: 'size_t' } }));
  refuse(() => dlopen('libc.so.6', { strlen: { args: ['CStrng'], returns: 'size_t' } }));

  say('A wrong address:');
  refuse(() => read.u32(16));
  const block = malloc(8);
  free(block);
  refuse(() => free(block));
  refuse(() => read.u32(new Uint8Array(8), 6));

  say('Too late:');
  lib.close();
  refuse(() => abs(-1));
}
