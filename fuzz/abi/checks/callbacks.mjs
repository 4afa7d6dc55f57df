// Does a callback see the arguments that C gives, and C the result that it returns, on whichever thread C calls?
import { Random } from '../rng.mjs';
import { isAggregate, isText } from '../types.mjs';
import { inputOf, randomValue, wordsOf } from '../values.mjs';
import { checkSeen, decodedDifference, placesIn, structInput } from './exchange.mjs';

/** What C passes for an argument. */
function wordsFor(api, { type, seen = type }, value, keep) {
  if (!isText(type) || value === 0n) return wordsOf(seen, value);
  const bytes = Buffer.from(`${value}\0`);
  keep.push(bytes);
  return [BigInt(api.ptr(bytes))];
}

/** An argument as the callback sees it; of a pointer, what it points to, which is gone when the callback returns. */
function seenByCallback(api, rng, { type, via, seen }, value, builder, got) {
  if (via === 'array') return api.Struct({ items: builder.type(type) }).fromPtr(got).items;
  if (via !== 'pointer') return got;
  const schema = builder.type(seen);
  const tail = seen.fields.at(-1).type;
  if (!tail.flexible || tail.counter !== undefined) return schema.fromPtr(got);
  // Only the bytes tell how long a tail is that nothing counts.
  const { byteLength } = schema.create(inputOf(rng, seen, value));
  return schema.fromBuffer(api.readMemory(got, byteLength));
}

/** A value that the callback returns: { returned, words }. */
function resultFor(rng, { form, type }, builder, { code, texts, keep }) {
  if (form === 'void') return { returned: rng.pick([undefined, null, 'nobody reads this']), words: [] };
  const value = randomValue(rng, type, { code, texts: texts || isText(type) });
  const returned = isAggregate(type)
    ? structInput(rng, type, value, builder.type(type), keep)
    : inputOf(rng, type, value);
  return { returned, words: wordsOf(type, value) };
}

function* checkArguments({ args }, values, got) {
  if (got.length !== args.length) yield { what: 'callback sees', wanted: `${args.length} arguments`, got };
  for (const [position, { type, seen = type }] of args.entries()) {
    const wrong = decodedDifference(seen, values[position], got[position]);
    if (wrong) {
      const path = wrong.path === '' || wrong.path.startsWith('[') ? wrong.path : `.${wrong.path}`;
      yield { ...wrong, what: `callback sees args[${position}]${path}` };
    }
  }
}

/** Lets C call the callback once, as `way` has it. */
async function* checkOne(api, signature, builder, rng, { way, body, talk }) {
  const { args, result, texts } = signature;
  const { seen, given, code } = talk;
  const keep = [];
  const values = args.map(({ type, seen: target = type }) =>
    randomValue(rng, target, { code, texts: isText(type) }),
  );
  given.put(args.flatMap((arg, position) => wordsFor(api, arg, values[position], keep)));
  const { returned, words } = resultFor(rng, result, builder, { code, texts, keep });
  const calls = [];
  body.run = (got) => {
    const one = (arg, position) => seenByCallback(api, rng, arg, values[position], builder, got[position]);
    calls.push([...args.map(one), ...got.slice(args.length)]);
    return returned;
  };
  seen.reset(words.length);
  await way();
  const context = { inputs: values, returned, keep };
  if (calls.length !== 1) yield { ...context, what: 'callback is called', wanted: 'once', got: calls.length };
  for (const got of calls) {
    for (const wrong of checkArguments(signature, values, got)) yield { ...context, ...wrong };
  }
  const wrong = checkSeen(seen, words, () => placesIn('its result', result.type));
  if (wrong) yield { ...context, ...wrong, what: `callback: C receives ${wrong.place}` };
}

/**
 * Lets the C function at `caller` call a callback of a signature with several sets of values, each from the thread of
 * JavaScript and in one other way. Yields { what, wanted, got, inputs, returned } for differences.
 */
export async function* checkCallbacks(api, signature, builder, caller, talk) {
  const { seed, index } = signature;
  const { run, runInThread, rounds } = talk;
  const definition = builder.callback(signature);
  const body = {};
  const fn = (...got) => body.run(got);
  const threadsafe = new Random(seed, index, 'callback').percent(50);
  const callback = new api.JSCallback(fn, { ...definition, threadsafe });
  const plain = api.CFunction({ args: [api.fn(definition)], ptr: caller });
  const call = () => run(caller, callback);
  const others = {
    'from a thread, pumped': () => runInThread(caller, callback),
    'in the background': () => run.async(caller, callback),
    'as a plain function': () => plain(fn),
    'from a thread, in the background': () => runInThread.async(caller, callback),
  };
  try {
    for (let round = 0; round < rounds; round++) {
      const other = Object.keys(others)[round % 4];
      for (const [name, way] of [
        ['called by C', call],
        [other, others[other]],
      ]) {
        const rng = new Random(seed, index, 'callback', round, name);
        const found = checkOne(api, signature, builder, rng, { way, body, talk });
        for await (const wrong of found) yield { ...wrong, what: `${wrong.what}, ${name}`, round };
      }
    }
  } finally {
    callback.close();
    plain.close();
  }
}
