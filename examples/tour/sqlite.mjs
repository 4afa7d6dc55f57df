// A whole database: handles, out-parameters, bound values, errors.
import { dlopen, ref } from '../../dist/index.js';
import { say, show } from './print.mjs';

export const title = 'SQLite: handles, out-parameters, prepared statements';

/** Results of SQLite's functions, from sqlite3.h. */
const ROW = 100;
/** Tells SQLite to copy a text: arkffi's own copy of the string is gone after the call. */
const TRANSIENT = -1;

/** `symbol` is the C name; the keys are what the calls below say. */
const definitions = {
  libversion: { symbol: 'sqlite3_libversion', returns: 'CString' },
  open: { symbol: 'sqlite3_open', args: ['CString', 'ptr'], returns: 'int' },
  close: { symbol: 'sqlite3_close', args: ['ptr'], returns: 'int' },
  errmsg: { symbol: 'sqlite3_errmsg', args: ['ptr'], returns: 'CString' },
  exec: { symbol: 'sqlite3_exec', args: ['ptr', 'CString', 'ptr', 'ptr', 'ptr'], returns: 'int' },
  prepare_v2: { symbol: 'sqlite3_prepare_v2', args: ['ptr', 'CString', 'int', 'ptr', 'ptr'], returns: 'int' },
  bind_text: { symbol: 'sqlite3_bind_text', args: ['ptr', 'int', 'CString', 'int', 'ptr'], returns: 'int' },
  bind_int64: { symbol: 'sqlite3_bind_int64', args: ['ptr', 'int', 'i64'], returns: 'int' },
  step: { symbol: 'sqlite3_step', args: ['ptr'], returns: 'int' },
  reset: { symbol: 'sqlite3_reset', args: ['ptr'], returns: 'int' },
  column_text: { symbol: 'sqlite3_column_text', args: ['ptr', 'int'], returns: 'CString' },
  column_int64: { symbol: 'sqlite3_column_int64', args: ['ptr', 'int'], returns: 'i64' },
  finalize: { symbol: 'sqlite3_finalize', args: ['ptr'], returns: 'int' },
};

export function run() {
  const lib = dlopen('libsqlite3.so.0', definitions);
  const sqlite3 = lib.symbols;
  show(() => sqlite3.libversion());

  say('SQLite writes the address of the database where it is told to:', "const handle = ref('ptr')");
  const handle = ref('ptr');
  show(() => sqlite3.open(':memory:', handle));
  const db = handle.value;
  show(() => sqlite3.exec(db, 'create table birds (name text, seen integer)', null, null, null));

  say('A prepared statement, run once for each row; 101 is SQLITE_DONE:');
  const statement = ref('ptr');
  show(() => sqlite3.prepare_v2(db, 'insert into birds values (?, ?)', -1, statement, null));
  const insert = statement.value;
  show(() => sqlite3.bind_text(insert, 1, 'gråspurv', -1, TRANSIENT));
  show(() => sqlite3.bind_int64(insert, 2, 12));
  show(() => sqlite3.step(insert));
  sqlite3.reset(insert);
  show(() => sqlite3.bind_text(insert, 1, '雀', -1, TRANSIENT));
  show(() => sqlite3.bind_int64(insert, 2, 2n ** 62n));
  show(() => sqlite3.step(insert));
  sqlite3.finalize(insert);

  say('The rows back; the large number is exact:');
  sqlite3.prepare_v2(db, 'select name, seen from birds order by seen', -1, statement, null);
  const select = statement.value;
  while (sqlite3.step(select) === ROW) {
    show(() => [sqlite3.column_text(select, 0), sqlite3.column_int64(select, 1)]);
  }
  sqlite3.finalize(select);

  say('What SQLite calls an error is a result; its message is in the database handle:');
  show(() => sqlite3.prepare_v2(db, 'select * from trees', -1, statement, null));
  show(() => sqlite3.errmsg(db));

  show(() => sqlite3.close(db));
  lib.close();
}
