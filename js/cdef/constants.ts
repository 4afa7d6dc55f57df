/** Constant expressions: lengths, widths, the values of enumerations. Integers with the types that C gives them. */
import type { Cursor } from './cursor';
import {
  binaryResult,
  conditionalResult,
  constantOf,
  converted,
  precedences,
  sizeType,
  unaryResult,
  type Constant,
  type IntegerType,
} from './integers';
import { characterOf, integerOf, sizeOfString, wholeOf } from './literals';
import type { CType } from './syntax';
import { naming, type Token } from './tokens';

/** What the names in an expression stand for. */
export interface Names {
  valueOf(name: string): Constant | undefined;
  /** Whether a type begins so many tokens on. */
  isType(ahead: number): boolean;
  /** The type that comes next. */
  readType(): CType;
  /** The type of the variable, or of the part of one, that comes next; undefined where none does. */
  readOperand(): CType | undefined;
  sizeOf(type: CType): number;
  alignOf(type: CType): number;
  /** The offset of the member that comes next, in a struct. */
  readOffset(type: CType): Constant;
  /** Undefined for a type that is no integer. */
  integerTypeOf(type: CType): IntegerType | undefined;
}

const alignments = ['_Alignof', 'alignof', '__alignof__', '__alignof'];

class Expression {
  readonly #cursor: Cursor;
  readonly #names: Names;

  constructor(cursor: Cursor, names: Names) {
    this.#cursor = cursor;
    this.#names = names;
  }

  conditional(): Constant {
    const cursor = this.#cursor;
    const condition = this.#binary(1);
    if (!cursor.take('?')) return condition;
    const yes = cursor.nested(() => this.conditional());
    cursor.expect(':', "after the value of '?'");
    return conditionalResult(
      condition,
      yes,
      cursor.nested(() => this.conditional()),
    );
  }

  #binary(least: number): Constant {
    const cursor = this.#cursor;
    let left = this.#unary();
    for (;;) {
      const token = cursor.peek();
      const isOperator = token.kind === 'mark' && Object.hasOwn(precedences, token.text);
      if (!isOperator || precedences[token.text]! < least) return left;
      cursor.next();
      const right = cursor.nested(() => this.#binary(precedences[token.text]! + 1));
      left = binaryResult(token.text, left, right, token);
    }
  }

  #unary(): Constant {
    const cursor = this.#cursor;
    const token = cursor.peek();
    if (token.kind === 'mark' && ['+', '-', '~', '!'].includes(token.text)) {
      cursor.next();
      return unaryResult(
        token.text,
        cursor.nested(() => this.#unary()),
        token,
      );
    }
    if (token.kind === 'name' && token.text === '__extension__') {
      cursor.next();
      return this.#unary();
    }
    if (cursor.sees('sizeof')) return this.#sizeof();
    if (alignments.some((word) => cursor.sees(word))) {
      cursor.next();
      return this.#measure(this.#inParentheses(() => this.#names.alignOf(this.#names.readType())));
    }
    if (cursor.sees('offsetof') || cursor.sees('__builtin_offsetof')) return this.#offsetof();
    return cursor.sees('(') && this.#names.isType(1) ? this.#cast() : this.#primary();
  }

  #measure(bytes: number): Constant {
    return constantOf(BigInt(bytes), sizeType());
  }

  #inParentheses<T>(read: () => T): T {
    this.#cursor.expect('(', 'here');
    const found = this.#cursor.nested(read);
    this.#cursor.expect(')', 'after the type');
    return found;
  }

  #sizeof(): Constant {
    const cursor = this.#cursor;
    const names = this.#names;
    cursor.next();
    if (cursor.sees('(') && names.isType(1))
      return this.#measure(this.#inParentheses(() => names.sizeOf(names.readType())));
    const operand = cursor.attempt(() => names.readOperand());
    if (operand !== undefined) return this.#measure(names.sizeOf(operand));
    const isEnclosed = cursor.sees('(') && cursor.peek(1).kind === 'string';
    if (isEnclosed) return this.#measure(this.#inParentheses(() => this.#string()));
    if (cursor.peek().kind === 'string') return this.#measure(this.#string());
    return this.#measure(cursor.nested(() => this.#unary()).type.size);
  }

  /** The bytes of a string, which may consist of several. */
  #string(): number {
    let text = this.#cursor.next();
    while (this.#cursor.peek().kind === 'string') {
      const more = this.#cursor.next().text;
      text = { ...text, text: text.text.slice(0, -1) + more.slice(more.indexOf('"') + 1) };
    }
    return sizeOfString(this.#cursor, text);
  }

  #offsetof(): Constant {
    const cursor = this.#cursor;
    cursor.next();
    return this.#inParentheses(() => {
      const type = this.#names.readType();
      cursor.expect(',', 'after the type');
      return converted(this.#names.readOffset(type), sizeType());
    });
  }

  #cast(): Constant {
    const cursor = this.#cursor;
    const at = cursor.peek(1);
    const type = this.#inParentheses(() => this.#names.readType());
    const integer = this.#names.integerTypeOf(type);
    if (integer === undefined) throw cursor.fail('a constant is an integer; it cannot have this type', at);
    const whole = wholeOf(cursor.peek());
    if (whole === undefined)
      return converted(
        cursor.nested(() => this.#unary()),
        integer,
      );
    cursor.next();
    return converted(constantOf(whole, { size: 8, isUnsigned: false }), integer);
  }

  #primary(): Constant {
    const cursor = this.#cursor;
    const token = cursor.next();
    if (token.kind === 'number') return integerOf(cursor, token);
    if (token.kind === 'char') return characterOf(cursor, token);
    if (token.kind === 'name') return this.#named(token);
    if (token.kind === 'mark' && token.text === '(') {
      const value = cursor.nested(() => this.conditional());
      cursor.expect(')', 'after the expression');
      return value;
    }
    throw cursor.fail(`expected a constant, found ${naming(token)}`, token);
  }

  #named(token: Token): Constant {
    const value = this.#names.valueOf(token.text);
    if (value !== undefined) return value;
    throw this.#cursor.fail(`'${token.text}' is not a constant`, token);
  }
}

/** Reads an expression whose value the compiler must know. */
export function readConstant(cursor: Cursor, names: Names): Constant {
  const { fault, ...constant } = new Expression(cursor, names).conditional();
  if (fault !== undefined) throw cursor.fail(fault.message, fault.at);
  return constant;
}
