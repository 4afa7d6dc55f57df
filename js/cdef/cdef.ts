/** `cdef` and `c`: definitions and types from declarations of C. */
import { defineSymbol } from '../define';
import { describe, ffiError, isArray, type ErrorCode } from '../errors';
import { resolveType } from '../types';
import { Cursor } from './cursor';
import { Maker } from './made';
import { Parser } from './parser';
import { isSame } from './same';
import type { CType, Scope, SymbolDeclaration } from './syntax';
import { failAt, tokenize } from './tokens';

/** C's own type for files, of which only pointers matter; the same one in all declarations. */
const file: CType = {
  kind: 'declared',
  declaration: { keyword: 'struct', tag: 'FILE', at: { line: 0, column: 0 } },
  isConst: false,
  at: { line: 0, column: 0 },
};

/** What the declarations behind definitions have declared. */
const scopes = new WeakMap<object, Scope>();

/** The texts and values of a template, or the text of a call and the definitions that it builds on. */
function read(owner: string, source: unknown, rest: readonly unknown[]) {
  if (typeof source === 'string') return { texts: [source], values: [], uses: rest };
  const isTemplate =
    isArray(source) && source.every((text) => typeof text === 'string' || text === undefined);
  if (isTemplate && 'raw' in source) {
    const raw = (source as unknown as { raw: readonly string[] }).raw;
    return {
      texts: source.map((text, index) => text ?? raw[index]!),
      values: rest,
      uses: [],
    };
  }
  throw ffiError(
    'ERR_FFI_INVALID_TYPE',
    `${owner} takes declarations of C as a string, got ${describe(source)}`,
  );
}

function prepare(owner: string, source: unknown, rest: readonly unknown[]) {
  const { texts, values, uses } = read(owner, source, rest);
  const scope: Scope = {
    typedefs: new Map([['FILE', file]]),
    tags: new Map(),
    constants: new Map(),
    variables: new Map(),
  };
  for (const used of uses) {
    const known = typeof used === 'object' && used !== null ? scopes.get(used) : undefined;
    if (known === undefined)
      throw ffiError('ERR_FFI_INVALID_TYPE', `${owner} builds on what cdef gave, got ${describe(used)}`);
    for (const part of ['typedefs', 'tags', 'constants', 'variables'] as const)
      for (const [name, value] of known[part]) (scope[part] as Map<string, unknown>).set(name, value);
  }
  for (const value of values) {
    const isText = ['string', 'number', 'bigint'].includes(typeof value);
    if (!isText) resolveType(value, `${owner}: a value of the template`);
  }
  const maker = new Maker(owner);
  const cursor = new Cursor(owner, tokenize(owner, texts, values));
  return { scope, maker, parser: new Parser(cursor, scope, maker) };
}

/** Makes every type that was declared, so that one that is wrong is refused even if nothing uses it. */
function makeAll(maker: Maker, { structs, enums }: Parser): void {
  for (const declaration of enums) maker.enumeration(declaration, declaration.at);
  for (const declaration of structs) {
    try {
      maker.struct(declaration, declaration.at);
    } catch (error) {
      // One that arkffi lacks may be declared, and be pointed to.
      if ((error as { code?: unknown }).code !== 'ERR_FFI_UNSUPPORTED') throw error;
    }
  }
}

/** The definition of a symbol, checked as `dlopen` would check it. */
function define(owner: string, maker: Maker, declaration: SymbolDeclaration): Record<string, unknown> {
  const made = Object.freeze(maker.symbol(declaration));
  try {
    defineSymbol(declaration.name, made);
  } catch (error) {
    const { code, message } = error as { code: ErrorCode; message: string };
    // A convention that this platform lacks is for dlopen to refuse.
    if (code === 'ERR_FFI_UNSUPPORTED' && 'abi' in made) return made;
    throw failAt(owner, declaration.at, message, code);
  }
  return made;
}

/** Definitions for `dlopen` from prototypes and variables; the types among them are for their own use, `c` gives them. */
export function cdef(source: unknown, ...rest: unknown[]): object {
  const { scope, maker, parser } = prepare('cdef', source, rest);
  parser.declarations();
  makeAll(maker, parser);
  const defs: Record<string, unknown> = {};
  const declared = new Map<string, SymbolDeclaration>();
  for (const declaration of parser.symbols) {
    const { name, at, type, symbol } = declaration;
    const known = declared.get(name);
    if (known !== undefined && !isSame(known.type, type))
      throw failAt('cdef', at, `'${name}' is declared already, as something else`);
    // Any of the declarations may name the symbol, or tell the length of an array.
    const isOpen = type.kind === 'array' && type.length === undefined;
    const merged =
      known === undefined
        ? declaration
        : { ...(isOpen ? known : declaration), symbol: symbol ?? known.symbol };
    declared.set(name, merged);
    const value = define('cdef', maker, merged);
    Object.defineProperty(defs, name, { value, enumerable: true, configurable: true });
  }
  Object.freeze(defs);
  scopes.set(defs, scope);
  return defs;
}

/** One type, from its C text. */
export function c(source: unknown, ...rest: unknown[]): unknown {
  const { maker, parser } = prepare('c', source, rest);
  const type = parser.type();
  makeAll(maker, parser);
  if (type.kind === 'named' && type.type === 'void') return 'void';
  return maker.value(type);
}
