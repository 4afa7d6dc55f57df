// Does C see the arguments that JavaScript gives, and JavaScript the result that C makes?
import { wordCount } from '../emit-c.mjs';
import { Random } from '../rng.mjs';
import { isAggregate, isText, leaves } from '../types.mjs';
import { checkRoundTrip } from './round-trip.mjs';
import { decodedScalar, difference, inputOf, pathOf, randomText, randomValue, wordsOf } from '../values.mjs';

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

  /** The word, as what is expected there is. */
  get(index, like) {
    return typeof like === 'number' ? this.floats[index] : this.integers[index];
  }
}

const untouched = 0xdeadbeefdeadbeefn;

/** A struct as an argument: an object, its bytes, a view of them, or what was decoded of them. `keep` keeps strings. */
function structInput(rng, type, value, schema, keep) {
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

/** What JavaScript passes. */
function inputFor(rng, { type, via, seen = type }, value, builder, keep) {
  if (via === 'pointer') {
    const bytes = builder.type(seen).create(inputOf(rng, seen, value));
    keep.push(bytes);
    return rng.percent(50) ? bytes : new Uint8Array(bytes);
  }
  // An array that C reads in place is as long as C thinks.
  if (via === 'array') return value.map((item) => inputOf(rng, type.element, item));
  return isAggregate(type)
    ? structInput(rng, type, value, builder.type(type), keep)
    : inputOf(rng, type, value);
}

/** Where the words of the arguments are that C sees. */
function* places(signature) {
  for (const [position, { type, via, seen = type }] of signature.args.entries()) {
    const base = via === 'pointer' ? `*args[${position}]` : `args[${position}]`;
    for (const { steps, count = 0 } of leaves(seen)) {
      const path = pathOf(steps);
      const place = path === '' || path.startsWith('[') ? base + path : `${base}.${path}`;
      if (count === 0) yield place;
      else for (let index = 0; index < count; index++) yield `${place}[${index}]`;
    }
  }
}

function* checkSeen(signature, seen, words) {
  const wrong = words.findIndex((word, index) => !Object.is(seen.get(index, word), word));
  if (wrong === -1) return;
  const what = `C sees ${[...places(signature)][wrong]}`;
  const got = seen.get(wrong, words[wrong]);
  const nothing = seen.integers[wrong] === untouched;
  yield { what, wanted: words[wrong], got: nothing ? 'nothing' : got };
}

/** Prepares a result in `given`; returns a check of what the call gave. */
function prepareResult(rng, { form, type }, builder, given, api, { code }) {
  if (form === 'void') return (got) => (got === undefined ? undefined : { path: '', wanted: undefined, got });
  if (isText(type)) {
    const text = randomText(rng);
    const bytes = text === null ? undefined : Buffer.from(`${text}\0`);
    given.put([bytes === undefined ? 0n : BigInt(api.ptr(bytes))]);
    // The bytes live as long as the check does.
    return (got) => (Object.is(got, text) ? undefined : { path: '', wanted: text, got, bytes });
  }
  const value = randomValue(rng, type, { code });
  given.put(wordsOf(type, value));
  if (type.kind === 'pointer' && type.flavour === 'opaque') {
    const wanted = decodedScalar(type, value);
    const isRight = (got) => (wanted === 0 ? got === null : Object.is(got?.ptr, wanted));
    return (got) => (isRight(got) ? undefined : { path: '', wanted, got });
  }
  if (form === 'pointer') {
    const schema = builder.type(type);
    return (got) => {
      const found = difference(type, value, schema.fromPtr(got));
      const released = [api.releasePtr(got), api.releasePtr(got)];
      if (!found && released.join() !== 'true,false') {
        return { path: 'releasePtr, twice', wanted: [true, false], got: released };
      }
      return found;
    };
  }
  return (got) => difference(type, value, got);
}

const copyOf = (input) => (ArrayBuffer.isView(input) ? input.slice() : input.slice(0));
const isBytes = (input) => input instanceof ArrayBuffer || input instanceof Uint8Array;

/**
 * Calls the function of a signature with several sets of values. Yields { what, wanted, got, inputs } for the first
 * difference of each call.
 */
export function* checkCalls(api, signature, builder, call, { seen, given, code, rounds }) {
  const { seed, index, args, fixed, texts, result } = signature;
  for (let round = 0; round < rounds; round++) {
    const rng = new Random(seed, index, 'values', round);
    const keep = [];
    const values = args.map(({ type, seen: target = type }) =>
      randomValue(rng, target, { code, texts: texts || isText(type) }),
    );
    for (const [position, { type, seen: target = type }] of args.entries()) {
      // Strings become addresses on the way.
      if (isAggregate(target) && !texts) {
        yield* checkRoundTrip(rng, `args[${position}]`, target, values[position], builder.type(target));
      }
    }
    const words = args.flatMap(({ type, seen: target = type }, position) =>
      wordsOf(target, values[position]),
    );
    const inputs = args.map((arg, position) => inputFor(rng, arg, values[position], builder, keep));
    const copies = inputs.map((input) => (isBytes(input) ? copyOf(input) : undefined));
    const passed = inputs.map((input, position) =>
      fixed !== undefined && position >= fixed ? [builder.type(args[position].type), input] : input,
    );
    seen.integers.fill(untouched, 0, words.length);
    const check = prepareResult(rng, result, builder, given, api, { code });
    const got = call(...passed);
    const context = { round, inputs, keep };
    for (const wrong of checkSeen(signature, seen, words)) yield { ...wrong, ...context };
    const wrong = check(got);
    if (wrong) {
      yield {
        ...context,
        what: `result${wrong.path && ` ${wrong.path}`}`,
        wanted: wrong.wanted,
        got: wrong.got,
      };
    }
    for (const [position, copy] of copies.entries()) {
      if (copy === undefined) continue;
      const now = copyOf(inputs[position]);
      if (Buffer.compare(Buffer.from(copy), Buffer.from(now)) !== 0) {
        yield { ...context, what: `args[${position}] was written to`, wanted: copy, got: now };
      }
    }
  }
}
