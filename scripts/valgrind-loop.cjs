// The calls that scripts/valgrind.mjs watches. Reads of bad addresses are left out: valgrind reports
// the guarded read itself, which is what it is for.
const { dlopen, CFunction, malloc, free, strdup, CString, copy, disposable } = require('../dist/index.js');

const libc = dlopen(null, {
  abs: { args: ['i32'], returns: 'i32' },
  labs: { args: ['i64'], returns: 'i64' },
  free: { args: ['ptr'] },
  strlen: { args: ['CString'], returns: 'usize' },
  getenv: { args: ['CString'], returns: 'CString' },
  snprintf: { args: ['ptr', 'usize', 'CString', '...'], returns: 'i32' },
  memchr: { args: ['ptr', 'i32', 'usize'], returns: 'ptr' },
  wcslen: { args: ['wstring'], returns: 'usize' },
});
const { symbols } = libc;
const { strdup: duplicate } = dlopen(null, {
  strdup: { args: ['CString'], returns: disposable('CString', symbols.free) },
}).symbols;

const rounds = Number(process.argv[2] ?? 2000);
const buffer = Buffer.alloc(64);
for (let round = 0; round < rounds; round++) {
  symbols.abs(-round);
  symbols.labs(-(2n ** 62n));
  symbols.strlen('hello');
  symbols.strlen(`héllo ${round}`);
  symbols.strlen('x'.repeat(3000));
  symbols.getenv('HOME');
  symbols.snprintf(buffer, 64, '%d %s %f', ['i32', round], ['CString', 'text'], ['f64', 1.5]);
  symbols.memchr(buffer, 32, 64);
  symbols.wcslen('wide');
  duplicate(`a copy ${round}`);
  const text = strdup(`block ${round}`);
  new CString(text).toString();
  copy(buffer, text, 5);
  free(text);
  free(malloc(round % 100));
  if (round % 10 !== 0) continue;
  const abs = CFunction({ ptr: symbols.abs, args: ['i32'], returns: 'i32' });
  abs(1);
  abs.close();
}
libc.close();
console.log(`${rounds} rounds`);
