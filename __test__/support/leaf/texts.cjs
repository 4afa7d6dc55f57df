// Strings read at addresses so often that V8 compiles it, and changed in between. Prints 'right'.
'use strict';
const assert = require('node:assert');
const { compileFunction } = require('node:vm');
const [, , entry] = process.argv;
const { CString, dlopen, free, malloc, read, setLeafCalls, strdup, write } = require(entry);

const { mmap, munmap } = dlopen(null, {
  mmap: { args: ['ptr', 'usize', 'int', 'int', 'int', 'i64'], returns: 'ptr' },
  munmap: { args: ['ptr', 'usize'], returns: 'int' },
}).symbols;
const size = 1 << 20;
const area = mmap(0, size, 3, process.platform === 'darwin' ? 0x1002 : 0x22, -1, 0);
const end = area + size - 4096;
assert.strictEqual(munmap(end, 4096), 0);

const texts = ['', 'a', 'ab', 'abc', 'abd', 'x'.repeat(62), 'x'.repeat(63), 'x'.repeat(64), 'y'.repeat(500)];
texts.push('ünïcödé', '€', '😀', 'a€', `${'x'.repeat(60)}€`);
const { go } = compileFunction(
  `return {
    go(n, at, text) {
      for (let i = 0; i < n; i++) {
        const got = read.cstring(at), made = new CString(at);
        if (got !== text || made.toString() !== text || made.ptr !== at) throw new Error(got + ' for ' + text);
      }
    },
  };`,
  ['read', 'CString'],
)(read, CString);
const put = (at, text) => write.cstring(at, 0, text);

const often = Number(process.env.OFTEN ?? 3000);
function round() {
  // At one place, one after the other; then all at once, so that places are shared.
  for (const text of texts) {
    put(area + 8, text);
    go(often, area + 8, text);
  }
  let at = area + 4096;
  for (let i = 0; i < 400; i++) {
    put(at, `${texts[i % texts.length]}${i}`);
    at += 600;
  }
  for (let again = 0; again < 3; again++) {
    for (let i = 0; i < 400; i++) go(3, area + 4096 + 600 * i, `${texts[i % texts.length]}${i}`);
  }
  for (const text of ['', 'end', 'x'.repeat(63)]) {
    const start = end - text.length - 1;
    put(start, text);
    go(often, start, text);
    write.u8(end - 1, 0, 33);
    assert.throws(() => read.cstring(start), { code: 'ERR_FFI_INVALID_POINTER' });
    assert.throws(() => new CString(start), { code: 'ERR_FFI_INVALID_POINTER' });
  }
  for (const bad of [16, end, 2 ** 47 + 1, Number.MAX_SAFE_INTEGER]) {
    assert.throws(() => read.cstring(bad), { code: 'ERR_FFI_INVALID_POINTER', message: /^read\.cstring/ });
    assert.throws(() => new CString(bad), { code: 'ERR_FFI_INVALID_POINTER', message: /^CString/ });
  }
  assert.strictEqual(new CString(0).toString(), '');
  assert.throws(() => read.cstring(0), { code: 'ERR_FFI_INVALID_POINTER' });
  // What is no UTF-8, where something else has been kept.
  put(area + 8, 'plain');
  go(often, area + 8, 'plain');
  write.u8(area + 8, 2, 0xff);
  assert.strictEqual(read.cstring(area + 8), 'pl\ufffdin');
  assert.deepStrictEqual(
    [...new Uint8Array(new CString(area + 8).arrayBuffer)],
    [0x70, 0x6c, 0xff, 0x69, 0x6e],
  );
  // Blocks have their bounds.
  const block = strdup('in a block');
  go(often, block, 'in a block');
  write.u8(block, 10, 33);
  assert.throws(() => read.cstring(block), { code: 'ERR_FFI_OUT_OF_BOUNDS' });
  free(block);
  const other = malloc(8);
  write.cstring(other, 0, 'another');
  go(often, other, 'another');
  assert.strictEqual(read.cstring(other, 3), 'ther');
  free(other);
  put(area + 8, 'offsets');
  for (let i = 0; i < often; i++) {
    assert.strictEqual(read.cstring(area, 8 + (i % 8)), 'offsets'.slice(i % 8));
    assert.strictEqual(new CString(area + 16, (i % 8) - 8).toString(), 'offsets'.slice(i % 8));
  }
  assert.strictEqual(read.cstring(BigInt(area + 8)), 'offsets');
  assert.strictEqual(read.cstring({ ptr: area + 8 }), 'offsets');
  assert.throws(() => read.cstring(area + 0.5), { code: 'ERR_FFI_OUT_OF_RANGE' });
  assert.throws(() => read.cstring(area, 0.5), { code: 'ERR_FFI_OUT_OF_RANGE' });
  assert.throws(() => read.cstring(-2), { code: 'ERR_FFI_OUT_OF_RANGE' });
}
for (let i = 0; i < 4; i++) round();
setLeafCalls(false);
round();
setLeafCalls(true);
round();
console.log('right');
