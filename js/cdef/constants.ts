/** Constant expressions: lengths, widths, the values of enumerations. */
import type { Cursor } from './cursor';
import { naming, type Token } from './tokens';

/** What the names in an expression stand for. */
export interface Constants {
  valueOf(name: string): bigint | undefined;
  /** The size of the type that comes next in parentheses; undefined where none does. */
  sizeOfNext(): bigint | undefined;
}

type Operator = (a: bigint, b: bigint) => bigint;

const truth = (value: boolean): bigint => (value ? 1n : 0n);

const operators: Readonly<Record<string, readonly [precedence: number, apply: Operator]>> = {
  '||': [1, (a, b) => truth(a !== 0n || b !== 0n)],
  '&&': [2, (a, b) => truth(a !== 0n && b !== 0n)],
  '|': [3, (a, b) => a | b],
  '^': [4, (a, b) => a ^ b],
  '&': [5, (a, b) => a & b],
  '==': [6, (a, b) => truth(a === b)],
  '!=': [6, (a, b) => truth(a !== b)],
  '<': [7, (a, b) => truth(a < b)],
  '>': [7, (a, b) => truth(a > b)],
  '<=': [7, (a, b) => truth(a <= b)],
  '>=': [7, (a, b) => truth(a >= b)],
  '<<': [8, (a, b) => a << b],
  '>>': [8, (a, b) => a >> b],
  '+': [9, (a, b) => a + b],
  '-': [9, (a, b) => a - b],
  '*': [10, (a, b) => a * b],
  '/': [10, (a, b) => a / b],
  '%': [10, (a, b) => a % b],
};

const escapes: Readonly<Record<string, number>> = {
  ...{ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 },
  ...{ '\\': 92, "'": 39, '"': 34, '?': 63 },
};

function characterOf(cursor: Cursor, token: Token): bigint {
  const text = token.text.slice(1, -1);
  if (text.length === 1) return BigInt(text.charCodeAt(0));
  if (text.startsWith('\\') && text.length === 2 && Object.hasOwn(escapes, text[1]!))
    return BigInt(escapes[text[1]!]!);
  const code = /^\\(?:x([0-9a-f]{1,2})|([0-7]{1,3}))$/i.exec(text);
  if (code === null) throw cursor.fail(`${token.text} is not a single character`, token);
  return BigInt(code[1] === undefined ? parseInt(code[2]!, 8) : parseInt(code[1], 16));
}

function integerOf(cursor: Cursor, token: Token): bigint {
  const digits = token.text.replace(/[uUlL]{1,3}$/, '');
  if (/^(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[bB][01]+)$/.test(digits)) return BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits}`);
  throw cursor.fail(`'${token.text}' is not an integer`, token);
}

/** Reads an expression whose value the compiler must know. */
export function readConstant(cursor: Cursor, constants: Constants): bigint {
  const checked = (value: bigint, at: Token): bigint => {
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return value;
    throw cursor.fail('the value has more than 64 bits', at);
  };
  const primary = (): bigint => {
    const token = cursor.next();
    if (token.kind === 'number') return checked(integerOf(cursor, token), token);
    if (token.kind === 'char') return characterOf(cursor, token);
    if (token.kind === 'name') {
      const value = token.text === 'sizeof' ? constants.sizeOfNext() : constants.valueOf(token.text);
      if (value !== undefined) return value;
      throw cursor.fail(`'${token.text}' is not a constant`, token);
    }
    if (token.text === '(') {
      const value = cursor.nested(conditional);
      cursor.expect(')', 'after the expression');
      return value;
    }
    if (['+', '-', '~', '!'].includes(token.text)) {
      const value = cursor.nested(primary);
      if (token.text === '!') return truth(value === 0n);
      return token.text === '+' ? value : checked(token.text === '-' ? -value : ~value, token);
    }
    throw cursor.fail(`expected a constant, found ${naming(token)}`, token);
  };
  const binary = (least: number): bigint => {
    let left = primary();
    for (;;) {
      const token = cursor.peek();
      const found =
        token.kind === 'mark' && Object.hasOwn(operators, token.text) ? operators[token.text]! : undefined;
      if (found === undefined || found[0] < least) return left;
      cursor.next();
      const right = cursor.nested(() => binary(found[0] + 1));
      if ((token.text === '/' || token.text === '%') && right === 0n)
        throw cursor.fail('a division by zero', token);
      if ((token.text === '<<' || token.text === '>>') && (right < 0n || right > 63n))
        throw cursor.fail('a shift by more than 63 bits', token);
      left = checked(found[1](left, right), token);
    }
  };
  const conditional = (): bigint => {
    const condition = binary(1);
    if (!cursor.take('?')) return condition;
    const yes = cursor.nested(conditional);
    cursor.expect(':', "after the value of '?'");
    const no = cursor.nested(conditional);
    return condition !== 0n ? yes : no;
  };
  return conditional();
}
