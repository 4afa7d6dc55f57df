/** `arkffi doctor`: what works here, and how. */
import { availableParallelism } from 'node:os';
import { compileFunction } from 'node:vm';
import type { Callable } from '../call/function';
import { cdef } from '../cdef/cdef';
import { generated } from '../codegen';
import { dlopen } from '../library';
import { read } from '../memory/access';
import { native, switches } from '../native';
import { hint, nearest } from '../types';
import { libclang } from './clang';
import { platformRows, table, Usage, type Rows } from './usage';

/** The variables of the environment that arkffi reads. */
const environment = [
  ...[
    'PATH',
    'CODEGEN',
    'COROUTINES',
    'LEAF',
    'CHECK_LEAF',
    'CRASH',
    'GUARD',
    'EXTERNAL_MEMORY',
    'POOL_SIZE',
  ],
  ...['TRACE', 'LEAKS', 'LIBCLANG'],
].map((name) => `ARKFFI_${name}`);

const abs = { symbol: 'abs', args: ['int'], returns: 'int' };

function pathOf(def: object): string {
  try {
    return (dlopen(null, { abs: def }).symbols.abs as { path: string }).path;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The file of the native half, as it was loaded. */
function binary(): string {
  return Object.keys(require.cache).find((file) => file.endsWith('.node')) ?? 'not a file of its own';
}

/** Whether a path is there, and why not. */
function slots(): string {
  const { platform, arch } = process;
  if (pathOf(abs) === 'slots') return 'used wherever a signature fits the registers';
  if (!switches.fast) return 'turned off by ARKFFI_PATH=libffi';
  return `not on ${platform} ${arch}: calls go through libffi`;
}

function leaf(): string {
  const path = pathOf({ ...abs, leaf: true });
  return path === 'leaf' ? 'used for `leaf: true`' : `this runtime offers none: \`leaf: true\` takes ${path}`;
}

function generation(): string {
  if (!switches.codegen) return 'turned off by ARKFFI_CODEGEN=off';
  const allowed = generated(() => compileFunction('return true')) !== undefined;
  return allowed ? 'used' : 'forbidden by the runtime: slower wrappers are used';
}

function coroutines(): string {
  if (!switches.coroutines) return 'turned off by a switch';
  return slots().startsWith('used')
    ? 'used for functions that call back a great deal'
    : 'not on this platform';
}

const at = (address: number): number => read.i32(address) as number;

/** What is tried, each with what it must give. */
const trials: readonly (readonly [name: string, run: () => boolean])[] = [
  ['a call', () => of('int abs(int);', 'abs')(-5) === 5],
  ['a string', () => of('size_t strlen(const char *);', 'strlen')('four') === 4],
  [
    'a struct',
    () =>
      (of('typedef struct { int quot, rem; } d; d div(int, int);', 'div')(7, 2) as { rem: number }).rem === 1,
  ],
  [
    'a callback',
    () => {
      const numbers = Int32Array.of(3, 1, 2);
      const prototype = 'void qsort(void *, size_t, size_t, int (*)(const int *, const int *));';
      of(prototype, 'qsort')(numbers, 3, 4, (a: number, b: number) => at(a) - at(b));
      return numbers.join() === '1,2,3';
    },
  ],
];

function of(prototype: string, name: string): Callable {
  return dlopen(null, cdef(prototype)).symbols[name] as Callable;
}

/** Why a trial fails; undefined where it does not. */
function failureOf(run: () => boolean): string | undefined {
  try {
    return run() ? undefined : 'gives a wrong value';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The switches that are set, and those that arkffi does not know. */
function switchRows(): Rows {
  const set = Object.keys(process.env).filter((name) => name.startsWith('ARKFFI_'));
  const known = set.filter((name) => environment.includes(name));
  const unknown = set.filter((name) => !environment.includes(name));
  return [
    ['switches set', known.map((name) => `${name}=${process.env[name]}`).join(' ') || 'none'],
    ...unknown.map((name) => ['not a switch', `${name}${hint(nearest(name, environment))}`] as const),
  ];
}

export function doctor(args: readonly string[]): string {
  if (args.length > 0) throw new Usage(`doctor takes nothing, not '${args[0]}'`);
  const failures = trials.flatMap(([name, run]) => {
    const reason = failureOf(run);
    return reason === undefined ? [] : ([['does not work', `${name}: ${reason}`]] as const);
  });
  if (failures.length > 0) process.exitCode = 1;
  const works: Rows = [['works', trials.map(([name]) => name).join(', ')]];
  return table([
    ...platformRows(),
    ['binary', binary()],
    ['libffi', native((binding) => binding.libffiVersion())],
    ['libclang', libclang() ?? 'not found: bindgen needs it'],
    ['', ''],
    ['slots', slots()],
    ['libffi path', 'used for every other signature'],
    ['leaf', leaf()],
    ['coroutines', coroutines()],
    ['generated code', generation()],
    ['', ''],
    ...(failures.length === 0 ? works : failures),
    ['', ''],
    ['parameters', 'at most 127'],
    ['structs by value', 'at most 64 KB in a call'],
    [
      'background calls',
      `${Number(process.env.ARKFFI_POOL_SIZE) || Math.max(4, availableParallelism())} at once; any number wait`,
    ],
    ...switchRows(),
  ]);
}
