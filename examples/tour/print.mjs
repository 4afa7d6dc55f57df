// How the tour prints what it does.
import { inspect } from 'node:util';

/** The code of an arrow function, in one line. */
function codeOf(action) {
  return action
    .toString()
    .replace(/^\(\) =>\s*/, '')
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

/** Prints a call and its result, and gives the result back. */
export function show(action) {
  const result = action();
  console.log(`  ${codeOf(action)}`);
  console.log(`    → ${inspect(result, { breakLength: 100 })}`);
  return result;
}

/** Prints a call and the error that it throws. A call that throws none is a fault of the tour. */
export function refuse(action) {
  try {
    action();
  } catch (error) {
    console.log(`  ${codeOf(action)}`);
    console.log(`    ✗ ${error.name} ${error.code}`);
    console.log(`      ${error.message.split('\n').join('\n      ')}`);
    return;
  }
  throw new Error(`${codeOf(action)} was expected to throw`);
}
