/** What constant expressions ask of types and variables. */
import type { Names } from './constants';
import type { Cursor } from './cursor';
import { constantOf, type Constant, type IntegerType } from './integers';
import type { CType } from './syntax';

/** Sizes and places, which the layout knows. */
export interface Measures {
  sizeOf(type: CType): number;
  alignOf(type: CType): number;
  /** Of a member, or of an element of one. */
  offsetOf(type: CType, path: readonly (string | number)[]): number;
  /** Undefined for a type that is no integer. */
  integerTypeOf(type: CType): IntegerType | undefined;
}

/** What the parser knows. */
export interface Known {
  valueOf(name: string): Constant | undefined;
  /** The type of a variable. */
  typeOf(name: string): CType | undefined;
  isType(ahead: number): boolean;
  readType(): CType;
  readConstant(): Constant;
}

/** The type of a member, also of one within members without names. */
function memberOf(type: CType | undefined, name: string): CType | undefined {
  if (type?.kind !== 'declared' || type.declaration.keyword === 'enum') return undefined;
  for (const field of type.declaration.fields ?? []) {
    const found =
      field.name === name ? field.type : field.name === undefined ? memberOf(field.type, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a pointer points to, or an array consists of. */
function targetOf(type: CType | undefined): CType | undefined {
  if (type?.kind === 'pointer') return type.to;
  return type?.kind === 'array' ? type.of : undefined;
}

export class Operands implements Names {
  readonly #cursor: Cursor;
  readonly #measures: Measures;
  readonly #known: Known;

  constructor(cursor: Cursor, measures: Measures, known: Known) {
    this.#cursor = cursor;
    this.#measures = measures;
    this.#known = known;
  }

  valueOf(name: string): Constant | undefined {
    return this.#known.valueOf(name);
  }

  isType(ahead: number): boolean {
    return this.#known.isType(ahead);
  }

  readType(): CType {
    return this.#known.readType();
  }

  sizeOf(type: CType): number {
    return this.#measures.sizeOf(type);
  }

  alignOf(type: CType): number {
    return this.#measures.alignOf(type);
  }

  integerTypeOf(type: CType): IntegerType | undefined {
    return this.#measures.integerTypeOf(type);
  }

  readOffset(type: CType): Constant {
    const cursor = this.#cursor;
    const at = cursor.peek();
    const path: (string | number)[] = [];
    do path.push(cursor.next().text, ...this.#indexes());
    while (cursor.take('.'));
    let part: CType | undefined = type;
    for (const step of path) part = typeof step === 'string' ? memberOf(part, step) : targetOf(part);
    if (part === undefined) throw cursor.fail('the type has no such member', at);
    const offset = this.#measures.offsetOf(type, path);
    return constantOf(BigInt(offset));
  }

  /** The indexes that stand next. */
  #indexes(): number[] {
    const found: number[] = [];
    while (this.#cursor.take('[')) {
      found.push(Number(this.#known.readConstant().value));
      this.#cursor.expect(']', 'after the index');
    }
    return found;
  }

  readOperand(): CType | undefined {
    const cursor = this.#cursor;
    if (cursor.take('*')) return targetOf(cursor.nested(() => this.readOperand()));
    let type = this.#base();
    while (type !== undefined) {
      if (cursor.sees('[')) type = this.#indexes().reduce<CType | undefined>(targetOf, type);
      else if (cursor.take('.')) type = memberOf(type, cursor.next().text);
      else if (cursor.take('->')) type = memberOf(targetOf(type), cursor.next().text);
      else break;
    }
    return type;
  }

  /** A variable, `(T *)0`, or an operand in parentheses. */
  #base(): CType | undefined {
    const cursor = this.#cursor;
    const token = cursor.peek();
    if (token.kind === 'name') {
      const isConstant = this.#known.valueOf(token.text) !== undefined;
      const type = isConstant ? undefined : this.#known.typeOf(token.text);
      if (type !== undefined) cursor.next();
      return type;
    }
    if (!cursor.take('(')) return undefined;
    if (!this.isType(0)) {
      const inner = cursor.nested(() => this.readOperand());
      return inner !== undefined && cursor.take(')') ? inner : undefined;
    }
    const type = this.readType();
    // Only casts of numbers to pointers are operands.
    if (!cursor.take(')') || type.kind !== 'pointer') return undefined;
    const isNumber = cursor.peek().kind === 'number';
    if (!isNumber) return cursor.nested(() => this.readOperand()) === undefined ? undefined : type;
    cursor.next();
    return type;
  }
}
