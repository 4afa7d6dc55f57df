/** The type table, and the C function that gives back a value of each machine type. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dlopen, sizeof } from 'arkffi';
import { fixture } from '../support/fixture';
import type { AnyFunction } from './refusal';

export interface Row {
  readonly name: string;
  readonly keys: readonly string[];
  readonly letter?: string;
  readonly c: string;
  readonly machine: string;
  readonly convert: string;
}

const file = readFileSync(join(__dirname, '..', '..', 'types.json'), 'utf8');

export const rows = (JSON.parse(file) as { types: readonly Row[] }).types;

/** Every spelling of a row: its name, its other keys and its letter. */
export function spellingsOf(row: Row): string[] {
  return [row.name, ...row.keys, ...(row.letter === undefined ? [] : [row.letter])];
}

const echoes: Readonly<Record<string, string>> = { usize: 'size', isize: 'ssize', pointer: 'ptr' };

/** The name of the C function that gives back a value of the row's type. */
export function echoName({ name, machine, convert }: Row): string {
  return `echo_${convert === 'bool' ? name : (echoes[machine] ?? machine)}`;
}

/** One function for every spelling of some rows, under the spelling's name. */
export function echoLibrary(chosen: readonly Row[]): Readonly<Record<string, AnyFunction>> {
  const defs = chosen.flatMap((row) =>
    spellingsOf(row).map((key) => [key, { symbol: echoName(row), args: [key], returns: key }] as const),
  );
  const library = dlopen(fixture, Object.fromEntries(defs) as never);
  return library.symbols as unknown as Readonly<Record<string, AnyFunction>>;
}

/** Whether the integer type is signed, and its bounds. */
export function integerBounds({ name, machine }: Row): { min: bigint; max: bigint } {
  const bits = BigInt(sizeof(name as never) * 8);
  const signed = machine.startsWith('i') || machine === 'long';
  return signed
    ? { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n }
    : { min: 0n, max: 2n ** bits - 1n };
}
