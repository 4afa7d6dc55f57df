// Writes everything that is derived from the type table, `types.json`:
//   src/types/table.rs · js/generated/types.ts · types.d.ts · the table in docs/types.md
// and from the declarations, `*.d.ts`: docs/reference.md
// `--check` writes nothing and fails when a file differs from what they say.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reference } from './reference.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { types } = JSON.parse(readFileSync(join(root, 'types.json'), 'utf8'));
const note = 'Generated from types.json by scripts/generate.mjs; do not edit.';

const pascal = (name) =>
  name
    .split('_')
    .map((part) => part[0].toUpperCase() + part.slice(1))
    .join('');
/** The types whose size the platform decides are constants of `Machine`, the others its variants. */
const machine = (name) =>
  ['long', 'ulong', 'isize', 'usize'].includes(name) ? name.toUpperCase() : pascal(name);
const keysOf = (row) => [row.name, ...row.keys];
const spellings = (row) => (row.letter ? [...keysOf(row), row.letter] : keysOf(row));

/** `'a' | 'b'`, as Prettier breaks it. */
function union(indent, names) {
  return names.map((name) => `\n${indent}| '${name}'`).join('');
}

function rust() {
  const variants = types.map(
    (row) => `    /// \`${row.c}\`, in JavaScript \`${row.name}\`.\n    ${pascal(row.name)},`,
  );
  const arms = (pick) =>
    types.map((row) => `            TypeId::${pascal(row.name)} => ${pick(row)},`).join('\n');
  return `//! ${note}

use super::{Convert, Machine};

/// One row of the type table: a C type together with the way its values cross into JavaScript.
/// The discriminant is the row's index, by which the JavaScript side names the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TypeId {
${variants.join('\n')}
}

impl TypeId {
    /// Every row, in the order of the table.
    pub const ALL: [TypeId; ${types.length}] = [
${types.map((row) => `        TypeId::${pascal(row.name)},`).join('\n')}
    ];

    /// The canonical name.
    pub const fn name(self) -> &'static str {
        match self {
${arms((row) => `"${row.name}"`)}
        }
    }

    /// How the value stands in a register or in memory.
    pub const fn machine(self) -> Machine {
        match self {
${arms((row) => `Machine::${machine(row.machine)}`)}
        }
    }

    /// Who converts the value, and how.
    pub const fn convert(self) -> Convert {
        match self {
${arms((row) => `Convert::${pascal(row.convert)}`)}
        }
    }
}
`;
}

function typescript() {
  const rows = types.map(
    (row) =>
      `  { name: '${row.name}', c: '${row.c}', machine: '${row.machine}', convert: '${row.convert}' },`,
  );
  const names = types.flatMap((row, index) => spellings(row).map((key) => `  ['${key}', ${index}],`));
  const constants = types.flatMap((row) => keysOf(row).map((key) => `  ${key}: '${row.name}',`));
  return `// ${note}

/** The rows of the type table; a row's index is its \`TypeId\` on the native side. */
export const rows = [
${rows.join('\n')}
] as const;

/** Every accepted spelling (canonical name, other keys, letter) and the index of its row. */
export const spellings: ReadonlyMap<string, number> = new Map([
${names.join('\n')}
]);

/** The public constants: every key and its canonical name. */
export const FFIType = Object.freeze({
${constants.join('\n')}
} as const);
`;
}

function declarations() {
  const constants = types.flatMap((row) =>
    keysOf(row).map((key) => `  /** \`${row.c}\` */\n  readonly ${key}: '${row.name}';`),
  );
  const map = (side) =>
    types.flatMap((row) => spellings(row).map((key) => `  ${key}: ${row[side]};`)).join('\n');
  return `// ${note}
import type { FunctionLike, PointerLike, TextLike } from './index';

/** The name constants of every type. \`FFIType.int32\` is the canonical name \`'i32'\`. */
export declare const FFIType: {
${constants.join('\n')}
};

/** What an argument of each type accepts, by every accepted spelling. */
export interface ArgumentTypes {
${map('arg')}
}

/** What a result of each type gives, by every accepted spelling. */
export interface ResultTypes {
${map('result')}
}

/** Types that a definition fills in by itself: no argument is passed for them. */
export type FilledIn =${union('  ', types.filter((row) => row.convert === 'env').flatMap(spellings))};

/** Types that can be read from and written to memory. */
export type MemoryTypeName =${union(
    '  ',
    types.filter((row) => !['void', 'env', 'value'].includes(row.convert)).flatMap(spellings),
  )};
`;
}

const accepts = {
  void: ['–', 'undefined'],
  bool: ['true, false, 0, 1', 'boolean'],
  int: ['integer number in range', 'number'],
  wide: ['integer number or bigint in range', 'number when a safe integer, else bigint'],
  fast: ['integer number or bigint in range', 'number; throws when not a safe integer'],
  bigint: ['integer number or bigint in range', 'bigint'],
  float: ['number', 'number'],
  utf8: ['string (UTF-8), null, undefined, CString, buffer, pointer', 'string; null for NULL'],
  utf16: ['string (UTF-16), null, undefined, buffer, pointer', 'string; null for NULL'],
  utf32: ['string (UTF-32), null, undefined, buffer, pointer', 'string; null for NULL'],
  wide_text: [
    'string (UTF-16 on Windows, else UTF-32), null, undefined, buffer, pointer',
    'string; null for NULL',
  ],
  pointer: ['pointer, null, undefined, buffer, anything with a numeric `ptr`', 'number; 0 for NULL'],
  function: ['JSCallback, CFunction, symbol, pointer, null', 'number; 0 for NULL'],
  env: ['filled in: no argument is passed', '–'],
  value: ['any value', 'the value'],
};

function documentation() {
  const lines = types.map((row) => {
    const keys = keysOf(row)
      .map((key) => `\`${key}\``)
      .join(', ');
    const [arg, result] = accepts[row.convert];
    return `| ${keys} | ${row.letter ?? ''} | \`${row.c}\` | ${arg} | ${result} |`;
  });
  return [
    '| keys (the first is canonical) | letter | C type | JS → C | C → JS |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** Replaces what stands between the two marks of a documentation page. */
function inside(path, text) {
  const [begin, end] = ['<!-- types:begin -->', '<!-- types:end -->'];
  const page = readFileSync(join(root, path), 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} lacks its ${begin} … ${end} marks`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

const outputs = {
  'src/types/table.rs': rust(),
  'js/generated/types.ts': typescript(),
  'types.d.ts': declarations(),
  'docs/types.md': inside('docs/types.md', documentation()),
  'docs/reference.md': reference(root, { 'types.d.ts': declarations() }),
};

const check = process.argv.includes('--check');
const stale = Object.entries(outputs).filter(([path, text]) => {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
  if (check) return true;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return false;
});
if (stale.length > 0) {
  console.error(
    `differs from types.json and the declarations: ${stale.map(([path]) => path).join(', ')}; run npm run generate`,
  );
  process.exit(1);
}
