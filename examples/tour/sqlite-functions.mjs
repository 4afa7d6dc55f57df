// SQLite calls JavaScript: for each row, for functions and aggregates of SQL, and to compare texts.
import { CString, dlopen, fn, JSCallback, read, ref } from '../../dist/index.js';
import { refuse, say, show } from './print.mjs';

export const title = 'SQLite: functions, aggregates and collations in JavaScript';

/** From sqlite3.h. */
const UTF8 = 1;
const DETERMINISTIC = 0x800;
const ABORT = 4;
const TRANSIENT = -1;

const Row = { args: ['ptr', 'int', 'ptr', 'ptr'], returns: 'int' };
const definitions = {
  open: { symbol: 'sqlite3_open', args: ['CString', 'ptr'], returns: 'int' },
  close: { symbol: 'sqlite3_close', args: ['ptr'], returns: 'int' },
  errmsg: { symbol: 'sqlite3_errmsg', args: ['ptr'], returns: 'CString' },
  exec: { symbol: 'sqlite3_exec', args: ['ptr', 'CString', fn(Row), 'ptr', 'ptr'], returns: 'int' },
  prepare_v2: { symbol: 'sqlite3_prepare_v2', args: ['ptr', 'CString', 'int', 'ptr', 'ptr'], returns: 'int' },
  step: { symbol: 'sqlite3_step', args: ['ptr'], returns: 'int' },
  finalize: { symbol: 'sqlite3_finalize', args: ['ptr'], returns: 'int' },
  create_function: {
    symbol: 'sqlite3_create_function',
    args: ['ptr', 'CString', 'int', 'int', 'ptr', 'callback', 'callback', 'callback'],
    returns: 'int',
  },
  create_collation: {
    symbol: 'sqlite3_create_collation',
    args: ['ptr', 'CString', 'int', 'ptr', 'callback'],
    returns: 'int',
  },
  aggregate_context: { symbol: 'sqlite3_aggregate_context', args: ['ptr', 'int'], returns: 'ptr' },
  value_text: { symbol: 'sqlite3_value_text', args: ['ptr'], returns: 'CString' },
  value_double: { symbol: 'sqlite3_value_double', args: ['ptr'], returns: 'double' },
  result_text: { symbol: 'sqlite3_result_text', args: ['ptr', 'CString', 'int', 'ptr'] },
  result_double: { symbol: 'sqlite3_result_double', args: ['ptr', 'double'] },
};

/** What C calls with a context, a count and the values. */
const Values = { args: ['ptr', 'int', 'ptr'] };
const Final = { args: ['ptr'] };
const Compare = { args: ['ptr', 'int', 'ptr', 'int', 'ptr'], returns: 'int' };

/** The texts of a `char *[count]`; null for NULL. */
function textsAt(list, count) {
  return Array.from({ length: count }, (_, index) => {
    const text = read.ptr(list, index * 8);
    return text === 0 ? null : read.cstring(text);
  });
}

export function run() {
  const lib = dlopen('libsqlite3.so.0', definitions);
  const sqlite3 = lib.symbols;
  const handle = ref('ptr');
  sqlite3.open(':memory:', handle);
  const db = handle.value;
  sqlite3.exec(
    db,
    `create table birds (name text, grams real);
     insert into birds values ('ørn', 5000), ('alke', 700), ('åkerrikse', 155), ('spurv', 30), ('and', 1100)`,
    null,
    null,
    null,
  );

  say('sqlite3_exec calls a function for each row, with a char ** of its values:');
  const query = (sql) => {
    const rows = [];
    sqlite3.exec(db, sql, (_, count, values) => (rows.push(textsAt(values, count)), 0), null, null);
    return rows;
  };
  show(
    () => query('select name, grams from birds where grams > 1000'),
    [
      ['ørn', '5000.0'],
      ['and', '1100.0'],
    ],
  );

  say(
    'A scalar function. SQLite keeps the pointer, so it is a JSCallback, closed when SQLite has forgotten it:',
    'const reverse = new JSCallback((context, count, values) => …, Values)',
  );
  const reverse = new JSCallback((context, _, values) => {
    const text = sqlite3.value_text(read.ptr(values)) ?? '';
    sqlite3.result_text(context, Array.from(text).reverse().join(''), -1, TRANSIENT);
  }, Values);
  show(() => sqlite3.create_function(db, 'reverse', 1, UTF8 | DETERMINISTIC, null, reverse, null, null), 0);
  show(() => query("select reverse(name) from birds where name like 'å%'"), [['eskirrekå']]);

  say(
    'An aggregate: `step` for each row, `final` at the end; SQLite gives each group an address of its own:',
  );
  const groups = new Map();
  const step = new JSCallback((context, _, values) => {
    const group = sqlite3.aggregate_context(context, 8);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(sqlite3.value_double(read.ptr(values)));
  }, Values);
  const final = new JSCallback((context) => {
    const group = sqlite3.aggregate_context(context, 0);
    const numbers = (groups.get(group) ?? [0]).sort((a, b) => a - b);
    groups.delete(group);
    sqlite3.result_double(context, numbers[numbers.length >> 1]);
  }, Final);
  show(() => sqlite3.create_function(db, 'median', 1, UTF8, null, null, step, final), 0);
  show(() => query('select median(grams), avg(grams) from birds'), [['700.0', '1397.0']]);

  say("A collation. The texts come with their lengths, without a NUL; JavaScript's own rules order them:");
  const { compare } = new Intl.Collator('nb');
  const norwegian = new JSCallback(
    (_, length, text, otherLength, other) =>
      compare(`${new CString(text, 0, length)}`, `${new CString(other, 0, otherLength)}`),
    Compare,
  );
  show(() => sqlite3.create_collation(db, 'norwegian', UTF8, null, norwegian), 0);
  show(
    () => query('select name from birds order by name collate norwegian').flat(),
    ['alke', 'and', 'spurv', 'ørn', 'åkerrikse'],
  );

  say('An exception inside of a function surfaces from the call that SQLite was in:');
  const picky = new JSCallback((context, _, values) => {
    const grams = sqlite3.value_double(read.ptr(values));
    if (grams > 2000) throw new RangeError(`${grams} g is no songbird`);
    sqlite3.result_text(context, 'sings', -1, TRANSIENT);
  }, Values);
  sqlite3.create_function(db, 'picky', 1, UTF8, null, picky, null, null);
  const statement = ref('ptr');
  sqlite3.prepare_v2(db, 'select picky(grams) from birds', -1, statement, null);
  refuse(() => sqlite3.step(statement.value));
  say('SQLite is none the worse for it: the next row');
  show(() => sqlite3.step(statement.value), 100);
  sqlite3.finalize(statement.value);

  say(
    '`onError` is what C gets after an exception. 1 tells sqlite3_exec to stop at the first row; 4 is SQLITE_ABORT:',
    "const stop = new JSCallback(() => { throw new Error('enough') }, { ...Row, onError: 1 })",
  );
  let rows = 0;
  const stop = new JSCallback(
    () => {
      rows++;
      throw new Error('enough');
    },
    { ...Row, onError: 1 },
  );
  refuse(() => sqlite3.exec(db, 'select * from birds', stop, null, null));
  show(() => rows, 1);
  say('A value other than 0 does the same without an exception:');
  show(() => sqlite3.exec(db, 'select * from birds', () => 1, null, null), ABORT);
  show(() => sqlite3.errmsg(db), 'query aborted');

  show(() => sqlite3.close(db), 0);
  for (const callback of [reverse, step, final, norwegian, picky, stop]) callback.close();
  lib.close();
}
