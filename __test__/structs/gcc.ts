/** What the C compiler makes of structs: sizes, alignments, offsets, and the bits of bit-fields. */
import { compile } from '../support/compile';
import { bytesOf, functions, type Schema } from './loose';

export interface LayoutCase {
  /** The declaration in C, without a name: `struct { int a; }`. */
  readonly c: string;
  readonly schema: () => Schema;
  /** The bit-fields, each with the value of which all bits are set. */
  readonly bits?: Readonly<Record<string, unknown>>;
  /** Paths beyond the fields themselves. */
  readonly paths?: readonly string[];
  /** The packing of the declaration. */
  readonly pack?: number;
}

export interface Layout {
  readonly size: number;
  readonly align: number;
  readonly offsets: Readonly<Record<string, number>>;
  /** The bytes of a struct in which only that bit-field is set. */
  readonly bits: Readonly<Record<string, readonly number[]>>;
}

const bitNames = ({ bits = {} }: LayoutCase) => Object.keys(bits);

function pathsOf(one: LayoutCase): string[] {
  const { fieldNames } = one.schema();
  return [...fieldNames.filter((name) => !bitNames(one).includes(name)), ...(one.paths ?? [])];
}

function source(one: LayoutCase, number: number): string {
  const offsets = pathsOf(one).map((path, at) => `if (n == ${at}) return offsetof(T${number}, ${path});`);
  const fills = bitNames(one).map((name, at) => `if (n == ${at}) s->${name} = -1;`);
  const pack = one.pack === undefined ? ['', ''] : [`#pragma pack(push, ${one.pack})`, '#pragma pack(pop)'];
  return `${pack[0]}
    typedef ${one.c} T${number};
    ${pack[1]}
    size_t size_${number}(void) { return sizeof(T${number}); }
    size_t align_${number}(void) { return _Alignof(T${number}); }
    size_t offset_${number}(int n) { ${offsets.join(' ')} (void)n; return (size_t)-1; }
    void fill_${number}(T${number} *s, int n) { (void)s, (void)n; ${fills.join(' ')} }`;
}

const headers = ['stdbool', 'stddef', 'stdint', 'uchar', 'wchar'].map((name) => `#include <${name}.h>`);

/** Compiles all cases into one library; gives the layout that C has for each. */
export function layoutsInC(fileName: string, cases: readonly LayoutCase[]): Layout[] {
  const library = compile(fileName, [...headers, ...cases.map(source)].join('\n'));
  const one = (name: string, args: string[], returns: string) =>
    functions(library, { [name]: { args, returns } }).symbols[name]!;
  return cases.map((each, number) => {
    const size = one(`size_${number}`, [], 'size_t')() as number;
    const offset = one(`offset_${number}`, ['int'], 'size_t');
    const fill = one(`fill_${number}`, ['ptr', 'int'], 'void');
    const filled = (at: number) => {
      const bytes = new ArrayBuffer(size);
      fill(bytes, at);
      return bytesOf(bytes);
    };
    return {
      size,
      align: one(`align_${number}`, [], 'size_t')() as number,
      offsets: Object.fromEntries(pathsOf(each).map((path, at) => [path, offset(at) as number])),
      bits: Object.fromEntries(bitNames(each).map((name, at) => [name, filled(at)])),
    };
  });
}

/** The layout that the schema of a case has. */
export function layoutInJs(one: LayoutCase): Layout {
  const schema = one.schema();
  const { size, align } = schema;
  const filled = (name: string, value: unknown) => {
    const bytes = new ArrayBuffer(size);
    schema.set(bytes, name, value);
    return bytesOf(bytes);
  };
  return {
    size,
    align,
    offsets: Object.fromEntries(pathsOf(one).map((path) => [path, schema.offsetOf(path)])),
    bits: Object.fromEntries(
      Object.entries(one.bits ?? {}).map(([name, value]) => [name, filled(name, value)]),
    ),
  };
}
