// The C side of signatures: types, functions, callers of callbacks, and tables of the layout as the C compiler has it.
import { isAddress, isAggregate, isFloat, isText, leaves, properties } from './types.mjs';

/**
 * C stores what it sees in `seen`, word by word (a function its arguments, a caller of a callback the result), and
 * makes what it gives of the words in `given`.
 */
export const wordCount = 8192;

const prelude = `#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
typedef void (*code_t)(void);
static union { uint64_t u[${wordCount}]; double d[${wordCount}]; } seen, given;
void *abi_seen(void) { return &seen; }
void *abi_given(void) { return &given; }
typedef void (*caller_t)(void *);
struct abi_start { caller_t caller; void *callback; };
void abi_run(caller_t caller, void *callback) { caller(callback); }
void abi_run_often(caller_t caller, void *callback, int times) {
  while (times-- > 0) caller(callback);
}
static void *abi_body(void *start) {
  abi_run(((struct abi_start *)start)->caller, ((struct abi_start *)start)->callback);
  return 0;
}
/** Calls the callback from a thread of C's own. */
int abi_run_in_thread(caller_t caller, void *callback) {
  struct abi_start start = { caller, callback };
  pthread_t thread;
  int failed = pthread_create(&thread, 0, abi_body, &start);
  return failed ? failed : pthread_join(thread, 0);
}
static __attribute__((noinline, unused)) uint64_t hash(const char *text) {
  uint64_t sum = 0xcbf29ce484222325;
  if (text == 0) return 0;
  for (; *text != 0; text++) sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
  return sum;
}
`;

/** The name of a type in C; of arrays, see `declare`. */
function cName(type) {
  if (type.kind === 'scalar') return type.c;
  if (type.kind === 'pointer') {
    if (type.flavour === 'fn') return 'code_t';
    return type.flavour === 'opaque' ? 'void *' : `${cName(type.flavour)} *`;
  }
  return `${type.kind} ${type.tag}`;
}

function declare(type, name) {
  if (type.kind === 'array') return declare(type.element, `${name}[${type.flexible ? '' : type.length}]`);
  return `${cName(type)} ${name}`;
}

function fieldText({ type, name, width }) {
  if (width === 0) return `${cName(type)} : 0;`;
  return width === undefined ? `${declare(type, name)};` : `${cName(type)} ${name} : ${width};`;
}

/** The definition of a struct, a union or an enumeration. */
export function definitionText(type) {
  if (type.kind === 'enum') {
    const values = [...type.values].map(([name, value]) => `${type.tag}_${name} = ${value}`).join(', ');
    return `enum ${type.packed ? '__attribute__((packed)) ' : ''}${type.tag} { ${values} };`;
  }
  const body = `${type.kind} ${type.tag} { ${type.fields.map(fieldText).join(' ')} };`;
  return type.pack === undefined ? body : `#pragma pack(push, ${type.pack})\n${body}\n#pragma pack(pop)`;
}

const resultType = ({ result }) => (result.form === 'void' ? 'void' : cName(result.type));

export function prototypeText({ index, args, fixed, result }) {
  const parameters = args.slice(0, fixed).map(({ type }, position) => declare(type, `a${position}`));
  if (fixed !== undefined) parameters.push('...');
  return `${resultType({ result })} f${index}(${parameters.join(', ') || 'void'})`;
}

/** What C's default promotions make of a type. */
function promoted(type) {
  const { c, size } = type.kind === 'enum' ? { c: cName(type), size: type.storage.size } : type;
  if (type.kind !== 'enum' && type.kind !== 'scalar') return cName(type);
  if (c === 'float') return 'double';
  return size < 4 ? 'int' : c;
}

/** An expression of a leaf as what a word takes; of text that is given as such, its hash. */
function asWord({ type, width }, expression, texts) {
  if (texts && isText(type)) return `hash(${expression})`;
  if (isAddress(type)) return `(uintptr_t)${expression}`;
  // The C compiler makes an enumeration unsigned where it can; its bits are what matters.
  return type.kind === 'enum' && width === undefined ? `(${type.storage.c})${expression}` : expression;
}

/** The statements that store what C sees of an argument from a word on. */
function storeSeen(leaf, expression, word, texts) {
  const array = isFloat(leaf.type) ? 'seen.d' : 'seen.u';
  if (leaf.count === undefined) return `${array}[${word}] = ${asWord(leaf, expression, texts)};`;
  const element = asWord(leaf, `${expression}[i]`, texts);
  return `for (int i = 0; i < ${leaf.count}; i++) ${array}[${word} + i] = ${element};`;
}

function makeGiven(leaf, expression, word) {
  const from = (at) => `${isFloat(leaf.type) ? 'given.d' : 'given.u'}[${at}]`;
  const cast = isAddress(leaf.type) ? `(${cName(leaf.type)})` : '';
  if (leaf.count === undefined) return `${expression} = ${cast}${from(word)};`;
  return `for (int i = 0; i < ${leaf.count}; i++) ${expression}[i] = ${cast}${from(`${word} + i`)};`;
}

function argumentLines({ args, fixed, scribbles, texts }) {
  const lines = [];
  let word = 0;
  args.forEach(({ type, via, seen = type }, position) => {
    const name = `a${position}`;
    if (fixed !== undefined && position >= fixed) {
      lines.push(variadicLine(type, name));
    }
    const base = via === 'pointer' ? `(*${name})` : name;
    for (const leaf of leaves(seen)) {
      lines.push(storeSeen(leaf, base + leaf.c, word, texts || isText(type)));
      word += leaf.count ?? 1;
    }
    if (scribbles && via === 'value' && isAggregate(type)) {
      lines.push(`((volatile char *)&${name})[sizeof ${name} - 1] ^= 0x5a;`);
    }
  });
  return lines;
}

function variadicLine(type, name) {
  const [own, passed] = [cName(type), promoted(type)];
  const value = `va_arg(list, ${passed})`;
  return `${own} ${name} = ${own === passed ? value : `(${own})${value}`};`;
}

function resultLines({ form, type }) {
  if (form === 'void') return [];
  let word = 0;
  const lines = leaves(type).map((leaf) => {
    const line = makeGiven(leaf, `r${leaf.c}`, word);
    word += leaf.count ?? 1;
    return line;
  });
  return [`${cName(type)} r;`, ...lines, 'return r;'];
}

/** The function of a signature. */
export function functionText(signature) {
  const { fixed, result } = signature;
  const start = fixed === undefined ? [] : ['va_list list;', `va_start(list, a${fixed - 1});`];
  const end = fixed === undefined ? [] : ['va_end(list);'];
  const lines = [...start, ...argumentLines(signature), ...end, ...resultLines(result)];
  return `${prototypeText(signature)} {\n${lines.map((line) => `  ${line}\n`).join('')}}`;
}

/** Memory for what an argument points to, or the argument; `base` is how C writes its value. */
function argumentOfCallback({ type, via, seen }, position) {
  const name = `a${position}`;
  if (via !== 'pointer') {
    const poison = isAggregate(type) ? [`__builtin_memset(&${name}, 0xa5, sizeof ${name});`] : [];
    return { base: name, lines: [`${declare(type, name)};`, ...poison] };
  }
  const tail = seen.fields.at(-1);
  const more = tail.type.flexible ? ` + sizeof(*${name}->${tail.name}) * ${tail.type.length}` : '';
  const lines = [
    `${cName(type)} ${name} = __builtin_alloca(sizeof *${name}${more});`,
    `__builtin_memset(${name}, 0xa5, sizeof *${name}${more});`,
  ];
  return { base: `(*${name})`, lines };
}

/** The function that calls a callback of a signature, variadic ones taken as if all arguments were declared. */
export function callerText({ index, args, result, texts }) {
  const lines = [];
  let word = 0;
  args.forEach((arg, position) => {
    const made = argumentOfCallback(arg, position);
    lines.push(...made.lines);
    for (const leaf of leaves(arg.seen ?? arg.type)) {
      lines.push(makeGiven(leaf, made.base + leaf.c, word));
      word += leaf.count ?? 1;
    }
  });
  const parameters = args.map(({ type }) => declare(type, '')).join(', ') || 'void';
  const call = `((${resultType({ result })} (*)(${parameters}))callback)(${args.map((_, at) => `a${at}`).join(', ')});`;
  if (result.form === 'void') return callerOf(index, [...lines, call]);
  word = 0;
  const stored = leaves(result.type).map((leaf) => {
    const line = storeSeen(leaf, `r${leaf.c}`, word, texts || isText(result.type));
    word += leaf.count ?? 1;
    return line;
  });
  return callerOf(index, [...lines, `${cName(result.type)} r = ${call}`, ...stored]);
}

const callerOf = (index, lines) =>
  `static void call${index}(void *callback) {\n${lines.map((line) => `  ${line}\n`).join('')}}`;

/** What the C compiler says of the layout of a struct or union: size, alignment, offsets of what is no bit-field. */
function layoutRow(type) {
  const name = cName(type);
  const offsets = properties(type)
    .filter(({ width }) => width === undefined)
    .map((field) => `offsetof(${name}, ${field.name})`);
  return `${[`sizeof(${name})`, `_Alignof(${name})`, ...offsets].join(', ')},`;
}

/** The fields whose places only their bits tell. */
export const bitFields = (type) => properties(type).filter(({ width }) => width > 0);

/** A struct of zeroes with one bit-field all ones. */
function onesText(type, { name, type: inner, width }) {
  const isSigned = inner.kind === 'enum' ? !inner.unsigned : inner.min < 0n;
  const ones = isSigned ? '-1' : `0x${(2n ** BigInt(width) - 1n).toString(16)}`;
  return `static const ${cName(type)} ones_${type.tag}_${name} = { .${name} = ${ones} };`;
}

/**
 * One C file with the functions of all signatures. `abi_layouts` and `abi_ones` have what `layoutRow` and `onesText`
 * say, in the order of the signatures, of their definitions and of the fields; `abi_callers` has what `callerText`
 * says, unless there are to be no callbacks.
 */
export function sourceOf(signatures, { callbacks }) {
  const aggregates = signatures.flatMap(({ definitions }) => definitions.filter(isAggregate));
  const callers = callbacks ? signatures : [];
  const ones = aggregates.flatMap((type) => bitFields(type).map((field) => [type, field]));
  return [
    prelude,
    ...signatures.map((one) => [...one.definitions.map(definitionText), functionText(one)].join('\n')),
    ...callers.map(callerText),
    `const caller_t abi_callers[] = {\n${callers.map(({ index }) => `call${index},`).join('\n')}\n0 };`,
    ...ones.map(([type, field]) => onesText(type, field)),
    `const uint32_t abi_layouts[] = {\n${aggregates.map(layoutRow).join('\n')}\n0 };`,
    `const void *const abi_ones[] = {\n${ones.map(([type, { name }]) => `&ones_${type.tag}_${name},`).join('\n')}\n0 };`,
    '',
  ].join('\n');
}
