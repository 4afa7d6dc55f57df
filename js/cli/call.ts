/** `arkffi call`: one call of a function, or one look at a variable. */
import { cdef } from '../cdef/cdef';
import type { Callable } from '../call/function';
import { defineSymbol } from '../define';
import { dlopen } from '../library';
import { json, shown, valueOf, variadicOf } from './values';
import { libraryOf, Usage } from './usage';

/** Writes out what C has printed, before the result is. */
function flush(): void {
  const { fflush } = dlopen(null, { fflush: { args: ['ptr'], returns: 'int', optional: true } }).symbols;
  if (fflush !== null) (fflush as Callable)(null);
}

export function call(args: readonly string[]): string {
  const asJson = args[0] === '--json';
  const [library, prototype, ...values] = asJson ? args.slice(1) : args;
  if (library?.startsWith('--') === true) throw new Usage(`unknown option '${library}'`);
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
    const { value } = symbols[name] as { value: unknown };
    return asJson ? json(value) : shown(value, what.type);
  }
  const { args: types, variadic, result } = what;
  const given = values.map((text, index) => {
    const where = `args[${index}]`;
    const type = types[index];
    if (type !== undefined) return valueOf(text, type, where);
    return variadic ? variadicOf(text, where) : text;
  });
  const value = (symbols[name] as Callable)(...given);
  flush();
  return asJson ? json(value) : shown(value, result);
}
