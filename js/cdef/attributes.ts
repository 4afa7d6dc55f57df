/** What compilers let stand beside a declaration: attributes, calling conventions, words of no effect here. */
import type { Cursor } from './cursor';
import type { Token } from './tokens';

/** Those that change the type. */
export interface Attributes {
  packed: boolean;
  abi: string | undefined;
  /** The size of an integer, in another way. */
  mode: string | undefined;
  /** The first of those that change the type in a way that arkffi lacks. */
  refused: string | undefined;
}

export const noAttributes = (): Attributes => ({
  packed: false,
  abi: undefined,
  mode: undefined,
  refused: undefined,
});

const ignored: ReadonlySet<string> = new Set([
  ...['volatile', '__volatile__', '__volatile', 'restrict', '__restrict', '__restrict__'],
  ...['_Noreturn', 'noreturn', 'register', '__extension__', '__cdecl', '_Nonnull', '_Nullable'],
  ...['_Thread_local', '__thread', '_Null_unspecified', '__ptr64', '__w64', '__unaligned'],
]);
const conventions: Readonly<Record<string, string>> = {
  __stdcall: 'stdcall',
  __fastcall: 'fastcall',
  __thiscall: 'thiscall',
};
/** Attributes that change sizes, places or the way of passing. */
const refused = [
  ...['aligned', 'align', 'vector_size', 'ext_vector_type', 'neon_vector_type', 'ms_struct', 'gcc_struct'],
  ...['transparent_union', 'scalar_storage_order', 'ms_abi', 'sysv_abi', 'vectorcall', 'regcall', 'regparm'],
  ...['warn_if_not_aligned', 'address_space', 'pcs', 'aarch64_vector_pcs', 'swiftcall', 'preserve_all'],
];
/** Those that change only where a variable or function stands. */
const places = ['aligned', 'align', '_Alignas'];

/** Whether what is refused matters for a symbol or a parameter: where it stands does not. */
export function mattersForValue({ refused: name }: Attributes): boolean {
  return name !== undefined && !places.includes(name);
}

/** Takes all that stands next; true where there was any. */
export function takeAttributes(cursor: Cursor, into: Attributes): boolean {
  let found = false;
  for (; takeOne(cursor, into); found = true);
  return found;
}

function takeOne(cursor: Cursor, into: Attributes): boolean {
  const token = cursor.peek();
  if (cursor.sees('[') && cursor.sees('[', 1)) {
    look(cursor.skipBalanced('[', ']'), 0, into);
    return true;
  }
  if (token.kind !== 'name') return false;
  if (ignored.has(token.text)) {
    cursor.next();
    return true;
  }
  if (Object.hasOwn(conventions, token.text)) {
    cursor.next();
    into.abi = conventions[token.text];
    return true;
  }
  if (token.text === '_Alignas' || token.text === 'alignas') {
    cursor.next();
    cursor.skipBalanced('(', ')');
    into.refused ??= '_Alignas';
    return true;
  }
  if (!['__attribute__', '__attribute', '__declspec'].includes(token.text)) return false;
  cursor.next();
  look(cursor.skipBalanced('(', ')'), token.text === '__declspec' ? 0 : 1, into);
  return true;
}

/** Looks through the names of attributes, which stand in so many parentheses; what is deeper are their arguments. */
function look(words: readonly Token[], wanted: number, into: Attributes): void {
  let depth = 0;
  words.forEach(({ kind, text }, index) => {
    if (kind === 'mark' && text === '(') depth++;
    if (kind === 'mark' && text === ')') depth--;
    if (kind !== 'name' || depth !== wanted) return;
    const name = bare(text);
    if (refused.includes(name)) into.refused ??= name;
    if (name === 'packed') into.packed = true;
    if (name === 'mode') into.mode = bare(words[index + 2]?.text ?? '');
    if (['stdcall', 'fastcall', 'thiscall'].includes(name)) into.abi = name;
  });
}

const bare = (text: string): string => text.replaceAll(/^__|__$/g, '');
