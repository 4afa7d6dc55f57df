// Runs the programs it reads from stdin as JSON, in order, and writes a line of JSON for each to
// descriptor 3: `{ skipped }`, `{ error }` or `{}`. Descriptor 3 leaves stdout to the programs.
const { readFileSync, writeSync } = require('node:fs');
const { inspect } = require('node:util');
const { compileFunction } = require('node:vm');
const { dlopen } = require('arkffi');

/** A value as one line. */
const shown = (value) => inspect(value, { breakLength: Infinity, compact: 100 });

function compare(action, verb, found, wanted) {
  if (found !== wanted) throw new Error(`${action.toString()} ${verb} ${found}, not ${wanted}`);
}

/** Runs the action, and what is to be done with its result or error; later, where it gives a promise. */
function settle(action, onResult, onError) {
  let result;
  try {
    result = action();
  } catch (error) {
    return onError(error);
  }
  return result instanceof Promise ? result.then(onResult, onError) : onResult(result);
}

function gives(action, wanted) {
  const check = (result) => compare(action, 'gives', shown(result), wanted);
  return settle(action, check, (error) => {
    throw error;
  });
}

function throws(action, wanted) {
  const check = (found) => compare(action, 'throws', found, wanted);
  return settle(
    action,
    () => check('nothing'),
    (error) => check(error.code ?? error.name),
  );
}

function isAbsent(library) {
  try {
    dlopen(library).close();
    return false;
  } catch {
    return true;
  }
}

async function run({ program, needs, name }) {
  if (needs !== undefined && isAbsent(needs)) return { skipped: `${needs} is not installed` };
  try {
    const parameters = ['require', 'exports', 'module', 'gives', 'throws'];
    const block = compileFunction(program, parameters, { filename: name });
    await block(require, {}, { exports: {} }, gives, throws);
    return {};
  } catch (error) {
    return { error: error.stack };
  }
}

async function main() {
  for (const task of JSON.parse(readFileSync(0, 'utf8')))
    writeSync(3, `${JSON.stringify(await run(task))}\n`);
}

void main();
