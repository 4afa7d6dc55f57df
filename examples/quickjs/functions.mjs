// Scripts that call JavaScript of Node's, and memory that both engines share.
import { JSCallback, ptr, ref } from 'arkffi';
import { JSSharedArrayBufferFunctions, quickjs as js } from './api.mjs';
import { Engine } from './engine.mjs';

function calls(engine) {
  engine.define('hypot', Math.hypot);
  engine.define('shout', (text) => `${text.toUpperCase()}!`);
  engine.define('describe', ({ name, tags }) => ({ name, count: tags.length }));
  console.log(`numbers: ${engine.run('hypot(3, 4) + hypot(1.5, 2)')}`);
  console.log(`a text: ${engine.run('shout("blåbær")')}`);
  console.log('an object:', engine.run('describe({ name: "x", tags: ["a", "b"] })'));

  engine.define('fail', () => {
    throw new RangeError('there is no more');
  });
  console.log(`an exception, caught there: ${engine.run('try { fail() } catch (e) { `${e}` }')}`);
  try {
    engine.run('fail()');
  } catch (error) {
    console.log(`an exception, caught here: ${error.message}`);
  }

  engine.define('again', (n) => engine.run(`${n} > 0 ? again(${n - 1}) + 1 : 0`));
  console.log(`through both engines, nested: ${engine.run('again(20)')}`);
}

/** A script on a thread of the pool. Its functions run here, where the event loop goes on. */
async function elsewhere(engine) {
  js.JS_SetMaxStackSize(engine.runtime, 0); // the other thread has a stack elsewhere
  const seen = [];
  engine.define('progress', (percent) => seen.push(percent));
  const code = 'for (let i = 1; i <= 4; i++) progress(i * 25); "done"';
  const result = await js.JS_Eval.async(engine.context, code, code.length, 'script.js', 0);
  console.log(`on another thread: ${engine.take(result)}, with progress ${seen.join(' ')}`);
  js.JS_UpdateStackTop(engine.runtime);
  js.JS_SetMaxStackSize(engine.runtime, 1024 * 1024);
}

/** SharedArrayBuffers of scripts are SharedArrayBuffers of Node's. */
function shared(engine) {
  const buffers = new Map();
  const alloc = new JSCallback(
    (_, size) => {
      const buffer = new SharedArrayBuffer(size);
      buffers.set(ptr(buffer), { buffer, references: 1 });
      return ptr(buffer);
    },
    { args: ['ptr', 'size_t'], returns: 'ptr' },
  );
  const free = new JSCallback(
    (_, at) => {
      if (--buffers.get(at).references === 0) buffers.delete(at);
    },
    { args: ['ptr', 'ptr'] },
  );
  const dup = new JSCallback((_, at) => buffers.get(at).references++, { args: ['ptr', 'ptr'] });
  const functions = JSSharedArrayBufferFunctions.create({ sab_alloc: alloc, sab_free: free, sab_dup: dup });
  js.JS_SetSharedArrayBufferFunctions(engine.runtime, functions);

  const value = engine.evaluate('globalThis.cells = new Int32Array(new SharedArrayBuffer(16)); cells.buffer');
  const size = ref('size_t');
  const { buffer } = buffers.get(js.JS_GetArrayBuffer(engine.context, size, value));
  engine.free(value);
  const cells = new Int32Array(buffer, 0, size.value / 4);
  engine.run('Atomics.add(cells, 1, 41)');
  Atomics.add(cells, 1, 1);
  console.log(`shared memory: ${engine.run('Atomics.load(cells, 1)')} there, ${cells[1]} here`);

  engine.close();
  console.log(`shared buffers left: ${buffers.size}`);
  for (const callback of [alloc, free, dup]) callback.close();
}

export async function functions() {
  const engine = new Engine();
  calls(engine);
  await elsewhere(engine);
  shared(engine);
}
