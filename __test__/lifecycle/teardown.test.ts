import { describe, expect, test } from '@jest/globals';
import { grid, runCell, variants } from '../support/teardown/index.cjs';

/** Each process runs so often; `npm run teardown -- --repeat 100` runs them more often. */
const repetitions = 2;

describe.each([
  ['the end of an environment or of the process', grid],
  ['an end in the middle of something', variants],
])('%s', (_, cells) => {
  test.each(cells.map((cell) => [cell.name, cell] as const))('%s', async (_name, cell) => {
    const wrong = await Promise.all(Array.from({ length: repetitions }, () => runCell(cell)));
    expect(wrong.filter((text) => text !== undefined)).toEqual([]);
  });
});
