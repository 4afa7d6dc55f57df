// The examples that read and write data: SQLite, zlib, libxml2, libcurl.
import { describe, expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { examples, linesOf, runExample } from '../support/examples';
import { testWith } from '../support/optional';

describe('sqlite-shell.mjs', () => {
  const sqlite = 'libsqlite3.so.0';

  testWith(sqlite, 'runs statements and prints tables', () => {
    const lines = linesOf(
      'sqlite-shell.mjs',
      [],
      `create table birds (name text, grams real, ring integer, tag blob);
       insert into birds values ('ørn', 5000.5, 9223372036854775807, x'00ff'),
         ('spurv', 30, null, x''); -- over several lines
       select * from birds order by grams; select count(*) as n from birds;
.tables
.quit
select 1;`,
    );
    expect(lines[0]).toMatch(/^SQLite 3[.\d]+, :memory:$/);
    expect(lines.slice(1)).toEqual([
      '2 rows changed',
      'name   grams   ring                 tag',
      '-----  ------  -------------------  -------',
      "spurv  30      NULL                 x''",
      "ørn    5000.5  9223372036854775807  x'00ff'",
      'n',
      '-',
      '2',
      'name',
      '-----',
      'birds',
    ]);
  });

  testWith(sqlite, 'says what is wrong, and goes on', () => {
    const lines = linesOf('sqlite-shell.mjs', [], 'select missing;\nselect 1 as one;');
    expect(lines.slice(1)).toEqual(['Error: no such column: missing', 'one', '---', '1']);
  });

  testWith(sqlite, 'keeps a database in a file', () => {
    const { status, files } = runExample('sqlite-shell.mjs', ['kept.db'], 'create table t (a);');
    expect(status).toBe(0);
    expect(Object.keys(files)).toEqual(['kept.db']);
    expect(`${files['kept.db']!.subarray(0, 15)}`).toBe('SQLite format 3');
    const failed = runExample('sqlite-shell.mjs', ['no/such/folder/x.db']);
    expect([failed.status, failed.stderr]).toEqual([1, 'no/such/folder/x.db: unable to open database file']);
  });
});

describe('gzip.mjs', () => {
  const zlib = 'libz.so.1';
  const data = Buffer.concat([Buffer.alloc(300_000, 'much the same, '), randomBytes(200_000)]);

  testWith(zlib, 'compresses what others decompress, and the other way round', () => {
    const { status, stdout } = runExample('gzip.mjs', [], data);
    expect(status).toBe(0);
    expect(stdout.length).toBeLessThan(250_000);
    expect(gunzipSync(stdout).equals(data)).toBe(true);
    expect(runExample('gzip.mjs', ['-d'], gzipSync(data)).stdout.equals(data)).toBe(true);
    expect(gunzipSync(runExample('gzip.mjs').stdout).length).toBe(0);
  });

  testWith(zlib, 'refuses what is no gzip, or not all of it', () => {
    const wrong = runExample('gzip.mjs', ['-d'], 'something else');
    expect([wrong.status, wrong.stderr]).toEqual([1, 'gzip: data error']);
    const half = runExample('gzip.mjs', ['-d'], gzipSync(data).subarray(0, 1000));
    expect([half.status, half.stderr]).toEqual([1, 'gzip: the input ends too early']);
  });
});

describe('xml.mjs', () => {
  const libxml = ['libxml2.so.2', 'libxml2.so.16'];

  testWith(libxml, 'prints an outline', () => {
    const text = '<!-- two --><books n="2"><title>Blå &amp; grå</title><b><![CDATA[<raw>]]></b></books>';
    expect(linesOf('xml.mjs', [], text)).toEqual([
      '(two)',
      'books n="2"',
      '  title: Blå & grå',
      '    "Blå & grå"',
      '  b',
      '    "<raw>"',
    ]);
  });

  testWith(libxml, 'reads much, and names the line of an error', () => {
    expect(linesOf('xml.mjs', [], `<r>${'<x>text</x>\n'.repeat(20_000)}</r>`).length).toBe(40_001);
    const { status, stderr } = runExample('xml.mjs', [], '<a>\n<b></a>');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^line 2: .*mismatch/);
  });
});

describe('download.mjs', () => {
  const curl = ['libcurl.so.4', 'libcurl-gnutls.so.4'];

  testWith(curl, 'downloads from a server in the same process, and shows how far it is', () => {
    const lines = linesOf('download.mjs');
    expect(lines).toContain('########## 100 %');
    expect(lines.at(-2)).toMatch(/^5000000 bytes from http:\/\/127\.0\.0\.1:\d+\/content$/);
    expect(lines.at(-1)).toBe('It is what was sent.');
  });

  testWith(curl, 'writes a file, and says what went wrong', () => {
    const own = join(examples, 'download.mjs');
    const { status, files } = runExample('download.mjs', [pathToFileURL(own).href, 'copy']);
    expect(status).toBe(0);
    expect(files['copy']!.equals(readFileSync(own))).toBe(true);
    const failed = runExample('download.mjs', ['file:///no/such/file', 'copy']);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/^file:\/\/\/no\/such\/file: Couldn't/i);
  });
});
