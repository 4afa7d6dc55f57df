/** What costs start-up time and may never be needed: made at its first use. */

/** An object whose values are made when they are first asked for. Each is a plain property from then on. */
export function lazily<Key extends string, Value>(
  keys: readonly Key[],
  make: (key: Key) => Value,
): Readonly<Record<Key, Value>> {
  const makers = {};
  for (const key of keys) {
    Object.defineProperty(makers, key, {
      get(this: object) {
        const value = make(key);
        Object.defineProperty(this, key, { value, enumerable: true });
        return value;
      },
    });
  }
  // Accessors stand in the prototype: an object that turned its own into values would be a slow one in V8.
  return Object.create(makers) as Record<Key, Value>;
}

/** Defines a property whose value is made when it is first read. */
export function defineLazily(target: object, name: string, make: () => unknown): void {
  const get = (): unknown => {
    const value = make();
    Object.defineProperty(target, name, { value, enumerable: true, writable: false });
    return value;
  };
  Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
}
