// How the tour prints what it does, and checks it.
import { deepStrictEqual } from 'node:assert';
import { inspect } from 'node:util';

/** The code of an arrow function, in one line. */
function codeOf(action) {
  return action
    .toString()
    .replace(/^(async )?\(\) =>\s*/, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/(?<=\() |,? (?=\))/g, '');
}

export function heading(title) {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`);
}

/** Words before the calls that it explains. */
export function say(...lines) {
  console.log(`\n${lines.map((line) => `  # ${line}`).join('\n')}`);
}

function printResult(code, result) {
  console.log(`  ${code}`);
  console.log(`    → ${inspect(result, { breakLength: 100 }).replaceAll('\n', '\n      ')}`);
  return result;
}

/** Prints a call and its result, and gives the result back. Where one is `wanted`, it must be that. */
export function show(action, ...wanted) {
  const result = printResult(codeOf(action), action());
  if (wanted.length > 0) deepStrictEqual(result, wanted[0]);
  return result;
}

/** The same for a call that gives a promise. */
export async function showSettled(action, ...wanted) {
  const result = printResult(codeOf(action), await action());
  if (wanted.length > 0) deepStrictEqual(result, wanted[0]);
  return result;
}

function printError(code, error) {
  console.log(`  ${code}`);
  console.log(`    ✗ ${[error.name, error.code].filter((part) => part !== undefined).join(' ')}`);
  console.log(`      ${error.message.split('\n').join('\n      ')}`);
}

/** Prints a call and the error that it throws, and gives the error. A call that throws none is a fault of the tour. */
export function refuse(action) {
  try {
    action();
  } catch (error) {
    printError(codeOf(action), error);
    return error;
  }
  throw new Error(`${codeOf(action)} was expected to throw`);
}

/** The same for a call that gives a promise. */
export async function refuseSettled(action) {
  try {
    await action();
  } catch (error) {
    printError(codeOf(action), error);
    return error;
  }
  throw new Error(`${codeOf(action)} was expected to be rejected`);
}
