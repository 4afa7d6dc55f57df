/** Generated code: whether there may be any, and how it is made of a text. */
import { compileFunction } from 'node:vm';
import { switches } from './native';

let allowed = switches.codegen;

/** What `generate` makes, or undefined where a switch or the runtime forbids generated code. */
export function generated<T>(generate: () => T): T | undefined {
  if (!allowed) return undefined;
  try {
    return generate();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'EvalError') throw error;
    allowed = false;
    return undefined;
  }
}

/** What texts can name. */
export interface Names {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
}

/** The properties of an object, to be named by many texts. */
export function namesOf(things: object): Names {
  return { names: Object.keys(things), values: Object.values(things) };
}

/** A statement that makes constants, which V8 compiles into the code, of the views of the slots that a text uses. */
export function viewsIn(text: string): string {
  const used = new Set(text.match(/\b[IUF](?:8|16|32|64)\b/g));
  return `const { ${[...used].join(', ')} } = slots;`;
}

/** Runs a text as the body of a function, and gives what that returns. What it does not name costs it nothing. */
export function run(text: string, shared: Names, own: object): unknown {
  const names: string[] = [];
  const values: unknown[] = [];
  for (const all of [shared, namesOf(own)]) {
    for (let index = 0; index < all.names.length; index++) {
      const name = all.names[index]!;
      if (!text.includes(name)) continue;
      names.push(name);
      values.push(all.values[index]);
    }
  }
  return (compileFunction(text, names) as (...values: unknown[]) => unknown)(...values);
}
