// What the compiler infers from declarations of C is what run time gives. Checked by `tsc`, never run.
import {
  array,
  c,
  cdef,
  dlopen,
  fn,
  JSCallback,
  type DefinitionsOf,
  type EnumerationType,
  type GeneralDefinitions,
  type TextLike,
  type PointerLike,
} from 'arkffi';
import { assert, type Equal } from './equal';

type Parameters_<F> = F extends (...args: infer A) => unknown ? A : never;
type Result_<F> = F extends (...args: never[]) => infer R ? R : never;

const { symbols } = dlopen(
  null,
  cdef(`
    typedef const char letter;
    typedef letter *text, letters[8];
    letter *name(const letter *, text t, letter x[], letters);
    letter one(letter);
    typedef const wchar_t wide;
    wide *wider(wide *);

    void each(int (*f)(int list[3], const char name[], const char *texts[], double grid[2][2]));
    typedef int visit(short values[], int n);
    void walk(visit, visit *, int list[2]);
    void strings(const char lines[4][8]);
    extern const char version[];
    extern double list[];
    extern int grid[][2];

    void format_by(int (*write)(const char *, ...));
    int any(...);
    int format(const char *, va_list);

    enum small { A, B = 1 << 30, C = -5, D = ~0x0F, E = (B | 3), F = 'x', G = A + B };
    enum wide { H = 0x80000000, I };
    enum wider { J = 1L << 40 };
    enum sized { K = sizeof(int), L = 3u };
    enum small s(void);
    enum wide w(void);
    enum wider x(void);
    enum sized z(void);
  `),
);
type S = typeof symbols;

assert<Equal<Result_<S['name']>, string | null>>();
assert<Equal<Parameters_<S['name']>, [TextLike, TextLike, TextLike, TextLike]>>();
assert<Equal<Result_<S['one']>, number>>();
assert<Equal<Result_<S['wider']>, string | null>>();
assert<Equal<S['version']['value'], number>>();
assert<Equal<S['list']['value'], number>>();
assert<Equal<S['grid']['value'], number[]>>();
assert<
  Equal<
    Parameters_<S['strings']>[0],
    readonly (readonly number[] | (ArrayBufferView & ArrayLike<number>))[] | PointerLike
  >
>();
assert<Equal<Parameters_<S['format']>, [TextLike, PointerLike]>>();

assert<Equal<Result_<S['s']>, number>>();
assert<Equal<Result_<S['w']>, number | bigint>>();
assert<Equal<Result_<S['x']>, number | bigint>>();
assert<Equal<Result_<S['z']>, number | bigint>>();
assert<Equal<ReturnType<typeof named>, EnumerationType<'A' | 'B', number>>>();
export const named = () => c('enum { A = 0x7f, B = (A << 2) }');

// Arrays reach callbacks as addresses.
export const calls = () => {
  symbols.each((list, name, texts, grid) => {
    void [list, name, texts, grid];
    assert<
      Equal<[typeof list, typeof name, typeof texts, typeof grid], [number, string | null, number, number]>
    >();
    return list;
  });
  symbols.walk(
    (values, n) => values + n,
    (values: number) => values,
    [1, 2],
  );
  symbols.any(['int', 1], ['double', 0.5]);
  symbols.any();
  symbols.format_by(null);
  // @ts-expect-error a variadic function cannot be written in JavaScript
  symbols.format_by(() => 1);
};
export const byHand = () => {
  new JSCallback(
    (list) => {
      void list;
      assert<Equal<typeof list, number>>();
    },
    { args: [array('i32', 3)] },
  );
  return fn({ args: [array('i32', 3)], returns: 'int' });
};

const { late } = dlopen(null, { late: { args: ['...', 'int'], returns: 'int' } }).symbols;
// @ts-expect-error '...' is possible only as the last
export const refused = () => late(['int', 1], 1);

// Real headers have some hundred declarations.
type Times4<S extends string> = `${S}${S}${S}${S}`;
type Many = Times4<Times4<Times4<Times4<'int f(const char *text, unsigned n); '>>>>;
assert<Equal<DefinitionsOf<`${Many}long last(int);`>['last']['returns'], 'long'>>();
assert<Equal<DefinitionsOf<`${Many}${Many}`>, GeneralDefinitions>>();
