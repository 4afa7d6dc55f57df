/** The types of C, parsed: what stands before declarators, declarators, structs, enumerations. */
import { hint, nearest } from '../types';
import { takeAttributes, type Attributes } from './attributes';
import { readConstant } from './constants';
import type { Cursor } from './cursor';
import { combined, named, specifiers, unsupported } from './names';
import type {
  ArrayOf,
  CType,
  EnumDeclaration,
  Field,
  FunctionOf,
  Parameter,
  Scope,
  StructDeclaration,
} from './syntax';
import { naming, type Place, type Token } from './tokens';

/** What stands before the declarators. */
export interface Specified {
  readonly type: CType;
  readonly isTypedef: boolean;
  readonly attributes: Attributes;
}

/** A declarator: the name it declares, and the type it makes of the one before it. */
interface Declarator {
  readonly name: Token | undefined;
  readonly build: (type: CType) => CType;
}

type Suffix = (type: CType) => CType;

const isConstWord = ({ kind, text }: Token): boolean =>
  kind === 'name' && ['const', '__const', '__const__'].includes(text);

/** `complex` of <complex.h>, which is a name everywhere but behind a floating-point type. */
function isComplex({ text }: Token, words: readonly string[]): boolean {
  return text === 'complex' && (words.includes('double') || words.includes('float'));
}

/** More dimensions, stars or parameters than this are refused. */
const maxParts = 200;

export class TypeParser {
  /** The structs and unions with fields, in their order. */
  readonly structs: StructDeclaration[] = [];
  readonly enums: EnumDeclaration[] = [];
  /** What `#pragma pack` has set. */
  protected pack: number | undefined;

  constructor(
    readonly cursor: Cursor,
    readonly scope: Scope,
    readonly sizeOf: (type: CType) => number,
  ) {}

  #isType(token: Token): boolean {
    if (token.kind === 'given') return true;
    if (token.kind !== 'name') return false;
    const { text } = token;
    return (
      specifiers.has(text) ||
      isConstWord(token) ||
      ['struct', 'union', 'enum', 'volatile', 'signed'].includes(text) ||
      unsupported.has(text) ||
      this.scope.typedefs.has(text) ||
      named(text) !== undefined
    );
  }

  /** The type that declarators build on, and what goes with it. */
  protected specifiers(): Specified {
    const { cursor } = this;
    const start = cursor.peek();
    const attributes: Attributes = { packed: false, abi: undefined };
    const words: string[] = [];
    let [isConst, isTypedef] = [false, false];
    let type: CType | undefined;
    for (;;) {
      const token = cursor.peek();
      if (takeAttributes(cursor, attributes)) continue;
      if (isConstWord(token)) isConst = true;
      else if (token.kind === 'name' && token.text === 'typedef') isTypedef = true;
      else if (token.kind === 'name' && token.text === 'extern') isTypedef = false;
      else if (token.kind === 'name' && (unsupported.has(token.text) || isComplex(token, words)))
        throw cursor.fail(`'${token.text}' is not supported`, token, 'ERR_FFI_UNSUPPORTED');
      else if (token.kind === 'name' && specifiers.has(token.text) && type === undefined)
        words.push(token.text);
      else if (type === undefined && words.length === 0 && this.#isType(token)) {
        type = this.#oneType();
        continue;
      } else break;
      cursor.next();
      if (words.length > 4) break;
    }
    if (type === undefined && words.length === 0) throw this.#noType(cursor.peek(), start);
    type ??= this.#basic(words, start);
    const isEnum = type.kind === 'declared' && type.declaration.keyword === 'enum';
    if (isEnum && attributes.packed) throw this.#packed(start);
    return { type: isConst ? { ...type, isConst } : type, isTypedef, attributes };
  }

  #basic(words: readonly string[], at: Place): CType {
    const known = combined(words);
    if (known !== undefined) return { kind: 'named', isConst: false, at, ...known };
    const name = words.join(' ');
    const isLongDouble = [...words].sort().join(' ') === 'double long';
    throw this.cursor.fail(
      isLongDouble ? `'${name}' is not supported` : `'${name}' is not a type`,
      at,
      isLongDouble ? 'ERR_FFI_UNSUPPORTED' : 'ERR_FFI_INVALID_TYPE',
    );
  }

  #noType(token: Token, start: Place): Error {
    if (token.kind !== 'name') return this.cursor.fail(`expected a type, found ${naming(token)}`);
    const tag = ['struct', 'union', 'enum'].find((word) => this.scope.tags.has(`${word} ${token.text}`));
    if (tag !== undefined)
      return this.cursor.fail(`unknown type '${token.text}'; did you mean '${tag} ${token.text}'?`, start);
    const name = token.text.slice(0, 60);
    const names = [
      ...this.scope.typedefs.keys(),
      ...[...specifiers].filter((word) => !word.startsWith('__')),
      'size_t',
      'uint8_t',
      'int32_t',
      'int64_t',
    ];
    const near = hint(nearest(name, names));
    const declare =
      near === '' ? `; for a type of which only pointers matter, 'typedef struct ${name} ${name};'` : near;
    return this.cursor.fail(`unknown type '${name}'${declare}`, token);
  }

  /** A type that is one word, or a struct, union or enumeration. */
  #oneType(): CType {
    const token = this.cursor.next();
    if (token.kind === 'given') return { kind: 'named', type: token.given, isConst: false, at: token };
    if (token.text === 'struct' || token.text === 'union')
      return this.cursor.nested(() => this.#struct(token, token.text as 'struct' | 'union'));
    if (token.text === 'enum') return this.#enumeration(token);
    const typedef = this.scope.typedefs.get(token.text);
    if (typedef !== undefined) return { ...typedef, at: token };
    return { kind: 'named', isConst: false, at: token, ...named(token.text)! };
  }

  #tag<T extends StructDeclaration | EnumDeclaration>(fresh: T): T {
    if (fresh.tag === undefined) return fresh;
    const key = `${fresh.keyword} ${fresh.tag}`;
    const known = this.scope.tags.get(key);
    if (known !== undefined) return known as T;
    this.scope.tags.set(key, fresh);
    return fresh;
  }

  #optionalName(): string | undefined {
    return this.cursor.peek().kind === 'name' ? this.cursor.next().text : undefined;
  }

  #struct(at: Token, keyword: 'struct' | 'union'): CType {
    const attributes: Attributes = { packed: false, abi: undefined };
    takeAttributes(this.cursor, attributes);
    const tag = this.#optionalName();
    const declaration = this.#tag<StructDeclaration>({ keyword, tag, at });
    const type: CType = { kind: 'declared', declaration, isConst: false, at };
    if (!this.cursor.take('{')) {
      if (tag !== undefined) return type;
      throw this.cursor.fail(
        `expected a name or '{' after '${keyword}', found ${naming(this.cursor.peek())}`,
      );
    }
    this.#checkNew(declaration, declaration.fields, at);
    const fields: Field[] = [];
    while (!this.cursor.take('}')) this.#fields(fields);
    takeAttributes(this.cursor, attributes);
    if (fields.length === 0) throw this.cursor.fail(`a ${keyword} needs a field`, at);
    this.#checkNew(declaration, declaration.fields, at);
    declaration.fields = fields;
    declaration.pack = attributes.packed ? 1 : this.pack;
    this.structs.push(declaration);
    return type;
  }

  #checkNew(declaration: StructDeclaration | EnumDeclaration, contents: unknown, at: Place): void {
    if (contents === undefined) return;
    const { keyword, tag, at: first } = declaration;
    throw this.cursor.fail(`'${keyword} ${tag}' is declared already, in line ${first.line}`, at);
  }

  /** One declaration of fields. */
  #fields(fields: Field[]): void {
    const { cursor } = this;
    if (cursor.peek().kind === 'end') throw cursor.fail("expected '}', found the end");
    if (cursor.take(';')) return;
    const specified = this.specifiers();
    if (cursor.sees(';')) {
      const { type } = specified;
      const isAnonymous = type.kind === 'declared' && type.declaration.tag === undefined;
      if (!isAnonymous) throw cursor.fail(`expected a field's name, found ';'`);
      if (type.declaration.keyword !== 'enum')
        fields.push({ name: undefined, type, width: undefined, at: type.at });
    } else {
      do fields.push(this.#field(specified));
      while (cursor.take(','));
    }
    cursor.expect(';', 'after the field');
  }

  #field(specified: Specified): Field {
    const at = this.cursor.peek();
    const { name, build } = this.cursor.sees(':')
      ? { name: undefined, build: (type: CType) => type }
      : this.declarator(specified);
    const type = build(specified.type);
    const width = this.cursor.take(':') ? this.#length('the width of a bit-field') : undefined;
    const attributes: Attributes = { packed: false, abi: undefined };
    takeAttributes(this.cursor, attributes);
    if (attributes.packed || specified.attributes.packed) throw this.#packed(at);
    if (name === undefined && width === undefined) throw this.cursor.fail("expected a field's name", at);
    if (type.kind === 'function')
      throw this.cursor.fail('a field is no function; write a pointer to one', at);
    return { name: name?.text, type, width, at: name ?? at };
  }

  /** What is packed by itself has another size or place; only structs and unions are known so. */
  #packed(at: Token): Error {
    const message = 'a field or an enumeration packed by itself is not supported';
    return this.cursor.fail(message, at, 'ERR_FFI_UNSUPPORTED');
  }

  #enumeration(at: Token): CType {
    const attributes: Attributes = { packed: false, abi: undefined };
    takeAttributes(this.cursor, attributes);
    if (attributes.packed) throw this.#packed(at);
    const tag = this.#optionalName();
    const declaration = this.#tag<EnumDeclaration>({ keyword: 'enum', tag, at });
    const type: CType = { kind: 'declared', declaration, isConst: false, at };
    if (!this.cursor.take('{')) {
      if (tag !== undefined) return type;
      throw this.cursor.fail(`expected a name or '{' after 'enum', found ${naming(this.cursor.peek())}`);
    }
    this.#checkNew(declaration, declaration.values, at);
    const values: [string, bigint][] = [];
    const names = new Set<string>();
    while (!this.cursor.take('}')) {
      const name = this.cursor.next();
      if (name.kind !== 'name')
        throw this.cursor.fail(`expected the name of a value, found ${naming(name)}`, name);
      if (names.has(name.text))
        throw this.cursor.fail(`'${name.text}' stands twice in the enumeration`, name);
      const value = this.cursor.take('=') ? this.#constant() : (values.at(-1)?.[1] ?? -1n) + 1n;
      values.push([name.text, value]);
      names.add(name.text);
      this.scope.constants.set(name.text, value);
      if (!this.cursor.sees('}')) this.cursor.expect(',', 'or } after the value');
    }
    if (values.length === 0) throw this.cursor.fail('an enumeration needs a value', at);
    const isSafe = (value: bigint) => Number.isSafeInteger(Number(value));
    declaration.values = Object.fromEntries(
      values.map(([name, value]) => [name, isSafe(value) ? Number(value) : value]),
    );
    this.enums.push(declaration);
    return type;
  }

  #constant(): bigint {
    return readConstant(this.cursor, {
      valueOf: (name) => this.scope.constants.get(name),
      sizeOfNext: () => {
        if (!this.cursor.sees('(') || !this.#isType(this.cursor.peek(1))) return undefined;
        this.cursor.next();
        const type = this.#typeName();
        this.cursor.expect(')', 'after the type');
        return BigInt(this.sizeOf(type));
      },
    });
  }

  #typeName(): CType {
    const specified = this.specifiers();
    const { name, build } = this.declarator(specified);
    if (name !== undefined) throw this.cursor.fail(`'${name.text}' is not wanted here`, name);
    return build(specified.type);
  }

  #length(what: string): number {
    const at = this.cursor.peek();
    const value = this.#constant();
    if (value < 0n || value > 2n ** 31n) throw this.cursor.fail(`${what} cannot be ${value}`, at);
    return Number(value);
  }

  protected declarator(specified: Specified): Declarator {
    return this.cursor.nested(() => this.#declared(specified));
  }

  #declared(specified: Specified): Declarator {
    const { cursor } = this;
    const attributes = { ...specified.attributes, packed: false };
    takeAttributes(cursor, attributes);
    const stars: { at: Place; isConst: boolean }[] = [];
    while (cursor.sees('*')) {
      if (stars.length === maxParts) throw cursor.fail(`more than ${maxParts} stars`);
      const star = { at: cursor.next(), isConst: false };
      star.isConst = this.#qualifiers(attributes);
      stars.push(star);
    }
    const inner = this.#isNested() ? this.#parenthesized(specified) : undefined;
    const name =
      inner === undefined && cursor.peek().kind === 'name' && !cursor.sees('asm') && !cursor.sees('__asm__')
        ? cursor.next()
        : inner?.name;
    const suffixes: Suffix[] = [];
    for (let suffix; (suffix = this.#suffix(attributes)) !== undefined;) {
      if (suffixes.length === maxParts) throw cursor.fail(`more than ${maxParts} dimensions`);
      suffixes.push(suffix);
    }
    if (attributes.packed) throw this.#packed(cursor.peek());
    const build = (type: CType): CType => {
      let built = type;
      for (const { at, isConst } of stars) built = { kind: 'pointer', to: built, isConst, at };
      for (const suffix of suffixes.reverse()) built = suffix(built);
      suffixes.reverse();
      return inner === undefined ? built : inner.build(built);
    };
    return { name, build };
  }

  /** Takes the words behind a star or in a dimension; true where const is one of them. */
  #qualifiers(attributes: Attributes): boolean {
    let isConst = false;
    for (;;) {
      if (isConstWord(this.cursor.peek())) {
        isConst = true;
        this.cursor.next();
      } else if (!takeAttributes(this.cursor, attributes)) return isConst;
    }
  }

  /** Whether a declarator in parentheses comes next, and not parameters. */
  #isNested(): boolean {
    if (!this.cursor.sees('(')) return false;
    const second = this.cursor.peek(1);
    if (['*', '(', '['].includes(second.text) && second.kind === 'mark') return true;
    return second.kind === 'name' && !this.#isType(second);
  }

  #parenthesized(specified: Specified): Declarator {
    this.cursor.expect('(', 'here');
    const inner = this.declarator(specified);
    this.cursor.expect(')', 'after the declarator');
    return inner;
  }

  /** Parameters or a dimension behind a name. */
  #suffix(attributes: Attributes): Suffix | undefined {
    const at = this.cursor.peek();
    if (this.cursor.take('(')) return this.#parameters(at, attributes);
    if (!this.cursor.take('[')) return undefined;
    this.#qualifiers(attributes);
    const isOpen = this.cursor.sees(']');
    const length = isOpen ? undefined : this.#length('the length of an array');
    this.cursor.expect(']', 'after the length');
    return (of): ArrayOf => {
      if (of.kind === 'function') throw this.cursor.fail('an array cannot have functions as elements', at);
      return { kind: 'array', of, length, isConst: of.isConst, at };
    };
  }

  #parameters(at: Token, { abi }: Attributes): Suffix {
    const parameters: Parameter[] = [];
    let variadic = false;
    const isNone = this.cursor.sees('void') && this.cursor.sees(')', 1);
    if (isNone) this.cursor.next();
    while (!this.cursor.sees(')')) {
      if (parameters.length > maxParts) throw this.cursor.fail(`more than ${maxParts} parameters`);
      variadic = this.cursor.take('...');
      if (variadic) break;
      const specified = this.specifiers();
      parameters.push({ type: this.declarator(specified).build(specified.type) });
      if (this.cursor.sees(')')) break;
      this.cursor.expect(',', 'or ) after the parameter');
      if (this.cursor.sees(')')) throw this.cursor.fail("expected a parameter, found ')'");
    }
    this.cursor.expect(')', 'after the parameters');
    takeAttributes(this.cursor, { packed: false, abi: undefined });
    return (returns): FunctionOf => {
      if (returns.kind === 'function' || returns.kind === 'array')
        throw this.cursor.fail(
          `a function cannot return ${returns.kind === 'array' ? 'an array' : 'a function'}`,
          at,
        );
      return { kind: 'function', parameters, variadic, returns, abi, isConst: false, at };
    };
  }
}
