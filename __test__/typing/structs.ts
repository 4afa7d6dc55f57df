// What the compiler infers from structs, unions and the other composite types. Checked by `tsc`, never run.
import {
  alignof,
  array,
  bits,
  CFunction,
  CString,
  dlopen,
  enumeration,
  FFIType,
  fn,
  linkSymbols,
  offsetof,
  opaque,
  OpaquePointer,
  pointer,
  ref,
  releasePtr,
  sizeof,
  Struct,
  StructSchema,
  Union,
  UnionSchema,
  type Argument,
  type ArrayView,
  type CompositeType,
  type DataSymbol,
  type EmptyBitField,
  type EnumerationType,
  type Fields,
  type FunctionLike,
  type Infer,
  type InferInput,
  type ObjectType,
  type OpaqueLike,
  type OpaqueType,
  type PointerLike,
  type PointerType,
  type Ref,
  type Result,
  type ReturnableType,
  type Stored,
  type TextLike,
  type View,
} from 'arkffi';
import { assert, some, type Equal } from './equal';

type Buffers = ArrayBufferLike | ArrayBufferView;
/** Whether a value of one type can be given where another is wanted. */
type Fits<A, B> = [A] extends [B] ? true : false;

const Complex = Struct({ real: FFIType.double, imag: FFIType.double });
interface ComplexValue {
  real: number;
  imag: number;
}
const Color = enumeration({ RED: 0, GREEN: 1 });
const File = opaque('FILE');
const Value = Union({ int: 'i32', text: 'CString', complex: Complex });
const Scalars = Struct({
  flag: 'bool',
  byte: 'uint8_t',
  wide: 'i64',
  size: 'size_t',
  fast: 'u64_fast',
  exact: 'bigint64',
  float: FFIType.float,
  text: 'CString',
  wcs: FFIType.wstring,
  address: 'ptr',
  code: 'callback',
});
const Everything = Struct(
  {
    position: Complex,
    path: array(Complex, 3),
    grid: array(array('i32', 2), 2),
    names: array('CString', 2),
    longs: array('i64', 2),
    value: Value,
    color: Color,
    next: pointer(Complex),
    compare: fn({ args: ['ptr', 'ptr'], returns: 'int' }),
    file: File,
    low: bits('u32', 3),
    unit: bits('u32', 0),
    on: bits('bool', 1),
    shade: bits(Color, 2),
    count: 'i32',
    tail: array('u8', 'count'),
  },
  { pack: 1 },
);

// What reading gives.
assert<Equal<Infer<typeof Complex>, ComplexValue>>();
assert<
  Equal<
    Infer<typeof Scalars>,
    {
      flag: boolean;
      byte: number;
      wide: number | bigint;
      size: number | bigint;
      fast: number;
      exact: bigint;
      float: number;
      text: number;
      wcs: number;
      address: number;
      code: number;
    }
  >
>();
type Read = Infer<typeof Everything>;
assert<Equal<Read['position'], ComplexValue>>();
assert<Equal<Read['path'], ComplexValue[]>>();
assert<Equal<Read['grid'], number[][]>>();
assert<Equal<Read['names'], number[]>>();
assert<Equal<Read['longs'], (number | bigint)[]>>();
assert<Equal<Read['value'], Infer<typeof Value>>>();
assert<Equal<Read['value']['complex'], ComplexValue>>();
assert<Equal<Read['value']['text'], number>>();
assert<
  Equal<[Read['color'], Read['next'], Read['compare'], Read['file']], [number, number, number, number]>
>();
assert<Equal<[Read['low'], Read['on'], Read['shade'], Read['tail']], [number, boolean, number, number[]]>>();
assert<Equal<'unit' extends keyof Read ? true : false, false>>();
assert<Equal<Infer<typeof Complex.object>, ComplexValue>>();
assert<Equal<Infer<'CString'>, number>>();
assert<Equal<Infer<'double'>, number>>();
assert<Equal<Infer<StructSchema>, Record<string, unknown>>>();

assert<Equal<ReturnType<typeof Complex.fromPtr>, ComplexValue>>();
assert<Equal<ReturnType<typeof Complex.fromBuffer>, ComplexValue>>();
assert<Equal<ReturnType<typeof Complex.create>, ArrayBuffer>>();
assert<Equal<ReturnType<typeof Value.create>, ArrayBuffer>>();
assert<Equal<ReturnType<typeof Complex.ptr>, number>>();
assert<Equal<ReturnType<typeof Complex.offsetOf>, number>>();
assert<Equal<typeof Complex.size, number>>();
assert<Equal<typeof Complex.fieldNames, readonly string[]>>();
assert<Equal<typeof Complex.fieldOffsets, readonly number[]>>();
assert<Equal<typeof Complex.object, ObjectType<typeof Complex>>>();
assert<Equal<typeof Value.object, ObjectType<typeof Value>>>();
assert<Equal<typeof Complex.object.schema, typeof Complex>>();

const read = Everything.fromPtr(4096n, 8);
read.position.real = 1;
read.grid = [[1]];
// @ts-expect-error a union that was read cannot be changed
read.value.int = 1;
// @ts-expect-error no such field
void read.missing;
// @ts-expect-error the size is fixed
Complex.size = 1;
// @ts-expect-error an address has no end
Complex.fromBuffer(4096);
// @ts-expect-error a string is no memory
Complex.fromPtr('text');

// What writing accepts.
assert<
  Equal<
    InferInput<typeof Complex>,
    Buffers | { readonly real?: number | undefined; readonly imag?: number | undefined }
  >
>();
type Given = Exclude<InferInput<typeof Scalars>, Buffers>;
assert<Equal<Given['flag'], boolean | 0 | 1 | undefined>>();
assert<Equal<Given['wide'], number | bigint | undefined>>();
assert<Equal<Given['exact'], number | bigint | undefined>>();
assert<Equal<Given['text'], TextLike>>();
assert<Equal<Given['address'], PointerLike>>();
assert<Equal<Given['code'], FunctionLike>>();
assert<Equal<InferInput<typeof Color>, 'RED' | 'GREEN' | number>>();
assert<Equal<InferInput<'ptr'>, PointerLike>>();
assert<Equal<InferInput<typeof Complex.object>, InferInput<typeof Complex>>>();
assert<Fits<Infer<typeof Scalars>, InferInput<typeof Scalars>>>();
assert<Fits<Infer<typeof Everything>, InferInput<typeof Everything>>>();
assert<Fits<Infer<typeof Value>, InferInput<typeof Value>>>();
assert<Fits<View<typeof Complex>, InferInput<typeof Complex>>>();
assert<Fits<ArrayBuffer | SharedArrayBuffer | Buffer | DataView, InferInput<typeof Everything>>>();

Complex.create();
Complex.create({});
Complex.create({ real: 1, imag: undefined });
Complex.create(Complex.create());
Scalars.create({ flag: 1, wide: 1n, text: 'text', address: new Uint8Array(8), code: null });
Scalars.write(4096, { text: null }, 8);
Everything.create({
  position: { real: 1 },
  path: [{ real: 1 }, {}, Complex.create()],
  grid: [[1, 2], new Int32Array(2)],
  names: ['one', null],
  longs: new BigInt64Array(2),
  value: { text: 'text' },
  color: 'GREEN',
  next: Complex.create(),
  compare: CFunction({ ptr: 4096 }),
  file: null,
  low: 7,
  on: true,
  shade: 'RED',
  tail: Buffer.from('tail'),
});
Everything.create(read);
Everything.create({ ...read, value: { complex: { imag: 1 } }, color: 1, longs: [1, 2n] });
// @ts-expect-error no such field
Complex.create({ re: 1 });
// @ts-expect-error a string for a number
Complex.create({ real: '1' });
// @ts-expect-error null is no struct
Complex.create(null);
// @ts-expect-error an address is no value
Complex.create(4096);
// @ts-expect-error an Array is no struct
Complex.create([1, 2]);
// @ts-expect-error a nested unknown field
Everything.create({ position: { re: 1 } });
// @ts-expect-error no name of the enumeration
Everything.create({ color: 'BLUE' });
// @ts-expect-error a string for an array
Everything.create({ names: 'one' });
// @ts-expect-error bytes for an array of int
Everything.create({ grid: [new ArrayBuffer(8)] });
// @ts-expect-error bigints for an array of int
Everything.create({ grid: [new BigInt64Array(2)] });
// @ts-expect-error a bit-field of width 0 takes no value
Everything.create({ unit: 0 });
// @ts-expect-error a JavaScript function for a C function
Everything.create({ compare: () => 0 });

// Unions take exactly one member.
Value.create({ int: 1 });
Value.create({ complex: { real: 1 }, int: undefined });
Value.create(Value.fromPtr(4096));
Value.create(new ArrayBuffer(16));
Value.write(4096, { text: 4096 });
Value.create();
// @ts-expect-error no member
Value.create({});
// @ts-expect-error two members
Value.create({ int: 1, text: null });
// @ts-expect-error all members, but not of a union that was read
Value.create({ int: 1, text: 0, complex: { real: 0, imag: 0 } });
// @ts-expect-error no such member
Value.create({ float: 1 });
// @ts-expect-error the value does not belong to the member
Value.create({ int: 'text' });

// Fields by their paths.
const buffer = new ArrayBuffer(256);
const at = some<number>();
export const numbers = [
  Complex.get(buffer, 'real'),
  Everything.get(4096, 'position.imag'),
  Everything.get(buffer, 'path[2].real'),
  Everything.get(buffer, `path[${at}].real`),
  Everything.get(buffer, 'grid[1][0]'),
  Everything.get(buffer, 'value.complex.real'),
  Everything.get(buffer, 'tail[5]'),
] as const;
assert<Equal<(typeof numbers)[number], number>>();
export const [inner, row, union, unknownPath] = [
  Everything.get(buffer, 'position'),
  Everything.get(buffer, 'grid[0]'),
  Everything.get(buffer, 'value'),
  Everything.get(buffer, some<string>()),
];
assert<Equal<typeof inner, ComplexValue>>();
assert<Equal<typeof row, number[]>>();
assert<Equal<typeof union, Infer<typeof Value>>>();
assert<Equal<typeof unknownPath, unknown>>();
Everything.set(buffer, 'color', 'RED');
Everything.set(buffer, 'names[1]', 'two');
Everything.set(4096, 'value', { int: 1 });
Everything.set(buffer, 'value.int', 1);
Everything.set(buffer, 'path', [{ imag: 1 }]);
Everything.set(buffer, some<string>(), 1);
Everything.offsetOf('path[1].imag');
Everything.ptr(buffer);
Everything.ptr(buffer, 'position.real');
offsetof(Everything, 'grid[1]');
offsetof(Value, 'complex.imag');
offsetof(Complex.object, 'imag');
// @ts-expect-error no such field
Complex.get(buffer, 're');
// @ts-expect-error no such field inside
Everything.get(buffer, 'position.re');
// @ts-expect-error no array
Everything.get(buffer, 'position[0]');
// @ts-expect-error no index
Everything.get(buffer, 'path[first]');
// @ts-expect-error no struct
Everything.get(buffer, 'count.x');
// @ts-expect-error a bit-field of width 0 has no name
Everything.get(buffer, 'unit');
// @ts-expect-error the value does not belong to the field
Everything.set(buffer, 'position.real', 'text');
// @ts-expect-error no such field
offsetof(Complex, 're');
// @ts-expect-error a scalar has no fields
offsetof('i32', 'x');
// @ts-expect-error no such field
Everything.ptr(buffer, 'missing');

// Live objects.
const view = Everything.view(buffer);
assert<Equal<typeof view, View<typeof Everything>>>();
assert<Equal<(typeof view)['position'], ComplexValue>>();
assert<Equal<(typeof view)['path'], ArrayView<ComplexValue>>>();
assert<Equal<(typeof view)['grid'], ArrayView<ArrayView<number>>>>();
assert<Equal<(typeof view)['names'], ArrayView<number>>>();
view.position.real = 1;
view.position = { real: 1, imag: 2 };
view.value.int = 1;
view.grid[0]![1] = 1;
view.grid[0] = [1, 2];
view.longs = [1, 2n];
view.color = 1;
view.on = false;
assert<Equal<ReturnType<typeof view.names.map<string>>, string[]>>();
// @ts-expect-error no such field
view.missing = 1;
// @ts-expect-error a string for a number
view.position.real = 'text';
// @ts-expect-error the length is fixed
view.grid.push([1]);
// @ts-expect-error the length is fixed
view.grid.length = 1;

// As arguments, results, variables and refs.
const library = dlopen('test', {
  add: { args: [Complex, Complex], returns: Complex },
  addObject: { args: [Complex.object], returns: Complex.object },
  union: { args: [Value], returns: Value.object },
  sum: { args: [array('f64', 3), array('i32')], returns: 'f64' },
  next: { args: [Color], returns: Color },
  open: { args: ['CString'], returns: File },
  close: { args: [File, pointer(File)] },
  point: { args: [pointer(Complex), pointer('void')], returns: pointer(Complex) },
  sort: { args: [fn({ args: ['i32'] })], returns: fn({}) },
  print: { args: ['CString', '...'] },
  origin: { type: Complex },
  object: { type: Complex.object },
  table: { type: array(Complex, 4) },
  mode: { type: Color },
  stream: { type: File },
  handler: { type: fn({}) },
});
const { symbols } = library;
type F = typeof symbols;
assert<Equal<Parameters<F['add']>, [InferInput<typeof Complex>, InferInput<typeof Complex>]>>();
assert<Equal<ReturnType<F['add']>, number>>();
assert<Equal<Parameters<F['addObject']>, [InferInput<typeof Complex>]>>();
assert<Equal<ReturnType<F['addObject']>, ComplexValue>>();
assert<Equal<Parameters<F['union']>, [InferInput<typeof Value>]>>();
assert<Equal<ReturnType<F['union']>, Infer<typeof Value>>>();
assert<Equal<Parameters<F['sum']>, [readonly number[] | PointerLike, readonly number[] | PointerLike]>>();
assert<Equal<Parameters<F['next']>, ['RED' | 'GREEN' | number]>>();
assert<Equal<ReturnType<F['next']>, number>>();
assert<Equal<ReturnType<F['open']>, OpaquePointer<'FILE'> | null>>();
assert<Equal<Parameters<F['close']>, [OpaqueLike<'FILE'>, OpaqueLike<'FILE'>]>>();
assert<Equal<ReturnType<F['point']>, number>>();
assert<Equal<Parameters<F['sort']>, [FunctionLike | ((a: number) => unknown)]>>();
assert<Equal<ReturnType<F['sort']>, number>>();
assert<Equal<F['origin'], DataSymbol<typeof Complex>>>();
assert<Equal<F['origin']['value'], ComplexValue>>();
assert<Equal<F['object']['value'], ComplexValue>>();
assert<Equal<F['table']['value'], ComplexValue[]>>();
assert<Equal<F['mode']['value'], number>>();
assert<Equal<F['stream']['value'], OpaquePointer<'FILE'> | null>>();
assert<Equal<F['handler']['value'], number>>();
assert<Equal<Argument<typeof Complex>, InferInput<typeof Complex>>>();
assert<Equal<Result<typeof Complex>, number>>();
assert<Equal<Result<typeof Complex.object>, ComplexValue>>();

symbols.add({ real: 1 }, Complex.create());
symbols.union({ int: 1 });
symbols.sum([1, 2, 3], new Int32Array(3));
symbols.sum(new Float64Array(3), null);
symbols.next('RED');
symbols.close(symbols.open('file'), 4096);
symbols.close(symbols.stream.value, new ArrayBuffer(8));
symbols.point(Complex.create(), symbols.origin);
symbols.sort(symbols.add);
symbols.print(
  '',
  [Complex, { real: 1 }],
  [Value, { int: 1 }],
  [Complex.object, Complex.create()],
  [array('i32', 2), [1, 2]],
  [Color, 'RED'],
  [File, symbols.open('file')],
  [pointer(Complex), null],
  [fn({}), symbols.add],
  ['i32', 1],
);
symbols.origin.value = { real: 1 };
symbols.origin.value = Complex.create();
symbols.table.value = [{}, Complex.create()];
symbols.mode.value = 'GREEN';
symbols.stream.value = symbols.open('file');
// @ts-expect-error no such field
symbols.add({ re: 1 }, {});
// @ts-expect-error a struct does not go by address
symbols.add(4096, {});
// @ts-expect-error a missing struct
symbols.add({});
// @ts-expect-error no name of the enumeration
symbols.next('BLUE');
// @ts-expect-error a pointer to another opaque type
symbols.close(some<OpaquePointer<'DIR'>>(), null);
// @ts-expect-error a string in an array of numbers
symbols.sum(['1'], null);
symbols.sort((value) => value + 1);
// @ts-expect-error more parameters than C gives arguments
symbols.sort((a, b) => b);
// @ts-expect-error a string for a variadic struct
symbols.print('', [Complex, 'text']);
// @ts-expect-error an address is no value of an array
symbols.table.value = 4096;
// @ts-expect-error no such field
symbols.origin.value = { re: 1 };
// @ts-expect-error C functions return no arrays
dlopen('test', { f: { returns: array('i32', 2) } });
// @ts-expect-error a bit-field is no argument
dlopen('test', { f: { args: [bits('u32', 1)] } });
// @ts-expect-error a bit-field is no variable
dlopen('test', { f: { type: bits('u32', 1) } });
// @ts-expect-error an object that is no type
dlopen('test', { f: { args: [{}] } });
// @ts-expect-error a function that is no type
dlopen('test', { f: { args: [Struct] } });

const called = CFunction({ args: [Complex, Color], returns: Complex.object, ptr: 4096 });
assert<Equal<Parameters<typeof called>, [InferInput<typeof Complex>, 'RED' | 'GREEN' | number]>>();
assert<Equal<ReturnType<typeof called>, ComplexValue>>();
const linked = linkSymbols({ one: { args: [File], returns: Complex, ptr: called } });
assert<Equal<ReturnType<typeof linked.symbols.one>, number>>();
linked.symbols.one.close();
export const [complex, value, list, stream] = [
  ref(Complex, { real: 1 }),
  ref(Value.object, { int: 1 }),
  ref(array('i32', 2), [1]),
  ref(File),
];
assert<Equal<typeof complex, Ref<typeof Complex>>>();
assert<Equal<typeof complex.value, ComplexValue>>();
assert<Equal<typeof value.value, Infer<typeof Value>>>();
assert<Equal<typeof list.value, number[]>>();
assert<Equal<typeof stream.value, OpaquePointer<'FILE'> | null>>();
complex.value = Complex.create();
list.value = new Uint8Array(2);
symbols.point(complex, stream);
// @ts-expect-error no such field
ref(Complex, { re: 1 });

assert<Equal<ReturnType<typeof releasePtr>, boolean>>();
releasePtr(symbols.add({}, {}));
releasePtr(some<unknown>());
for (const type of [
  Complex,
  Complex.object,
  Value,
  Color,
  File,
  array('i32'),
  pointer('void'),
  fn({}),
  'i32',
] as const) {
  sizeof(type);
  alignof(type);
}
// @ts-expect-error a bit-field has no size
sizeof(bits('u32', 1));

// What makes the types.
assert<Equal<typeof Color, EnumerationType<'RED' | 'GREEN', number>>>();
assert<Equal<Infer<ReturnType<typeof big>>, number | bigint>>();
export function big() {
  return enumeration({ ALL: 2n ** 64n - 1n }, 'u64');
}
assert<Equal<typeof File, OpaqueType<'FILE'>>>();
assert<Equal<ReturnType<typeof toFile>, OpaqueType<'FILE'>>>();
export function toFile() {
  return pointer(File);
}
assert<Equal<ReturnType<typeof zero>, EmptyBitField>>();
export function zero() {
  return bits('u32', 0);
}
array('i32', some<number>());
bits(Color, some<number>());
pointer(pointer('CString'));
fn({ args: [Complex, '...'], returns: Complex.object });
new UnionSchema({ int: 'i32' }, { pack: 2 }).create({ int: 1 });
// The class CString is the type of that name.
const Titled = Struct({ title: CString, names: array(CString, 2) });
assert<Equal<Infer<typeof Titled>, { title: number; names: number[] }>>();
Titled.create({ title: 'text', names: ['one', null] });
assert<Equal<Stored<typeof CString>, string | null>>();
sizeof(CString);

// A view with a union in it can be written, as can what was read.
const Tagged = Struct({ kind: 'i32', value: Value });
const tagged = Tagged.view(Tagged.create());
tagged.value.int = 1;
Tagged.create(tagged);
Tagged.write(0, { value: tagged.value });
// @ts-expect-error all members, but no union
Tagged.create({ value: { ...some<{ int: number; text: number }>() } });
// @ts-expect-error no such type
Struct({ x: 'integer' });
// @ts-expect-error a field of type void
Struct({ x: 'void' });
// @ts-expect-error napi_value does not stand in memory
Struct({ x: 'napi_value' });
// @ts-expect-error no such alignment
Struct({ x: 'i32' }, { pack: 3 });
// @ts-expect-error no such option
Struct({ x: 'i32' }, { packed: true });
// @ts-expect-error an array of void
array('void', 1);
// @ts-expect-error an array of bit-fields
array(bits('u32', 1), 1);
// @ts-expect-error bits of a float
bits('f32', 1);
// @ts-expect-error bits of a struct
bits(Complex, 1);
// @ts-expect-error a value that is no number
enumeration({ RED: 'red' });
// @ts-expect-error an enumeration is stored as an integer
enumeration({ RED: 0 }, 'f64');
// @ts-expect-error a function pointer has no symbol
fn({ symbol: 'f' });
// @ts-expect-error napi_value has no address
pointer('napi_value');
// @ts-expect-error only C gives opaque pointers
new OpaquePointer();

// Structs that point to themselves: the type written down, or found by the compiler.
export const Tree: StructSchema = Struct({
  value: 'i32',
  left: pointer(() => Tree),
  right: pointer(() => Tree),
});
export const Node = Struct({ value: 'i32', next: pointer((): StructSchema => Node) });
assert<Equal<Infer<typeof Node>, { value: number; next: number }>>();
assert<Equal<typeof Node extends StructSchema<{ value: 'i32'; next: PointerType }> ? true : false, true>>();

// Schemas of which nothing is known.
export function describe(schema: StructSchema) {
  schema.create({ anything: 1 });
  schema.set(schema.create(), 'any.path[1]', 1);
  schema.offsetOf('any.path[1]');
  assert<Equal<ReturnType<typeof schema.fromPtr>, Record<string, unknown>>>();
  assert<Equal<ReturnType<typeof schema.view>, Record<string, unknown>>>();
  const { symbols } = dlopen(null, { f: { args: [schema], returns: schema.object } });
  assert<Equal<ReturnType<typeof symbols.f>, Record<string, unknown>>>();
  symbols.f({ anything: 1 });
  return schema.get(4096, 'any.path[1]');
}
assert<Equal<ReturnType<typeof describe>, unknown>>();
for (const schema of [Complex, Scalars, Everything, Value, Tree, Node]) describe(schema);
const types: CompositeType[] = [
  Complex,
  Complex.object,
  Value,
  Color,
  File,
  array(Complex, 2),
  pointer(Tree),
  fn({}),
];
const results: ReturnableType[] = [Complex, Complex.object, Value, Color, File, pointer(Tree), fn({})];
void types;
void results;
// @ts-expect-error an array is no result
void ([array('i32')] satisfies ReturnableType[]);
// @ts-expect-error a struct is no union
void ([Complex] satisfies UnionSchema<{ real: 'f64'; imag: 'f64' }>[]);
const unions: UnionSchema[] = [Value];
void unions;
const unknownValue = some<object>();
if (unknownValue instanceof StructSchema) describe(unknownValue);
if (unknownValue instanceof OpaquePointer) assert<Equal<typeof unknownValue.ptr, number>>();

/** Generic code over schemas. */
export function copyOf<F extends Fields>(schema: StructSchema<F>, address: number): Infer<StructSchema<F>> {
  describe(schema);
  schema.create();
  return schema.fromPtr(address);
}
assert<Equal<ReturnType<typeof copy>, ComplexValue>>();
export function copy() {
  return copyOf(Complex, 4096);
}
