// QuickJS, a JavaScript engine, inside of Node: limits and accounts of its memory, an allocator written in JavaScript,
// scripts that call functions of Node's.
//   node examples/quickjs/main.mjs
import { build } from './build.mjs';

try {
  build();
} catch (error) {
  console.log(`Left out: ${error.message}`);
  process.exit();
}

const { library, quickjs } = await import('./api.mjs');
const { library: system } = await import('./libc.mjs');
const { memory } = await import('./memory.mjs');
const { allocator } = await import('./allocator.mjs');
const { functions } = await import('./functions.mjs');
const { ending } = await import('./ending.mjs');

console.log(`QuickJS ${quickjs.JS_GetVersion()} in Node ${process.versions.node}`);
for (const section of [memory, allocator, functions, ending]) {
  console.log(`\n── ${section.name}`);
  await section();
}
for (const each of [library, system]) each.close();
