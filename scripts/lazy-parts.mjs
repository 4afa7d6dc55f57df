// A plug-in of rollup's: files of the bundle, the parts, that are loaded when something in them is first used.
//
// In a file that uses another rollup writes `var part = require('./part.js')`, and `part.name` for whatever it uses of it. For a
// lazy part this becomes a function that loads it, and `part().name`. What is used while a file runs, as a class that
// another extends, loads the part at once. Where a part is not lazy, what is used of it becomes constants: V8 compiles those into
// the code that uses them, and not properties of `part`.
//
// A part is a function of the core that it belongs to: where a program loads the package twice, as tests do that empty the cache of
// modules, each core has parts of its own.

/** An export of the package that is in such a part. It can be replaced, as tests do. */
const exporting = `
const lazily = (name, get) => {
  const set = (value) => Object.defineProperty(exports, name, { value, enumerable: true, configurable: true, writable: true });
  Object.defineProperty(exports, name, { get, set, enumerable: true, configurable: true });
};`;

/** The names for those who look for them without running anything, as Node.js does for ES modules. */
const hint = (names) => `\n0 && (module.exports = { ${names.join(', ')} });\n`;

/** What loads the parts, once for each core. */
function registry(core, files) {
  const loaders = files.map((file) => {
    const name = JSON.stringify(file);
    return `  ${name}: () => (loaded[${name}] ??= require('./${file}')(parts)),`;
  });
  return `const loaded = {};
const parts = {
  '${core}': () => exports,
${loaders.join('\n')}
};
exports.parts = parts;`;
}

/** `files` are those of the parts, of which the first is the core; `isLazy` says whether one is lazy where another file uses it. */
export function lazyParts(files, isLazy) {
  const [core, ...others] = files;
  return {
    name: 'lazy-parts',
    renderChunk(code, chunk) {
      const isPart = others.includes(chunk.fileName);
      const lazyNames = [];
      let made = code;
      for (const file of chunk.imports.filter((name) => files.includes(name))) {
        const load = new RegExp(`^var (\\w+) = require\\('([./]*)${file.replaceAll('.', '\\.')}'\\);$`, 'm');
        const found = load.exec(made);
        if (found === null) continue;
        const [, part, folder] = found;
        const loader = `${isPart || chunk.fileName === core ? 'parts' : `require('${folder}${core}').parts`}['${file}']`;
        const uses = new RegExp(`\\b${part}\\.(\\w+)`, 'g');
        if (isLazy(file, chunk.fileName)) {
          made = made
            .replace(load, () => `const ${part} = ${loader};`)
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
          made = made
            .replaceAll(uses, `${part}_$1`)
            .replace(load, () => `const { ${constants} } = ${loader}();`);
        }
      }
      const start = "'use strict';\n";
      if (chunk.fileName === core) made = made.replace(start, `${start}\n${registry(core, others)}\n`);
      // In parentheses V8 compiles the function at once, and does not look at it twice.
      if (isPart) {
        made = `${made.replace(start, `${start}\nmodule.exports = ((parts) => {\nconst exports = {};\n`)}\nreturn exports;\n});\n`;
      }
      if (lazyNames.length > 0) made = made.replace(start, `${start}${exporting}\n`) + hint(lazyNames);
      return { code: made, map: null };
    },
  };
}
