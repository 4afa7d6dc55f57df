// No value of any kind, given to anything, ends the process: it is taken, or refused with an error of its own.
import { describe, expect } from '@jest/globals';
import { outputOf } from '../support/subprocess';
import { testUnions } from './loose';

/** Values that a user should not give, and some that they may. */
const values = `
  const revoked = [Proxy.revocable({}, {}), Proxy.revocable([], {}), Proxy.revocable(() => 1, {})];
  for (const each of revoked) each.revoke();
  const gone = new ArrayBuffer(64);
  const views = [new Uint8Array(gone), new DataView(gone), Buffer.from(gone), new Float64Array(gone)];
  structuredClone(gone, { transfer: [gone] });
  const resizable = new ArrayBuffer(16, { maxByteLength: 1000 });
  const circle = {};
  circle.circle = circle;
  const thrown = (text) => { throw new Error(text); };
  const block = calloc(1, 64);
  const made = schemas.map((schema) => (schema === U ? schema.create({ i: 1 }) : schema.create()));
  const values = [
    undefined, null, true, false, 0, -0, 1, -1, 5, 16, 4096, block, block + 63, 2 ** 31, 2 ** 32, 2 ** 47, 2 ** 53 - 1,
    2 ** 53, 1e300, NaN, Infinity, 0.5, 0n, 1n, -1n, 2n ** 53n, 2n ** 64n - 1n, 2n ** 64n, '', 'a', 'real', 'c.real',
    'l[2].name', 'l[3]', 'm[1][2]', 'd[0]', 'd[65535]', 'd', '__proto__', 'constructor', 'u.i', 'x[4999]', '\\0', '\\ud800',
    'x'.repeat(1e5), Symbol('s'), Symbol.iterator, () => 1, class {}, async () => 1, function* () {}, {}, [], [1], [[1]],
    [{}], Array(1e5), circle, new Map(), new Set(), new Date(), /x/, new Error('x'), Promise.resolve(), new WeakMap(),
    ...revoked.map(({ proxy }) => proxy), new Proxy({}, { get: () => thrown('mine') }),
    new Proxy([], { get: (_, key) => (key === 'length' ? 1e9 : 1) }), new Proxy(function () {}, {}), gone, ...views,
    resizable, new Uint8Array(resizable), new ArrayBuffer(0), new ArrayBuffer(16), new SharedArrayBuffer(16),
    new Uint8Array(16), new Float64Array(2), new BigInt64Array(2), new DataView(new ArrayBuffer(16)), Buffer.alloc(0),
    Buffer.alloc(24), Object.create(null), Object.freeze({ real: 1 }), { real: 1, imag: 2 }, { i: 1 }, { i: 1, d: 2 },
    { s: 'x' }, { c: { real: 1 } }, { n: 3 }, { n: 65535 }, { n: -1 }, { d: [1, 2] }, { n: 1, d: [1, 2, 3] }, { v: 1n },
    { v: 1, name: 'x' }, { next: { ptr: 1 } }, { get real() { return 1; } }, { get real() { return thrown('mine'); } },
    { ptr: block }, { ptr: -1 }, { ptr: 'x' }, { get ptr() { return thrown('mine'); } }, { pack: 1 }, { pack: 3 },
    { a: 'i32' }, { a: 'void' }, { a: C }, { a: array('i8', 3) }, { a: bits('i8', 3) }, { args: [C], returns: C },
    { args: ['...'] }, 'i32', 'void', 'f64', '...', C.object, array('i32', 3), array('i32'), bits('i8', 2), pointer(C),
    fn({}), opaque('y'), enumeration({ A: 1 }), ref(C), ref('i32'), { length: 3, 0: 1 }, Object(1), Object('x'), Object(1n),
    globalThis, Object.prototype, ...schemas, ...made, ...schemas.map((schema, n) => schema.view(made[n])),
    ...schemas.map((schema, n) => schema.fromBuffer(made[n])),
  ];`;

/** Everything that takes a value, with values from \`any()\`. */
const uses = `
  const uses = [
    () => Struct(any()), () => Struct(any(), any()), () => Struct({ a: any(), b: any() }, any()), () => Union(any(), any()),
    () => Union({ a: any(), b: any() }), () => array(any(), any()), () => pointer(any()), () => fn(any()),
    () => fn({ args: [any()], returns: any() }), () => opaque(any()), () => enumeration(any(), any()),
    () => enumeration({ A: any() }, any()), () => bits(any(), any()), () => sizeof(any()), () => alignof(any()),
    () => offsetof(any(), any()), () => releasePtr(any()), () => ref(any(), any()).value, () => (ref(C).value = any()),
    () => (ref(N).value = any()), () => CFunction({ args: [any()], returns: any(), ptr: symbols.add }),
    () => symbols.variadic(1, [any(), any()]), ...Object.values(symbols).flatMap((call) => [
      () => call(any()), () => call(any(), any()), () => call(any(), any(), any()),
    ]),
    ...schemas.flatMap((schema) => {
      const buffer = () => new ArrayBuffer(schema.size + 100);
      const fields = () => Object.fromEntries(schema.fieldNames.map((name) => [name, any()]));
      return [
        () => schema.create(any()), () => schema.create(fields()), () => schema.get(any(), any()),
        () => schema.set(buffer(), any(), any()), () => schema.fromPtr(any(), any()), () => schema.fromPtr(any()),
        () => schema.fromBuffer(any(), any()), () => schema.write(buffer(), any(), any()), () => schema.ptr(any(), any()),
        () => schema.write(buffer(), fields()), () => schema.offsetOf(any()),
        () => { const view = schema.view(any()); for (const name in view) void view[name]; },
        () => { const view = schema.view(buffer()); for (const name in view) attempt(() => (view[name] = any())); },
      ];
    }),
  ];`;

const program = (seed: number) => `
  const { Struct, Union, array, pointer, fn, opaque, enumeration, bits, sizeof, alignof, offsetof, ...rest } = require(entry);
  const { releasePtr, ref, CFunction, dlopen, calloc } = rest;
  const C = Struct({ real: 'f64', imag: 'f64' });
  const N = Struct({ v: 'i32', next: 'ptr', name: 'CString' });
  const U = Union({ i: 'i64', d: 'f64', s: 'CString', c: C });
  const F = Struct({ n: 'u16', d: array('i16', 'n') });
  const T = Struct({ n: 'u8', d: array('i64') });
  const B = Struct({ a: bits('u8', 3), b: bits('i64', 40), e: bits(enumeration({ A: 1 }), 3) });
  const D = Struct({
    c: C, l: array(N, 3), u: U, m: array(array('u8', 3), 2), f: 'callback', k: fn({ args: ['i32'] }), o: opaque('x'),
    z: enumeration({ A: 1, B: 2 }),
  }, { pack: 2 });
  const L = Struct({ x: array('f32', 5000), s: 'CString' });
  const schemas = [C, N, U, F, T, B, D, L];
  const { symbols } = dlopen(fixture, {
    add: { symbol: 'complex_add', args: [C, C], returns: C.object },
    held: { symbol: 'complex_add', args: [C, C], returns: C },
    list: { symbol: 'echo_ptr', args: [array(C, 2)], returns: 'ptr' },
    hidden: { symbol: 'echo_ptr', args: [opaque('z')], returns: opaque('z') },
    deep: { symbol: 'noop', args: [D] },
    large: { symbol: 'noop', args: [L, B] },
    mixed: { symbol: 'noop', args: [U, 'CString', N] },
    named: { symbol: 'noop', args: [enumeration({ A: 1 }), fn({})] },
    variadic: { symbol: 'noop', args: ['i32', '...'] },
  });
  ${values}
  let state = ${seed};
  const random = (below) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
  const any = () => values[random(values.length)];
  const errors = new Set();
  const attempt = (run) => {
    try {
      run();
    } catch (error) {
      const known = /^ERR_FFI_/.test(error.code) || error.message === 'mine' || /revoked/.test(error.message);
      if (!known) errors.add(String(error.stack).slice(0, 300));
    }
  };
  ${uses}
  for (let n = 0; n < 12_000; n++) attempt(uses[random(uses.length)]);
  assert.deepStrictEqual(symbols.add({ real: 1 }, { imag: 2 }), { real: 1, imag: 2 });
  console.log(errors.size === 0 ? 'alive' : [...errors].slice(0, 5).join('\\n'));`;

describe('values of every kind in every place', () => {
  testUnions.each([1, 2, 3])('a walk from %d', (seed) => {
    expect(outputOf(program(seed), { flags: ['--expose-gc'] })).toBe('alive');
  });
});
