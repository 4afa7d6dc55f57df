// What the compiler infers from declarations of C. Checked by `tsc`, never run.
import {
  c,
  cdef,
  dlopen,
  type ArrayType,
  type CompositeType,
  type EnumerationType,
  type GeneralDefinitions,
  type GeneralSymbol,
  type Infer,
  type OpaquePointer,
  type PointerLike,
  type PointerType,
  type StructSchema,
  type TextLike,
} from 'arkffi';
import { assert, some, type Equal } from './equal';

type Parameters_<F> = F extends (...args: infer A) => unknown ? A : never;
type Result_<F> = F extends (...args: never[]) => infer R ? R : never;

const library = dlopen(
  'm',
  cdef(`
    double cos(double x);
    extern int atoi(const char *nptr); // the name of the parameter does not matter
    unsigned long long wide(unsigned char, long, size_t n, uint64_t);
    void nothing(void);
    int empty();
    const char *text(void);
    char *buffer(char *out, const wchar_t *wide);
    void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
    bool flag(_Bool b);
    int printf(const char *format, ...);
    /* qsort
       is from stdlib.h; it calls back */
    void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
    int a(int), b(float);
    extern int counter;
    extern const char *const version;
    double matrix[3][4];

    typedef struct db db;
    int db_open(const char *path, db **out);
    db *db_default(void);
    int db_close(db *);
    FILE *fopen(const char *path, const char *mode);

    struct point { double x, y; };
    typedef struct {
      int id;
      const char *name;
      struct point at[2];
      unsigned flags : 3;
      void (*done)(int);
    } item;
    struct point middle(struct point a, struct point b);
    void put(const item *items, int count, item by_value);

    typedef enum { RED, GREEN = 1 << 2, BLUE } color;
    enum mode { FAST, SLOW };
    color mix(color, enum mode m);
    typedef int (*compare)(int, const char *);
    void sort(compare with, int values[], const char name[4]);
    struct node { int value; struct node *next; };
    struct node *first(struct node *list);
  `),
);
type F = (typeof library)['symbols'];

assert<Equal<Parameters_<F['cos']>, [number]>>();
assert<Equal<Result_<F['cos']>, number>>();
assert<Equal<Parameters_<F['atoi']>, [TextLike]>>();
assert<Equal<Parameters_<F['wide']>, [number, number | bigint, number | bigint, number | bigint]>>();
assert<Equal<Result_<F['wide']>, number | bigint>>();
assert<Equal<Parameters_<F['nothing']>, []>>();
assert<Equal<Result_<F['nothing']>, void>>();
assert<Equal<Parameters_<F['empty']>, []>>();
assert<Equal<Result_<F['text']>, string | null>>();
assert<Equal<Parameters_<F['buffer']>, [PointerLike, TextLike]>>();
assert<Equal<Result_<F['buffer']>, number>>();
assert<Equal<Parameters_<F['memcpy']>, [PointerLike, PointerLike, number | bigint]>>();
assert<Equal<Parameters_<F['flag']>, [boolean | 0 | 1]>>();
assert<Equal<Result_<F['flag']>, boolean>>();
assert<Equal<Parameters_<F['a']>, [number]>>();
assert<Equal<Result_<F['b']>, number>>();
assert<Equal<F['counter']['value'], number>>();
assert<Equal<F['version']['value'], string | null>>();
assert<Equal<F['matrix']['value'], number[][]>>();
assert<Equal<Result_<F['db_default']>, OpaquePointer<'db'> | null>>();
assert<Equal<Result_<F['fopen']>, OpaquePointer<'FILE'> | null>>();
assert<Equal<Result_<F['middle']>, { x: number; y: number }>>();
assert<Equal<Result_<F['mix']>, number>>();
assert<Equal<Parameters_<F['mix']>, ['RED' | 'GREEN' | 'BLUE' | number, 'FAST' | 'SLOW' | number]>>();
assert<Equal<Result_<F['first']>, number>>();

const { symbols } = library;
symbols.printf('%d', ['int', 1]);
symbols.qsort(new Int32Array(4), 4, 4, (x, y) => x - y);
symbols.db_open('path', new BigInt64Array(1));
symbols.db_close(symbols.db_default());
symbols.middle({ x: 1, y: 2 }, { x: 3 });
symbols.put(new Uint8Array(8), 1, { id: 1, name: 'text', at: [{ x: 1 }], flags: 3 });
symbols.mix('RED', 'SLOW');
symbols.sort((x, text) => (text === null ? 0 : x), [1, 2, 3], 'name');
symbols.sort(null, new Int32Array(4), 'name');

// @ts-expect-error too few arguments
symbols.cos();
// @ts-expect-error a string for a number
symbols.cos('1');
// @ts-expect-error another opaque type
symbols.db_close(symbols.fopen('path', 'r'));
// @ts-expect-error no such value
symbols.mix('PINK', 'SLOW');
// @ts-expect-error no such field
symbols.middle({ z: 1 }, { x: 3 });
// @ts-expect-error the callback gets a number first
symbols.sort((text: string) => text.length, [], 'name');
// @ts-expect-error no such symbol
void symbols.missing;

// One type.
const point = c('struct { int x; double y[4]; }');
assert<Equal<Infer<typeof point>, { x: number; y: number[] }>>();
point.create({ x: 1, y: [1, 2] });
assert<Equal<ReturnType<typeof int>, 'i32'>>();
export const int = () => c('int');
assert<Equal<ReturnType<typeof text>, 'CString'>>();
export const text = () => c('const char *');
assert<Equal<ReturnType<typeof pointer>, PointerType>>();
export const pointer = () => c('unsigned char*');
assert<Equal<ReturnType<typeof list>, ArrayType<'f64'>>>();
export const list = () => c('double[4]');
assert<Equal<ReturnType<typeof names>, EnumerationType<'A' | 'B', number>>>();
export const names = () => c('enum { A, B = 5 }');
assert<Equal<Infer<ReturnType<typeof both>>['second'], { x: number }>>();
export const both = () => c('struct one { int x; }; struct { struct one first, second; }');

// What cannot be read has the general type.
assert<Equal<ReturnType<typeof template>, GeneralDefinitions>>();
export const template = () => cdef`int f(int);`;
assert<Equal<ReturnType<typeof unknown>, GeneralDefinitions>>();
export const unknown = (source: string) => cdef(source);
assert<Equal<ReturnType<typeof nested>, GeneralDefinitions>>();
export const nested = () => cdef('struct a { struct { int x; } y; }; int f(struct a);');
assert<Equal<ReturnType<typeof building>, GeneralDefinitions>>();
export const building = () => cdef('int f(item *);', cdef('typedef struct item item;'));
assert<Equal<ReturnType<typeof templateType>, CompositeType>>();
export const templateType = () => c`struct { int x; }`;
assert<Equal<ReturnType<typeof nestedType>, CompositeType>>();
export const nestedType = () => c('struct { struct { int x; } y; }');
const open = dlopen('m', template());
assert<Equal<(typeof open)['symbols'][string], GeneralSymbol>>();
assert<Equal<ReturnType<GeneralSymbol>, unknown>>();
open.symbols.f?.(1, 'text');
void open.symbols.f?.async(1);
some<StructSchema>().create();

// @ts-expect-error C is text
cdef(5);
// @ts-expect-error a field is a number
point.create({ x: 'text' });

// A text of almost as many declarations as the compiler reads.
export const many = cdef(`
    int f0(int a, const char *b);
    int f1(int a, const char *b);
    int f2(int a, const char *b);
    int f3(int a, const char *b);
    int f4(int a, const char *b);
    int f5(int a, const char *b);
    int f6(int a, const char *b);
    int f7(int a, const char *b);
    int f8(int a, const char *b);
    int f9(int a, const char *b);
    int f10(int a, const char *b);
    int f11(int a, const char *b);
    int f12(int a, const char *b);
    int f13(int a, const char *b);
    int f14(int a, const char *b);
    int f15(int a, const char *b);
    int f16(int a, const char *b);
    int f17(int a, const char *b);
    int f18(int a, const char *b);
    int f19(int a, const char *b);
    int f20(int a, const char *b);
    int f21(int a, const char *b);
    int f22(int a, const char *b);
    int f23(int a, const char *b);
    int f24(int a, const char *b);
    int f25(int a, const char *b);
    int f26(int a, const char *b);
    int f27(int a, const char *b);
    int f28(int a, const char *b);
    int f29(int a, const char *b);
    int f30(int a, const char *b);
    int f31(int a, const char *b);
    int f32(int a, const char *b);
    int f33(int a, const char *b);
    int f34(int a, const char *b);
    int f35(int a, const char *b);
    int f36(int a, const char *b);
    int f37(int a, const char *b);
    int f38(int a, const char *b);
    int f39(int a, const char *b);
    int f40(int a, const char *b);
    int f41(int a, const char *b);
    int f42(int a, const char *b);
    int f43(int a, const char *b);
    int f44(int a, const char *b);
    int f45(int a, const char *b);
    int f46(int a, const char *b);
    int f47(int a, const char *b);
    int f48(int a, const char *b);
    int f49(int a, const char *b);
    int f50(int a, const char *b);
    int f51(int a, const char *b);
    int f52(int a, const char *b);
    int f53(int a, const char *b);
    int f54(int a, const char *b);
    int f55(int a, const char *b);
    int f56(int a, const char *b);
    int f57(int a, const char *b);
    int f58(int a, const char *b);
    int f59(int a, const char *b);
    int f60(int a, const char *b);
    int f61(int a, const char *b);
    int f62(int a, const char *b);
    int f63(int a, const char *b);
    int f64(int a, const char *b);
    int f65(int a, const char *b);
    int f66(int a, const char *b);
    int f67(int a, const char *b);
    int f68(int a, const char *b);
    int f69(int a, const char *b);
    int f70(int a, const char *b);
    int f71(int a, const char *b);
    int f72(int a, const char *b);
    int f73(int a, const char *b);
    int f74(int a, const char *b);
    int f75(int a, const char *b);
    int f76(int a, const char *b);
    int f77(int a, const char *b);
    int f78(int a, const char *b);
    int f79(int a, const char *b);
    int f80(int a, const char *b);
    int f81(int a, const char *b);
    int f82(int a, const char *b);
    int f83(int a, const char *b);
    int f84(int a, const char *b);
    int f85(int a, const char *b);
    int f86(int a, const char *b);
    int f87(int a, const char *b);
    int f88(int a, const char *b);
    int f89(int a, const char *b);
    int f90(int a, const char *b);
    int f91(int a, const char *b);
    int f92(int a, const char *b);
    int f93(int a, const char *b);
    int f94(int a, const char *b);
    int f95(int a, const char *b);
    int f96(int a, const char *b);
    int f97(int a, const char *b);
    int f98(int a, const char *b);
    int f99(int a, const char *b);
    int f100(int a, const char *b);
    int f101(int a, const char *b);
    int f102(int a, const char *b);
    int f103(int a, const char *b);
    int f104(int a, const char *b);
    int f105(int a, const char *b);
    int f106(int a, const char *b);
    int f107(int a, const char *b);
    int f108(int a, const char *b);
    int f109(int a, const char *b);
    int f110(int a, const char *b);
    int f111(int a, const char *b);
    int f112(int a, const char *b);
    int f113(int a, const char *b);
    int f114(int a, const char *b);
    int f115(int a, const char *b);
    int f116(int a, const char *b);
    int f117(int a, const char *b);
    int f118(int a, const char *b);
    int f119(int a, const char *b);
    int f120(int a, const char *b);
    int f121(int a, const char *b);
    int f122(int a, const char *b);
    int f123(int a, const char *b);
    int f124(int a, const char *b);
    int f125(int a, const char *b);
    int f126(int a, const char *b);
    int f127(int a, const char *b);
    int f128(int a, const char *b);
    int f129(int a, const char *b);
    int f130(int a, const char *b);
    int f131(int a, const char *b);
    int f132(int a, const char *b);
    int f133(int a, const char *b);
    int f134(int a, const char *b);
    int f135(int a, const char *b);
    int f136(int a, const char *b);
    int f137(int a, const char *b);
    int f138(int a, const char *b);
    int f139(int a, const char *b);
    int f140(int a, const char *b);
    int f141(int a, const char *b);
    int f142(int a, const char *b);
    int f143(int a, const char *b);
    int f144(int a, const char *b);
    int f145(int a, const char *b);
    int f146(int a, const char *b);
    int f147(int a, const char *b);
    int f148(int a, const char *b);
    int f149(int a, const char *b);
    int f150(int a, const char *b);
    int f151(int a, const char *b);
    int f152(int a, const char *b);
    int f153(int a, const char *b);
    int f154(int a, const char *b);
    int f155(int a, const char *b);
    int f156(int a, const char *b);
    int f157(int a, const char *b);
    int f158(int a, const char *b);
    int f159(int a, const char *b);
    int f160(int a, const char *b);
    int f161(int a, const char *b);
    int f162(int a, const char *b);
    int f163(int a, const char *b);
    int f164(int a, const char *b);
    int f165(int a, const char *b);
    int f166(int a, const char *b);
    int f167(int a, const char *b);
    int f168(int a, const char *b);
    int f169(int a, const char *b);
    int f170(int a, const char *b);
    int f171(int a, const char *b);
    int f172(int a, const char *b);
    int f173(int a, const char *b);
    int f174(int a, const char *b);
    int f175(int a, const char *b);
    int f176(int a, const char *b);
    int f177(int a, const char *b);
    int f178(int a, const char *b);
    int f179(int a, const char *b);
    int f180(int a, const char *b);
    int f181(int a, const char *b);
    int f182(int a, const char *b);
    int f183(int a, const char *b);
    int f184(int a, const char *b);
    int f185(int a, const char *b);
    int f186(int a, const char *b);
    int f187(int a, const char *b);
    int f188(int a, const char *b);
    int f189(int a, const char *b);
`);
assert<Equal<(typeof many)['f189']['args'], readonly ['i32', 'CString']>>();
