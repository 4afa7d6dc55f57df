// A `ptr` may be a getter: user code that runs in the middle of a conversion, and takes away what was looked at.
import { describe, expect, test } from '@jest/globals';
import { copy, dlopen, ffi, ref, write } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';

const { two, text } = dlopen(fixture, {
  two: { symbol: 'echo_ptr', args: ['ptr', 'ptr'], returns: 'ptr' },
  text: { symbol: 'echo_ptr', args: ['CString', 'ptr'], returns: 'ptr' },
}).symbols;
const handle = ffi.load(fixture);

/** A buffer, and an address that detaches it when it is read. */
function trap() {
  const buffer = new ArrayBuffer(64);
  const address = {
    get ptr() {
      if (buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer] });
      return 1;
    },
  };
  return { buffer, view: new Uint8Array(buffer), address };
}

describe('a buffer that is detached after it was looked at is refused', () => {
  test.each<[string, (given: ReturnType<typeof trap>) => unknown]>([
    ['an ArrayBuffer argument', ({ buffer, address }) => two(buffer, address)],
    ['a typed array argument', ({ view, address }) => two(view, address)],
    ['a buffer for a string', ({ view, address }) => text(view, address)],
    ['the raw bridge', ({ view, address }) => ffi.callMixed(handle, 'echo_ptr', 'pp', 'p', [view, address])],
    ['write.ptr', ({ buffer, address }) => write.ptr(buffer, 0, address)],
    ['copy to', ({ buffer, address }) => copy(buffer, address, 8)],
  ])('%s', (_, use) => {
    expectError(() => use(trap()), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
  });

  test('an argument known from an earlier call', () => {
    const { view, address } = trap();
    expect(two(view, null)).toBe(ffi.ptr(view));
    expect(two(view, null)).toBe(ffi.ptr(view));
    expectError(() => two(view, address), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
    expectError(() => two(view, null), 'ERR_FFI_INVALID_ARG_TYPE', 'detached');
  });
});

test('a getter is read once', () => {
  let reads = 0;
  const counting = {
    get ptr() {
      reads++;
      return Number(ffi.ptr(source));
    },
  };
  const source = Buffer.alloc(8);
  const uses: (() => unknown)[] = [
    () => two(counting, null),
    () => copy(Buffer.alloc(8), counting, 8),
    () => write.u8(counting, 0, 1),
    () => ffi.readMemory(counting, 8),
    () => (ref('ptr').value = counting),
  ];
  for (const use of uses) {
    reads = 0;
    use();
    expect(reads).toBe(1);
  }
});

test('what a getter throws comes out as it is', () => {
  const thrown = new Error('from the getter');
  const throwing = {
    get ptr(): number {
      throw thrown;
    },
  };
  for (const use of [() => two(throwing, null), () => write.u8(throwing, 0, 1), () => ffi.ptr(throwing)]) {
    expect(use).toThrow(thrown);
  }
});
