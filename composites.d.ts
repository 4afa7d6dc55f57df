/**
 * Composite types: structs, unions, arrays, pointers, functions, enumerations, opaque types, bit-fields.
 *
 * Sizes, alignments and offsets are in bytes. A wrong definition throws `ERR_FFI_INVALID_TYPE`. A value
 * that does not fit throws as an argument does, with the path of the field: `ERR_FFI_INVALID_ARG_TYPE`
 * for a wrong kind of value, an unknown field and a buffer of another size, `ERR_FFI_OUT_OF_RANGE` for a
 * number or an array that is too large.
 */
import type {
  CallbackFunction,
  CString,
  FunctionLike,
  FunctionType,
  HasPointer,
  Pointer,
  PointerLike,
  TextLike,
} from './index';
import type { ArgumentTypes, MemoryTypeName, ResultTypes } from './types';

/** Where a type says what its values are. Like everything under it, it exists for the compiler alone. */
declare const values: unique symbol;
/** What tells apart objects that look the same. */
declare const tag: unique symbol;

interface HasValues<Values> {
  readonly [values]: Values;
}

/** A type of fields: what reading one gives, and what writing one accepts. */
interface FieldValues {
  readonly decoded: unknown;
  readonly input: unknown;
}
/** The values of a type that an argument can have: in memory, and as an argument. */
interface ArgumentValues extends FieldValues {
  readonly argument: unknown;
}
/** The values of a type that a result can have: in memory, as an argument, and as a result. */
interface ResultValues extends ArgumentValues {
  readonly result: unknown;
}

/** A composite type, wherever the name of a type can stand. */
export interface CompositeType<Values extends ArgumentValues = ArgumentValues> extends HasValues<Values> {}
/** What a function can return: any of them but an array. */
export interface ReturnableType<Values extends ResultValues = ResultValues> extends HasValues<Values> {}
/** A type whose values stand in memory. */
export type MemoryType = MemoryTypeName | CompositeType | typeof CString;
/** What a field of a struct or union can be. */
export type FieldType = MemoryType | BitField | EmptyBitField;
/** The fields of a struct or union, in C's order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** Scalars inside a struct, union or array: of a string, the address that stands there. */
type DecodedScalars = {
  readonly [T in MemoryTypeName]: string extends ResultTypes[T] ? number : ResultTypes[T];
};

/** What a value is inside a struct, union or array once it is read: a plain object for a struct, a number for a string. */
export type Infer<T> = T extends MemoryTypeName
  ? DecodedScalars[T]
  : T extends HasValues<{ readonly decoded: infer Decoded }>
    ? Decoded
    : T extends typeof CString
      ? number
      : never;

/** What writing a value accepts: all that reading gives, and more. */
export type InferInput<T> = T extends MemoryTypeName
  ? ArgumentTypes[T]
  : T extends HasValues<{ readonly input: infer Input }>
    ? Input
    : T extends typeof CString
      ? TextLike
      : never;

/** What a value in memory of its own is read as, a variable's or a `ref`'s: strings and opaque pointers as a result is. */
export type Stored<T> = T extends MemoryTypeName
  ? ResultTypes[T]
  : T extends OpaqueType<infer Name>
    ? OpaquePointer<Name> | null
    : T extends typeof CString
      ? string | null
      : Infer<T>;

/** A buffer of exactly the size of a struct or union, in place of a value. */
type Bytes = ArrayBufferLike | ArrayBufferView;

/** The name of a field that has a value. */
type NameOf<F, K extends keyof F> = F[K] extends EmptyBitField ? never : K;
type FieldName<F> = { [K in keyof F]: NameOf<F, K> }[keyof F];

/** A struct that was read: its fields. */
// `& {}` makes editors show the fields, not this name.
type StructValue<F> = { -readonly [K in keyof F as NameOf<F, K>]: Infer<F[K]> } & {};

/** A struct to write: its fields, of which those that are missing or undefined become zero, or its bytes. */
type StructInput<F> = Bytes | { readonly [K in keyof F as NameOf<F, K>]?: InferInput<F[K]> | undefined };

/** A union that was read: all of its members. The mark tells it from other objects, since its bytes can be written again. */
export type DecodedUnion<F> = Readonly<StructValue<F>> & Readonly<Record<typeof tag, 'union'>>;

/** A union to write: exactly one member, one that was read, or its bytes. */
type UnionInput<F> =
  | Bytes
  | DecodedUnion<F>
  | {
      [K in FieldName<F>]: { readonly [P in K]: InferInput<F[P & keyof F]> } & Readonly<
        Partial<Record<Exclude<FieldName<F>, K>, undefined>>
      >;
    }[FieldName<F>];

/** The elements of an array in memory, which can be assigned to. */
export interface ArrayView<Element> extends Record<number, Element>, ReadonlyArray<Element> {}

/** What tells unions that were read, and views of unions, from other objects. */
type UnionTag<T> =
  T extends HasValues<{ readonly decoded: Readonly<Record<typeof tag, 'union'>> }>
    ? Readonly<Record<typeof tag, 'union'>>
    : unknown;

/** A live object: its properties read and write memory. Structs, unions and arrays in it are views too. */
export type View<T> =
  T extends HasValues<{ readonly fields: infer F }>
    ? { -readonly [K in keyof F as NameOf<F, K>]: View<F[K]> } & UnionTag<T>
    : T extends HasValues<{ readonly element: infer Element }>
      ? ArrayView<View<Element>>
      : Infer<T>;

type FieldsOf<T> = T extends HasValues<{ readonly fields: infer F }> ? F : never;
type ElementOf<T> = T extends HasValues<{ readonly element: infer Element }> ? Element : never;

/** The element at the indexes `1`, or `1][2` of an array of arrays. */
type ElementAt<T, Indexes> = Indexes extends `${number}][${infer Inner}`
  ? ElementAt<ElementOf<T>, Inner>
  : Indexes extends `${number}`
    ? ElementOf<T>
    : never;

/** The type of the field at a path: `pos`, `pos.x`, `data[2]`. There is none at a wrong one. */
type TypeAt<F, Path> = Path extends `${infer Start}.${infer Rest}`
  ? TypeAt<FieldsOf<TypeAt<F, Start>>, Rest>
  : Path extends `${infer Name}[${infer Indexes}]`
    ? ElementAt<TypeAt<F, Name>, Indexes>
    : Path extends FieldName<F>
      ? F[Path & keyof F]
      : never;

/** Whether the compiler lacks the path or the fields. */
type IsOpen<S, Path> = string extends Path | keyof FieldsOf<S> ? true : false;

/** What the field at a path is when it is read. */
type ValueAt<S, Path> = IsOpen<S, Path> extends true ? unknown : Infer<TypeAt<FieldsOf<S>, Path>>;
/** What the field at a path accepts. */
type InputAt<S, Path> = IsOpen<S, Path> extends true ? unknown : InferInput<TypeAt<FieldsOf<S>, Path>>;

/** A path where it leads to a field; else the names of the fields. */
type PathIn<S, Path> =
  IsOpen<S, Path> extends true
    ? Path
    : [TypeAt<FieldsOf<S>, Path>] extends [never]
      ? FieldName<FieldsOf<S>> & string
      : Path;

/** How a struct or union is laid out. */
export interface StructOptions {
  /** The most that a field is aligned to, as by `#pragma pack(n)`. */
  readonly pack?: 1 | 2 | 4 | 8 | 16;
}

/**
 * What structs and unions have in common: C's layout, and what reads and writes values in it.
 *
 * Memory is a buffer or an address. Access beyond a buffer's ends throws `ERR_FFI_OUT_OF_BOUNDS`, NULL
 * and addresses that cannot be read or written `ERR_FFI_INVALID_POINTER`. Paths are names of fields or
 * lead into them, `'pos.x'`, `'data[2]'`; one that leads nowhere throws `ERR_FFI_INVALID_ARG_TYPE`, an
 * index beyond the array `ERR_FFI_OUT_OF_BOUNDS`.
 */
// The methods take the fields from `this`, so that a schema of any fields is a `StructSchema`.
declare class Schema<F extends Fields, Value, Input> {
  /** `Struct` and `Union` make schemas. Throws `ERR_FFI_INVALID_TYPE` for wrong fields or options. */
  constructor(fields: F, options?: StructOptions);

  readonly [values]: {
    readonly decoded: Value;
    readonly input: Input;
    readonly argument: Input;
    readonly result: number;
    readonly fields: F;
  };

  /** In bytes, as C's `sizeof`; a flexible array at the end is not included. */
  readonly size: number;
  /** In bytes, as C's `alignof`. */
  readonly align: number;
  /** The names of the fields, without bit-fields of width 0. The other lists are in the same order. */
  readonly fieldNames: readonly string[];
  /** The types of the fields, as they were given. */
  readonly fieldTypes: readonly FieldType[];
  /** Where the fields stand, in bytes; of a bit-field, the byte of its first bit. */
  readonly fieldOffsets: readonly number[];

  /** The same type, but a result of it is a plain object instead of the address of memory to release. */
  readonly object: ObjectType<this>;

  /** The offset of a field in bytes; of a bit-field, of the byte of its first bit. */
  offsetOf<S, P extends string>(this: S, path: PathIn<S, P>): number;

  /** Reads a field. */
  get<S, P extends string>(this: S, from: PointerLike, path: PathIn<S, P>): ValueAt<S, P>;

  /**
   * Writes a field. What a buffer's field is made to point to, a string or a buffer, lives as long as it
   * does; at an address a string is refused, as nothing would keep it.
   */
  set<S, P extends string>(this: S, to: PointerLike, path: PathIn<S, P>, value: InputAt<S, P>): void;

  /** Reads a value at an address: a copy. Addresses in it are as they stand there; what they point to stays C's. */
  fromPtr(pointer: PointerLike, byteOffset?: number): Value;

  /** Reads a value in a buffer: a copy. A flexible array without a count goes to the buffer's end. */
  fromBuffer(buffer: Bytes, byteOffset?: number): Value;

  /** Writes a whole value: fields that are missing become zero. Keeps alive what `set` keeps. */
  write(to: PointerLike, value: Input, byteOffset?: number): void;

  /** A live object. It keeps a buffer alive, also while only a part of the view is; memory at an address is the caller's. */
  view(memory: PointerLike, byteOffset?: number): View<this>;

  /** The address of a value, or of a field of it. It keeps nothing alive. */
  ptr<S, P extends string>(this: S, memory: PointerLike, path?: PathIn<S, P>): number;
}

/**
 * A struct. As an argument it goes by value: an object, or a buffer of its size. As a result it is the
 * address of memory that is kept until `releasePtr`.
 */
export declare class StructSchema<F extends Fields = Fields> extends Schema<
  F,
  StructValue<F>,
  StructInput<F>
> {
  /**
   * A buffer with a value, all zero by default. Strings become bytes that live as long as the buffer, and
   * buffers that it points to are kept alive by it; functions and refs are not.
   */
  create(value?: StructInput<F>): ArrayBuffer;
}

/**
 * A union: all members at the start. A value to write has exactly one of them; one that was read has a
 * getter for each, over a copy of the bytes. At run time the class is derived from StructSchema.
 */
export declare class UnionSchema<F extends Fields = Fields> extends Schema<
  F,
  DecodedUnion<F>,
  UnionInput<F>
> {
  /** A buffer with a value, all zero by default. Keeps alive what a struct's `create` keeps. */
  create(value?: UnionInput<F>): ArrayBuffer;
}

/**
 * The schema of a struct. Names of fields are no integers and have no `.`, `[` or `]`.
 *
 * A struct points to itself by a function, with the type of its result written down:
 * `const Node = Struct({ value: 'i32', next: pointer((): StructSchema => Node) })`.
 *
 * @throws `ERR_FFI_INVALID_TYPE` for wrong fields or options, or no fields at all
 */
export declare function Struct<F extends Fields>(fields: F, options?: StructOptions): StructSchema<F>;

/**
 * The schema of a union.
 *
 * @throws `ERR_FFI_INVALID_TYPE` for wrong fields or options, or no fields at all
 */
export declare function Union<F extends Fields>(fields: F, options?: StructOptions): UnionSchema<F>;

/** The `.object` of a schema. But for results it is the schema. */
export interface ObjectType<
  S extends HasValues<ResultValues & { readonly fields: Fields }> = StructSchema,
> extends HasValues<{
  readonly decoded: S[typeof values]['decoded'];
  readonly input: S[typeof values]['input'];
  readonly argument: S[typeof values]['argument'];
  readonly result: S[typeof values]['decoded'];
  readonly fields: S[typeof values]['fields'];
}> {
  /** The schema that it is the `.object` of. */
  readonly schema: S;
}

/**
 * The offset of a field of a struct or union, in bytes; of a bit-field, of the byte of its first bit.
 *
 * @throws `ERR_FFI_INVALID_ARG_TYPE` for a path that leads nowhere; `ERR_FFI_OUT_OF_BOUNDS` for an index beyond the array
 */
export declare function offsetof<S extends StructSchema | UnionSchema | ObjectType, P extends string>(
  struct: S,
  path: PathIn<S, P>,
): number;

/**
 * Gives back the memory of a struct result: true where it was one and had not been released. For any
 * other value nothing happens, and the result is false. The address must not be used any more: it may soon be that of another result.
 *
 * @throws `ERR_FFI_BUSY` while a call uses the memory, and releases nothing
 */
export declare function releasePtr(ptr: unknown): boolean;

/** An array. What is written may be shorter: the rest becomes zero. */
export interface ArrayType<T extends MemoryType = MemoryType> extends HasValues<{
  readonly decoded: Infer<T>[];
  readonly input: readonly InferInput<T>[] | (ArrayBufferView & ArrayLike<InferInput<T>>);
  readonly argument: readonly InferInput<T>[] | PointerLike;
  readonly element: T;
}> {}

/**
 * An array of so many elements, in memory and as an argument. Without a length, or with the name of the integer field that counts them,
 * a flexible array at the end of a struct.
 *
 * As an argument it is a pointer, as in C: an Array is put into memory for the call and not copied back,
 * typed arrays, buffers and addresses are passed as they are. It is no result.
 *
 * @throws `ERR_FFI_INVALID_TYPE` for an element that has no size, or a length that is no integer
 */
export declare function array<T extends MemoryType>(element: T, length?: number | string): ArrayType<T>;

/** An address. It keeps nothing alive, but a buffer that holds it does. */
export interface PointerType extends HasValues<{
  readonly decoded: number;
  readonly input: PointerLike;
  readonly argument: PointerLike;
  readonly result: number;
}> {}

/** A pointer to an opaque type is that type: it is a pointer already. */
export declare function pointer<Name extends string>(target: OpaqueType<Name>): OpaqueType<Name>;
/**
 * A pointer, whose target is for the reader. A function gives a type that is yet to be defined.
 *
 * @throws `ERR_FFI_INVALID_TYPE` where the target is no type
 */
export declare function pointer(target: MemoryType | 'void' | 'v' | (() => MemoryType)): PointerType;

/** A pointer to a function of the signature `Def`; NULL is 0. */
export interface FunctionPointerType<Def = FunctionType> extends HasValues<{
  readonly decoded: number;
  readonly input: FunctionLike;
  /** C passes what is variadic in ways that only C can read: a JavaScript function has no place there. */
  readonly argument:
    | FunctionLike
    | (Def extends { readonly args: readonly [...unknown[], '...'] } ? never : CallbackFunction<Def>);
  readonly result: number;
}> {}

/**
 * A function pointer. An address where there is no code is refused with `ERR_FFI_INVALID_POINTER`.
 *
 * As an argument it takes a JavaScript function too, which is a callback for the length of the call.
 */
export declare function fn<const Def extends Pick<FunctionType, 'args' | 'returns'>>(
  def: Def,
): FunctionPointerType<Def>;

/** The names of the integer types. */
type IntegerName = Exclude<
  { [T in MemoryTypeName]: ArgumentTypes[T] extends Pointer ? T : never }[MemoryTypeName],
  'f32' | 'float' | 'f' | 'f64' | 'double' | 'd'
>;

/** An enumeration: names or integers in, integers out. */
export interface EnumerationType<
  Name extends string = string,
  Value extends number | bigint = number | bigint,
> extends HasValues<{
  readonly decoded: Value;
  readonly input: Name | Value;
  readonly argument: Name | Value;
  readonly result: Value;
}> {}

/**
 * An enumeration of those values. Any integer that the storage holds is one, with a name or not.
 *
 * @param storage the integer type; by default the first of i32, u32, i64 and u64 that holds the values
 * @throws `ERR_FFI_INVALID_TYPE` for a value that the storage does not hold
 */
export declare function enumeration<Values extends Readonly<Record<string, number | bigint>>>(
  values: Values,
  storage?: IntegerName,
): EnumerationType<keyof Values & string, Values[keyof Values] extends number ? number : number | bigint>;

/** A result of an opaque type. It is passed where a pointer is, but not for another opaque type. It owns nothing. */
export declare class OpaquePointer<Name extends string = string> {
  private constructor();
  readonly [tag]: Name;
  /** The address, which is C's. It keeps nothing alive. */
  readonly ptr: number;
}

/** What an opaque type accepts: any pointer but that of another opaque type. */
export type OpaqueLike<Name extends string> =
  Exclude<PointerLike, HasPointer> | (HasPointer & { readonly [tag]?: Name });

/** A pointer to something that C keeps to itself. */
export interface OpaqueType<Name extends string = string> extends HasValues<{
  readonly decoded: number;
  readonly input: OpaqueLike<Name>;
  readonly argument: OpaqueLike<Name>;
  readonly result: OpaquePointer<Name> | null;
}> {}

/**
 * A pointer to a C type of that name of which nothing else is known. A pointer to one of another name is refused with
 * `ERR_FFI_INVALID_ARG_TYPE`, plain addresses are not.
 */
export declare function opaque<Name extends string>(name: Name): OpaqueType<Name>;

/** What a bit-field can be made of. */
type BitFieldBase = IntegerName | 'bool' | 'b' | EnumerationType;

/** Some bits, as a field only. */
export interface BitField<T extends BitFieldBase = BitFieldBase> extends HasValues<{
  readonly decoded: Infer<T>;
  readonly input: InferInput<T>;
  readonly width: number;
}> {}

/** C's unnamed bit-field of width 0: the next one begins a new unit. It has no value. */
export interface EmptyBitField extends HasValues<{
  readonly decoded: never;
  readonly input: never;
  readonly width: 0;
}> {}

/** A bit-field of a struct or union, of so many bits, up to those of its type. */
export declare function bits<T extends BitFieldBase, Width extends number>(
  type: T,
  width: Width,
): Width extends 0 ? EmptyBitField : BitField<T>;

// Without an export of this form, a declaration file exports everything in it.
export {};
