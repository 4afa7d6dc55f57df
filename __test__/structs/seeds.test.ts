// The examples of the ownership rules as they stand: by them the library keeps its word.
import { describe, expect, test } from '@jest/globals';
import {
  CFunction,
  CString,
  dlopen,
  ffi,
  FFIType,
  free,
  malloc,
  releasePtr,
  Struct,
  StructSchema,
} from 'arkffi';
import { fixture } from '../support/fixture';
import { outputOf } from '../support/subprocess';

const Complex = Struct({ real: FFIType.double, imag: FFIType.double });
const Named = Struct({ id: FFIType.int, name: FFIType.CString, value: Complex });
const lib = dlopen(fixture, {
  add: { symbol: 'add_f64', args: [FFIType.double, FFIType.double], returns: FFIType.double },
  compute: { args: [FFIType.int, FFIType.double, FFIType.CString], returns: FFIType.double },
  complex_add: { args: [Complex, Complex], returns: Complex },
  named_find: { returns: FFIType.ptr },
  named_copy: { returns: Named },
});

test('primitive arguments', () => {
  expect(lib.symbols.add(2.0, 3.0)).toBe(5);
});

test('string arguments', () => {
  expect(lib.symbols.compute(0, 4.0, 'square')).toBe(16);
});

describe('strings of C', () => {
  test('callString reads only', () => {
    const handle = ffi.load(fixture);
    const found = lib.symbols.named_find();
    expect(ffi.callString(handle, 'named_name', 'p', [found])).toBe('täglich');
    expect(ffi.callString(handle, 'named_name', 'p', [found])).toBe('täglich');
    ffi.close(handle);
  });

  test('a field of a struct at an address is a pointer value, and not releasePtr’s', () => {
    const result = Named.fromPtr(lib.symbols.named_find());
    const ptr = result.name; // const char*, points to C library memory
    const name = new CString(ptr).toString(); // read only
    expect([typeof ptr, name]).toEqual(['number', 'täglich']);
    expect(releasePtr(ptr)).toBe(false);
    expect(new CString(ptr).toString()).toBe('täglich');
    expect(result).toMatchObject({ id: 42, value: { real: 0.5, imag: -0.5 } });
  });

  test('a struct that is returned has the same pointer', () => {
    const held = lib.symbols.named_copy();
    expect(Named.fromPtr(held).name).toBe(Named.fromPtr(lib.symbols.named_find()).name);
    expect(releasePtr(held)).toBe(true);
  });
});

describe('struct arguments', () => {
  const otherBuf = Complex.create({ real: 10, imag: 20 });

  test('are buffers that the user owns', () => {
    const buf = Complex.create({ real: 1, imag: 2 });
    expect(Object.prototype.toString.call(buf)).toBe('[object ArrayBuffer]');
    expect(buf.byteLength).toBe(16);
    const sum = lib.symbols.complex_add(buf, otherBuf);
    expect(Complex.fromPtr(sum)).toEqual({ real: 11, imag: 22 });
    expect([Complex.fromBuffer(buf), Complex.fromBuffer(otherBuf)]).toEqual([
      { real: 1, imag: 2 },
      { real: 10, imag: 20 },
    ]);
    releasePtr(sum);
  });

  test('Complex is a StructSchema', () => {
    expect(Complex).toBeInstanceOf(StructSchema);
  });
});

describe('struct results', () => {
  const [a, b] = [Complex.create({ real: 1, imag: 2 }), Complex.create({ real: 3, imag: 4 })];

  test('are pointers until they are released', () => {
    const ptr = lib.symbols.complex_add(a, b);
    const result = Complex.fromPtr(ptr);
    expect(typeof ptr).toBe('number');
    expect(result).toEqual({ real: 4, imag: 6 });
    expect(releasePtr(ptr)).toBe(true);
    expect(result).toEqual({ real: 4, imag: 6 });
  });

  test('that are forgotten stay valid', () => {
    const forgotten = Array.from({ length: 1000 }, (_, real) => lib.symbols.complex_add({ real }, b));
    expect(forgotten.every((ptr, real) => Complex.fromPtr(ptr).real === real + 3)).toBe(true);
  });

  test('the wrong pointer is silently ignored', () => {
    const named = Named.fromPtr(lib.symbols.named_find());
    const block = malloc(16);
    const wrong: unknown[] = [
      named.name,
      lib.symbols.named_find(),
      0,
      1,
      -1,
      block,
      null,
      undefined,
      'text',
      {},
    ];
    for (const ptr of wrong) expect(releasePtr(ptr as never)).toBe(false);
    free(block);
  });

  test('of a CFunction too', () => {
    const add = CFunction({ args: [Complex, Complex], returns: Complex, ptr: lib.symbols.complex_add });
    const ptr = add({ real: 1, imag: 1 }, { real: 1, imag: 1 });
    expect([Complex.fromPtr(ptr), releasePtr(ptr), releasePtr(ptr)]).toEqual([
      { real: 2, imag: 2 },
      true,
      false,
    ]);
    add.close();
  });
});

test('getSymbolPtr and ffi.ptr give addresses, and allocate nothing', () => {
  const handle = ffi.load(fixture);
  const address = ffi.getSymbolPtr(handle, 'complex_add');
  expect(address).toBe(lib.symbols.complex_add.ptr);
  const buf = Complex.create({ real: 5, imag: 6 });
  expect(Complex.fromPtr(ffi.ptr(buf))).toEqual({ real: 5, imag: 6 });
  expect([releasePtr(address), releasePtr(ffi.ptr(buf))]).toEqual([false, false]);
  ffi.close(handle);
});

test('the raw bridge takes and gives structs as well', () => {
  const handle = ffi.load(fixture);
  const args = [{ real: 1, imag: 2 }, Complex.create({ real: 3, imag: 4 })];
  expect(ffi.callMixed(handle, 'complex_add', [Complex, Complex], Complex.object, args)).toEqual({
    real: 4,
    imag: 6,
  });
  const held = ffi.callMixed(handle, 'complex_add', [Complex, Complex], Complex, args) as number;
  expect([Complex.fromPtr(held), releasePtr(held)]).toEqual([{ real: 4, imag: 6 }, true]);
  ffi.defineFunction(handle, 'complex_add', [Complex, Complex], Complex.object);
  expect(ffi.callBySig(handle, 'complex_add', args)).toEqual({ real: 4, imag: 6 });
  const pointer = ffi.getSymbolPtr(handle, 'complex_add');
  expect(ffi.callPtr(pointer, [Complex, Complex], Complex.object, args)).toEqual({ real: 4, imag: 6 });
  ffi.close(handle);
});

test('as a program of its own, in the words of the documents', () => {
  const program = `
    const { dlopen, Struct, FFIType, CString, releasePtr } = require(entry);
    const Complex = Struct({ real: FFIType.double, imag: FFIType.double });
    const lib = dlopen(fixture, {
      compute: { args: [FFIType.int, FFIType.double, FFIType.CString], returns: FFIType.double },
      complex_add: { args: [Complex, Complex], returns: Complex },
    });
    lib.symbols.compute(0, 4.0, 'square');
    let buf = Complex.create({ real: 1, imag: 2 });
    let otherBuf = Complex.create({ real: 3, imag: 4 });
    let ptr = lib.symbols.complex_add(buf, otherBuf);
    buf = otherBuf = null;
    let result = Complex.fromPtr(ptr);
    releasePtr(ptr);
    console.log(result);
    lib.close();`;
  expect(outputOf(program)).toBe('{ real: 4, imag: 6 }');
});
