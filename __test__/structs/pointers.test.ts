// Pointers to types, opaque types and linked lists.
import { describe, expect, test } from '@jest/globals';
import { free, malloc, read } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import { labelled } from '../types/refusal';
import {
  alignof,
  array,
  functions,
  opaque,
  OpaquePointer,
  pointer,
  ref,
  sizeof,
  Struct,
  type Call,
  type Fields,
  type Schema,
} from './loose';

const Node: Schema = Struct({ value: 'i32', next: pointer(() => Node) });

describe('linked lists', () => {
  const { list_make, list_sum, list_free } = functions(fixture, {
    list_make: { args: ['i32'], returns: pointer(Node) },
    list_sum: { args: [pointer(Node)], returns: 'i64' },
    list_free: { args: [pointer(Node)] },
  }).symbols as Record<'list_make' | 'list_sum' | 'list_free', Call>;

  test('of C are followed', () => {
    const first = list_make(10);
    const values = [];
    for (let at = first; at !== 0; at = Node.fromPtr(at)['next']) values.push(Node.get(at, 'value'));
    expect(values).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(list_sum(first)).toBe(55);
    list_free(first);
    expect([list_make(0), list_sum(null), list_sum(0)]).toEqual([0, 0, 0]);
  });

  test('of buffers are followed by C', () => {
    const last = Node.create({ value: 3 });
    const middle = Node.create({ value: 20, next: last });
    const first = Node.create({ value: 100, next: new Uint8Array(middle) });
    expect(list_sum(first)).toBe(123);
    Node.set(last, 'value', 4);
    expect(list_sum(first)).toBe(124);
    Node.set(middle, 'next', null);
    expect(list_sum(first)).toBe(120);
    Node.view(middle)['next'] = last;
    expect(list_sum(Node.ptr(first))).toBe(124);
  });

  test('that end in themselves are only addresses', () => {
    const node = Node.create({ value: 1 });
    Node.set(node, 'next', node);
    expect(Node.fromBuffer(node)).toEqual({ value: 1, next: Node.ptr(node) });
    expect(Node.fromPtr(Node.fromPtr(node)['next'])).toEqual({ value: 1, next: Node.ptr(node) });
  });
});

describe('a pointer type', () => {
  test('has the size of an address, and accepts what ptr accepts', () => {
    const One = Struct({ at: pointer('f64'), list: array(pointer(pointer('void')), 2) });
    expect([sizeof(pointer(Node)), alignof(pointer('i8')), One.size]).toEqual([8, 8, 24]);
    const bytes = new Float64Array(2);
    const buffer = One.create({ at: bytes.subarray(1), list: [16n, { ptr: 32 }] });
    expect(One.fromBuffer(buffer)).toEqual({ at: Number(One.get(buffer, 'at')), list: [16, 32] });
    expect(read.f64(One.get(buffer, 'at') as number)).toBe(0);
    expect(One.fromBuffer(One.create({ at: -1, list: [null, 0n] }))).toEqual({
      at: 2n ** 64n - 1n,
      list: [0, 0],
    });
    for (const at of ['text', true, {}, [], () => 1, Symbol('s')]) {
      expectError(() => One.create({ at }), 'ERR_FFI_INVALID_ARG_TYPE', 'create: at');
    }
    for (const at of [-2, 0.5, 2 ** 53, 2n ** 64n])
      expectError(() => One.create({ at }), 'ERR_FFI_OUT_OF_RANGE', 'at');
  });

  test('of a function that gives the type asks it late, or never', () => {
    const late = pointer(() => {
      throw new Error('asked too early');
    });
    expect(sizeof(Struct({ at: late }))).toBe(8);
  });

  test('as a result is a number; as an out-parameter too', () => {
    const { echo_ptr } = functions(fixture, {
      echo_ptr: { args: [pointer('i32')], returns: pointer('i32') },
    }).symbols;
    expect([echo_ptr!(4096), echo_ptr!(null), echo_ptr!(2n ** 60n)]).toEqual([4096, 0, 2n ** 60n]);
    expect(ref(pointer('i32'), 64).value).toBe(64);
  });
});

describe('opaque types', () => {
  const Counter = opaque('Counter');
  const Other = opaque('Other');
  const Stepper = Struct({ counter: Counter, step: 'i32' });
  const { counter_open, counter_next, counter_close, other_open, stepper_next, stepper_make } = functions(
    fixture,
    {
      counter_open: { args: ['i32'], returns: Counter },
      counter_next: { args: [pointer(Counter)], returns: 'i32' },
      counter_close: { args: [Counter] },
      other_open: { returns: pointer(Other) },
      stepper_next: { args: [Stepper], returns: 'i32' },
      stepper_make: { args: ['i32'], returns: Stepper.object },
    },
  ).symbols as Record<'counter_open' | 'counter_next' | 'counter_close' | 'other_open', Call> &
    Record<'stepper_next' | 'stepper_make', Call>;
  const open = (start = 0) => counter_open(start) as { readonly ptr: number };

  test('a result is an object of its own, or null', () => {
    const counter = open(5);
    expect(counter).toBeInstanceOf(OpaquePointer);
    expect(counter.ptr).toBeGreaterThan(0);
    expect([counter_next(counter), counter_next(counter), counter_next(counter.ptr)]).toEqual([5, 6, 7]);
    expect(Object.isFrozen(counter)).toBe(true);
    counter_close(counter);
    expect([counter_open(-1), counter_next(null), counter_next(0)]).toEqual([null, -1, -1]);
  });

  test('two of one name are one type', () => {
    const counter = open(8);
    const again = functions(fixture, {
      counter_next: { args: [opaque('Counter')], returns: 'i32' },
      counter_close: { args: [pointer(opaque('Counter'))] },
    }).symbols;
    expect(again['counter_next']!(counter)).toBe(8);
    again['counter_close']!(counter);
  });

  test('a pointer to another type is refused, everywhere', () => {
    const [counter, other] = [open(), other_open()];
    const code = 'ERR_FFI_INVALID_ARG_TYPE';
    expectError(() => counter_next(other), code, /args\[0\].*Counter/);
    expectError(() => stepper_next({ counter: other, step: 1 }), code, /args\[0\]\.counter.*Counter/);
    expectError(() => Stepper.create({ counter: other }), code, 'counter');
    expectError(() => Stepper.set(Stepper.create(), 'counter', other), code, 'counter');
    expectError(() => (ref(Other).value = counter), code, 'Other');
    expectError(() => Struct({ list: array(Other, 2) }).create({ list: [other, counter] }), code, 'list[1]');
    counter_close(counter);
  });

  test('a plain pointer takes it, and it takes a plain address', () => {
    const counter = open(3);
    const { echo_ptr } = functions(fixture, { echo_ptr: { args: ['ptr'], returns: 'ptr' } }).symbols;
    expect(echo_ptr!(counter)).toBe(counter.ptr);
    expect(counter_next(BigInt(counter.ptr))).toBe(3);
    expect(counter_next({ ptr: counter.ptr })).toBe(4);
    expect(counter_next(Int32Array.of(9))).toBe(9);
    counter_close(counter);
  });

  test('within a struct it is a number', () => {
    const stepper = stepper_make(4) as Fields;
    expect(stepper).toEqual({ counter: expect.any(Number), step: 4 });
    expect([stepper_next(stepper), stepper_next(stepper)]).toEqual([4, 8]);
    const counter = open(10);
    expect(stepper_next({ counter, step: 1 })).toBe(11);
    expect(Stepper.fromBuffer(Stepper.create({ counter, step: 1 }))).toEqual({
      counter: counter.ptr,
      step: 1,
    });
    counter_close(counter);
    counter_close(stepper['counter']);
  });

  test('as an out-parameter it is what a result is', () => {
    const cell = ref(Counter);
    expect(cell.value).toBeNull();
    const counter = open(1);
    cell.value = counter;
    expect(cell.value).toBeInstanceOf(OpaquePointer);
    expect(counter_next(cell.value)).toBe(1);
    counter_close(counter);
  });

  test.each(labelled('text', true, {}, [], () => 1, Symbol('s'), 0.5, -2))('%s is none', (_, value) => {
    expect(() => counter_next(value)).toThrow(/args\[0\]/);
  });

  test('one that is made up is no more than its address', () => {
    const copied = (ptr: unknown) => Object.assign(Object.create(OpaquePointer.prototype) as object, { ptr });
    expect(Stepper.fromBuffer(Stepper.create({ counter: copied(16) }))).toEqual({ counter: 16, step: 0 });
    for (const ptr of ['text', {}, null, undefined]) {
      expectError(() => counter_next(copied(ptr)), 'ERR_FFI_INVALID_ARG_TYPE', 'args[0]');
    }
    expectError(() => counter_next(copied(0.5)), 'ERR_FFI_OUT_OF_RANGE', 'args[0]');
  });
});

test('addresses of blocks go through structs unharmed', () => {
  const block = malloc(16);
  const One = Struct({ at: 'ptr', size: 'size_t' });
  const { at } = One.fromBuffer(One.create({ at: block, size: 16 }));
  expect(at).toBe(block);
  free(at as number);
});
