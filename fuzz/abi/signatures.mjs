// Random signatures. A seed and an index determine one, whatever batch it is made in.
import { TypeGenerator } from './generate-types.mjs';
import { Random } from './rng.mjs';
import { definitionsIn, isAggregate, properties, wordsIn } from './types.mjs';

/** Once the arguments take so many words on the way between C and the fuzzer, those that follow are scalars. */
const manyWords = 512;

function countOf(rng) {
  const range = rng.weighted({ few: 70, some: 24, many: 6 });
  if (range === 'few') return rng.between(0, 5);
  return range === 'some' ? rng.between(6, 12) : rng.between(13, 30);
}

/** How an argument is passed, and what C looks at: `seen` is what a pointer points to. */
function argument(rng, types, { isVariadic, scalarShare }) {
  if (rng.percent(scalarShare)) return { type: types.simple(), via: 'value' };
  const via = rng.weighted({
    value: 92,
    pointer: 4,
    flexible: isVariadic ? 0 : 2,
    array: isVariadic ? 0 : 2,
  });
  if (via === 'value') return { type: types.aggregate(), via };
  if (via === 'array') {
    const element = rng.percent(30) ? types.aggregate(2) : types.scalar();
    return { type: types.array(element, rng.between(1, 6)), via };
  }
  const seen = via === 'flexible' ? types.flexible() : types.aggregate();
  return { type: { kind: 'pointer', flavour: seen }, via: 'pointer', seen };
}

/** `form`: 'void', 'value', and for structs 'pointer' (`returns: S`) or 'object' (`returns: S.object`). */
function resultOf(rng, types) {
  const kind = rng.weighted({ void: 6, simple: 30, aggregate: 64 });
  if (kind === 'void') return { form: 'void' };
  if (kind === 'simple') return { form: 'value', type: types.simple() };
  return { form: rng.pick(['pointer', 'object']), type: types.aggregate() };
}

function definitionsOf({ args, result }) {
  const found = new Set();
  for (const { type } of [...args, result]) if (type) definitionsIn(type, found);
  return [...found];
}

function argumentsOf(rng, types, fixed) {
  const scalarShare = rng.pick([20, 50, 50, 85]);
  const count = Math.max(countOf(rng), fixed ?? 0);
  const args = [];
  let words = 0;
  while (args.length < count) {
    const isVariadic = fixed !== undefined && args.length >= fixed;
    const made = argument(rng, types, { isVariadic, scalarShare });
    words += wordsIn(made.seen ?? made.type);
    args.push(words > manyWords ? { type: types.scalar(), via: 'value' } : made);
  }
  return args;
}

/**
 * { seed, index, args, fixed, result, scribbles, texts, leaf, definitions }: `fixed` counts the arguments before the
 * `...` of a variadic function, `scribbles` says that C writes into its copies of structs, `texts` that fields which
 * are text are given strings and not addresses. The parts that `without` names, as `partsOf` does, are left out.
 */
export function signature(seed, index, without = []) {
  const rng = new Random(seed, index, 'signature');
  const types = new TypeGenerator(rng, index);
  const fixed = rng.percent(18) ? rng.between(1, 4) : undefined;
  const made = { args: argumentsOf(rng, types, fixed), fixed, result: resultOf(rng, types) };
  const more = { seed, index, scribbles: rng.percent(50), texts: rng.percent(40), leaf: rng.percent(10) };
  reduce(made, without);
  return { ...made, ...more, definitions: definitionsOf(made) };
}

/** The parts of a signature that can be left out: 'a3' (an argument), 'result', 'S17_2.f1' (a field). */
export function partsOf({ args, fixed, result, definitions }) {
  const isNeeded = (position) => isFirstOfVariadic(position, fixed);
  const fieldsOf = ({ tag, fields }) => fields.filter(isOptional).map(({ name }) => `${tag}.${name}`);
  return [
    ...args.map((_, position) => `a${position}`).filter((_, position) => !isNeeded(position)),
    ...(result.form === 'void' ? [] : ['result']),
    ...definitions.filter(isAggregate).flatMap(fieldsOf),
  ];
}

/** A variadic function has a parameter before the `...`. */
const isFirstOfVariadic = (position, fixed) => fixed !== undefined && position === 0;

/** A flexible tail and its counter stay. */
const isOptional = ({ type, counts }) => counts === undefined && !type.flexible;

/** Leaves parts out. */
function reduce(made, without) {
  if (without.length === 0) return;
  const isOut = (part) => without.includes(part);
  for (const type of definitionsOf(made).filter(isAggregate)) {
    const active = type.kind === 'union' ? properties(type)[type.active] : undefined;
    const isLeft = (field) => field === active || !isOut(`${type.tag}.${field.name}`);
    // A struct has at least one field before a flexible tail, and a union the one that is given.
    const isEnough = properties(type).some((field) => isLeft(field) && !field.type.flexible);
    const kept = isEnough ? undefined : properties(type)[0];
    type.fields = type.fields.filter((field) => field === kept || isLeft(field));
    if (active !== undefined) type.active = properties(type).indexOf(active);
  }
  const isIn = (position) => isFirstOfVariadic(position, made.fixed) || !isOut(`a${position}`);
  const left = made.args.map((_, position) => position).filter(isIn);
  if (made.fixed !== undefined) made.fixed = left.filter((position) => position < made.fixed).length;
  made.args = left.map((position) => made.args[position]);
  if (isOut('result')) made.result = { form: 'void' };
}
