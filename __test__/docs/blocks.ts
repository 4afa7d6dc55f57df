/** The code blocks of the documentation, as programs. CONTRIBUTING.md describes the conventions. */
import { transformSync } from '@swc/core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Block {
  readonly file: string;
  /** Of the fence's first line. */
  readonly line: number;
  readonly language: 'ts' | 'js';
  readonly code: string;
  /** The library without which the block cannot run. */
  readonly needs: string | undefined;
}

const root = join(__dirname, '..', '..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(root, file), 'utf8');
  return Array.from(text.matchAll(/^```(ts|js)(?: needs=(\S+))?\n(.*?)^```$/gms), (match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] as Block['language'],
    needs: match[2],
    code: match[3]!,
  }));
}

/** Every block of every page, in order. */
export const blocks: readonly Block[] = pages.flatMap(blocksOf);

/** An expression, its semicolon, and what it is said to give. */
const claim = /^( *)(.+); \/\/ (→|throws) (.+)$/gm;

/** Whether the block waits for promises: it is the body of an asynchronous function then. */
export function isAsynchronous({ code }: Pick<Block, 'code'>): boolean {
  return /\bawait\b/.test(code);
}

/** The block as a CommonJS program, its claims as calls of `gives` and `throws`. */
export function programOf(block: Block): string {
  const { code } = block;
  const checked = code.replaceAll(
    claim,
    (_, indent: string, expression: string, kind: string, wanted: string) => {
      const check = kind === '→' ? 'gives' : 'throws';
      const [wait, action] = isAsynchronous({ code: expression }) ? ['await ', 'async () =>'] : ['', '() =>'];
      return `${indent}${wait}${check}(${action} (${expression}), ${JSON.stringify(wanted)});`;
    },
  );
  const { code: program } = transformSync(checked, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  return isAsynchronous(block) ? `return (async () => {${program}})();` : program;
}
