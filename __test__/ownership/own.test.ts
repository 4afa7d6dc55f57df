// C memory that is owned: its deallocator gets it exactly once.
import { describe, expect, test } from '@jest/globals';
import {
  CFunction,
  dlopen,
  free,
  isLive,
  JSCallback,
  malloc,
  memoryUsage,
  own,
  sharedAlloc,
  write,
  type FunctionLike,
  type PointerLike,
} from 'arkffi';
import { compile } from '../support/compile';
import { expectError } from '../support/errors';
import { library } from './library';

const { ow_make, ow_free, ow_note, ow_recorded, ow_times } = library.symbols;
const owned = () => memoryUsage().owned;

describe('close', () => {
  test('frees once, however often it is called', () => {
    const before = ow_recorded();
    const held = own(ow_make(8), ow_note, { size: 8 });
    const { ptr } = held;
    expect(owned()).toEqual({ count: 1, bytes: 8 });
    for (let round = 0; round < 3; round++) {
      held.close();
      held[Symbol.dispose]();
    }
    expect(ow_recorded()).toBe(before + 1);
    expect(ow_times(ptr)).toBe(1);
    expect(owned()).toEqual({ count: 0, bytes: 0 });
  });

  test('leaves nothing that can be used', () => {
    const held = own(ow_make(8), ow_free);
    expect(isLive(held.ptr)).toBe(true);
    const { ptr } = held;
    held.close();
    expect(isLive(ptr)).toBe(false);
    expectError(() => held.ptr, 'ERR_FFI_CLOSED');
    expectError(() => held.forget(), 'ERR_FFI_CLOSED');
    expectError(() => ow_times(held), 'ERR_FFI_CLOSED');
  });

  test('of one does not touch others', () => {
    const held = Array.from({ length: 100 }, () => own(ow_make(1), ow_note, { size: 3 }));
    expect(owned()).toEqual({ count: 100, bytes: 300 });
    const addresses = held.map(({ ptr }) => ptr);
    // C may have given an address before.
    const before = addresses.map((address) => ow_times(address));
    held.slice(0, 50).forEach((one) => one.close());
    expect(addresses.map((address, index) => ow_times(address) - before[index]!)).toEqual(
      held.map((_, index) => (index < 50 ? 1 : 0)),
    );
    expect(owned()).toEqual({ count: 50, bytes: 150 });
    held.slice(50).forEach((one) => one.close());
  });

  test('of an address that C gives again is that of the new one', () => {
    const address = ow_make(16);
    const first = own(address, ow_note);
    first.close();
    const times = ow_times(address);
    const second = own(address, ow_note);
    first.close();
    expect(ow_times(address)).toBe(times);
    expect(second.ptr).toBe(address);
    second.close();
    expect(ow_times(address)).toBe(times + 1);
  });
});

describe('forget', () => {
  test('gives the memory away: nothing is freed', () => {
    const held = own(ow_make(8), ow_note, { size: 100 });
    const address = held.forget();
    expect(owned()).toEqual({ count: 0, bytes: 0 });
    held.close();
    expectError(() => held.ptr, 'ERR_FFI_CLOSED');
    expectError(() => held.forget(), 'ERR_FFI_CLOSED');
    expect(ow_times(address)).toBe(0);
    own(address, ow_free).close();
    expect(ow_times(address)).toBe(1);
  });

  test('is refused while a call uses it', async () => {
    const held = own(ow_make(8), ow_free);
    const call = library.symbols.ow_sum_late.async(held, 8, 30);
    expectError(() => held.forget(), 'ERR_FFI_BUSY');
    expect(isLive(held.ptr)).toBe(true);
    await call;
    ow_free(held.forget());
  });
});

describe('what can free', () => {
  test.each<[string, () => FunctionLike]>([
    ['a symbol', () => ow_note],
    ['its address', () => ow_note.ptr],
    ['its address as a bigint', () => BigInt(ow_note.ptr)],
    ['a CFunction', () => CFunction({ args: ['ptr'], ptr: ow_note.ptr })],
  ])('%s', (_, make) => {
    const address = ow_make(8);
    const before = ow_times(address);
    own(address, make()).close();
    expect(ow_times(address)).toBe(before + 1);
    ow_free(address);
  });

  test('free of libc', () => {
    const libc = dlopen(null, { malloc: { args: ['usize'], returns: 'ptr' }, free: { args: ['ptr'] } });
    for (let round = 0; round < 1000; round++) own(libc.symbols.malloc(1000), libc.symbols.free).close();
    expect(owned().count).toBe(0);
  });

  test('a function of a library that has been closed meanwhile', () => {
    const path = compile(
      'libowdealloc.so',
      'int owd_calls; void owd_free(void *p) { (void)p; owd_calls++; }',
    );
    const other = dlopen(path, { owd_free: { args: ['ptr'] }, owd_calls: { type: 'int' } });
    const again = dlopen(path, { owd_calls: { type: 'int' } });
    const held = own(0x1000, other.symbols.owd_free);
    other.close();
    held.close();
    expect(again.symbols.owd_calls.value).toBe(1);
    again.close();
    // A closed function is no deallocator any more.
    expectError(() => own(0x2000, other.symbols.owd_free), 'ERR_FFI_CLOSED');
  });

  test('no JSCallback, whichever way it is given', () => {
    const callback = new JSCallback(() => undefined, { args: ['ptr'] });
    const before = owned();
    for (const given of [callback, callback.ptr, BigInt(callback.ptr)])
      expectError(() => own(ow_make(1), given), 'ERR_FFI_INVALID_ARG_TYPE', 'JSCallback');
    expect(owned()).toEqual(before);
    callback.close();
  });

  test.each<[string, unknown, Parameters<typeof expectError>[1]]>([
    ['null', null, 'ERR_FFI_INVALID_POINTER'],
    ['nothing', undefined, 'ERR_FFI_INVALID_POINTER'],
    ['an address of no code', 4096, 'ERR_FFI_INVALID_POINTER'],
    ['a plain function', () => 1, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['text', 'free', 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('not %s', (_, given, code) => {
    expectError(() => own(ow_make(1), given as FunctionLike), code);
    expect(owned().count).toBe(0);
  });
});

describe('what can be owned', () => {
  test('not what is owned, until it is free again', () => {
    const address = ow_make(8);
    const first = own(address, ow_note);
    expectError(() => own(address, ow_note), 'ERR_FFI_INVALID_POINTER', 'owned already');
    expectError(() => own(first, ow_free), 'ERR_FFI_INVALID_POINTER');
    expect(owned().count).toBe(1);
    first.close();
    expect(ow_times(address)).toBe(1);
    own(address, ow_free).close();
  });

  test("not arkffi's own memory", () => {
    const block = malloc(16);
    const memory = sharedAlloc(16);
    const result = library.symbols.pair(1, 2);
    for (const address of [block, block + 8, memory.ptr, result])
      expectError(() => own(address, ow_free), 'ERR_FFI_INVALID_POINTER', "arkffi's own");
    write.u8(block, 0, 1);
    free(block);
    memory.close();
  });

  test.each<[string, unknown, Parameters<typeof expectError>[1]]>([
    ['NULL', 0, 'ERR_FFI_INVALID_POINTER'],
    ['null', null, 'ERR_FFI_INVALID_POINTER'],
    ['undefined', undefined, 'ERR_FFI_INVALID_POINTER'],
    ['a typed array', new Uint8Array(8), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an ArrayBuffer', new ArrayBuffer(8), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a SharedArrayBuffer', new SharedArrayBuffer(8), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['an object whose address is a buffer', { ptr: new Uint8Array(8) }, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a JSCallback', new JSCallback(() => undefined), 'ERR_FFI_INVALID_ARG_TYPE'],
    ['text', 'text', 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a fraction', 8.5, 'ERR_FFI_OUT_OF_RANGE'],
  ])('not %s', (_, given, code) => {
    expectError(() => own(given as PointerLike, ow_free), code);
    expect(owned().count).toBe(0);
  });

  test.each<[string, unknown, Parameters<typeof expectError>[1]]>([
    ['a size of text', { size: '8' }, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['a negative size', { size: -1 }, 'ERR_FFI_OUT_OF_RANGE'],
    ['an unknown option', { bytes: 8 }, 'ERR_FFI_INVALID_ARG_TYPE'],
    ['null', null, 'ERR_FFI_INVALID_ARG_TYPE'],
  ])('options that are wrong: %s', (_, options, code) => {
    expectError(() => own(ow_make(1), ow_free, options as never), code);
    expect(owned().count).toBe(0);
  });
});
