// How values go between C and JavaScript, whichever of them calls.
import { wordCount } from '../emit-c.mjs';
import { isText, leaves } from '../types.mjs';
import { decodedScalar, difference, inputOf, pathOf } from '../values.mjs';

const untouched = 0xdeadbeefdeadbeefn;

/** The words through which C and the fuzzer talk; see emit-c.mjs. */
export class Words {
  constructor({ toArrayBuffer }, address) {
    const bytes = toArrayBuffer(address, 0, wordCount * 8);
    this.integers = new BigUint64Array(bytes);
    this.floats = new Float64Array(bytes);
  }

  put(words) {
    words.forEach((word, index) => {
      if (typeof word === 'number') this.floats[index] = word;
      else this.integers[index] = word;
    });
  }

  /** Forgets what the first words are. */
  reset(count) {
    this.integers.fill(untouched, 0, count);
  }

  /** The word, as what is expected there is. */
  get(index, like) {
    return typeof like === 'number' ? this.floats[index] : this.integers[index];
  }
}

/** A struct as JavaScript gives it: an object, its bytes, a view of them, or what was decoded of them. `keep` keeps strings. */
export function structInput(rng, type, value, schema, keep) {
  const object = inputOf(rng, type, value);
  const form = rng.weighted({ object: 50, buffer: 20, view: 15, decoded: 15 });
  if (form === 'object') return object;
  const bytes = schema.create(object);
  keep.push(bytes);
  if (form === 'buffer') return bytes;
  if (form === 'decoded') return schema.fromBuffer(bytes);
  const offset = rng.below(16);
  const around = new Uint8Array(offset + bytes.byteLength + rng.below(4));
  around.set(new Uint8Array(bytes), offset);
  return around.subarray(offset, offset + bytes.byteLength);
}

/** How the words of a type are called, from `base` on. */
export function placesIn(base, type) {
  return leaves(type).flatMap(({ steps, count }) => {
    const path = pathOf(steps);
    const place = path === '' || path.startsWith('[') ? base + path : `${base}.${path}`;
    return count === undefined ? [place] : Array.from({ length: count }, (_, index) => `${place}[${index}]`);
  });
}

/** The first of the words that C does not see as wanted: { place, wanted, got }; `placesOf` calls them by name. */
export function checkSeen(seen, words, placesOf) {
  const wrong = words.findIndex((word, index) => !Object.is(seen.get(index, word), word));
  if (wrong === -1) return undefined;
  const nothing = seen.integers[wrong] === untouched;
  return {
    place: placesOf()[wrong],
    wanted: words[wrong],
    got: nothing ? 'nothing' : seen.get(wrong, words[wrong]),
  };
}

/** As `difference`, for a value that is no part of another: strings and opaque pointers arrive as such there. */
export function decodedDifference(type, value, got) {
  if (isText(type)) {
    const wanted = typeof value === 'string' ? value : null;
    return Object.is(got, wanted) ? undefined : { path: '', wanted, got };
  }
  if (type.kind === 'pointer' && type.flavour === 'opaque') {
    const wanted = decodedScalar(type, value);
    const isRight = wanted === 0 ? got === null : Object.is(got?.ptr, wanted);
    return isRight ? undefined : { path: '', wanted, got };
  }
  return difference(type, value, got);
}
