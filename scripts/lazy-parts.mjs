// A plug-in of rollup's: files of the bundle that are loaded when something in them is first used.
//
// In a file that uses another rollup writes `var part = require('./part.js')`, and `part.name` for whatever it uses of it. For a
// lazy part this becomes a function that loads it, and `part().name`. What is used while a file runs, as a class that
// another extends, loads the part at once. Where a file is not lazy, what is used of it becomes constants: V8 compiles those into
// the code that uses them, and not properties of `part`.

/** An export of the package that is in such a part. It can be replaced, as tests do. */
const exporting = `
const lazily = (name, get) => {
  const set = (value) => Object.defineProperty(exports, name, { value, enumerable: true, configurable: true, writable: true });
  Object.defineProperty(exports, name, { get, set, enumerable: true, configurable: true });
};`;

/** The names for those who look for them without running anything, as Node.js does for ES modules. */
const hint = (names) => `\n0 && (module.exports = { ${names.join(', ')} });\n`;

/** `isPart` says of a file's name whether it is one of the parts; `isLazy`, whether such a one is lazy where another uses it. */
export function lazyParts(isPart, isLazy) {
  return {
    name: 'lazy-parts',
    renderChunk(code, chunk) {
      let made = code;
      const lazyNames = [];
      for (const file of chunk.imports.filter(isPart)) {
        const load = new RegExp(`^var (\\w+) = (require\\('[./]*${file.replaceAll('.', '\\.')}'\\));$`, 'm');
        const found = load.exec(made);
        if (found === null) continue;
        const part = found[1];
        const uses = new RegExp(`\\b${part}\\.(\\w+)`, 'g');
        if (isLazy(file, chunk.fileName)) {
          made = made
            .replace(load, `let ${part}Loaded;\nconst ${part} = () => (${part}Loaded ??= $2);`)
            .replaceAll(new RegExp(`^exports\\.(\\w+) = ${part}\\.(\\w+);$`, 'gm'), (_, name, from) => {
              lazyNames.push(name);
              return `lazily('${name}', () => ${part}.${from});`;
            })
            // What `new` makes is a class, not what the function gives that loads the part.
            .replaceAll(new RegExp(`\\bnew ${part}\\.(\\w+)`, 'g'), `new (${part}().$1)`)
            .replaceAll(uses, `${part}().$1`);
        } else {
          const names = new Set(Array.from(made.matchAll(uses), ([, name]) => name));
          const constants = Array.from(names, (name) => `${name}: ${part}_${name}`).join(', ');
          made = made.replaceAll(uses, `${part}_$1`).replace(load, `const { ${constants} } = $2;`);
        }
      }
      if (lazyNames.length > 0) made = made.replace("'use strict';", `$&\n${exporting}`) + hint(lazyNames);
      return { code: made, map: null };
    },
  };
}
