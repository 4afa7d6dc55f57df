// Does C see the arguments that JavaScript gives, and JavaScript the result that C makes?
import { Random } from '../rng.mjs';
import { isAggregate, isText } from '../types.mjs';
import { difference, inputOf, randomText, randomValue, wordsOf } from '../values.mjs';
import { checkSeen, decodedDifference, placesIn, structInput } from './exchange.mjs';
import { checkRoundTrip } from './round-trip.mjs';

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

/** Where the words of an argument are that C sees. */
const placesOf = ({ type, via, seen = type }, position) =>
  placesIn(`${via === 'pointer' ? '*' : ''}args[${position}]`, seen);

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
  return (got) => decodedDifference(type, value, got);
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
    seen.reset(words.length);
    const check = prepareResult(rng, result, builder, given, api, { code });
    const got = call(...passed);
    const context = { round, inputs, keep };
    const wrongWord = checkSeen(seen, words, () => args.flatMap(placesOf));
    if (wrongWord) yield { ...context, ...wrongWord, what: `C sees ${wrongWord.place}` };
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
