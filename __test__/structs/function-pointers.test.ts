// Function pointers in arguments, results and fields.
import { describe, expect, test } from '@jest/globals';
import { calloc, free, read } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { labelled } from '../types/refusal';
import { array, CFunction, fn, functions, ref, releasePtr, Struct, variables, type Call } from './loose';

describe('function pointers', () => {
  const Binary = fn({ args: ['i32', 'i32'], returns: 'i32' });
  const Operator = Struct({ name: 'CString', run: Binary });
  const library = functions(fixture, {
    operate: { args: [Binary, 'i32', 'i32'], returns: 'i32' },
    operator_run: { args: [Operator, 'i32', 'i32'], returns: 'i32' },
    operator_run_at: { args: ['ptr', 'i32', 'i32'], returns: 'i32' },
    operation_find: { args: ['CString'], returns: Binary },
    add_i32: { args: ['i32', 'i32'], returns: 'i32' },
  });
  const { operate, operator_run, operator_run_at, operation_find, add_i32 } = library.symbols as Record<
    'operate' | 'operator_run' | 'operator_run_at' | 'operation_find' | 'add_i32',
    Call
  >;

  test('are symbols, CFunctions, addresses of code, or NULL', () => {
    const subtract = CFunction({ args: ['i32', 'i32'], returns: 'i32', ptr: operation_find('subtract') });
    for (const run of [subtract, subtract.ptr, BigInt(subtract.ptr), operation_find('subtract')]) {
      expect([operate(run, 44, 2), operator_run({ run }, 44, 2)]).toEqual([42, 42]);
      expect(operator_run_at(Operator.create({ run }), 44, 2)).toBe(42);
    }
    expect([operate(add_i32, 1, 2), operator_run({ run: add_i32 }, 1, 2)]).toEqual([3, 3]);
    for (const none of [null, undefined, 0]) expect(operate(none, 1, 2)).toBe(-1);
    expect([operator_run({ run: null }, 1, 2), operator_run({}, 1, 2)]).toEqual([-1, -1]);
    subtract.close();
    expectError(() => operate(subtract, 1, 2), 'ERR_FFI_CLOSED');
    expectError(() => operator_run({ run: subtract }, 1, 2), 'ERR_FFI_CLOSED');
  });

  test('as results and fields they are numbers', () => {
    expect(operation_find('multiply')).toEqual(expect.any(Number));
    expect(operation_find('divide')).toBe(0);
    const { data_operators } = variables(fixture, { data_operators: array(Operator, 2) });
    const operators = data_operators!.value as { name: number; run: number }[];
    expect(operators.map(({ name }) => read.cstring(name))).toEqual(['subtract', 'multiply']);
    expect(operators.map(({ run }) => operate(run, 6, 7))).toEqual([-1, 42]);
    expect(operators[1]!.run).toBe(operation_find('multiply'));
    expect(operator_run(operators[1], 6, 7)).toBe(42);
    const buffer = Operator.create({ run: add_i32 });
    expect(Operator.get(buffer, 'run')).toBe(add_i32.ptr);
    Operator.set(buffer, 'run', operation_find('multiply'));
    Operator.view(buffer)['name'] = 'mine';
    expect(operator_run(buffer, 6, 7)).toBe(42);
  });

  test('memory is no code', () => {
    const block = calloc(1, 64);
    const code = 'ERR_FFI_INVALID_POINTER';
    for (const address of [block, BigInt(block), 16, 4096, { ptr: block }, 2 ** 47, 2n ** 60n, -1]) {
      expectError(() => operate(address, 1, 2), code, 'args[0]');
      expectError(() => operator_run({ run: address }, 1, 2), code, 'args[0].run');
      expectError(() => Operator.create({ run: address }), code, 'create: run');
      expectError(() => Operator.set(Operator.create(), 'run', address), code, 'run');
      expectError(() => (ref(Binary).value = address), code);
    }
    free(block);
  });

  test.each(labelled('text', true, {}, [], Buffer.alloc(8), new ArrayBuffer(8), new Map(), ref('i32')))(
    '%s is none',
    (_, value) => {
      const refused = expect.objectContaining({ code: expect.stringMatching(/^ERR_FFI_INVALID_/) }) as never;
      expect(() => operate(value, 1, 2)).toThrow(refused);
      expect(() => operator_run({ run: value }, 1, 2)).toThrow(refused);
      expect(() => Operator.create({ run: value })).toThrow(refused);
    },
  );

  test('a plain function lives as long as a call, so that no field takes one', () => {
    const code = 'ERR_FFI_INVALID_ARG_TYPE';
    expectError(() => Operator.create({ run: () => 1 }), code, 'run (function pointer) takes a JSCallback');
    expectError(() => operate(true, 1, 2), code, 'args[0] (function pointer) takes a JavaScript function');
  });

  test('the plain type for callbacks checks nothing', () => {
    const Plain = Struct({ run: 'callback' });
    expect(Plain.fromBuffer(Plain.create({ run: 16 }))).toEqual({ run: 16 });
    expect(Plain.fromBuffer(Plain.create({ run: add_i32 }))).toEqual({ run: add_i32.ptr });
    expectError(() => Plain.create({ run: () => 1 }), 'ERR_FFI_INVALID_ARG_TYPE', 'run');
    expectError(() => Plain.create({ run: Buffer.alloc(8) }), 'ERR_FFI_INVALID_ARG_TYPE', 'run');
  });

  test('of structs by value', () => {
    const Complex = Struct({ real: 'f64', imag: 'f64' });
    const { complex_add } = functions(fixture, {
      complex_add: { args: [Complex, Complex], returns: Complex.object },
    }).symbols as Record<'complex_add', Call>;
    const add = CFunction({ args: [Complex, Complex], returns: Complex, ptr: complex_add });
    const held = add({ real: 1 }, { imag: 2 });
    expect([Complex.fromPtr(held), releasePtr(held)]).toEqual([{ real: 1, imag: 2 }, true]);
    const Holder = Struct({ add: fn({ args: [Complex, Complex], returns: Complex.object }) });
    expect(Holder.fromBuffer(Holder.create({ add }))).toEqual({ add: complex_add.ptr });
    add.close();
  });
});
