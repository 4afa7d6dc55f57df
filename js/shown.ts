/** Values as traces show them. Nothing of the user's is run: no getter, no trap, no `toString`. */
import { inspect, types } from 'node:util';

const options = {
  ...{ depth: 1, maxArrayLength: 8, maxStringLength: 80, breakLength: Infinity, compact: true },
  ...{ customInspect: false, getters: false },
} as const;

/** So deep `inspect` looks at values. */
const looked = 3;
/** Of so many properties of an object. */
const mostProperties = 100;

const typedArrayTag = Reflect.getOwnPropertyDescriptor(
  Reflect.getPrototypeOf(Uint8Array.prototype)!,
  Symbol.toStringTag,
);

/** Whether `inspect`, which asks a value for its tag and its constructor for its name, would find these without a call. */
function isPlain(value: object): boolean {
  for (let at: object | null = value; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (types.isProxy(at)) return false;
    const tag = Reflect.getOwnPropertyDescriptor(at, Symbol.toStringTag);
    if (tag?.get !== undefined && tag.get !== typedArrayTag?.get) return false;
    const made: unknown = Reflect.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof made !== 'function') continue;
    if (types.isProxy(made) || Reflect.getOwnPropertyDescriptor(made, 'name')?.get !== undefined)
      return false;
  }
  return true;
}

/** Whether a value is an error, or made to be one. */
function isError(value: object): boolean {
  if (Object.hasOwn(value, 'stack')) return true;
  let at: object | null = value;
  while (at !== null && at !== Error.prototype) at = Reflect.getPrototypeOf(at);
  return at !== null;
}

/** Whether `inspect` can be shown a value. */
function isHarmless(value: unknown, depth: number): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || depth === 0)
    return true;
  if (!isPlain(value)) return false;
  // Its text is made by getters of its class, and its elements are not the properties.
  if (isError(value) || types.isMap(value) || types.isSet(value)) return false;
  if (ArrayBuffer.isView(value)) return true;
  const isLong = Array.isArray(value) && value.length > mostProperties;
  const keys = isLong
    ? Array.from({ length: options.maxArrayLength }, (_, index) => index)
    : Reflect.ownKeys(value);
  if (keys.length > mostProperties) return false;
  return keys.every((key) => isHarmless(Reflect.getOwnPropertyDescriptor(value, key)?.value, depth - 1));
}

/** What an error says, where that is there without a call; else the error as a value. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && !types.isProxy(error)) {
    const message: unknown = Reflect.getOwnPropertyDescriptor(error, 'message')?.value;
    if (typeof message === 'string') return message;
  }
  return shown(error);
}

/** A value, on one line. */
export function shown(value: unknown): string {
  if (isHarmless(value, looked)) return inspect(value, options);
  if (typeof value === 'function') return '[function]';
  if (types.isProxy(value)) return '[proxy]';
  return isPlain(value as object) && isError(value as object) ? '[error]' : '[object]';
}
