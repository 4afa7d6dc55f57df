/** What compilers let stand beside a declaration: attributes, calling conventions, words of no effect here. */
import type { Cursor } from './cursor';
import type { Token } from './tokens';

/** Those that change the type. */
export interface Attributes {
  packed: boolean;
  abi: string | undefined;
}

const ignored: ReadonlySet<string> = new Set([
  ...[
    'volatile',
    '__volatile__',
    'restrict',
    '__restrict',
    '__restrict__',
    'inline',
    '__inline',
    '__inline__',
  ],
  ...['_Noreturn', 'noreturn', 'register', '__extension__', 'static', '__cdecl', '_Nonnull', '_Nullable'],
]);
const conventions: Readonly<Record<string, string>> = {
  __stdcall: 'stdcall',
  __fastcall: 'fastcall',
  __thiscall: 'thiscall',
};
/** Attributes that change sizes, places or the way of passing. */
const refused = [
  ...['aligned', 'align', 'vector_size', 'ext_vector_type', 'mode', 'ms_struct', 'gcc_struct'],
  ...['transparent_union', 'scalar_storage_order', 'ms_abi', 'vectorcall', 'regcall'],
];

/** Takes all that stands next; true where there was any. */
export function takeAttributes(cursor: Cursor, into: Attributes): boolean {
  let found = false;
  for (; takeOne(cursor, into); found = true);
  return found;
}

function takeOne(cursor: Cursor, into: Attributes): boolean {
  const token = cursor.peek();
  if (cursor.sees('[') && cursor.sees('[', 1)) {
    look(cursor.skipBalanced('[', ']'), token, cursor, into);
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
  if (!['__attribute__', '__attribute', '__declspec'].includes(token.text)) return false;
  cursor.next();
  look(cursor.skipBalanced('(', ')'), token, cursor, into);
  return true;
}

/** Looks through the words of an attribute. */
function look(words: readonly Token[], token: Token, cursor: Cursor, into: Attributes): void {
  for (const { kind, text } of words) {
    if (kind !== 'name') continue;
    const name = text.replace(/^__|__$/g, '');
    if (refused.includes(name))
      throw cursor.fail(`the attribute '${name}' is not supported`, token, 'ERR_FFI_UNSUPPORTED');
    if (name === 'packed') into.packed = true;
    if (['stdcall', 'fastcall', 'thiscall'].includes(name)) into.abi = name;
  }
}
