// Makes a mismatch small: leaves out arguments and fields for as long as it stays.
import { fuzz } from './fuzz.mjs';
import { partsOf, signature } from './signatures.mjs';

/** What a mismatch is about, without the place where it shows. */
const aboutOf = (kind) => (kind.startsWith('throws') ? kind : kind.split(' ')[0]);

/** Not the fields of types that are gone, nor those that had to stay. */
function relevant(without, { definitions }) {
  const types = new Map(definitions.map((type) => [type.tag, type]));
  return without.filter((part) => {
    const [tag, name] = part.split('.');
    return name === undefined || types.get(tag)?.fields.every((field) => field.name !== name);
  });
}

/**
 * Leaves out halves, quarters and so on of what is left, down to single parts. `options` are those of `fuzz`; gives the
 * text of the smallest mismatch.
 */
export async function shrink(options, { text, index, kind }) {
  const { seed } = options;
  let best = { text, without: [] };
  const stays = async (parts) => {
    const without = relevant(parts, signature(seed, index, parts));
    let smaller;
    const onMismatch = (found) => {
      if (aboutOf(found.kind) === aboutOf(kind)) smaller = { text: found.text, without };
    };
    await fuzz({ ...options, from: index, count: 1, keep: false, without, onMismatch });
    if (smaller !== undefined) best = smaller;
    return smaller !== undefined;
  };
  // Positions are those of the whole signature.
  const left = () => {
    const { definitions } = signature(seed, index, best.without);
    return partsOf({ ...signature(seed, index), definitions }).filter((part) => !best.without.includes(part));
  };
  for (let size = Math.ceil(left().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    // What is behind a part that was left out moves up: from the end on, nothing is skipped.
    for (let end = left().length; end > 0; end -= size) {
      await stays([...best.without, ...left().slice(Math.max(0, end - size), end)]);
    }
  }
  return best.text;
}
