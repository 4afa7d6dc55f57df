/** Integers of C with their types, and what C's operators make of them (C11, 6.3.1 and 6.5). */
import { sizeof } from '../types';
import type { Place } from './tokens';

/** Of an integer. C's other types of the same size and sign behave alike. */
export interface IntegerType {
  /** In bytes. */
  readonly size: number;
  readonly isUnsigned: boolean;
  /** _Bool: any value but 0 becomes 1. */
  readonly isBool?: true;
}

/** An integer that the compiler knows. One that C does not define has a fault, which counts only if the value is needed. */
export interface Constant {
  readonly type: IntegerType;
  readonly value: bigint;
  readonly fault?: { readonly message: string; readonly at: Place };
}

export const int: IntegerType = { size: 4, isUnsigned: false };
export const bool: IntegerType = { size: 1, isUnsigned: true, isBool: true };
/** The type of what sizeof gives. */
export const sizeType = (): IntegerType => ({ size: sizeof('size_t'), isUnsigned: true });
const isFault = ({ fault }: Constant): boolean => fault !== undefined;

/** The bounds of a type, both included. */
function boundsOf({ size, isUnsigned }: IntegerType): readonly [bigint, bigint] {
  const bits = BigInt(size * 8);
  return isUnsigned ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

export function fits(value: bigint, type: IntegerType): boolean {
  const [min, max] = boundsOf(type);
  return value >= min && value <= max;
}

function wrapped(value: bigint, { size, isUnsigned, isBool }: IntegerType): bigint {
  if (isBool === true) return value === 0n ? 0n : 1n;
  return isUnsigned ? BigInt.asUintN(size * 8, value) : BigInt.asIntN(size * 8, value);
}

/** A value converted to a type, as a cast does. */
export function converted(constant: Constant, type: IntegerType): Constant {
  return { ...constant, type, value: wrapped(constant.value, type) };
}

export const constantOf = (value: bigint, type: IntegerType = int): Constant => ({ type, value });
const truth = (value: boolean): Constant => constantOf(value ? 1n : 0n);

/** The integer promotions. */
function promoted(constant: Constant): Constant {
  return constant.type.size < int.size ? { ...constant, type: int } : constant;
}

/** The usual arithmetic conversions. Of types of one size the unsigned one wins; a larger type holds all of a smaller one. */
function commonType(a: Constant, b: Constant): IntegerType {
  const [left, right] = [promoted(a).type, promoted(b).type];
  if (left.size !== right.size) return left.size > right.size ? left : right;
  return left.isUnsigned ? left : right;
}

const nameOf = ({ size, isUnsigned }: IntegerType): string =>
  `${isUnsigned ? 'unsigned ' : ''}${size > int.size ? 'long long' : 'int'}`;

/** A result that the type must hold, if it is a signed one: an unsigned one wraps. */
function result(value: bigint, type: IntegerType, at: Place): Constant {
  const made = constantOf(wrapped(value, type), type);
  if (type.isUnsigned || fits(value, type)) return made;
  return { ...made, fault: { message: `${value} is beyond what '${nameOf(type)}' holds`, at } };
}

type Arithmetic = (a: bigint, b: bigint) => bigint;

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};
const comparisons: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

/** Of the operators with two operands, how tightly they bind. */
export const precedences: Readonly<Record<string, number>> = {
  ...{ '||': 1, '&&': 2, '|': 3, '^': 4, '&': 5, '==': 6, '!=': 6, '<': 7, '>': 7, '<=': 7, '>=': 7 },
  ...{ '<<': 8, '>>': 8, '+': 9, '-': 9, '*': 10, '/': 10, '%': 10 },
};

/** Of the results of two constants one is known by the first alone. */
function logical(operator: string, a: Constant, b: Constant): Constant {
  const decided = operator === '&&' ? a.value === 0n : a.value !== 0n;
  if (isFault(a)) return { ...a, type: int };
  if (decided) return truth(operator === '||');
  return isFault(b) ? { ...b, type: int } : truth(b.value !== 0n);
}

function shifted(operator: string, left: Constant, right: Constant, at: Place): Constant {
  const { type, value } = left;
  const bits = type.size * 8 - 1;
  if (right.value < 0n || right.value > BigInt(bits))
    return { ...left, fault: { message: `a shift by more than ${bits} bits`, at } };
  return constantOf(operator === '<<' ? wrapped(value << right.value, type) : value >> right.value, type);
}

/** What an operator between two constants gives. Signed values shifted to the left lose bits, as compilers have it. */
export function binaryResult(operator: string, a: Constant, b: Constant, at: Place): Constant {
  if (operator === '&&' || operator === '||') return logical(operator, a, b);
  const isShift = operator === '<<' || operator === '>>';
  const isComparison = Object.hasOwn(comparisons, operator);
  const type = isShift ? promoted(a).type : commonType(a, b);
  const faulty = [a, b].find(isFault);
  if (faulty !== undefined) return { ...faulty, type: isComparison ? int : type };
  if (isShift) return shifted(operator, converted(a, type), b, at);
  const [left, right] = [wrapped(a.value, type), wrapped(b.value, type)];
  if (isComparison) return truth(comparisons[operator]!(left, right));
  if (right === 0n && (operator === '/' || operator === '%'))
    return { type, value: 0n, fault: { message: 'a division by zero', at } };
  return result(arithmetic[operator]!(left, right), type, at);
}

/** What `+`, `-`, `~` or `!` before a constant gives. */
export function unaryResult(operator: string, operand: Constant, at: Place): Constant {
  if (operator === '!') return isFault(operand) ? { ...operand, type: int } : truth(operand.value === 0n);
  const { type, value } = promoted(operand);
  if (isFault(operand)) return { ...operand, type };
  if (operator === '~') return constantOf(wrapped(~value, type), type);
  return operator === '-' ? result(-value, type, at) : constantOf(value, type);
}

/** What `condition ? yes : no` gives. */
export function conditionalResult(condition: Constant, yes: Constant, no: Constant): Constant {
  const type = commonType(yes, no);
  if (isFault(condition)) return { ...condition, type };
  return converted(condition.value === 0n ? no : yes, type);
}
