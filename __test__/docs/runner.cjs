// Runs the programs it reads from stdin as JSON, in order, and writes a line of JSON for each to
// descriptor 3: `{ skipped }`, `{ error }` or `{}`. Descriptor 3 leaves stdout to the programs.
const { readFileSync, writeSync } = require('node:fs');
const { inspect } = require('node:util');
const { compileFunction } = require('node:vm');
const { dlopen } = require('arkffi');

/** A value as one line. */
const shown = (value) => inspect(value, { breakLength: Infinity, compact: 100 });

function gives(action, wanted) {
  const found = shown(action());
  if (found !== wanted) throw new Error(`${action.toString().slice(6)} gives ${found}, not ${wanted}`);
}

function throws(action, wanted) {
  let found = 'nothing';
  try {
    action();
  } catch (error) {
    found = error.code ?? error.name;
  }
  if (found !== wanted) throw new Error(`${action.toString().slice(6)} throws ${found}, not ${wanted}`);
}

function isAbsent(library) {
  try {
    dlopen(library).close();
    return false;
  } catch {
    return true;
  }
}

function run({ program, needs, name }) {
  if (needs !== undefined && isAbsent(needs)) return { skipped: `${needs} is not installed` };
  try {
    const parameters = ['require', 'exports', 'module', 'gives', 'throws'];
    compileFunction(program, parameters, { filename: name })(require, {}, { exports: {} }, gives, throws);
    return {};
  } catch (error) {
    return { error: error.stack };
  }
}

for (const task of JSON.parse(readFileSync(0, 'utf8'))) writeSync(3, `${JSON.stringify(run(task))}\n`);
