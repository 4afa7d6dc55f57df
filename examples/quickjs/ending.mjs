// What happens when a runtime is freed: finalizers, and words about what leaked.
import { JSCallback, read, strdup, free } from 'arkffi';
import { JS_DUMP_ATOM_LEAKS, JS_DUMP_LEAKS, JS_DUMP_MEM, JSRuntimeFinalizer, quickjs as js } from './api.mjs';
import { Engine } from './engine.mjs';
import { libc } from './libc.mjs';

function finalizers() {
  const engine = new Engine();
  const finalizer = new JSCallback((_, state) => {
    console.log(`  finalizer of the ${read.cstring(state)} state`);
    free(state);
  }, JSRuntimeFinalizer);
  for (const name of ['first', 'second', 'third']) {
    js.JS_AddRuntimeFinalizer(engine.runtime, finalizer, strdup(name));
  }
  console.log('finalizers, the last added first:');
  engine.close();
  finalizer.close();
}

function leaks() {
  const engine = new Engine();
  const flags = JS_DUMP_LEAKS | JS_DUMP_ATOM_LEAKS | JS_DUMP_MEM;
  js.JS_SetDumpFlags(engine.runtime, flags);
  const set = js.JS_GetDumpFlags(engine.runtime);
  console.log(`dump flags: 0x${set.toString(16)}. A text and an atom that nobody frees:`);
  js.JS_NewStringLen(engine.context, 'a text', 6);
  js.JS_NewAtom(engine.context, 'anAtom');
  engine.close();
  libc.fflush(null); // C has its own buffer of the standard output
}

export function ending() {
  finalizers();
  leaks();
}
