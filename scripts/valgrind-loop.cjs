// The calls that scripts/valgrind.mjs watches. Reads of bad addresses are left out: valgrind reports
// the guarded read itself, which is what it is for.
const arkffi = require('../dist/index.js');
const { dlopen, CFunction, malloc, free, strdup, CString, copy, disposable } = arkffi;
const { Arena, own, realloc, calloc, toArrayBuffer, setMemoryLimit, memoryUsage } = arkffi;
const { Struct, Union, array, bits, fn, JSCallback, read, releasePtr } = arkffi;

const libc = dlopen(null, {
  abs: { args: ['i32'], returns: 'i32' },
  labs: { args: ['i64'], returns: 'i64' },
  free: { args: ['ptr'] },
  plainCopy: { symbol: 'strdup', args: ['CString'], returns: 'ptr' },
  sort: { symbol: 'qsort', args: ['ptr', 'usize', 'usize', fn({ args: ['ptr', 'ptr'], returns: 'int' })] },
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

/** Structs of libc's own: in registers, in memory, as an argument. */
const Quotient = Struct({ quot: 'long', rem: 'long' });
const Address = Struct({ s_addr: 'u32' });
const Heap = Struct({ sizes: array('usize', 10) });
const structs = dlopen(null, {
  ldiv: { args: ['long', 'long'], returns: Quotient.object },
  heldQuotient: { symbol: 'ldiv', args: ['long', 'long'], returns: Quotient },
  inet_ntoa: { args: [Address], returns: 'CString' },
  mallinfo2: { returns: Heap.object, optional: true },
  heldHeap: { symbol: 'mallinfo2', returns: Heap, optional: true },
}).symbols;
const Record = Struct({
  name: 'CString',
  flags: bits('u32', 5),
  either: Union({ whole: 'i64', half: 'f32' }),
  at: Quotient,
});

/** Memory that is C's alone. */
const shared = dlopen(null, { calloc: { args: ['usize', 'usize'], returns: 'ptr' } }).symbols.calloc(2, 8);

function useStructs(round) {
  structs.ldiv(round, 7);
  const quotient = structs.heldQuotient(round, 7);
  Quotient.fromPtr(quotient);
  releasePtr(quotient);
  structs.inet_ntoa({ s_addr: round });
  structs.inet_ntoa(Address.create({ s_addr: round }));
  structs.mallinfo2?.();
  if (structs.heldHeap !== null) releasePtr(structs.heldHeap());
  const record = Record.create({
    name: `name ${round}`,
    flags: round % 32,
    either: { half: 1.5 },
    at: { rem: 1 },
  });
  const view = Record.view(record);
  view.at.quot = round;
  Quotient.view(shared).rem = view.at.quot;
  new Uint8Array(toArrayBuffer(shared, 8, 8))[7] ^= Quotient.view(shared).rem;
  Record.write(record, { either: Record.fromBuffer(record).either });
  Record.get(record, 'at.quot');
}

/** Callbacks: of their own, for one call, closed in their call, failing, on other threads. */
const compare = fn({ args: ['ptr', 'ptr'], returns: 'i32' });
const { qsort, pumped } = dlopen(null, {
  qsort: { args: ['ptr', 'usize', 'usize', compare] },
  pumped: { symbol: 'qsort', args: ['ptr', 'usize', 'usize', 'callback'], pump: true },
}).symbols;
const byValue = (a, b) => read.i32(a) - read.i32(b);

async function useCallbacks(round) {
  const values = Int32Array.from({ length: 16 }, (_, index) => (index * 7 + round) % 16);
  qsort(values, 16, 4, byValue);
  const quotient = new JSCallback(({ quot, rem }, text) => ({ quot: rem, rem: quot + text.length }), {
    args: [Quotient, 'CString'],
    returns: Quotient.object,
  });
  quotient.call({ quot: round, rem: 1 }, `text ${round}`);
  quotient.close();
  const text = new JSCallback(() => `result ${round}`, { returns: 'CString' });
  text.call();
  text.close();
  const failing = new JSCallback(
    () => {
      failing.close();
      throw new Error('no order');
    },
    { args: ['ptr', 'ptr'], returns: 'i32' },
  );
  try {
    pumped(values, 2, 4, failing);
  } catch {
    // As it should.
  }
  await qsort.async(values, 16, 4, byValue);
  await Promise.all([symbols.getenv.async('HOME'), symbols.strlen.async(`text ${round}`)]);
  releasePtr(await structs.heldQuotient.async(round, 7));
}

let inUse = 0;
const busy = new JSCallback(
  (first, second) => {
    try {
      free(inUse);
    } catch {
      return first - second;
    }
    return 0;
  },
  { args: ['ptr', 'ptr'], returns: 'int' },
);

/** Everything that is held and released, and refused while it is in use. */
function useMemory(round) {
  const arena = new Arena();
  arena.cstring(`text ${round}`);
  arena.alloc(round % 5000, 64);
  arena.array('i32', [round, 2, 3]);
  arena.close();
  const owned = own(symbols.plainCopy('owned'), symbols.free, { size: 6 });
  owned.close();
  const block = realloc(calloc(4, round % 50), 100);
  toArrayBuffer(block, 0, 100);
  inUse = block;
  symbols.sort(block, 4, 4, busy);
  free(block);
  setMemoryLimit(memoryUsage().bytes + 10);
  try {
    malloc(100);
  } catch {
    // As it should.
  }
  setMemoryLimit(0);
}

const rounds = Number(process.argv[2] ?? 2000);
const buffer = Buffer.alloc(64);

async function use(round) {
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
  useStructs(round);
  useMemory(round);
  if (round % 10 !== 0) return;
  await useCallbacks(round);
  const abs = CFunction({ ptr: symbols.abs, args: ['i32'], returns: 'i32' });
  abs(1);
  abs.close();
}
async function main() {
  for (let round = 0; round < rounds; round++) await use(round);
  libc.close();
  console.log(`${rounds} rounds`);
}
void main();
