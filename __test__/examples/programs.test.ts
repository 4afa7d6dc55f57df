// The examples in which C calls JavaScript: to draw, to sort, from threads, for each declaration of a header.
import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf, runExample } from '../support/examples';
import { testWith } from '../support/optional';

describe('chart.mjs', () => {
  testWith('libcairo.so.2', 'draws a PNG file', () => {
    const { status, stdout, files } = runExample('chart.mjs', ['chart.png', 'one=1', 'two=2']);
    expect(status).toBe(0);
    const png = files['chart.png']!;
    expect(png.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([600, 360]);
    expect(png.subarray(-8, -4).toString()).toBe('IEND');
    expect(`${stdout}`).toMatch(new RegExp(`^chart\\.png: 2 bars, ${png.length} bytes, by cairo`));
    expect(linesOf('chart.mjs')[0]).toMatch(/^A chart: 5 bars/);
  });
});

describe('outline.mjs', () => {
  const libclang = [
    'libclang.so.1',
    ...Array.from({ length: 14 }, (_, index) => [
      `libclang-${24 - index}.so.1`,
      `libclang-${24 - index}.so.13`,
    ]),
  ].flat();

  testWith(libclang, 'shows what a C file declares', () => {
    expect(linesOf('outline.mjs')).toEqual([
      '    4  struct complex, 16 bytes',
      '    5    field real: double',
      '    5    field imag: double',
      '    8  function multiply: struct complex (struct complex, struct complex)',
      '   12  function fft: void (struct complex *, int)',
    ]);
  });

  testWith(libclang, 'understands a header, passes flags on, and names errors', () => {
    const folder = mkdtempSync(join(tmpdir(), 'outline-'));
    const header = join(folder, 'sample.h');
    const source = `enum colour { RED = -1, GREEN };
struct node { struct node *next; union { int i; double d; } value; };
typedef struct node *list;
#ifdef EXTRA
extern int extra(int count, ...);
#endif
missing variable;`;
    try {
      writeFileSync(header, source);
      const { status, stdout, stderr } = runExample('outline.mjs', [header, '-DEXTRA']);
      expect(`${stdout}`.split('\n')).toEqual(
        expect.arrayContaining([
          '    1  enum colour, 4 bytes',
          '    1    RED = -1',
          '    1    GREEN = 0',
          '    2  struct node, 16 bytes',
          '    2      field d: double',
          '    3  typedef list: struct node *',
          '    5  function extra: int (int, ...)',
        ]),
      );
      expect(status).toBe(1);
      expect(stderr).toMatch(/sample\.h:7:1: error: unknown type name 'missing'/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('sort.mjs', () => {
  const first = (line: string | undefined) => line?.split(' ')[0];

  test.each([
    ['name', 'Earth', 'Venus', 6],
    ['diameter', 'Mercury', 'Jupiter', 7],
    ['moons', 'Mercury', 'Saturn', 8],
  ])('sorts by %s, and finds', (column, smallest, largest, place) => {
    const lines = linesOf('sort.mjs', [column]);
    expect(lines.length).toBe(10);
    expect(lines[0]).toMatch(new RegExp(`^Sorted by ${column}, with \\d+ comparisons`));
    expect([first(lines[1]), first(lines[8])]).toEqual([smallest, largest]);
    expect(lines[9]).toBe(`Saturn is number ${place}.`);
  });
});

test('primes.mjs counts on four threads, which report here and can be stopped', () => {
  const lines = linesOf('primes.mjs', ['300000']);
  expect(lines.slice(0, 2)).toEqual([
    'There are 25997 primes below 300000.',
    'Each of 4 threads has reported 10 tenths.',
  ]);
  expect(lines[3]).toMatch(/^Stopped half-way: [1-4] threads, fewer primes\.$/);
});

test('fft.mjs finds the two waves', () => {
  const lines = linesOf('fft.mjs');
  expect(lines).toContain(`  3 2.000 ${'*'.repeat(20)}`);
  expect(lines).toContain('  8 0.500 *****');
});
