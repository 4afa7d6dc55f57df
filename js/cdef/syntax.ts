/** C types as the parser knows them. */
import type { Constant, IntegerType } from './integers';
import type { Place } from './tokens';

/** Whether the type is const; where it was written. */
interface Qualified {
  readonly isConst: boolean;
  readonly at: Place;
}

/** A type that arkffi has a name for. */
export interface NamedType extends Qualified {
  readonly kind: 'named';
  readonly type: unknown;
  /** The string type that a pointer to const values of it is. */
  readonly text?: string;
}

/** A type that arkffi lacks. Only where it is needed it is refused: pointers to it are pointers. */
export interface Unsupported extends Qualified {
  readonly kind: 'unsupported';
  /** What is not supported, as messages say it. */
  readonly what: string;
  /** A `va_list`: as a parameter it travels as an address everywhere. */
  readonly isList?: boolean;
}

export interface PointerTo extends Qualified {
  readonly kind: 'pointer';
  readonly to: CType;
}

export interface ArrayOf extends Qualified {
  readonly kind: 'array';
  readonly of: CType;
  /** Unknown where it is open, and where it is known only as the function is called. */
  readonly length: number | undefined;
}

export interface Parameter {
  readonly type: CType;
}

export interface FunctionOf extends Qualified {
  readonly kind: 'function';
  readonly parameters: readonly Parameter[];
  readonly variadic: boolean;
  readonly returns: CType;
  readonly abi: string | undefined;
}

export interface Field {
  readonly name: string | undefined;
  readonly type: CType;
  /** Of a bit-field. */
  readonly width: number | undefined;
  readonly at: Place;
}

/** A struct or union, which is complete once it has fields. */
export interface StructDeclaration {
  readonly keyword: 'struct' | 'union';
  readonly tag: string | undefined;
  readonly at: Place;
  fields?: readonly Field[];
  pack?: number | undefined;
  /** What of it is not supported. */
  refused?: string | undefined;
  /** What it was made into; while that goes on, 'making'. */
  made?: object | 'making';
  /** The names that the fields have there. */
  names?: readonly string[];
  /** The type that pointers to it have while it is incomplete. */
  opaque?: object;
}

export interface EnumDeclaration {
  readonly keyword: 'enum';
  readonly tag: string | undefined;
  readonly at: Place;
  values?: Readonly<Record<string, number | bigint>>;
  /** The type that it is declared to have. */
  storage?: CType | undefined;
  /** The integer type that C has for it. */
  integer?: IntegerType;
  made?: object;
}

export interface Declared extends Qualified {
  readonly kind: 'declared';
  readonly declaration: StructDeclaration | EnumDeclaration;
}

export type CType = NamedType | Unsupported | PointerTo | ArrayOf | FunctionOf | Declared;

/** A function or variable. */
export interface SymbolDeclaration {
  readonly name: string;
  readonly type: CType;
  /** The name in the library, where it is another. */
  readonly symbol: string | undefined;
  readonly at: Place;
}

/** What the declarations of a text have declared, for themselves and for those that build on them. */
export interface Scope {
  readonly typedefs: Map<string, CType>;
  readonly tags: Map<string, StructDeclaration | EnumDeclaration>;
  readonly constants: Map<string, Constant>;
  /** The types of functions and variables, for sizeof. */
  readonly variables: Map<string, CType>;
}
