// A mismatch in a form to read, and to run again.
import { inspect } from 'node:util';
import { callerText, definitionText, functionText, prototypeText } from './emit-c.mjs';
import { oddNames } from './generate-types.mjs';
import { definitionSource } from './schemas.mjs';

const show = (value) => {
  if (value instanceof Error) return value.stack;
  return inspect(value, { depth: 12, breakLength: 100, maxArrayLength: 300, getters: true });
};

const indented = (text) => text.replaceAll(/^/gm, '  ');

/** Names of fields, with what leads to them. */
const path = new RegExp(
  String.raw`(?<![\w.])(?:(?:\w+\.)*(?:f\d+|${oddNames.join('|')})(?:\[\d+\])*[.,]? ?)+`,
  'g',
);

/** What mismatches have in common that are likely to have one cause. */
export function kindOf({ what, got }) {
  const text = what === 'throws' ? `throws ${got instanceof Error ? got.message : got}` : what;
  const general = text
    .split('\n')[0]
    .replaceAll(/\b[SUE]\d+_\d+/g, 'T')
    .replaceAll(path, 'f ');
  return general.replaceAll(/-?\b\d+n?\b/g, 'n').trim();
}

/** The command that checks this signature alone. */
export function replay({ seed, index }, { compiler, level, path, callbacks, without }) {
  const parts = [`--seed ${seed} --only ${index} --compiler ${compiler} --opt ${level}`];
  if (path !== undefined) parts.push(`--path ${path}`);
  if (!callbacks) parts.push('--no-callbacks');
  if (without.length > 0) parts.push(`--without ${without}`);
  const { ARKFFI_CODEGEN: codegen } = process.env;
  const before = codegen === undefined ? '' : `ARKFFI_CODEGEN=${codegen} `;
  return `${before}node fuzz/abi/run.mjs ${parts.join(' ')}`;
}

/** C and JavaScript of a signature; `full` with the bodies of the functions. */
export function signatureText(signature, full = false) {
  const types = signature.definitions.map(definitionText);
  const functions = full
    ? [functionText(signature), callerText(signature)]
    : [`${prototypeText(signature)};`];
  return `C:\n${indented([...types, ...functions].join('\n'))}\nJavaScript:\n${indented(definitionSource(signature))}`;
}

function differenceText({ what, wanted, got, inputs, returned, round }) {
  const lines = [`${what}${round === undefined ? '' : ` (round ${round})`}`];
  if (what === 'throws') return `${lines[0]} ${show(got)}`;
  lines.push(`  wanted ${show(wanted)}`, `  got    ${show(got)}`);
  if (inputs !== undefined) inputs.forEach((input, index) => lines.push(`  args[${index}] = ${show(input)}`));
  if (returned !== undefined) lines.push(`  returned ${show(returned)}`);
  return lines.join('\n');
}

export function mismatchText(signature, differences, options) {
  return [
    `MISMATCH seed ${signature.seed} index ${signature.index}: ${replay(signature, options)}`,
    ...differences.map(differenceText),
    signatureText(signature),
    '',
  ].join('\n');
}
