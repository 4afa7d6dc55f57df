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

/**
 * Lets C call the callback as `way` has it, `count` times; in the last of them the callback makes the call `within`,
 * which calls it too.
 */
async function* checkOne(api, signature, builder, rng, { way, body, talk }) {
  const { args, result, texts } = signature;
  const { seen, given, code } = talk;
  const { call, count = 1, within, countWithin = 0 } = way;
  const keep = [];
  const values = args.map(({ type, seen: target = type }) =>
    randomValue(rng, target, { code, texts: isText(type) }),
  );
  given.put(args.flatMap((arg, position) => wordsFor(api, arg, values[position], keep)));
  const { returned, words } = resultFor(rng, result, builder, { code, texts, keep });
  const [calls, received] = [[], []];
  const receive = () => {
    received.push(checkSeen(seen, words, () => placesIn('its result', result.type)));
    seen.reset(words.length);
  };
  let left = count;
  body.run = (got) => {
    const one = (arg, position) => seenByCallback(api, rng, arg, values[position], builder, got[position]);
    calls.push([...args.map(one), ...got.slice(args.length)]);
    if (--left === 0 && within !== undefined) {
      seen.reset(words.length);
      within();
      receive();
    }
    return returned;
  };
  seen.reset(words.length);
  await call();
  receive();
  const context = { inputs: values, returned, keep };
  const wanted = count + countWithin;
  if (calls.length !== wanted) yield { ...context, what: 'callback is called', wanted, got: calls.length };
  for (const got of calls) {
    for (const wrong of checkArguments(signature, values, got)) yield { ...context, ...wrong };
  }
  for (const wrong of received) {
    if (wrong) yield { ...context, ...wrong, what: `callback: C receives ${wrong.place}` };
  }
}

/** From so many callbacks in a call on, another way of making it may be the fastest. */
const often = 6;

/**
 * Lets the C function at `caller` call a callback of a signature with several sets of values, each from the thread of
 * JavaScript and in one other way. Yields { what, wanted, got, inputs, returned } for differences.
 */
export async function* checkCallbacks(api, signature, builder, caller, talk, stats) {
  const { seed, index } = signature;
  const { run, runOften, runInThread, rounds } = talk;
  const definition = builder.callback(signature);
  const body = {};
  const fn = (...got) => body.run(got);
  const threadsafe = new Random(seed, index, 'callback').percent(50);
  const callback = new api.JSCallback(fn, { ...definition, threadsafe });
  const plain = api.CFunction({ args: [api.fn(definition)], ptr: caller });
  const once = () => run(caller, callback);
  const many = () => runOften(caller, callback, often);
  const first = { name: 'called by C', call: once };
  const others = [
    { name: 'from a thread, pumped', call: () => runInThread(caller, callback) },
    { name: 'in the background', call: () => run.async(caller, callback) },
    { name: 'as a plain function', call: () => plain(fn) },
    { name: 'from a thread, in the background', call: () => runInThread.async(caller, callback) },
    { name: 'again and again', call: many, count: often },
    { name: 'within itself', call: many, count: often, within: many, countWithin: often },
    { name: 'once within itself', call: many, count: often, within: once, countWithin: 1 },
    {
      name: 'within a pumped call',
      call: () => runInThread(caller, callback),
      within: many,
      countWithin: often,
    },
  ];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const way of [first, others[(index + round * 3) % others.length]]) {
        const { name, count = 1, countWithin = 0 } = way;
        const rng = new Random(seed, index, 'callback', round, name);
        const found = checkOne(api, signature, builder, rng, { way, body, talk });
        for await (const wrong of found) yield { ...wrong, what: `${wrong.what}, ${name}`, round };
        stats.callbacks += count + countWithin;
      }
    }
  } finally {
    callback.close();
    plain.close();
  }
}
