// Strings, buffers, a variadic function and a variable.
import { dlopen, read } from '../../dist/index.js';
import { say, show } from './print.mjs';

export const title = 'libc: strings, buffers, variadic functions, variables';

export function run() {
  const lib = dlopen('libc.so.6', {
    strlen: { args: ['CString'], returns: 'size_t' },
    getenv: { args: ['CString'], returns: 'CString' },
    snprintf: { args: ['ptr', 'size_t', 'CString', '...'], returns: 'int' },
  });
  const { strlen, getenv, snprintf } = lib.symbols;

  say('A string is copied as UTF-8 for the call; é takes two bytes:');
  show(() => strlen('café'));

  say('A char* result is copied into a JavaScript string; NULL is null:');
  process.env.ARKFFI_TOUR = 'hello from the environment';
  show(() => getenv('ARKFFI_TOUR'));
  show(() => getenv('ARKFFI_NO_SUCH_VARIABLE'));

  say('A variadic function takes its extra arguments as [type, value]. C writes into a Buffer:');
  const buffer = Buffer.alloc(64);
  show(() =>
    snprintf(
      buffer,
      buffer.length,
      '%s has %d rows, %.1f %%',
      ['CString', 'x'],
      ['int', 42],
      ['double', 7.5],
    ),
  );
  show(() => read.cstring(buffer));

  say('The running process is a library too. `environ` is a variable of C, a NULL-terminated char**:');
  const self = dlopen(null, { environ: { type: 'ptr' } });
  const environ = show(() => self.symbols.environ.value);
  const texts = [];
  for (let at = 0, text; (text = read.ptr(environ, at)) !== 0; at += 8) texts.push(read.cstring(text));
  show(() => texts.find((text) => text.startsWith('ARKFFI_TOUR=')));

  self.close();
  lib.close();
}
