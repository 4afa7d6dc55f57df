import { describe, expect, test } from '@jest/globals';
import { outcome, wrongCount } from '../types/refusal';
import { weighted, weightedFunctions } from './arities';

const counts = Array.from({ length: 128 }, (_, count) => count);
const repeat = (count: number, ...types: readonly string[]) =>
  Array.from({ length: count }, (_, index) => types[index % types.length]!);

/** Numbers that look random and are the same in every run. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ; state = (state * 1103515245 + 12345) % 2 ** 31) yield Math.floor(state / 65536);
}

const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'bool'];
const numbers = random(20);
const draw = (below: number) => numbers.next().value % below;

function drawn(): string[] {
  return Array.from({ length: draw(41) }, () => types[draw(types.length)]!);
}

/** A value of the type that tells whether its sign and its upper bits arrived. */
function valueOf(type: string, index: number): number | bigint | boolean {
  const sign = index % 2 === 0 ? -1 : 1;
  switch (type) {
    case 'bool':
      return index % 3 === 0;
    case 'f32':
    case 'f64':
      return sign * (index + 0.5);
    case 'i64':
      return index % 3 === 0 ? BigInt(sign * index) * 2n ** 33n : sign * index * 2 ** 33;
    case 'u64':
      return index % 3 === 0 ? 2n ** 34n + BigInt(index) : 2 ** 34 + index;
    default:
      return (type.startsWith('i') ? sign : 1) * (Number(type.slice(1)) === 8 ? index : index * 130);
  }
}

const patterns: Readonly<Record<string, (count: number) => string[]>> = {
  ints: (count) => repeat(count, 'i32'),
  bytes: (count) => repeat(count, 'i8'),
  longs: (count) => repeat(count, 'i64'),
  doubles: (count) => repeat(count, 'f64'),
  floats: (count) => repeat(count, 'f32'),
  alternating: (count) => repeat(count, 'i32', 'f64'),
  everything: (count) => repeat(count, ...types),
};

const signatures = new Map<string, string[]>();
for (const count of counts) signatures.set(`ints_${count}`, patterns['ints']!(count));
for (const [name, make] of Object.entries(patterns)) {
  for (const count of [5, 6, 7, 8, 9, 13, 14, 15, 63, 64, 65, 70, 72, 77, 78, 79, 126, 127]) {
    signatures.set(`${name}_${count}`, make(count));
  }
}
for (let index = 0; index < 200; index++) signatures.set(`drawn_${index}`, drawn());

const functions = weightedFunctions(Object.fromEntries(signatures));

function check(name: string): void {
  const values = signatures.get(name)!.map(valueOf);
  const call = functions[name]!;
  for (let round = 0; round < 3; round++) expect(call(...values)).toBe(weighted(values));
}

describe('int arguments', () => {
  test.each(counts)('%i', (count) => check(`ints_${count}`));
});

describe('many arguments', () => {
  test.each(Object.keys(patterns))('%s', (pattern) => {
    for (const name of [...signatures.keys()].filter((key) => key.startsWith(`${pattern}_`))) check(name);
  });

  test('signatures at random', () => {
    for (const name of [...signatures.keys()].filter((key) => key.startsWith('drawn_'))) check(name);
  });

  test.each(['ints_127', 'doubles_127', 'alternating_127', 'everything_127'])('%s: other counts', (name) => {
    const values = signatures.get(name)!.map(valueOf);
    expect(outcome(() => functions[name]!(...values.slice(1)))).toBe(wrongCount);
    expect(outcome(() => functions[name]!(...values, 1))).toBe(wrongCount);
    expect(functions[name]!.length).toBe(127);
  });

  test('all go through the slots, however many words are on the stack', () => {
    const path = process.env['ARKFFI_PATH'] === 'libffi' ? 'libffi' : 'slots';
    const names = ['ints_70', 'alternating_70', 'ints_127', 'doubles_127', 'alternating_127'];
    expect(names.map((name) => functions[name]!.path)).toEqual(names.map(() => path));
  });

  test('the last of many is named where it is wrong', () => {
    const values = Array.from({ length: 126 }, () => 1);
    expect(() => functions['ints_127']!(...values, '1')).toThrow(/ints_127: args\[126\] \(int32_t\)/);
  });
});
