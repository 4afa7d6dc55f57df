// Errors name the function, the path, the C type and what was given, at every depth.
import { describe, test } from '@jest/globals';
import type { ErrorCode } from 'arkffi';
import { expectError } from '../support/errors';
import { fixture } from '../support/fixture';
import {
  array,
  bits,
  enumeration,
  fn,
  functions,
  opaque,
  ref,
  Struct,
  testUnions,
  Union,
  type Call,
} from './loose';

const wrongType: ErrorCode = 'ERR_FFI_INVALID_ARG_TYPE';
const outOfRange: ErrorCode = 'ERR_FFI_OUT_OF_RANGE';

const Vector = Struct({ x: 'double', y: 'float' });
const Deep = Struct({
  id: 'int',
  pos: Vector,
  path: array(Vector, 3),
  table: array(array('u8', 2), 2),
  flags: bits('u32', 3),
  on: 'bool',
  big: 'i64',
  color: enumeration({ RED: 0, GREEN: 1 }),
  at: 'ptr',
  name: 'CString',
  call: fn({ args: ['int'] }),
  handle: opaque('Handle'),
  value: Union({ i: 'i32', v: Vector }),
});

/** A field with what stands in its place, by a path of names and indices. */
function put(path: string, value: unknown): unknown {
  const steps = path.match(/[^.[\]]+/g) ?? [];
  return steps.reduceRight<unknown>((inner, step, depth) => {
    if (!/^\d+$/.test(step)) return { [step]: inner };
    const blank = path.startsWith('table') ? [[], 0][depth - 1] : {};
    return [...Array.from({ length: Number(step) }, () => blank), inner];
  }, value);
}

const cases: readonly (readonly [path: string, value: unknown, code: ErrorCode, ...parts: string[]])[] = [
  ['id', '5', wrongType, '(int32_t)', "the string '5'"],
  ['id', null, wrongType, '(int32_t)', 'null'],
  ['id', 5n, wrongType, '(int32_t)', '5n'],
  ['id', 0.5, outOfRange, '(int32_t)', '0.5'],
  ['id', 2 ** 31, outOfRange, '(int32_t)', '2147483648'],
  ['pos', 5, wrongType, 'x, y', '5'],
  ['pos', null, wrongType, 'x, y', 'null'],
  ['pos', [1, 2], wrongType, 'x, y', 'an array'],
  ['pos', new ArrayBuffer(15), wrongType, '16 bytes', '15'],
  ['pos.x', '1', wrongType, '(double)', 'a number', "the string '1'"],
  ['pos.y', null, wrongType, '(float)', 'null'],
  ['pos.z', 1, wrongType],
  ['path', {}, wrongType, 'an array'],
  ['path', [{}, {}, {}, {}], outOfRange, '3', '4'],
  ['path[0]', 5, wrongType, 'x, y'],
  ['path[2]', null, wrongType, 'x, y'],
  ['path[2].x', true, wrongType, '(double)', 'true'],
  ['path[1].z', 1, wrongType],
  ['table[1]', 5, wrongType, 'an array'],
  ['table[1]', [1, 2, 3], outOfRange, '2', '3'],
  ['table[1][1]', 256, outOfRange, '(uint8_t)', '256'],
  ['table[0][1]', NaN, outOfRange, '(uint8_t)', 'NaN'],
  ['flags', 8, outOfRange, '8', '7'],
  ['flags', -1, outOfRange, '-1'],
  ['flags', '1', wrongType, "the string '1'"],
  ['on', 'true', wrongType, '(_Bool)'],
  ['on', 2, outOfRange, '(_Bool)', '2'],
  ['big', 2 ** 53, outOfRange, '(int64_t)', 'bigint'],
  ['big', 2n ** 63n, outOfRange, '(int64_t)'],
  ['color', 'BLUE', wrongType, "the string 'BLUE'"],
  ['color', 'GREN', wrongType, "'GREEN'"],
  ['color', 2 ** 40, outOfRange, '1099511627776'],
  ['at', 'text', wrongType, '(void*)', "the string 'text'"],
  ['at', -2, outOfRange, '(void*)', '-2'],
  ['name', 5.5, outOfRange, '(const char*)'],
  ['name', true, wrongType, '(const char*)', 'true'],
  ['name', 'a\0b', wrongType, '(const char*)', 'NUL'],
  ['call', () => 1, wrongType, 'a function'],
  ['call', 16, 'ERR_FFI_INVALID_POINTER', '0x10'],
  ['handle', 'text', wrongType, "the string 'text'"],
  ['value', {}, wrongType, 'exactly one', 'i, v'],
  ['value', { i: 1, v: {} }, wrongType, 'exactly one', 'i, v'],
  ['value.i', 'x', wrongType, '(int32_t)'],
  ['value.v.x', 'x', wrongType, '(double)'],
  ['value.w', 1, wrongType],
];

const { noop, second } = functions(fixture, {
  noop: { args: [Deep] },
  second: { symbol: 'noop', args: ['i32', array(Deep, 2), Deep] },
}).symbols as Record<'noop' | 'second', Call>;

describe.each(cases)('%s = %p', (path, value, code, ...parts) => {
  const check = (owner: string, run: () => unknown, place = path) => {
    const message = expectError(run, code, `${owner}: ${place}`);
    for (const part of parts) {
      if (!message.includes(part)) throw new Error(`'${message}' does not say '${part}'`);
    }
  };
  const object = () => put(path, value);

  testUnions('an argument', () => check('noop', () => noop(object()), `args[0].${path}`));
  testUnions('a later argument', () => check('second', () => second(1, null, object()), `args[2].${path}`));
  testUnions('within an array', () =>
    check('second', () => second(1, [{}, object()], {}), `args[1][1].${path}`),
  );
  test('create', () => check('create', () => Deep.create(object())));
  test('write', () => check('write', () => Deep.write(Deep.create(), object())));
  test('ref', () => check('ref', () => ref(Deep, object())));
  test('set', () => {
    const isUnknown = parts.length === 0;
    const set = () => Deep.set(Deep.create(), path, value);
    if (isUnknown) expectError(set, code, path);
    else check('set', set);
  });
});

describe('the whole value', () => {
  testUnions.each<[string, () => unknown]>([
    ['noop: args[0]', () => noop(5)],
    ['second: args[2]', () => second(1, null, 5)],
    ['second: args[1]', () => second(1, 'text', {})],
    ['second: args[1][0]', () => second(1, [5], {})],
    ['create', () => Deep.create(5)],
    ['write', () => Deep.write(Deep.create(), 5)],
    ['ref', () => ref(Deep, 5)],
    ['set: pos', () => Deep.set(Deep.create(), 'pos', 5)],
  ])('%s', (owner, run) => {
    expectError(run, wrongType, owner);
  });
});
