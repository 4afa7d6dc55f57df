/** `arkffi doctor`: what works here, and how. */
import { availableParallelism, release } from 'node:os';
import { compileFunction } from 'node:vm';
import { generated } from '../codegen';
import { dlopen } from '../library';
import { native, switches } from '../native';
import { Usage, version } from './usage';

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

export function doctor(args: readonly string[]): string {
  if (args.length > 0) throw new Usage(`doctor takes nothing, not '${args[0]}'`);
  const { platform, arch, versions } = process;
  const set = Object.keys(process.env).filter((name) => name.startsWith('ARKFFI_'));
  const rows: readonly (readonly [string, string])[] = [
    ['arkffi', version()],
    ['node', `${versions.node} (Node-API ${versions.napi}, V8 ${versions.v8})`],
    ['platform', `${platform} ${arch}, kernel ${release()}`],
    ['binary', binary()],
    ['libffi', native((binding) => binding.libffiVersion())],
    ['', ''],
    ['slots', slots()],
    ['libffi path', 'used for every other signature'],
    ['leaf', leaf()],
    ['coroutines', coroutines()],
    ['generated code', generation()],
    ['', ''],
    ['parameters', 'at most 127'],
    ['structs by value', 'at most 64 KB in a call'],
    [
      'background calls',
      `${Number(process.env.ARKFFI_POOL_SIZE) || Math.max(4, availableParallelism())} at once; any number wait`,
    ],
    ['switches set', set.length === 0 ? 'none' : set.map((name) => `${name}=${process.env[name]}`).join(' ')],
  ];
  return rows.map(([name, value]) => (name === '' ? '' : `${name.padEnd(18)}${value}`)).join('\n');
}
