/** Runtimes that forbid external memory, as Electron does: views are copies. */
import { describe, expect, test } from '@jest/globals';
import { outputOf } from '../support/subprocess';

const load = `
  const { dlopen, toArrayBuffer, toBuffer, calloc, read, write, Struct } = require(entry);
  const { counting_free, freed_count, freed_last } = dlopen(fixture, {
    counting_free: { args: ['ptr'] },
    freed_count: { returns: 'int' },
    freed_last: { returns: 'ptr' },
  }).symbols;
  const block = calloc(16, 1);
  write.u32(block, 4, 7);
`;
const run = (source: string) => outputOf(load + source, { env: { ARKFFI_EXTERNAL_MEMORY: 'off' } });

describe.each(['toArrayBuffer', 'toBuffer'])('%s where external memory is forbidden', (view) => {
  test('is a copy: neither side sees what the other writes', () => {
    const program = `
      const bytes = Buffer.from(${view}(block, 4, 8));
      write.u32(block, 4, 9);
      bytes[1] = 1;
      console.log(bytes.length, bytes[0], read.u32(block, 4));`;
    expect(run(program)).toBe('8 7 9');
  });

  test('calls the deallocator at once, after the copy, and once', () => {
    const program = `
      let view = ${view}(block, 4, 8, counting_free);
      const counts = [freed_count(), freed_last() - block, Buffer.from(view)[0]];
      view = undefined;
      gc();
      setTimeout(() => console.log(...counts, freed_count()), 20);`;
    expect(outputOf(load + program, { flags: ['--expose-gc'], env: { ARKFFI_EXTERNAL_MEMORY: 'off' } })).toBe(
      '1 4 7 1',
    );
  });

  test('frees nothing when the range is refused', () => {
    const program = `
      assert.throws(() => ${view}(16, 0, 8, counting_free), { code: 'ERR_FFI_INVALID_POINTER' });
      assert.throws(() => ${view}(block, 12, 8, counting_free), { code: 'ERR_FFI_OUT_OF_BOUNDS' });
      console.log(freed_count());`;
    expect(run(program)).toBe('0');
  });

  test('of no bytes', () => {
    expect(run(`console.log(${view}(block, 0, 0, counting_free).byteLength, freed_count());`)).toBe('0 1');
  });
});

test('without the switch the same program shares the memory', () => {
  const program = `${load}
    const view = toBuffer(block, 4, 8);
    write.u32(block, 4, 9);
    console.log(view[0]);`;
  expect(outputOf(program)).toBe('9');
});
