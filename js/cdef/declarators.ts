/** Declarators: the names that declarations declare, and what stands around them. */
import { mattersForValue, noAttributes, takeAttributes, type Attributes } from './attributes';
import { readConstant, type Names } from './constants';
import type { Cursor } from './cursor';
import type { Constant } from './integers';
import { keywords } from './names';
import type { ArrayOf, CType, FunctionOf, Parameter } from './syntax';
import { naming, type Place, type Token } from './tokens';

/** What stands before the declarators. */
export interface Specified {
  readonly type: CType;
  readonly isTypedef: boolean;
  readonly isStatic: boolean;
  readonly isInline: boolean;
  readonly isExtern: boolean;
  readonly attributes: Attributes;
}

/** A declarator: the name it declares, and the type it makes of the one before it. */
export interface Declarator {
  readonly name: Token | undefined;
  readonly build: (type: CType) => CType;
  readonly attributes: Attributes;
}

type Suffix = (type: CType) => CType;

/** More dimensions, stars or parameters than this are refused. */
const maxParts = 200;

export const isConstWord = ({ kind, text }: Token): boolean =>
  kind === 'name' && ['const', '__const', '__const__'].includes(text);

const isAsm = (cursor: Cursor): boolean => ['asm', '__asm', '__asm__'].some((word) => cursor.sees(word));

export abstract class Declarators {
  /** The parameters that have been declared so far, of all functions around. */
  readonly #parameters: string[] = [];

  constructor(readonly cursor: Cursor) {}

  /** The type that declarators build on, and what goes with it. */
  protected abstract specifiers(): Specified;
  /** Whether a type begins so many tokens on. */
  protected abstract isType(ahead: number): boolean;
  /** What names stand for in constant expressions. */
  protected abstract readonly names: Names;

  protected constant(): Constant {
    return readConstant(this.cursor, this.names);
  }

  protected length(what: string): number {
    const at = this.cursor.peek();
    const { value } = this.constant();
    if (value < 0n || value > 2n ** 31n) throw this.cursor.fail(`${what} cannot be ${value}`, at);
    return Number(value);
  }

  /** The name of a type, as in a cast. */
  protected typeName(): CType {
    const specified = this.specifiers();
    const declarator = this.declarator(specified);
    const { name } = declarator;
    if (name !== undefined) throw this.cursor.fail(`'${name.text}' is not wanted here`, name);
    return this.finish(specified, declarator, this.cursor.peek());
  }

  protected declarator(specified: Specified): Declarator {
    return this.cursor.nested(() => this.#declared({ ...specified.attributes, packed: false }));
  }

  /** The type that is declared, once all attributes of it are known. */
  protected finish(specified: Specified, { build, attributes }: Declarator, at: Place): CType {
    const type = build(specified.type);
    const { mode, refused } = attributes;
    const isPlaced = specified.isTypedef || mattersForValue(attributes);
    if (refused !== undefined && isPlaced) return this.refused(refused, at);
    return mode === undefined ? type : this.#inMode(type, mode, at);
  }

  protected refused(name: string, at: Place): CType {
    const what = name === 'packed' ? 'a field packed by itself' : `the attribute '${name}'`;
    return { kind: 'unsupported', what, isConst: false, at };
  }

  /** An integer of another size, as GCC's attribute `mode` declares it. */
  #inMode(type: CType, mode: string, at: Place): CType {
    const integer = this.names.integerTypeOf(type);
    const sizes: Readonly<Record<string, string>> = { byte: '8', QI: '8', HI: '16', SI: '32', DI: '64' };
    const name = ['word', 'pointer', 'unwind_word'].includes(mode) ? 'size' : sizes[mode];
    if (integer === undefined || name === undefined) return this.refused('mode', at);
    const unsigned = integer.isUnsigned ? 'usize' : 'isize';
    const made = name === 'size' ? unsigned : `${integer.isUnsigned ? 'u' : 'i'}${name}`;
    return { kind: 'named', type: made, isConst: type.isConst, at };
  }

  #declared(attributes: Attributes): Declarator {
    const { cursor } = this;
    takeAttributes(cursor, attributes);
    const stars: { at: Place; isConst: boolean }[] = [];
    while (cursor.sees('*')) {
      if (stars.length === maxParts) throw cursor.fail(`more than ${maxParts} stars`);
      const star = { at: cursor.next(), isConst: false };
      star.isConst = this.#qualifiers(attributes);
      stars.push(star);
    }
    if (cursor.sees('^')) throw cursor.fail('blocks are not supported', cursor.peek(), 'ERR_FFI_UNSUPPORTED');
    const inner = this.#isNested() ? this.#parenthesized(attributes) : undefined;
    const name = inner === undefined ? this.#name() : inner.name;
    takeAttributes(cursor, attributes);
    const suffixes: Suffix[] = [];
    for (let suffix; (suffix = this.#suffix(attributes)) !== undefined;) {
      if (suffixes.length === maxParts) throw cursor.fail(`more than ${maxParts} dimensions`);
      suffixes.push(suffix);
    }
    const build = (type: CType): CType => {
      let built = type;
      for (const { at, isConst } of stars) built = { kind: 'pointer', to: built, isConst, at };
      for (const suffix of [...suffixes].reverse()) built = suffix(built);
      return inner === undefined ? built : inner.build(built);
    };
    return { name, build, attributes };
  }

  #name(): Token | undefined {
    const { cursor } = this;
    const token = cursor.peek();
    if (token.kind !== 'name' || isAsm(cursor)) return undefined;
    if (keywords.has(token.text) && token.text !== 'bool')
      throw cursor.fail(`'${token.text}' is a word of C and cannot stand here`, token);
    return cursor.next();
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
    if (['*', '(', '[', '^'].includes(second.text) && second.kind === 'mark') return true;
    const isConvention = ['__cdecl', '__stdcall', '__fastcall', '__thiscall', '__attribute__'];
    return second.kind === 'name' && (isConvention.includes(second.text) || !this.isType(1));
  }

  #parenthesized(attributes: Attributes): Declarator {
    this.cursor.expect('(', 'here');
    const inner = this.cursor.nested(() => this.#declared(attributes));
    this.cursor.expect(')', 'after the declarator');
    return inner;
  }

  /** Parameters or a dimension behind a name. */
  #suffix(attributes: Attributes): Suffix | undefined {
    const at = this.cursor.peek();
    if (this.cursor.sees('(')) return this.#parametersOf(at, attributes);
    return this.cursor.take('[') ? this.#dimension(at) : undefined;
  }

  #dimension(at: Token): Suffix {
    while (this.#qualifiers(noAttributes()) || this.cursor.take('static'));
    const length = this.#dimensionLength();
    this.cursor.expect(']', 'after the length');
    return (of): ArrayOf => {
      if (of.kind === 'function') throw this.cursor.fail('an array cannot have functions as elements', at);
      return { kind: 'array', of, length, isConst: of.isConst, at };
    };
  }

  /** Undefined where there is none, or where it is a parameter's value. */
  #dimensionLength(): number | undefined {
    const { cursor } = this;
    if (cursor.sees(']')) return undefined;
    if (cursor.sees('*') && cursor.sees(']', 1)) {
      cursor.next();
      return undefined;
    }
    const inside = this.#parameters.length === 0 ? undefined : this.#lengthOfParameters();
    return inside === undefined ? this.length('the length of an array') : undefined;
  }

  /** Takes a length that names a parameter; undefined where it is none. */
  #lengthOfParameters(): true | undefined {
    return this.cursor.attempt(() => {
      let isVariable = false;
      for (let depth = 0; depth > 0 || !this.cursor.sees(']');) {
        const { kind, text } = this.cursor.next();
        if (kind === 'end') return undefined;
        if (kind === 'mark' && (text === '[' || text === ']')) depth += text === '[' ? 1 : -1;
        isVariable ||= kind === 'name' && this.#parameters.includes(text);
      }
      return isVariable ? true : undefined;
    });
  }

  #parametersOf(at: Token, attributes: Attributes): Suffix {
    const known = this.#parameters.length;
    try {
      const { parameters, variadic } = this.cursor.nested(() => this.#readParameters());
      // A convention behind the parameters is the function's too.
      takeAttributes(this.cursor, attributes);
      return (returns): FunctionOf => {
        if (returns.kind === 'function' || returns.kind === 'array')
          throw this.cursor.fail(
            `a function cannot return ${returns.kind === 'array' ? 'an array' : 'a function'}`,
            at,
          );
        const { abi } = attributes;
        return { kind: 'function', parameters, variadic, returns, abi, isConst: false, at };
      };
    } finally {
      this.#parameters.length = known;
    }
  }

  #readParameters(): { parameters: Parameter[]; variadic: boolean } {
    const { cursor } = this;
    const parameters: Parameter[] = [];
    let variadic = false;
    cursor.expect('(', 'here');
    if (cursor.sees('void') && cursor.sees(')', 1)) cursor.next();
    while (!cursor.sees(')')) {
      if (parameters.length > maxParts) throw cursor.fail(`more than ${maxParts} parameters`);
      variadic = cursor.take('...');
      if (variadic) break;
      parameters.push(this.#parameter());
      if (cursor.sees(')')) break;
      cursor.expect(',', 'or ) after the parameter');
      if (cursor.sees(')')) throw cursor.fail("expected a parameter, found ')'");
    }
    cursor.expect(')', 'after the parameters');
    return { parameters, variadic };
  }

  #parameter(): Parameter {
    const { cursor } = this;
    const at = cursor.peek();
    const isWord = at.kind === 'name' || at.kind === 'given' || cursor.sees('[');
    if (!isWord) throw cursor.fail(`expected a parameter, found ${naming(at)}`, at);
    const specified = this.specifiers();
    const declarator = this.declarator(specified);
    takeAttributes(cursor, declarator.attributes);
    if (declarator.name !== undefined) this.#parameters.push(declarator.name.text);
    return { type: this.finish(specified, declarator, declarator.name ?? at) };
  }

  /** The name in the library, as GCC lets it be given: `asm("name")`. */
  protected label(): string | undefined {
    const { cursor } = this;
    if (!isAsm(cursor)) return undefined;
    cursor.next();
    cursor.expect('(', 'after asm');
    let name = '';
    do {
      const { kind, text } = cursor.next();
      if (kind !== 'string') throw cursor.fail('asm takes the name of a symbol in quotes');
      name += text.slice(1, -1);
    } while (!cursor.sees(')') && cursor.peek().kind !== 'end');
    cursor.expect(')', 'after the name');
    return name;
  }
}
