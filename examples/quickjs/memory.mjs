// Limits and accounts of a runtime: memory, garbage collector, stack.
import { CString, read, readMemory, ref } from 'arkffi';
import { JSMemoryUsage, quickjs as js } from './api.mjs';
import { Engine } from './engine.mjs';
import { libc } from './libc.mjs';

const KiB = 1024;

/** Runs a script, and says how it ended. */
function outcome(engine, code) {
  try {
    return engine.run(code);
  } catch (error) {
    return error.message;
  }
}

function limit(engine) {
  const hoard = '(() => { const all = []; for (;;) all.push("x".repeat(1000) + all.length); })()';
  js.JS_SetMemoryLimit(engine.runtime, 512 * KiB);
  console.log(`memory limit: ${engine.memoryUsage().malloc_limit} bytes`);
  console.log(`a script that hoards: ${outcome(engine, hoard)}`);
  console.log(`the next script: ${outcome(engine, '[1, 2, 3].map((n) => n ** 2)')}`);
  js.JS_SetMemoryLimit(engine.runtime, 0);
  console.log(`without a limit: ${outcome(engine, '"x".repeat(1000 * 1000).length')}`);
}

function usage(engine) {
  engine.run('globalThis.kept = Array.from({ length: 1000 }, (_, id) => ({ id, name: `number ${id}` }))');
  const { memory_used_size, malloc_limit, obj_count, str_count } = engine.memoryUsage();
  console.log(`Memory used: ${memory_used_size} bytes`);
  console.log(`Malloc limit: ${malloc_limit} bytes`);
  console.log(`Object count: ${obj_count}`);
  console.log(`String count: ${str_count}`);
  engine.run('delete globalThis.kept');
}

/** What JS_DumpMemoryUsage prints, which wants a FILE: one whose text ends in memory. */
function report(engine) {
  const text = ref('ptr');
  const length = ref('size_t');
  const file = libc.open_memstream(text, length);
  const usage = JSMemoryUsage.create();
  js.JS_ComputeMemoryUsage(engine.runtime, usage);
  js.JS_DumpMemoryUsage(file, usage, engine.runtime);
  libc.fclose(file);
  const lines = new CString(text.value, 0, length.value).toString().split('\n');
  libc.free(text.value);
  const table = lines.findIndex((line) => line.startsWith('NAME'));
  console.log(`JS_DumpMemoryUsage:\n  ${lines.slice(table, table + 4).join('\n  ')}`);
}

function collector(engine) {
  const { runtime } = engine;
  const standard = js.JS_GetGCThreshold(runtime);
  js.JS_SetGCThreshold(runtime, 1024 * KiB);
  console.log(`GC threshold: ${standard} bytes, then ${js.JS_GetGCThreshold(runtime)}`);

  const before = engine.memoryUsage().obj_count;
  engine.run('for (let i = 0; i < 500; i++) { const a = {}, b = { a }; a.b = b; } 0');
  console.log(`500 pairs that refer to each other: ${engine.memoryUsage().obj_count - before} objects stay`);
  js.JS_RunGC(runtime);
  console.log(`after JS_RunGC: ${engine.memoryUsage().obj_count - before}`);

  const object = js.JS_NewObject(engine.context);
  console.log(`Object is ${js.JS_IsLiveObject(runtime, object) ? 'alive' : 'collected'}`);
  engine.free(object);
}

function stack(engine) {
  const down =
    'let depth = 0; const down = () => { depth++; down(); }; try { down(); } catch {} return depth;';
  const depthAt = (bytes) => {
    js.JS_SetMaxStackSize(engine.runtime, bytes);
    return engine.run(`(() => { ${down} })()`);
  };
  const [small, large] = [depthAt(64 * KiB), depthAt(512 * KiB)];
  console.log(`eight times the stack: ${Math.round(large / small)} times as deep`);
  console.log(`recursion without end: ${outcome(engine, '(function down() { down(); })()')}`);
}

function blocks({ runtime, context }) {
  const block = js.js_realloc_rt(runtime, js.js_malloc_rt(runtime, 1024), 2048);
  const zeroed = [js.js_mallocz_rt(runtime, 1024), js.js_calloc_rt(runtime, 10, 100)];
  const sum = zeroed.map((at) => Buffer.from(readMemory(at, 1000)).reduce((total, byte) => total + byte));
  const texts = [js.js_strdup(context, 'hello'), js.js_strndup(context, 'worldly', 5)];
  console.log(
    `the engine's own blocks: ${texts.map((text) => read.cstring(text)).join(' ')}, zeroed: ${sum}`,
  );
  for (const text of texts) js.js_free(context, text);
  for (const at of [block, ...zeroed]) js.js_free_rt(runtime, at);
}

export function memory() {
  const engine = new Engine();
  for (const step of [limit, usage, report, collector, stack, blocks]) step(engine);
  engine.close();
}
