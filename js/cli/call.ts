/** `arkffi call`: one call of a function, or one look at a variable. */
import { cdef } from '../cdef/cdef';
import type { Callable } from '../call/function';
import { defineSymbol } from '../define';
import { dlopen } from '../library';
import { shown, valueOf, variadicOf } from './values';
import { libraryOf, Usage } from './usage';

/** Writes out what C has printed, before the result is. */
function flush(): void {
  const { fflush } = dlopen(null, { fflush: { args: ['ptr'], returns: 'int', optional: true } }).symbols;
  if (fflush !== null) (fflush as Callable)(null);
}

export function call([library, prototype, ...values]: readonly string[]): string {
  const path = libraryOf(library);
  if (prototype === undefined) throw new Usage('a prototype is missing');
  const defs = cdef(prototype) as Record<string, unknown>;
  // Declarations may come before it that it uses.
  const name = Object.keys(defs).at(-1);
  if (name === undefined) throw new Usage('the declarations name neither a function nor a variable');
  const def = defs[name];
  const { what } = defineSymbol(name, def);
  const { symbols } = dlopen(path, { [name]: def });
  if (what.kind === 'data') {
    if (values.length > 0) throw new Usage(`'${name}' is a variable and takes no values`);
    return shown((symbols[name] as { value: unknown }).value, what.type);
  }
  const { args, variadic, result } = what;
  const given = values.map((text, index) => {
    const where = `args[${index}]`;
    const type = args[index];
    if (type !== undefined) return valueOf(text, type, where);
    return variadic ? variadicOf(text, where) : text;
  });
  const value = (symbols[name] as Callable)(...given);
  flush();
  return shown(value, result);
}
