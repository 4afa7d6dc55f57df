// An allocator for QuickJS that is written in JavaScript.
import { JSCallback, Struct } from 'arkffi';
import { JSMallocFunctions, quickjs as js } from './api.mjs';
import { Engine } from './engine.mjs';
import { libc } from './libc.mjs';

/** What the allocator knows; QuickJS hands it over with each request. */
const State = Struct({ allocated: 'size_t', peak: 'size_t', blocks: 'size_t', most: 'size_t' });

const { malloc, calloc, realloc, free, malloc_usable_size: sizeOf } = libc;

function grow(state, bytes) {
  state.allocated += bytes;
  state.peak = Math.max(state.peak, state.allocated);
}

/** Whether so many bytes more are too much. */
const refuses = ({ allocated, most }, bytes) => most > 0 && allocated + bytes > most;

function taken(state, block) {
  if (block === 0) return block;
  grow(state, sizeOf(block));
  state.blocks++;
  return block;
}

const stateAt = (opaque) => State.view(opaque);

const callbacks = {
  js_malloc: new JSCallback(
    (opaque, size) => (refuses(stateAt(opaque), size) ? 0 : taken(stateAt(opaque), malloc(size))),
    { args: ['ptr', 'size_t'], returns: 'ptr' },
  ),
  js_calloc: new JSCallback(
    (opaque, count, size) =>
      refuses(stateAt(opaque), count * size) ? 0 : taken(stateAt(opaque), calloc(count, size)),
    { args: ['ptr', 'size_t', 'size_t'], returns: 'ptr' },
  ),
  js_realloc: new JSCallback(
    (opaque, block, size) => {
      const state = stateAt(opaque);
      const before = block === 0 ? 0 : sizeOf(block);
      if (refuses(state, size - before)) return 0;
      const moved = realloc(block, size);
      if (moved === 0) return 0;
      if (block === 0) state.blocks++;
      grow(state, sizeOf(moved) - before);
      return moved;
    },
    { args: ['ptr', 'ptr', 'size_t'], returns: 'ptr' },
  ),
  js_free: new JSCallback(
    (opaque, block) => {
      if (block === 0) return;
      const state = stateAt(opaque);
      state.allocated -= sizeOf(block);
      state.blocks--;
      free(block);
    },
    { args: ['ptr', 'ptr'] },
  ),
};

export function allocator() {
  const memory = State.create();
  const state = State.view(memory);
  // Four functions in JavaScript and, for sizes, libc's own.
  const functions = JSMallocFunctions.create({ ...callbacks, js_malloc_usable_size: sizeOf });
  const engine = new Engine(js.JS_NewRuntime2(functions, memory));

  js.JS_SetRuntimeOpaque(engine.runtime, memory);
  const opaque = State.view(js.JS_GetRuntimeOpaque(engine.runtime));
  console.log(`a new runtime: ${opaque.allocated} bytes in ${opaque.blocks} blocks`);

  const before = state.allocated;
  engine.run('globalThis.list = Array.from({ length: 1000 }, (_, id) => ({ id }))');
  console.log(`1000 objects: ${state.allocated - before} bytes more`);
  engine.run('delete globalThis.list');
  js.JS_RunGC(engine.runtime);
  console.log(`without them: ${state.allocated - before} bytes more`);
  console.log(`Peak memory: ${opaque.peak} bytes`);

  state.most = state.allocated + 100_000;
  try {
    engine.run('new Array(1e6).fill(0)');
  } catch (error) {
    console.log(`100 KB more and no further: ${error.message}`);
  }
  state.most = 0;
  console.log(`and then: ${engine.run('new Array(1e6).fill(0).length')}`);

  engine.close();
  console.log(`at the end: ${state.allocated} bytes in ${state.blocks} blocks`);
  for (const callback of Object.values(callbacks)) callback.close();
}
