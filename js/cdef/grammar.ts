/** The types of C, parsed: what stands before declarators, structs, enumerations. */
import { hint, nearest } from '../types';
import { noAttributes, takeAttributes, type Attributes } from './attributes';
import type { Names } from './constants';
import type { Cursor } from './cursor';
import { Declarators, isConstWord, type Specified } from './declarators';
import { binaryResult, bool, constantOf, converted, fits, int, type Constant } from './integers';
import { combined, named, specifiers, unsupported } from './names';
import { Operands, type Measures } from './operands';
import type { CType, EnumDeclaration, Field, Scope, StructDeclaration, SymbolDeclaration } from './syntax';
import { naming, type Place, type Token } from './tokens';

/** `complex` of <complex.h>, which is a name everywhere but behind a floating-point type. */
function isComplex({ text }: Token, words: readonly string[]): boolean {
  return text === 'complex' && (words.includes('double') || words.includes('float'));
}

const typeofs = ['typeof', '__typeof__', '__typeof'];

/** A type, and the elements of an array, as const. */
function constOf(type: CType): CType {
  return type.kind === 'array'
    ? { ...type, isConst: true, of: constOf(type.of) }
    : { ...type, isConst: true };
}

/** Words that say how a symbol is seen, not what it is. */
const storage: Readonly<Record<string, 'isTypedef' | 'isStatic' | 'isInline' | 'isExtern'>> = {
  typedef: 'isTypedef',
  static: 'isStatic',
  extern: 'isExtern',
  inline: 'isInline',
  __inline: 'isInline',
  __inline__: 'isInline',
};

export class TypeParser extends Declarators {
  /** The structs and unions with fields, in their order. */
  readonly structs: StructDeclaration[] = [];
  readonly enums: EnumDeclaration[] = [];
  readonly symbols: SymbolDeclaration[] = [];
  /** What `#pragma pack` has set. */
  protected pack: number | undefined;
  protected readonly names: Names;

  constructor(
    cursor: Cursor,
    readonly scope: Scope,
    measures: Measures,
  ) {
    super(cursor);
    this.names = new Operands(cursor, measures, {
      valueOf: (name) => scope.constants.get(name),
      typeOf: (name) => scope.variables.get(name),
      isType: (ahead) => this.isType(ahead),
      readType: () => this.typeName(),
      readConstant: () => this.constant(),
    });
  }

  protected isType(ahead: number): boolean {
    const token = this.cursor.peek(ahead);
    if (token.kind === 'given') return true;
    if (token.kind !== 'name') return false;
    const { text } = token;
    return (
      specifiers.has(text) ||
      isConstWord(token) ||
      ['struct', 'union', 'enum', 'volatile', '__volatile__', 'va_list', ...typeofs].includes(text) ||
      this.scope.typedefs.has(text) ||
      (named(text) !== undefined && !this.scope.constants.has(text))
    );
  }

  protected specifiers(): Specified {
    const { cursor } = this;
    const start = cursor.peek();
    const attributes = noAttributes();
    const flags = { isTypedef: false, isStatic: false, isInline: false, isExtern: false };
    const words: string[] = [];
    let isConst = false;
    let type: CType | undefined;
    for (;;) {
      if (takeAttributes(cursor, attributes)) continue;
      const token = cursor.peek();
      if (isConstWord(token)) isConst = true;
      else if (token.kind === 'name' && Object.hasOwn(storage, token.text))
        flags[storage[token.text]!] = true;
      else if (type === undefined && this.#isSpecifier(token, words)) {
        words.push(token.text);
        this.#skipOperand(token);
        continue;
      } else if (type === undefined && words.length === 0 && this.isType(0)) {
        type = this.#oneType();
        continue;
      } else break;
      cursor.next();
    }
    if (type === undefined && words.length === 0) throw this.#noType(cursor.peek(), start);
    type ??= this.#basic(words, start);
    return { type: isConst ? constOf(type) : type, ...flags, attributes };
  }

  /** Whether a word belongs to the name of one of C's own types. */
  #isSpecifier(token: Token, words: readonly string[]): boolean {
    if (token.kind !== 'name') return false;
    const { text } = token;
    // Headers that are older than it make a typedef of it.
    if (text === 'bool') return words.length === 0 && !this.scope.typedefs.has(text);
    if (text === 'va_list') return words.length === 0 && !this.scope.typedefs.has(text);
    return specifiers.has(text) || isComplex(token, words);
  }

  /** Takes a specifier, and what stands in parentheses behind it: `_Atomic(int)`, `_BitInt(7)`. */
  #skipOperand({ text }: Token): void {
    this.cursor.next();
    if (['_Atomic', '_BitInt'].includes(text) && this.cursor.sees('(')) this.cursor.skipBalanced('(', ')');
  }

  #basic(words: readonly string[], at: Place): CType {
    const known = combined(words);
    if (known !== undefined) return { kind: 'named', isConst: false, at, ...known };
    const name = words.join(' ');
    const isLacking = words.some((word) => unsupported.has(word) || word === 'complex' || word === 'va_list');
    if (isLacking || [...words].sort().join(' ') === 'double long')
      return { kind: 'unsupported', what: `'${name}'`, isConst: false, at, isList: name.endsWith('va_list') };
    throw this.cursor.fail(`'${name}' is not a type`, at);
  }

  #noType(token: Token, start: Place): Error {
    if (token.kind !== 'name') return this.cursor.fail(`expected a type, found ${naming(token)}`);
    const tag = ['struct', 'union', 'enum'].find((word) => this.scope.tags.has(`${word} ${token.text}`));
    if (tag !== undefined)
      return this.cursor.fail(`unknown type '${token.text}'; did you mean '${tag} ${token.text}'?`, start);
    const name = token.text.slice(0, 60);
    const names = [
      ...this.scope.typedefs.keys(),
      ...[...specifiers].filter((word) => !word.startsWith('_')),
      ...['size_t', 'uint8_t', 'int32_t', 'int64_t'],
    ];
    const near = hint(nearest(name, names));
    // Headers have words that they define for compilers in front of their declarations.
    const isMacro = /^[A-Z][A-Z\d_]*$/.test(name) && this.isType(1);
    const other = isMacro
      ? `; if it is a macro, write what it stands for`
      : `; for a type of which only pointers matter, 'typedef struct ${name} ${name};'`;
    const declare = near === '' || isMacro ? other : near;
    return this.cursor.fail(`unknown type '${name}'${declare}`, token);
  }

  /** A type that is one word, or a struct, union or enumeration. */
  #oneType(): CType {
    const token = this.cursor.next();
    if (token.kind === 'given') return { kind: 'named', type: token.given, isConst: false, at: token };
    if (token.text === 'struct' || token.text === 'union')
      return this.cursor.nested(() => this.#struct(token, token.text as 'struct' | 'union'));
    if (token.text === 'enum') return this.#enumeration(token);
    if (typeofs.includes(token.text)) return this.#typeof();
    const typedef = this.scope.typedefs.get(token.text);
    if (typedef !== undefined) return { ...typedef, at: token };
    return { kind: 'named', isConst: false, at: token, ...named(token.text)! };
  }

  /** The type of a variable, or of a constant; or a type. */
  #typeof(): CType {
    const { cursor } = this;
    cursor.expect('(', 'after typeof');
    const read = () => (this.isType(0) ? this.typeName() : cursor.attempt(() => this.names.readOperand()));
    const type = cursor.nested(read) ?? this.#ofConstant(this.constant());
    cursor.expect(')', 'after the type');
    return type;
  }

  #ofConstant({ type: { size, isUnsigned } }: Constant): CType {
    const type = `${isUnsigned ? 'u' : 'i'}${size * 8}`;
    return { kind: 'named', type, isConst: false, at: this.cursor.peek() };
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
    const attributes = noAttributes();
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
    declaration.refused = this.#refusal(attributes, fields);
    this.structs.push(declaration);
    return type;
  }

  /** What of a struct is not supported. */
  #refusal({ refused, packed }: Attributes, fields: readonly Field[]): string | undefined {
    if (refused !== undefined) return `the attribute '${refused}'`;
    const isBoth = packed && this.pack !== undefined && this.pack > 1;
    const hasBits = fields.some(({ width }) => width !== undefined);
    // Compilers do not agree on its alignment.
    return isBoth && hasBits ? "'packed' within '#pragma pack', with bit-fields," : undefined;
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
    if (cursor.peek().kind === 'pack') {
      this.setPack();
      return;
    }
    if (cursor.take(';') || this.assertion()) return;
    const specified = this.specifiers();
    if (cursor.sees(';')) this.#unnamedField(specified, fields);
    else {
      do fields.push(this.#field(specified));
      while (cursor.take(','));
    }
    cursor.expect(';', 'after the field');
  }

  /** A struct or union without a name; one with a tag is declared, and is no member. */
  #unnamedField({ type, attributes }: Specified, fields: Field[]): void {
    const isDeclared = type.kind === 'declared';
    const { declaration } = isDeclared ? type : {};
    const isStruct = declaration !== undefined && declaration.keyword !== 'enum';
    const isComplete = isStruct && declaration.fields !== undefined;
    if (!isDeclared || (isStruct && !isComplete))
      throw this.cursor.fail(`expected a field's name, found ';'`);
    if (!isStruct || declaration.tag !== undefined) return;
    const refused = attributes.packed ? 'packed' : attributes.refused;
    const member = refused === undefined ? type : this.refused(refused, type.at);
    fields.push({ name: undefined, type: member, width: undefined, at: type.at });
  }

  #field(specified: Specified): Field {
    const at = this.cursor.peek();
    const declarator = this.cursor.sees(':')
      ? { name: undefined, build: (type: CType) => type, attributes: { ...specified.attributes } }
      : this.declarator(specified);
    const { name, attributes } = declarator;
    const width = this.cursor.take(':') ? this.length('the width of a bit-field') : undefined;
    takeAttributes(this.cursor, attributes);
    if (attributes.packed || specified.attributes.packed) attributes.refused ??= 'packed';
    if (name === undefined && width === undefined) throw this.cursor.fail("expected a field's name", at);
    const type = this.finish({ ...specified, isTypedef: true }, declarator, name ?? at);
    if (type.kind === 'function')
      throw this.cursor.fail('a field is no function; write a pointer to one', at);
    return { name: name?.text, type, width, at: name ?? at };
  }

  #enumeration(at: Token): CType {
    const attributes = noAttributes();
    takeAttributes(this.cursor, attributes);
    const tag = this.#optionalName();
    const declaration = this.#tag<EnumDeclaration>({ keyword: 'enum', tag, at });
    const type: CType = { kind: 'declared', declaration, isConst: false, at };
    // An unnamed bit-field has a number behind it.
    if (this.cursor.sees(':') && this.isType(1)) {
      this.cursor.next();
      declaration.storage = this.specifiers().type;
    }
    if (!this.cursor.take('{')) {
      if (tag !== undefined) return type;
      throw this.cursor.fail(`expected a name or '{' after 'enum', found ${naming(this.cursor.peek())}`);
    }
    this.#checkNew(declaration, declaration.values, at);
    const values = this.#enumerators(declaration);
    takeAttributes(this.cursor, attributes);
    if (values.size === 0) throw this.cursor.fail('an enumeration needs a value', at);
    this.#complete(declaration, values, attributes.packed);
    return attributes.refused === undefined ? type : this.refused(attributes.refused, at);
  }

  #enumerators(declaration: EnumDeclaration): Map<string, Constant> {
    const { cursor } = this;
    const fixed = declaration.storage && this.names.integerTypeOf(declaration.storage);
    const values = new Map<string, Constant>();
    let last: Constant | undefined;
    while (!cursor.take('}')) {
      const name = cursor.next();
      if (name.kind !== 'name')
        throw cursor.fail(`expected the name of a value, found ${naming(name)}`, name);
      if (values.has(name.text)) throw cursor.fail(`'${name.text}' stands twice in the enumeration`, name);
      takeAttributes(cursor, noAttributes());
      const value = cursor.take('=') ? this.constant() : this.#following(last, name);
      // A value is an int if it can be (C11, 6.7.2.2); larger ones are an extension of compilers.
      last = fixed === undefined && fits(value.value, int) ? converted(value, int) : value;
      if (fixed !== undefined) {
        if (!fits(value.value, fixed))
          throw cursor.fail(`'${name.text}' is beyond the enumeration's type`, name);
        last = converted(value, fixed);
      }
      values.set(name.text, last);
      this.scope.constants.set(name.text, last);
      if (!cursor.sees('}')) cursor.expect(',', 'or } after the value');
    }
    return values;
  }

  /** The value behind another one, in a larger type where its own ends. */
  #following(last: Constant | undefined, at: Token): Constant {
    if (last === undefined) return constantOf(0n);
    const { type, value } = last;
    const larger = [type, int, { size: 8, isUnsigned: false }, { size: 8, isUnsigned: true }];
    const found = larger.find((each) => each !== bool && fits(value + 1n, each));
    if (found === undefined) throw this.cursor.fail('the value has more than 64 bits', at);
    return binaryResult('+', constantOf(value, found), constantOf(1n, found), at);
  }

  /** Tells the values and the type of an enumeration. A packed one has the smallest type that holds them. */
  #complete(declaration: EnumDeclaration, values: ReadonlyMap<string, Constant>, isPacked: boolean): void {
    const isSafe = (value: bigint) => Number.isSafeInteger(Number(value));
    const entries = [...values].map(([name, { value }]): [string, bigint] => [name, value]);
    declaration.values = Object.fromEntries(
      entries.map(([name, value]) => [name, isSafe(value) ? Number(value) : value]),
    );
    this.enums.push(declaration);
    const fixed = declaration.storage && this.names.integerTypeOf(declaration.storage);
    const isUnsigned = entries.every(([, value]) => value >= 0n);
    const types = [...(isPacked ? [1, 2] : []), 4, 8].map((size) => ({ size, isUnsigned }));
    const found = types.find((type) => entries.every(([, value]) => fits(value, type)));
    declaration.integer = fixed ?? found ?? types.at(-1)!;
    if (fixed !== undefined) return;
    const { size } = declaration.integer;
    const packed = `${isUnsigned ? 'u' : 'i'}${size * 8}`;
    if (isPacked) declaration.storage = { kind: 'named', type: packed, isConst: false, at: declaration.at };
    // Once it is complete, those that are no int have the type of the enumeration.
    for (const [name, constant] of values)
      if (!fits(constant.value, int))
        this.scope.constants.set(name, converted(constant, declaration.integer));
  }

  /** `_Static_assert(condition, "text")`, which is checked; true where it stood here. */
  protected assertion(): boolean {
    const { cursor } = this;
    const at = cursor.peek();
    if (!cursor.take('_Static_assert') && !(cursor.sees('(', 1) && cursor.take('static_assert')))
      return false;
    cursor.expect('(', 'after _Static_assert');
    const { value } = this.constant();
    let text = '';
    if (cursor.take(',')) while (cursor.peek().kind === 'string') text += cursor.next().text.slice(1, -1);
    cursor.expect(')', 'after the assertion');
    if (value === 0n) throw cursor.fail(`the assertion fails${text === '' ? '' : `: ${text}`}`, at);
    return true;
  }

  readonly #packs: (number | undefined)[] = [];

  /** What `#pragma pack(…)` says. */
  protected setPack(): void {
    const token = this.cursor.next();
    const words = token.text.split(',').map((word) => word.trim());
    for (const word of words.filter((given) => given !== '')) {
      if (word === 'push') this.#packs.push(this.pack);
      // One without a push is ignored by compilers.
      else if (word === 'pop') this.pack = this.#packs.length > 0 ? this.#packs.pop() : this.pack;
      else if (['1', '2', '4', '8', '16'].includes(word)) this.pack = Number(word);
      else if (word === '0') this.pack = undefined;
      else throw this.cursor.fail(`'${word}' in #pragma pack is not push, pop, 1, 2, 4, 8 or 16`, token);
    }
    if (token.text.trim() === '') this.pack = undefined;
  }
}
