/** Every code block of the documentation runs, compiles, and gives what its comments say. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocks, programOf } from './blocks';
import { typeErrors } from './type-errors';

interface Outcome {
  readonly skipped?: string;
  readonly error?: string;
}

/** The last heading before a line of a page. */
function headingBefore(file: string, line: number): string {
  const before = readFileSync(join(__dirname, '..', '..', file), 'utf8')
    .split('\n')
    .slice(0, line - 1);
  const prose = before.join('\n').replaceAll(/^```.*?^```$/gms, '');
  return Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading]) => heading!).at(-1) ?? 'no heading';
}

const named = blocks.map((block) => ({ ...block, name: `${block.file}:${block.line}` }));

/** Runs all blocks in one process. A block that ends it leaves none for itself and those after it. */
function runAll() {
  const tasks = named.map((block) => ({ name: block.name, needs: block.needs, program: programOf(block) }));
  const { status, signal, stderr, output } = spawnSync(process.execPath, [join(__dirname, 'runner.cjs')], {
    input: JSON.stringify(tasks),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 50_000,
  });
  const lines = (output[3] ?? '').split('\n').filter((line) => line !== '');
  const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
  return { outcomes, end: { status, signal, stderr } };
}

const { outcomes, end } = runAll();

describe('code blocks', () => {
  test('all run in one process that ends by itself', () => {
    expect(end).toEqual({ status: 0, signal: null, stderr: '' });
    expect(outcomes).toHaveLength(named.length);
  });

  named.forEach(({ name, file, line }, index) => {
    const outcome = outcomes[index];
    const title = `${name}, ${headingBefore(file, line)}`;
    if (outcome?.skipped !== undefined) test.skip(`${title} (${outcome.skipped})`, () => undefined);
    else test(title, () => expect(outcome ?? 'the process ended').toEqual({}));
  });

  test('those in TypeScript have no type errors', () => {
    expect(typeErrors(named)).toEqual([]);
  });
});
