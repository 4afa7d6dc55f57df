/**
 * What the compiler makes of declarations of C: a parser of the common ones, in types. What it does not know,
 * or is too large, has a general type; the parser that runs knows all of it.
 */
import type {
  ArrayType,
  BitField,
  EnumerationType,
  EmptyBitField,
  Fields,
  FunctionPointerType,
  MemoryType,
  ObjectType,
  OpaqueType,
  PointerType,
  StructSchema,
  UnionSchema,
  CompositeType,
} from './composites';
import type { CallPath, FunctionDefinition, NativeFunction } from './index';

/** What tells the definitions apart of which nothing is known. */
declare const general: unique symbol;

/** A function or variable of which the compiler knows nothing. */
export interface GeneralDefinition extends FunctionDefinition {
  readonly [general]: true;
}

/** A symbol of which the compiler knows nothing: a function or a variable. */
export interface GeneralSymbol {
  /** Calls the function. */
  (...args: unknown[]): unknown;
  /** The address of the function or variable. */
  readonly ptr: number;
  /** How calls of the function reach C. */
  readonly path: CallPath;
  /** The function in the background. */
  readonly async: NativeFunction<{
    readonly args: readonly never[];
    readonly returns: 'napi_value';
  }>['async'];
  /** The value of the variable. */
  value: unknown;
}

/** Definitions of which the compiler knows nothing. */
export type GeneralDefinitions = Readonly<Record<string, GeneralDefinition>>;

/** Declarations that the compiler goes through before it gives the general type. */
type MaxDeclarations = 400;

/** A type that pointers to const values of have a string type. */
interface Text<Plain extends string, Name extends string> {
  readonly plain: Plain;
  readonly text: Name;
}

/** A typedef of the same, const. */
interface ConstantText<Plain extends string, Name extends string> {
  readonly plain: Plain;
  readonly constant: Name;
}

/** An array; `Open` where its length is not told. */
interface ArrayMark<Element, Open> {
  readonly elements: Element;
  readonly open: Open;
}

/** A `va_list`, which is a parameter only. */
interface ListMark {
  readonly list: true;
}

/** A struct or union by its tag. */
interface Tagged<Tag extends string> {
  readonly tag: Tag;
}

/** What the words and names of C's types stand for. */
interface Known {
  void: 'void';
  _Bool: 'bool';
  bool: 'bool';
  char: Text<'i8', 'CString'>;
  'signed char': 'i8';
  'unsigned char': 'u8';
  short: 'i16';
  'short int': 'i16';
  'signed short': 'i16';
  'unsigned short': 'u16';
  'unsigned short int': 'u16';
  int: 'i32';
  signed: 'i32';
  'signed int': 'i32';
  unsigned: 'u32';
  'unsigned int': 'u32';
  long: 'long';
  'long int': 'long';
  'signed long': 'long';
  'unsigned long': 'ulong';
  'unsigned long int': 'ulong';
  'long unsigned int': 'ulong';
  'long long': 'i64';
  'long long int': 'i64';
  'signed long long': 'i64';
  'unsigned long long': 'u64';
  'unsigned long long int': 'u64';
  float: 'f32';
  double: 'f64';
  int8_t: 'i8';
  uint8_t: 'u8';
  int16_t: 'i16';
  uint16_t: 'u16';
  int32_t: 'i32';
  uint32_t: 'u32';
  int64_t: 'i64';
  uint64_t: 'u64';
  size_t: 'size_t';
  ssize_t: 'ssize_t';
  ptrdiff_t: 'isize';
  intptr_t: 'intptr_t';
  uintptr_t: 'uintptr_t';
  intmax_t: 'i64';
  uintmax_t: 'u64';
  wchar_t: Text<'i32', 'wstring'>;
  char16_t: Text<'u16', 'string16'>;
  char32_t: Text<'u32', 'string32'>;
  time_t: 'i64';
  off_t: 'i64';
  pid_t: 'i32';
  uid_t: 'u32';
  gid_t: 'u32';
  mode_t: 'u32';
  socklen_t: 'u32';
  FILE: Tagged<'FILE'>;
  va_list: ListMark;
  __builtin_va_list: ListMark;
}

/** Steps that the compiler makes at most in one go; it reports an error after a thousand. */
type MaxSteps = 900;

type Replaced<
  S extends string,
  From extends string,
  To extends string,
  Done extends string = '',
  N extends 0[] = [],
> = N['length'] extends MaxSteps
  ? never
  : S extends `${infer Before}${From}${infer After}`
    ? Replaced<After, From, To, `${Done}${Before}${To}`, [...N, 0]>
    : `${Done}${S}`;

type Marks = ['\n', '\r', '\t', '(', ')', '*', ',', '[', ']', '{', '}', '=', ':'];
type Spaced<S extends string, M extends readonly string[] = Marks> = M extends [
  infer Mark extends string,
  ...infer Rest extends string[],
]
  ? Spaced<Replaced<S, Mark, Mark extends '\n' | '\r' | '\t' ? ' ' : ` ${Mark} `>, Rest>
  : S;

type Words<S extends string, Done extends string[] = [], N extends 0[] = []> = N['length'] extends MaxSteps
  ? never
  : S extends `${infer Word} ${infer Rest}`
    ? Words<Rest, Word extends '' ? Done : [...Done, Word], [...N, 0]>
    : S extends ''
      ? Done
      : [...Done, S];

/** Runs of blanks made shorter. */
type Trimmed<S extends string> = Replaced<Replaced<S, '    ', ' '>, '  ', ' '>;

/** The tokens of one declaration; null for too many. */
type Tokens<S extends string> = OrNull<Words<Trimmed<Spaced<S>>>>;
type OrNull<T> = [T] extends [never] ? null : T;

type WithoutBlocks<S extends string, Done extends string = '', N extends 0[] = []> = N['length'] extends 500
  ? never
  : S extends `${infer Before}/*${string}*/${infer After}`
    ? WithoutBlocks<After, `${Done}${Before} `, [...N, 0]>
    : `${Done}${S}`;
type WithoutLines<S extends string, Done extends string = '', N extends 0[] = []> = N['length'] extends 500
  ? never
  : S extends `${infer Before}//${infer After}`
    ? After extends `${string}\n${infer Next}`
      ? WithoutLines<Next, `${Done}${Before} `, [...N, 0]>
      : `${Done}${Before}`
    : `${Done}${S}`;
type WithoutComments<S extends string> = WithoutLines<WithoutBlocks<S>>;

type Ignored =
  'extern' | 'static' | 'inline' | 'volatile' | 'restrict' | '__restrict' | 'register' | '__extension__';
type BasicWord =
  'void' | '_Bool' | 'bool' | 'char' | 'short' | 'int' | 'long' | 'float' | 'double' | 'signed' | 'unsigned';

type Joined<Before extends string, Word extends string> = Before extends '' ? Word : `${Before} ${Word}`;

/** [the words of the type, whether it is const, whether this is a typedef, what follows]. */
type Specified<
  T extends readonly string[],
  Name extends string = '',
  Const = false,
  Typedef = false,
> = T extends [infer Word extends string, ...infer Rest extends string[]]
  ? Word extends Ignored
    ? Specified<Rest, Name, Const, Typedef>
    : Word extends 'const'
      ? Specified<Rest, Name, true, Typedef>
      : Word extends 'typedef'
        ? Specified<Rest, Name, Const, true>
        : Word extends BasicWord
          ? Specified<Rest, Joined<Name, Word>, Const, Typedef>
          : Name extends ''
            ? Word extends 'struct' | 'union' | 'enum'
              ? Rest extends [infer Tag extends string, ...infer Others extends string[]]
                ? Tag extends '{'
                  ? [`${Word} `, Const, Typedef, Rest]
                  : Specified<Others, `${Word} ${Tag}`, Const, Typedef>
                : never
              : Specified<Rest, Word, Const, Typedef>
            : [Name, Const, Typedef, T]
  : [Name, Const, Typedef, T];

/** The type that a name stands for; never for one that is not known. */
type Named<Name extends string, Env> = Name extends keyof Env
  ? Env[Name]
  : Name extends keyof Known
    ? Known[Name]
    : Name extends `${'struct' | 'union'} ${infer Tag}`
      ? Tagged<Tag>
      : never;

/** A type as that of a value. */
type Value<T> =
  T extends Text<infer Plain, string>
    ? Plain
    : T extends ConstantText<infer Plain, string>
      ? Plain
      : T extends ArrayMark<infer Element, unknown>
        ? ArrayType<Extract<Element, MemoryType>>
        : T extends Tagged<string> | ListMark
          ? never
          : T;

/** Whether a struct is completed somewhere in the text. */
type Completed<
  Tag extends string,
  Source extends string,
> = Source extends `${string}${'struct' | 'union'} ${Tag}${'{' | ' {' | '\n{'}${string}` ? true : false;

type PointerTo<T, Const, Source extends string> = [T] extends [never]
  ? never
  : T extends 'void'
    ? 'ptr'
    : T extends Text<string, infer Name>
      ? Const extends true
        ? Name
        : PointerType
      : T extends ConstantText<string, infer Name>
        ? Name
        : T extends Prototype<infer Args, infer Returns>
          ? FunctionPointerType<{ readonly args: InPointer<Args>; readonly returns: Returns }>
          : T extends Tagged<infer Tag>
            ? Completed<Tag, Source> extends true
              ? PointerType
              : OpaqueType<Tag>
            : PointerType;

/** A result: structs come as plain objects. */
type Returned<T> = T extends StructSchema | UnionSchema ? ObjectType<T> : Value<T>;

interface Declared<Name extends string, T, Rest extends readonly string[]> {
  readonly name: Name;
  readonly type: T;
  readonly rest: Rest;
}

/** A function, not a pointer to one. Arrays among the parameters are marked. */
interface Prototype<Args, Returns> {
  readonly args: Args;
  readonly returns: Returns;
}

/** The parameters of a function that is called by its name. */
type Direct<Args> = { [K in keyof Args]: Value<Args[K]> };
/** Those of one behind a pointer, where an array is the address that C passes. */
type InPointer<Args> = {
  readonly [K in keyof Args]: Args[K] extends ArrayMark<unknown, unknown> ? PointerType : Args[K];
};

/** What a declarator declares, of a type that has been read. */
type Declarator<T extends readonly string[], Base, Const, Env, Source extends string> = [Base] extends [never]
  ? never
  : T extends ['*', ...infer Rest extends string[]]
    ? Declarator<WithoutQualifiers<Rest>, PointerTo<Base, Const, Source>, false, Env, Source>
    : T extends ['(', '*', ...infer Rest extends string[]]
      ? FunctionPointer<WithoutQualifiers<Rest>, Base, Env, Source>
      : T extends [infer Name extends string, ...infer Rest extends string[]]
        ? Name extends '(' | '[' | ',' | ')' | ':'
          ? Suffixed<T, '', Base, Const, Env, Source>
          : Suffixed<Rest, Name, Base, Const, Env, Source>
        : Declared<'', Base, []>;

type WithoutQualifiers<T extends readonly string[]> = T extends [
  'const' | 'restrict' | '__restrict' | 'volatile',
  ...infer Rest extends string[],
]
  ? WithoutQualifiers<Rest>
  : T;

type Suffixed<
  T extends readonly string[],
  Name extends string,
  Base,
  Const,
  Env,
  Source extends string,
> = T extends ['(', ...infer Rest extends string[]]
  ? Parameters<Rest, Env, Source> extends [infer Args, infer After extends string[]]
    ? Declared<Name, Prototype<Args, Returned<Base>>, After>
    : never
  : T extends ['[', ...infer Rest extends string[]]
    ? Dimensions<
        Rest,
        Name,
        Base extends ConstantText<infer P, infer S>
          ? ConstText<S, P>
          : Const extends true
            ? Base extends Text<infer P, infer S>
              ? ConstText<S, P>
              : Base
            : Base
      >
    : Declared<Name, Base, T>;

/** An array of these, as a parameter, is a string. */
interface ConstText<Name extends string, Plain extends string, Open = false> {
  readonly element: Name;
  readonly plain: Plain;
  readonly open: Open;
}

type Dimensions<T extends readonly string[], Name extends string, Base, Open = true> = T extends [
  infer Length extends string,
  ...infer Rest extends string[],
]
  ? Length extends ']'
    ? Rest extends ['[', ...infer More extends string[]]
      ? Dimensions<More, Name, Base> extends Declared<Name, infer Inner, infer After>
        ? Declared<Name, ArrayOf<Value<Plain<Inner>>, Open>, After>
        : never
      : Declared<Name, ArrayOf<Base, Open>, Rest>
    : Dimensions<Rest, Name, Base, false>
  : never;

/** An array of const characters as elements of another one. */
type Plain<T> = T extends ConstText<string, infer P, unknown> ? ArrayType<Extract<P, MemoryType>> : T;

type ArrayOf<T, Open> =
  T extends ConstText<infer Name, infer P>
    ? ConstText<Name, P, Open>
    : Value<T> extends infer Element extends Fields[string]
      ? Element extends BitField | EmptyBitField
        ? never
        : ArrayMark<Element, Open>
      : never;

type FunctionPointer<T extends readonly string[], Base, Env, Source extends string> = T extends [
  ')',
  '(',
  ...infer Rest extends string[],
]
  ? FunctionPointerOf<Rest, '', Base, Env, Source>
  : T extends [infer Name extends string, ')', '(', ...infer Rest extends string[]]
    ? FunctionPointerOf<Rest, Name, Base, Env, Source>
    : never;

type FunctionPointerOf<T extends readonly string[], Name extends string, Base, Env, Source extends string> =
  Parameters<T, Env, Source> extends [infer Args, infer After extends string[]]
    ? Declared<
        Name,
        FunctionPointerType<{ readonly args: InPointer<Args>; readonly returns: Returned<Base> }>,
        After
      >
    : never;

/** A parameter that is a function is a pointer to it; an array of const characters is a string. */
type Parameter<T> =
  T extends Prototype<infer Args, infer Returns>
    ? FunctionPointerType<{ readonly args: InPointer<Args>; readonly returns: Returns }>
    : T extends ConstText<infer Name, string, unknown>
      ? Name
      : T extends ListMark
        ? 'ptr'
        : T extends ArrayMark<unknown, unknown>
          ? T
          : Value<T>;

/** [the types of the parameters, what follows]. */
type Parameters<
  T extends readonly string[],
  Env,
  Source extends string,
  Done extends readonly unknown[] = [],
> = T extends [')', ...infer Rest extends string[]]
  ? [Done, Rest]
  : T extends ['void', ')', ...infer Rest extends string[]]
    ? [Done, Rest]
    : T extends ['...', ')', ...infer Rest extends string[]]
      ? [[...Done, '...'], Rest]
      : Specified<T> extends [infer Name extends string, infer Const, unknown, infer Rest extends string[]]
        ? Declarator<Rest, Named<Name, Env>, Const, Env, Source> extends Declared<
            string,
            infer Type,
            infer After extends string[]
          >
          ? [Parameter<Type>] extends [never]
            ? never
            : After extends [',', ...infer Others extends string[]]
              ? Parameters<Others, Env, Source, [...Done, Parameter<Type>]>
              : After extends [')', ...infer Others extends string[]]
                ? [[...Done, Parameter<Type>], Others]
                : never
          : never
        : never;

/** The fields that a declaration in a struct adds. */
type FieldsIn<T extends readonly string[], Base, Const, Env, Source extends string, Done> =
  Declarator<T, Base, Const, Env, Source> extends Declared<infer Name, infer Type, infer Rest>
    ? Rest extends []
      ? Done & Record<Name, FieldOf<Type>>
      : Rest extends [',', ...infer Others extends string[]]
        ? FieldsIn<Others, Base, Const, Env, Source, Done & Record<Name, FieldOf<Type>>>
        : Rest extends [':', string]
          ? Done & Record<Name, BitsOf<Value<Type>>>
          : never
    : never;
type FieldOf<T> =
  T extends Prototype<unknown, unknown>
    ? never
    : T extends ConstText<string, infer P, unknown>
      ? ArrayType<Extract<P, MemoryType>>
      : Value<T>;
type BitsOf<T> = T extends
  'bool' | 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'long' | 'ulong'
  ? BitField<T>
  : T extends EnumerationType
    ? BitField<T>
    : never;

type Field<T extends readonly string[], Env, Source extends string, Done> =
  Specified<T> extends [infer Name extends string, infer Const, unknown, infer Rest extends string[]]
    ? Rest extends ['{', ...string[]]
      ? never
      : FieldsIn<Rest, Named<Name, Env>, Const, Env, Source, Done>
    : never;

type Flat<T> = { readonly [K in keyof T]: T[K] } & {};
type Schema<Keyword extends string, F> =
  Flat<F> extends infer All extends Fields
    ? Keyword extends `union${string}`
      ? UnionSchema<All>
      : StructSchema<All>
    : never;

/** The names of an enumeration, up to its brace; [names, whether a value may be beyond 32 bits, what follows]. */
type Enumerators<T extends readonly string[], Names extends string = never, Wide = false> = T extends [
  infer Word extends string,
  ...infer Rest extends string[],
]
  ? Word extends '}'
    ? [Names, Wide, Rest]
    : AfterValue<Rest, Names> extends [infer IsWide, infer After extends string[]]
      ? Enumerators<After, Names | Word, IsWide extends true ? true : Wide>
      : never
  : never;
/** [whether the value may be beyond 32 bits, what follows it]. */
type AfterValue<T extends readonly string[], Names extends string, Wide = false> = T extends [
  infer Word extends string,
  ...infer Rest extends string[],
]
  ? Word extends ','
    ? [Wide, Rest]
    : Word extends '}'
      ? [Wide, T]
      : AfterValue<Rest, Names, IsInt<Word, Names> extends true ? Wide : true>
  : never;

/** Whether a word of a value is of the type int, so that what C makes of it is one too. */
type IsInt<Word extends string, Names extends string> = Word extends
  Names | '=' | '(' | ')' | '*' | ':' | `'${string}'`
  ? true
  : Word extends `${number}`
    ? IsShort<Word>
    : AreInts<Words<Parted<Word>>, Names>;
type AreInts<W extends readonly string[], Names extends string> = W extends [
  infer Word extends string,
  ...infer Rest extends string[],
]
  ? Word extends Names
    ? AreInts<Rest, Names>
    : Word extends `${number}`
      ? IsShort<Word> extends true
        ? AreInts<Rest, Names>
        : false
      : false
  : true;

/** Less than ten characters: every such number is an int. */
type IsShort<S extends string> =
  S extends `${infer _1}${infer _2}${infer _3}${infer _4}${infer _5}${infer _6}${infer _7}${infer _8}${infer _9}${infer _10}${infer _11}`
    ? false
    : true;

type Operators = ['<', '>', '|', '&', '^', '~', '+', '-', '!', '/', '%', '?'];
/** Without its operators. */
type Parted<S extends string, O extends readonly string[] = Operators> = O extends [
  infer Operator extends string,
  ...infer Rest extends string[],
]
  ? Parted<S extends `${string}${Operator}${string}` ? Replaced<S, Operator, ' '> : S, Rest>
  : S;

/** What has been declared: types by name, and definitions. */
interface State<Env, Defs, Last> {
  readonly env: Env;
  readonly defs: Defs;
  /** The type that the last declaration has given. */
  readonly last: Last;
}

/** Of a variable that is an array without a length, the first element. */
type VariableOf<T> =
  T extends ArrayMark<infer Element, true>
    ? Element
    : T extends ConstText<string, infer P, true>
      ? P
      : FieldOf<T>;
type DefinitionOf<T> =
  T extends Prototype<infer Args extends readonly unknown[], infer Returns>
    ? { readonly args: Readonly<Direct<Args>>; readonly returns: Returns }
    : { readonly type: VariableOf<T> };

/** What a typedef stands for: one of const characters keeps that. */
type Constant<T, Const> = Const extends true
  ? T extends Text<infer P, infer Name>
    ? ConstantText<P, Name>
    : T
  : T;

/** What the declarators behind a type add. */
type Declarators<
  T extends readonly string[],
  Base,
  Const,
  Typedef,
  Env,
  Defs,
  Source extends string,
> = T extends []
  ? State<Env, Defs, Base>
  : Declarator<T, Base, Const, Env, Source> extends Declared<infer Name, infer Type, infer Rest>
    ? Rest extends [] | [',', ...string[]]
      ? Rest extends [',', ...infer Others extends string[]]
        ? Typedef extends true
          ? Declarators<Others, Base, Const, Typedef, Env & Record<Name, Constant<Type, Const>>, Defs, Source>
          : Declarators<Others, Base, Const, Typedef, Env, Defs & Record<Name, DefinitionOf<Type>>, Source>
        : Typedef extends true
          ? State<Env & Record<Name, Constant<Type, Const>>, Defs, Type>
          : State<Env, Name extends '' ? Defs : Defs & Record<Name, DefinitionOf<Type>>, Type>
      : never
    : never;

/** One declaration without braces, or an enumeration. */
type Declaration<T extends readonly string[], Env, Defs, Source extends string> =
  Specified<T> extends [infer Name extends string, infer Const, infer Typedef, infer Rest extends string[]]
    ? Name extends `enum ${infer Tag}`
      ? Rest extends ['{', ...infer Inside extends string[]]
        ? Enumerators<Inside> extends [infer Names extends string, infer Wide, infer After extends string[]]
          ? Declarators<
              After,
              EnumerationType<Names, Wide extends true ? number | bigint : number>,
              Const,
              Typedef,
              Tag extends ''
                ? Env
                : Env &
                    Record<
                      `enum ${Tag}`,
                      EnumerationType<Names, Wide extends true ? number | bigint : number>
                    >,
              Defs,
              Source
            >
          : never
        : Declarators<Rest, Named<Name, Env>, Const, Typedef, Env, Defs, Source>
      : Declarators<Rest, Named<Name, Env>, Const, Typedef, Env, Defs, Source>
    : never;

/** What stands before the first semicolon, and after it. */
type Cut<S extends string> = S extends `${infer Head};${infer Rest}` ? [Head, Rest] : [S, ''];

/** All fields of a struct, then its declarators; [state, the rest of the text]. */
type StructBody<
  S extends string,
  Keyword extends string,
  Const,
  Typedef,
  Env,
  Defs,
  Source extends string,
  Done = unknown,
  N extends 0[] = [],
> = N['length'] extends 100
  ? never
  : Cut<S> extends [infer Head extends string, infer Rest extends string]
    ? Tokens<Head> extends infer T extends string[]
      ? T extends ['}', ...infer After extends string[]]
        ? Schema<Keyword, Done> extends infer Made
          ? [
              Declarators<
                WithoutAttributes<After>,
                Made,
                Const,
                Typedef,
                Keyword extends `${string} ` ? Env : Env & Record<Keyword, Made>,
                Defs,
                Source
              >,
              Rest,
            ]
          : never
        : T extends []
          ? never
          : Field<T, Env, Source, Done> extends infer More
            ? [More] extends [never]
              ? never
              : StructBody<Rest, Keyword, Const, Typedef, Env, Defs, Source, More, [...N, 0]>
            : never
      : never
    : never;
type WithoutAttributes<T extends readonly string[]> = T extends ['__attribute__', ...string[]] ? ['('] : T;

/** All declarations of a text; never where one is not known. */
type All<
  S extends string,
  Source extends string,
  Env,
  Defs,
  Last,
  N extends 0[] = [],
> = N['length'] extends MaxDeclarations
  ? never
  : Cut<S> extends [infer Head extends string, infer Rest extends string]
    ? Tokens<Head> extends infer T extends string[]
      ? T extends []
        ? Rest extends ''
          ? State<Env, Defs, Last>
          : All<Rest, Source, Env, Defs, Last, [...N, 0]>
        : Specified<T> extends [infer Name extends string, infer Const, infer Typedef, ['{', ...string[]]]
          ? Name extends `enum ${string}`
            ? Continued<Declaration<T, Env, Defs, Source>, Rest, Source, N>
            : Name extends `${'struct' | 'union'} ${string}`
              ? S extends `${string}{${infer Body}`
                ? StructBody<Body, Name, Const, Typedef, Env, Defs, Source> extends [
                    infer After,
                    infer Others extends string,
                  ]
                  ? Continued<After, Others, Source, N>
                  : never
                : never
              : never
          : Continued<Declaration<T, Env, Defs, Source>, Rest, Source, N>
      : never
    : never;
type Continued<After, Rest extends string, Source extends string, N extends 0[]> = [After] extends [never]
  ? never
  : After extends State<infer Env, infer Defs, infer Last>
    ? Rest extends ''
      ? After
      : All<Rest, Source, Env, Defs, Last, [...N, 0]>
    : never;

type Parsed<S extends string> = [WithoutComments<S>] extends [never]
  ? never
  : WithoutComments<S> extends infer Source extends string
    ? All<Source, Source, {}, {}, never>
    : never;

/** Whether a part of definitions could not be made. */
type Incomplete<Defs> = true extends {
  [K in keyof Defs]: Defs[K] extends { readonly type: infer T }
    ? [T] extends [never]
      ? true
      : false
    : false;
}[keyof Defs]
  ? true
  : false;

/** The definitions that declarations of C make. */
export type DefinitionsOf<S extends string> = string extends S
  ? GeneralDefinitions
  : [Parsed<S>] extends [never]
    ? GeneralDefinitions
    : Parsed<S> extends State<unknown, infer Defs, unknown>
      ? Incomplete<Defs> extends true
        ? GeneralDefinitions
        : Flat<Defs>
      : GeneralDefinitions;

/** The type that a text of C names. */
export type TypeOf<S extends string> = string extends S
  ? CompositeType
  : [Parsed<S>] extends [never]
    ? CompositeType
    : Parsed<S> extends State<unknown, unknown, infer Last>
      ? [FieldOf<Last>] extends [never]
        ? CompositeType
        : FieldOf<Last>
      : CompositeType;

/**
 * Definitions for `dlopen` from C: prototypes, variables, and the structs, unions, enumerations and typedefs that
 * they use. What `cdef` gave earlier may follow; its types are known then.
 *
 * @throws `ERR_FFI_INVALID_TYPE` with line and column; `ERR_FFI_UNSUPPORTED` for types that arkffi lacks
 */
export declare function cdef<const S extends string>(source: S): DefinitionsOf<S>;
/** With the types and constants of earlier results of `cdef`. */
export declare function cdef(source: string, ...uses: readonly object[]): GeneralDefinitions;
/** As a template, whose values are types, texts and numbers. The compiler cannot read it. */
export declare function cdef(texts: TemplateStringsArray, ...values: readonly unknown[]): GeneralDefinitions;

/**
 * One type from its C text; a struct gives its schema. Declarations that it needs may stand before it.
 *
 * @throws `ERR_FFI_INVALID_TYPE` with line and column; `ERR_FFI_UNSUPPORTED` for types that arkffi lacks
 */
export declare function c<const S extends string>(source: S): TypeOf<S>;
/** With the types and constants of earlier results of `cdef`. */
export declare function c(source: string, ...uses: readonly object[]): CompositeType;
/** As a template, whose values are types, texts and numbers. */
export declare function c(texts: TemplateStringsArray, ...values: readonly unknown[]): CompositeType;

// Without an export of this form, a declaration file exports everything in it.
export {};
