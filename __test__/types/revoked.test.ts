// Proxies that are of no use: revoked ones are refused with arkffi's codes, what traps throw is the user's.
import { describe, expect, test } from '@jest/globals';
import {
  Arena,
  array,
  bits,
  calloc,
  CFunction,
  copy,
  CString,
  disposable,
  dlopen,
  dumpMemoryUsage,
  enumeration,
  ffi,
  fn,
  free,
  isLive,
  JSCallback,
  linkSymbols,
  own,
  pointer,
  ptr,
  read,
  readMemory,
  realloc,
  ref,
  releasePtr,
  setAllocator,
  setDumpFlags,
  sizeof,
  Struct,
  toBuffer,
  Union,
  write,
} from 'arkffi';
import { toLeakNothing } from 'arkffi/jest';
import { fixture } from '../support/fixture';

const P = Struct({ x: 'i32', y: 'f64' });
const U = Union({ i: 'i32', f: 'f32' });
const N = Struct({ p: P, list: array('i32', 3), name: 'CString', run: fn({ args: ['i32'] }) });
const { symbols: c } = dlopen(fixture, {
  noop: { args: ['ptr'] },
  text: { symbol: 'noop', args: ['CString'] },
  number: { symbol: 'noop', args: ['i32'] },
  code: { symbol: 'noop', args: ['callback'] },
  plain: { symbol: 'noop', args: [fn({})] },
  list: { symbol: 'noop', args: [array('i32', 2)] },
  point: { symbol: 'noop', args: [P] },
  either: { symbol: 'noop', args: [U] },
  nested: { symbol: 'noop', args: [N] },
  named: { symbol: 'noop', args: [enumeration({ A: 1 })] },
  variadic: { symbol: 'noop', args: ['i32', '...'] },
});
const block = calloc(1, 64);
const arena = new Arena();
const address = c.noop.ptr;
let returned: unknown;
const returning = (returns: unknown) =>
  new JSCallback(() => returned as never, { returns: returns as 'ptr' });
const [point, pointing, texting] = [returning(P), returning('ptr'), returning('CString')];

type Use = (value: never) => unknown;

/** Everything that asks a value for something. */
const uses: Record<string, Use> = {
  'an address': (value) => c.noop(value),
  'a string': (value) => c.text(value),
  'a number': (value) => c.number(value),
  'a function pointer': (value) => c.code(value),
  'a function': (value) => c.plain(value),
  'an array': (value) => c.list(value),
  'an element': (value) => c.list([value]),
  'a struct': (value) => c.point(value),
  'a field': (value) => c.point({ x: value, y: 1 }),
  'a union': (value) => c.either(value),
  'a struct within a struct': (value) => c.nested({ p: value }),
  'a list within a struct': (value) => c.nested({ list: value }),
  'a string in a struct': (value) => c.nested({ name: value }),
  'a function in a struct': (value) => c.nested({ run: value }),
  'a value of an enumeration': (value) => c.named(value),
  'a variadic argument': (value) => c.variadic(1, value),
  'a variadic type': (value) => c.variadic(1, [value, 1]),
  'a variadic value': (value) => c.variadic(1, ['ptr', value]),
  'options of background calls': (value) => c.noop.async.with(value),
  'a signal': (value) => c.noop.async.with({ signal: value }),
  'a library': (value) => dlopen(value, {}),
  definitions: (value) => dlopen(fixture, value),
  'a definition': (value) => dlopen(fixture, { noop: value }),
  'argument types': (value) => dlopen(fixture, { noop: { args: value } }),
  'a result type': (value) => dlopen(fixture, { noop: { returns: value } }),
  'options of dlopen': (value) => dlopen(fixture, {}, value),
  CFunction: (value) => CFunction(value),
  'the address of CFunction': (value) => CFunction({ ptr: value }),
  linkSymbols: (value) => linkSymbols(value),
  'a deallocator': (value) => dlopen(fixture, { noop: { returns: disposable('CString', value) } }),
  fields: (value) => Struct(value),
  'a field’s type': (value) => Struct({ a: value }),
  'options of Struct': (value) => Struct({ a: 'i32' }, value),
  'fields of a union': (value) => Union(value),
  elements: (value) => array(value, 2),
  'a target': (value) => pointer(value as 'i32'),
  'a signature': (value) => fn(value),
  names: (value) => enumeration(value),
  'a width': (value) => bits('i32', value),
  'a size': (value) => sizeof(value),
  'a callback’s function': (value) => new JSCallback(value, {}),
  'a callback’s definition': (value) => new JSCallback(() => 1 as never, value),
  'what a callback returns': (value) => ((returned = value), pointing.call()),
  'a struct that a callback returns': (value) => ((returned = value), point.call()),
  'a string that a callback returns': (value) => ((returned = value), texting.call()),
  'a callback as this': (value) => JSCallback.prototype.call.call(value),
  create: (value) => P.create(value),
  get: (value) => P.get(value, 'x'),
  'a path': (value) => P.get(P.create(), value),
  set: (value) => N.set(N.create(), 'p', value),
  fromPtr: (value) => P.fromPtr(value),
  view: (value) => P.view(value),
  'a property of a view': (value) => ((N.view(N.create()) as { name: unknown }).name = value),
  'write of a schema': (value) => P.write(block, value),
  ref: (value) => ref('ptr', value),
  'ref of a struct': (value) => ref(P, value),
  read: (value) => read.i32(value),
  'an offset': (value) => read.i32(block, value),
  write: (value) => write.ptr(block, 0, value),
  copy: (value) => copy(block, value, 1),
  ptr: (value) => ptr(value),
  readMemory: (value) => readMemory(value, 1),
  CString: (value) => new CString(value),
  free: (value) => free(value),
  realloc: (value) => realloc(value, 1),
  toBuffer: (value) => toBuffer(value, 0, 1),
  'free of a view': (value) => toBuffer(block, 0, 1, value),
  own: (value) => own(value, c.noop),
  'options of own': (value) => own(1, c.noop, value),
  setAllocator: (value) => setAllocator(value),
  opaque: (value) =>
    setAllocator({ malloc: address, calloc: address, realloc: address, free: address }, value),
  isLive: (value) => isLive(value),
  setDumpFlags: (value) => setDumpFlags(value),
  dumpMemoryUsage: (value) => dumpMemoryUsage(value),
  'a schema in an arena': (value) => arena.struct(value),
  'a struct in an arena': (value) => arena.struct(P, value),
  'an array in an arena': (value) => arena.array('i32', value),
  'a function in an arena': (value) => arena.callback(value, {}),
  load: (value) => ffi.load(value),
  callPtr: (value) => ffi.callPtr(value, 'i', 'v', [1], []),
  'numbers of callPtr': (value) => ffi.callPtr(address, 'i', 'v', value, []),
  toLeakNothing: (value) => toLeakNothing(value),
};

const targets = [{}, [], () => 1];
const errorOf = async (use: Use, value: unknown): Promise<unknown> => {
  try {
    await use(value as never);
    return undefined;
  } catch (error) {
    return error;
  }
};

test.each(Object.entries(uses))('a revoked proxy as %s', async (_, use) => {
  for (const target of targets) {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    for (const value of [proxy, new Proxy(proxy, {})])
      expect(await errorOf(use, value)).toMatchObject({ code: expect.stringMatching(/^ERR_FFI_/) });
  }
  expect(releasePtr(Proxy)).toBe(false);
});

describe('what a trap throws', () => {
  const mine = new Error('mine');
  const traps: ProxyHandler<object> = Object.fromEntries(
    ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'apply'].map((name) => [
      name,
      () => {
        throw mine;
      },
    ]),
  );

  test.each(Object.entries(uses))('as %s', async (_, use) => {
    for (const target of targets) {
      const error = await errorOf(use, new Proxy(target, traps));
      if (error !== mine && error !== undefined)
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_FFI_/) });
    }
  });
});
