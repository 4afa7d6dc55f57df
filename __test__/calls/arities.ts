/** C functions of any signature, generated and compiled for one test file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dlopen } from 'arkffi';
import type { AnyFunction } from '../types/refusal';

const cTypes: Readonly<Record<string, string>> = {
  i8: 'int8_t',
  u8: 'uint8_t',
  i16: 'int16_t',
  u16: 'uint16_t',
  i32: 'int32_t',
  u32: 'uint32_t',
  i64: 'int64_t',
  u64: 'uint64_t',
  f32: 'float',
  f64: 'double',
  bool: '_Bool',
};

/** A function that gives the sum of its arguments, each times its position from 1 on. */
function source(name: string, types: readonly string[]): string {
  const parameters = types.map((type, index) => `${cTypes[type]} a${index}`).join(', ') || 'void';
  const sum = types.map((_, index) => `${index + 1} * (double)a${index}`).join(' + ') || '0';
  return `double ${name}(${parameters}) { return ${sum}; }\n`;
}

/** The result of such a function; exact for small values. */
export function weighted(values: readonly (number | bigint | boolean)[]): number {
  return values.reduce<number>((sum, value, index) => sum + (index + 1) * Number(value), 0);
}

/** Compiles a function for each signature and binds it. */
export function weightedFunctions(
  signatures: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, AnyFunction>> {
  const folder = mkdtempSync(join(tmpdir(), 'arkffi-arities-'));
  try {
    const [file, library] = [join(folder, 'arities.c'), join(folder, 'libarities.so')];
    const functions = Object.entries(signatures).map(([name, types]) => source(name, types));
    writeFileSync(file, `#include <stdint.h>\n${functions.join('')}`);
    execFileSync(process.env['CC'] ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, file], {
      stdio: 'inherit',
    });
    const defs = Object.entries(signatures).map(([name, args]) => [name, { args, returns: 'f64' }]);
    const { symbols } = dlopen(library, Object.fromEntries(defs) as never);
    return symbols as unknown as Readonly<Record<string, AnyFunction>>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
