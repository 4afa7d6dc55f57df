import { describe, expect, test } from '@jest/globals';
import { CFunction, disposable, dlopen, FFIType, linkSymbols, ref, sizeof } from 'arkffi';
import { fixture } from '../support/fixture';
import { expectAll, expectMessage, labelled, outcome, wrongDefinition } from './refusal';
import { rows, spellingsOf } from './table';

const address = dlopen(fixture, { noop: {} }).symbols.noop.ptr;

/** Binds a definition beside one of a symbol that does not exist, and is looked up later. */
function define(def: unknown, path = fixture): unknown {
  return dlopen(path, { no_such_symbol: {}, noop: def } as never);
}

const many = (count: number) => Array.from({ length: count }, () => 'i32');
const sparse = ['i32', 'i32', 'i32'];
delete sparse[1];
const sparseEnd = many(2);
sparseEnd.length = 4;
const sparseVariadic = ['i32', '...'];
delete sparseVariadic[0];

const noTypes: readonly (readonly [string, unknown])[] = [
  ...labelled(undefined, null, true, 1, 1n, Symbol('i32'), {}, [], ['i32'], () => 'i32', new Date(0)),
  ...labelled('', ' ', 'i32 ', 'I32', 'no_type', 'x', 'constructor', '__proto__', 'i32\0', 'é', '💥'),
  ...labelled({ toString: () => 'i32' }, Object('i32')),
];

describe('definitions that are wrong', () => {
  test('one that is no object', () => {
    const values = labelled(undefined, null, true, 1, 'i32', 1n, Symbol('s'), [], ['i32'], () => 0);
    expectAll(values, (value) => define(value), wrongDefinition);
  });

  test('definitions that are no object', () => {
    const values = labelled(null, true, 1, 'noop', 1n, Symbol('s'), [], [{}], () => 0);
    expectAll(values, (value) => dlopen(fixture, value as never), wrongDefinition);
    expectAll(values, (value) => linkSymbols(value as never), wrongDefinition);
    expectAll(values, (value) => CFunction(value as never), wrongDefinition);
  });

  test('args that are no array', () => {
    const values = labelled(null, true, 1, 'i32', '', 1n, Symbol('s'), {}, { length: 1, 0: 'i32' }, () => 0);
    expectAll(
      [...values, ...labelled(new Uint8Array(1), new Set(['i32']))],
      (args) => define({ args }),
      wrongDefinition,
    );
  });

  test('types of arguments', () => {
    expectAll(noTypes, (type) => define({ args: ['i32', type] }), wrongDefinition);
    expectAll(labelled('void', 'v'), (type) => define({ args: [type] }), wrongDefinition);
  });

  test('types of results', () => {
    const types = [...noTypes.filter(([, type]) => type !== undefined), ...labelled('...', 'napi_env')];
    expectAll(types, (returns) => define({ returns }), wrongDefinition);
  });

  test('types of variables', () => {
    const types = [...noTypes, ...labelled('void', 'v', '...', 'napi_env', 'napi_value')];
    expectAll(types, (type) => define({ type }), wrongDefinition);
  });

  test('types of ref, sizeof and disposable', () => {
    const types = [...noTypes, ...labelled('void', '...', 'napi_env', 'napi_value')];
    expectAll(types, (type) => ref(type as never), wrongDefinition);
    expectAll(types, (type) => sizeof(type as never), wrongDefinition);
    const texts = [...types, ...labelled('i32', 'string16', 'ptr')];
    expectAll(texts, (type) => disposable(type as never, null), wrongDefinition);
  });

  test.each([
    ['first', ['...', 'i32']],
    ['in the middle', ['i32', '...', 'i32']],
    ['twice', ['i32', '...', '...']],
  ])("'...' %s", (_, args) => expect(outcome(() => define({ args }))).toBe(wrongDefinition));

  test('sparse arrays', () => {
    expectAll(labelled(sparse, sparseEnd, sparseVariadic), (args) => define({ args }), wrongDefinition);
  });

  test('unknown properties', () => {
    const defs = labelled(
      { arg: ['i32'] },
      { return: 'i32' },
      { args: [], result: 'i32' },
      { type: 'i32', args: [] },
    );
    expectAll(defs, define, wrongDefinition);
    expectMessage(() => define({ return: 'i32' }), 'defs.noop', "'return'", "'returns'");
    expectMessage(() => define({ parms: 'i32' }), "'parms'");
  });

  test('names of symbols', () => {
    const names = labelled('', 'a\0b', 1, true, Symbol('s'), {}, []);
    expectAll(names, (symbol) => define({ symbol }), wrongDefinition);
    expectAll(names, (version) => define({ version }), wrongDefinition);
  });

  test('flags', () => {
    const flags = labelled(1, 0, 'yes', '', null, {});
    expectAll(flags, (optional) => define({ optional }), wrongDefinition);
    expectAll(flags, (leaf) => define({ leaf }), wrongDefinition);
  });

  test('are refused before the library is loaded', () => {
    expect(outcome(() => define({ args: ['int33'] }, '/no/such/library.so'))).toBe(wrongDefinition);
  });

  test('are refused for functions by address too', () => {
    const make = (def: object) => () => CFunction({ ...def, ptr: address } as never);
    const link = (def: object) => () => linkSymbols({ noop: { ...def, ptr: address } } as never);
    for (const def of [{ args: ['void'] }, { args: 'i' }, { returns: 'int33' }, { args: many(128) }]) {
      expect([outcome(make(def)), outcome(link(def))]).toEqual([wrongDefinition, wrongDefinition]);
    }
  });

  test('what a getter of the definition throws is what the caller gets', () => {
    const failure = new Error('mine');
    const def = {
      get args(): never {
        throw failure;
      },
    };
    expect(() => define(def)).toThrow(failure);
  });
});

describe('messages', () => {
  test.each([
    ['in32', "'int32'"],
    ['int23', "'int32'"],
    ['doubel', "'double'"],
    ['unit8', "'uint8'"],
    ['Cstring', "'CString'"],
    ['sizet', "'size_t'"],
    ['poiner', "'pointer'"],
  ])('%s: offers %s', (name, near) => {
    expectMessage(() => define({ args: ['i32', name] }), 'defs.noop.args[1]', `'${name}'`, near);
    expectMessage(() => define({ returns: name }), 'defs.noop.returns', `'${name}'`, near);
  });

  test.each([
    ['void', { args: ['void'] }, ['args[0]', 'void']],
    ['128 parameters', { args: many(128) }, ['args', '128', '127']],
    ["'...' that is not last", { args: ['...', 'i32'] }, ['args[0]', "'...'", 'last']],
    ['a symbol', { args: [Symbol('i32')] }, ['args[0]', 'symbol']],
    ['a hole', { args: sparse }, ['args[1]', 'undefined']],
    ['no array', { args: 'i32' }, ['args', 'array', "'i32'"]],
    ['no object', 'i32', ['defs.noop', 'object', "'i32'"]],
  ])('%s', (_, def, parts) => expectMessage(() => define(def), ...parts));
});

describe('definitions that are right', () => {
  const keys = rows.flatMap((row) => spellingsOf(row).map((key) => [key, row] as const));

  test.each(keys)('%s', (key, { convert, name }) => {
    const args = convert === 'void' ? [] : [key];
    const returns = convert === 'env' ? 'void' : key;
    const { noop } = dlopen(fixture, { noop: { args, returns } } as never).symbols as { noop: () => void };
    expect(noop.length).toBe(convert === 'void' || convert === 'env' ? 0 : 1);
    if (!['void', 'env', 'value'].includes(convert)) expect(sizeof(key as never)).toBe(sizeof(name as never));
  });

  test('no definitions, an empty one, and one with everything undefined', () => {
    expect(Object.keys(dlopen(fixture).symbols)).toEqual([]);
    const undefined_ = { args: undefined, returns: undefined, symbol: undefined, optional: undefined };
    const { symbols } = dlopen(fixture, { noop: {}, again: { ...undefined_, symbol: 'noop' } } as never);
    const { noop, again } = symbols as { noop: () => void; again: () => void };
    expect([noop(), again()]).toEqual([undefined, undefined]);
  });

  test.each([0, 1, 126, 127])('%i parameters', (count) => {
    const { symbols } = dlopen(fixture, { noop: { args: many(count) as 'i32'[] } });
    expect(symbols.noop.length).toBe(count);
  });

  test.each([128, 129, 1000])('%i parameters are too many', (count) => {
    expect(outcome(() => define({ args: many(count) }))).toBe(wrongDefinition);
    expect(outcome(() => define({ args: [...many(count), '...'] }))).toBe(wrongDefinition);
  });

  test("127 parameters and '...'", () => {
    const { symbols } = dlopen(fixture, { noop: { args: [...many(127), '...'] } } as never);
    expect((symbols as { noop: () => void }).noop.length).toBe(127);
  });

  test('a definition may be changed once it is used', () => {
    const def = { args: ['i32', 'i32'] as string[], returns: 'i32' };
    const { symbols } = dlopen(fixture, { add_i32: def } as never);
    def.args.push('f64');
    def.returns = 'void';
    expect((symbols as unknown as { add_i32: (a: number, b: number) => number }).add_i32(1, 2)).toBe(3);
  });
});

describe('FFIType', () => {
  const constants = rows.flatMap(({ name, keys }) => [name, ...keys].map((key) => [key, name]));

  test('has every key of the table, with its canonical name', () => {
    expect(Object.entries(FFIType)).toEqual(constants);
    expect([FFIType.int32, FFIType.u8, FFIType.char, FFIType.cstring]).toEqual([
      'i32',
      'u8',
      'i8',
      'CString',
    ]);
    expect([FFIType.double, FFIType.buffer, FFIType.function]).toEqual(['f64', 'ptr', 'callback']);
  });

  test('is frozen', () => {
    expect(Object.isFrozen(FFIType)).toBe(true);
    expect(() => Object.assign(FFIType, { i32: 'f64' })).toThrow(TypeError);
  });

  test('serves in definitions', () => {
    const { symbols } = dlopen(fixture, {
      add_i32: { args: [FFIType.int32, FFIType.int], returns: FFIType.int32_t },
    });
    expect(symbols.add_i32(40, 2)).toBe(42);
  });
});

describe('types of C that arkffi does not have', () => {
  test.each([
    'long double',
    'long_double',
    'longdouble',
    '__int128',
    'unsigned __int128',
    'u128',
    '_Float16',
    '_Float128',
    '__float80',
    'double _Complex',
    '__m128',
    'v4f32',
  ])('%s is refused by name', (type) => {
    expect(outcome(() => define({ args: [type] }))).toBe('FFIError ERR_FFI_UNSUPPORTED');
    expectMessage(() => define({ returns: type }), 'defs.noop.returns', `'${type}'`);
  });
});

describe('abi', () => {
  test("'default' and undefined", () => {
    const { symbols } = dlopen(fixture, {
      add_i32: { args: ['i32', 'i32'], returns: 'i32', abi: 'default' },
    });
    expect(symbols.add_i32(1, 2)).toBe(3);
    expect(() => dlopen(fixture, { noop: { abi: undefined } } as never)).not.toThrow();
  });

  test.each(['stdcall', 'fastcall', 'thiscall'])('%s is refused where the platform has none', (abi) => {
    expect(outcome(() => define({ abi }))).toBe('FFIError ERR_FFI_UNSUPPORTED');
    expectMessage(() => define({ abi }), 'defs.noop.abi', `'${abi}'`);
  });

  test('anything else', () => {
    const values = labelled('cdecl', '', 'Default', null, 0, true, {}, Symbol('default'));
    expectAll(values, (abi) => define({ abi }), wrongDefinition);
  });
});
