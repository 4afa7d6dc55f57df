// A shell for SQLite. It reads statements, each ended by a semicolon, and prints what they give.
//   node examples/sqlite-shell.mjs [database]          .tables, .quit and SQL; in memory by default
import { createInterface } from 'node:readline';
import { CString, ptr, readMemory, ref } from 'arkffi';
import { open } from './open.mjs';

const OK = 0;
const ROW = 100;
const [INTEGER, FLOAT, TEXT, BLOB] = [1, 2, 3, 4];

const lib = open(['libsqlite3.so.0', 'sqlite3'], {
  sqlite3_libversion: { returns: 'CString' },
  sqlite3_open: { args: ['CString', 'ptr'], returns: 'int' },
  sqlite3_close: { args: ['ptr'], returns: 'int' },
  sqlite3_errmsg: { args: ['ptr'], returns: 'CString' },
  sqlite3_complete: { args: ['CString'], returns: 'int' },
  sqlite3_prepare_v2: { args: ['ptr', 'ptr', 'int', 'ptr', 'ptr'], returns: 'int' },
  sqlite3_step: { args: ['ptr'], returns: 'int' },
  sqlite3_finalize: { args: ['ptr'], returns: 'int' },
  sqlite3_total_changes: { args: ['ptr'], returns: 'int' },
  sqlite3_column_count: { args: ['ptr'], returns: 'int' },
  sqlite3_column_name: { args: ['ptr', 'int'], returns: 'CString' },
  sqlite3_column_type: { args: ['ptr', 'int'], returns: 'int' },
  sqlite3_column_int64: { args: ['ptr', 'int'], returns: 'int64' },
  sqlite3_column_double: { args: ['ptr', 'int'], returns: 'double' },
  sqlite3_column_text: { args: ['ptr', 'int'], returns: 'ptr' },
  sqlite3_column_blob: { args: ['ptr', 'int'], returns: 'ptr' },
  sqlite3_column_bytes: { args: ['ptr', 'int'], returns: 'int' },
});
const sqlite = lib.symbols;

/** A value of the current row. Texts and blobs belong to SQLite until the next step, so they are copied. */
function column(statement, index) {
  switch (sqlite.sqlite3_column_type(statement, index)) {
    case INTEGER:
      return `${sqlite.sqlite3_column_int64(statement, index)}`;
    case FLOAT:
      return `${sqlite.sqlite3_column_double(statement, index)}`;
    case TEXT: {
      const text = sqlite.sqlite3_column_text(statement, index);
      return `${new CString(text, 0, sqlite.sqlite3_column_bytes(statement, index))}`;
    }
    case BLOB: {
      const bytes = sqlite.sqlite3_column_bytes(statement, index);
      const blob = sqlite.sqlite3_column_blob(statement, index);
      return `x'${bytes === 0 ? '' : Buffer.from(readMemory(blob, bytes)).toString('hex')}'`;
    }
    default:
      return 'NULL';
  }
}

function print(rows) {
  const widths = rows[0].map((_, index) => Math.max(...rows.map((row) => row[index].length)));
  const lines = rows.map((row) =>
    row
      .map((text, index) => text.padEnd(widths[index]))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  console.log(lines.join('\n'));
}

function check(db, result) {
  if (result !== OK) throw new Error(sqlite.sqlite3_errmsg(db));
}

/** Runs all statements of a text. SQLite says where each ends, as an address in the text: it must stay where it is. */
function run(db, text) {
  const sql = Buffer.from(`${text}\0`);
  const end = ptr(sql) + sql.length - 1;
  const statement = ref('ptr');
  const tail = ref('ptr', sql);
  while (tail.value < end) {
    const length = end - tail.value + 1;
    check(db, sqlite.sqlite3_prepare_v2(db, tail.value, length, statement, tail));
    const at = statement.value;
    if (at === 0) continue; // a comment
    try {
      const columns = Array.from({ length: sqlite.sqlite3_column_count(at) }, (_, index) => index);
      const rows = [columns.map((index) => sqlite.sqlite3_column_name(at, index))];
      const changes = sqlite.sqlite3_total_changes(db);
      while (sqlite.sqlite3_step(at) === ROW) rows.push(columns.map((index) => column(at, index)));
      const changed = sqlite.sqlite3_total_changes(db) - changes;
      if (columns.length > 0) print(rows);
      else if (changed > 0) console.log(`${changed} rows changed`);
    } finally {
      check(db, sqlite.sqlite3_finalize(at)); // which gives the error of the last step
    }
  }
}

async function shell(db) {
  const output = process.stdin.isTTY ? process.stdout : undefined;
  const input = createInterface({ input: process.stdin, output, prompt: 'sql> ' });
  let text = '';
  let ended = false;
  input.once('close', () => (ended = true));
  input.prompt();
  for await (const line of input) {
    if (line.trim() === '.quit') break;
    if (line.trim() === '.tables')
      text += "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name;";
    else text += `${line}\n`;
    if (sqlite.sqlite3_complete(text) !== 0) {
      try {
        run(db, text);
      } catch (error) {
        console.log(`Error: ${error.message}`);
      }
      text = '';
    }
    if (!ended) input.prompt();
  }
  input.close();
}

const file = process.argv[2] ?? ':memory:';
const handle = ref('ptr');
try {
  const result = sqlite.sqlite3_open(file, handle);
  check(handle.value, result);
  console.log(`SQLite ${sqlite.sqlite3_libversion()}, ${file}`);
  await shell(handle.value);
} catch (error) {
  console.error(`${file}: ${error.message}`);
  process.exitCode = 1;
} finally {
  sqlite.sqlite3_close(handle.value);
  lib.close();
}
