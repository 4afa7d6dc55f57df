// What the example needs of libc.
import { dlopen } from 'arkffi';

export const library = dlopen(null, {
  malloc: { args: ['size_t'], returns: 'ptr' },
  calloc: { args: ['size_t', 'size_t'], returns: 'ptr' },
  realloc: { args: ['ptr', 'size_t'], returns: 'ptr' },
  free: { args: ['ptr'] },
  malloc_usable_size: {
    symbol: process.platform === 'darwin' ? 'malloc_size' : 'malloc_usable_size',
    args: ['ptr'],
    returns: 'size_t',
  },
  open_memstream: { args: ['ptr', 'ptr'], returns: 'ptr', throws: 'null' },
  fclose: { args: ['ptr'], returns: 'int', throws: 'nonzero' },
  fflush: { args: ['ptr'], returns: 'int', throws: 'nonzero' },
});
export const libc = library.symbols;
