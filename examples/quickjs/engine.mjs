// A runtime of QuickJS with one context, and the values that go in and out of it.
import { CString, JSCallback, ref } from 'arkffi';
import { JSCFunction, JSMemoryUsage, JSValue, quickjs as js, TAG } from './api.mjs';

// The static inline functions of quickjs.h are in no library.
const make = (tag, int32) => ({ u: { int32 }, tag });
const UNDEFINED = make(TAG.UNDEFINED, 0);
const newNumber = (value) =>
  Number.isInteger(value) && value === (value | 0) && !Object.is(value, -0)
    ? make(TAG.INT, value)
    : { u: { float64: value }, tag: TAG.FLOAT64 };

export class Engine {
  #callbacks = [];

  /** @param runtime what JS_NewRuntime2 gave; a runtime with QuickJS's own allocator by default */
  constructor(runtime = js.JS_NewRuntime()) {
    if (runtime === 0) throw new Error('QuickJS has no memory for a runtime');
    this.runtime = runtime;
    this.context = js.JS_NewContext(runtime);
    if (this.context === 0) throw new Error('QuickJS has no memory for a context');
  }

  /** A text of the engine's. The pointer belongs to the engine, and is given back. */
  #text(value) {
    const length = ref('size_t');
    const at = js.JS_ToCStringLen2(this.context, length, value, false);
    if (at === 0) return '(there is no memory for the text)';
    const text = new CString(at, 0, length.value).toString();
    js.JS_FreeCString(this.context, at);
    return text;
  }

  /** What a value of the script is here. */
  fromScript(value) {
    switch (value.tag) {
      case TAG.INT:
        return value.u.int32;
      case TAG.FLOAT64:
        return value.u.float64;
      case TAG.BOOL:
        return value.u.int32 !== 0;
      case TAG.NULL:
        return null;
      case TAG.UNDEFINED:
        return undefined;
      case TAG.EXCEPTION:
        throw this.#exception();
      case TAG.BIG_INT:
      case TAG.SHORT_BIG_INT:
        return BigInt(this.#text(value));
      case TAG.OBJECT:
        return this.#json(js.JS_JSONStringify(this.context, value, UNDEFINED, UNDEFINED));
      default:
        return this.#text(value);
    }
  }

  #json(value) {
    const text = this.take(value);
    return text === undefined ? undefined : JSON.parse(text);
  }

  #exception() {
    const exception = js.JS_GetException(this.context);
    const error = new Error(this.#text(exception));
    this.free(exception);
    return error;
  }

  /** A new value for the script; whoever gets it owns it. */
  toScript(value) {
    if (value === undefined) return UNDEFINED;
    if (value === null) return make(TAG.NULL, 0);
    if (typeof value === 'boolean') return make(TAG.BOOL, Number(value));
    if (typeof value === 'number') return newNumber(value);
    if (typeof value === 'bigint') return js.JS_NewBigInt64(this.context, value);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const { context } = this;
    if (typeof value !== 'string') return js.JS_ParseJSON(context, text, Buffer.byteLength(text), 'host');
    return js.JS_NewStringLen(context, text, Buffer.byteLength(text));
  }

  free(value) {
    js.JS_FreeValue(this.context, value);
  }

  /** What a value is here, once it has been given back. */
  take(value) {
    try {
      return this.fromScript(value);
    } finally {
      this.free(value);
    }
  }

  /** The value of a script, as QuickJS has it. */
  evaluate(code) {
    return js.JS_Eval(this.context, code, Buffer.byteLength(code), 'script.js', 0);
  }

  /** Runs a script. What it throws is thrown here. */
  run(code) {
    return this.take(this.evaluate(code));
  }

  /** Gives scripts a function: they call `fn` with their values, and get its value or its exception. */
  define(name, fn) {
    const callback = new JSCallback((_, self, count, values) => {
      try {
        const args = Array.from({ length: count }, (_, i) => JSValue.fromPtr(values, i * JSValue.size));
        return this.toScript(fn(...args.map((value) => this.fromScript(value))));
      } catch (error) {
        return js.JS_ThrowPlainError(this.context, '%s', ['CString', `${error.message}`]);
      }
    }, JSCFunction);
    this.#callbacks.push(callback);
    this.set(name, js.JS_NewCFunction2(this.context, callback, name, fn.length, 0, 0));
  }

  /** Makes a value a global of the scripts, which own it from then on. */
  set(name, value) {
    const global = js.JS_GetGlobalObject(this.context);
    js.JS_SetPropertyStr(this.context, global, name, value);
    this.free(global);
  }

  memoryUsage() {
    const usage = JSMemoryUsage.create();
    js.JS_ComputeMemoryUsage(this.runtime, usage);
    return JSMemoryUsage.fromBuffer(usage);
  }

  /** The runtime goes with all that is in it; then nothing calls the functions that it was given. */
  close() {
    js.JS_FreeContext(this.context);
    js.JS_FreeRuntime(this.runtime);
    for (const callback of this.#callbacks) callback.close();
  }
}
