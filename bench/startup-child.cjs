// One measurement of bench/startup.mjs in a process of its own; prints what it found as JSON.
//   node startup-child.cjs <empty | load | first | define | memory> <implementation> <library>
'use strict';
const [what, name, library] = process.argv.slice(2);

/** Loads the implementation: a function that defines functions by name and kind, and gives them by name. */
const load = {
  arkffi: () => {
    const { dlopen } = require('arkffi');
    const kinds = [
      { args: ['int', 'int'], returns: 'int' },
      { args: ['double'], returns: 'double' },
      { args: ['CString'], returns: 'size_t' },
      { args: ['ptr', 'size_t'], returns: 'ptr' },
    ];
    return (names) => {
      const definitions = names.map((symbol, index) => [symbol, kinds[index % 4]]);
      return dlopen(library, Object.fromEntries(definitions)).symbols;
    };
  },
  koffi: () => {
    const koffi = require('koffi');
    const kinds = [
      ['int', ['int', 'int']],
      ['double', ['double']],
      ['size_t', ['const char *']],
      ['void *', ['void *', 'size_t']],
    ];
    return (names) => {
      const loaded = koffi.load(library);
      return Object.fromEntries(
        names.map((symbol, index) => [symbol, loaded.func(symbol, ...kinds[index % 4])]),
      );
    };
  },
  'ffi-rs': () => {
    const { DataType, define, open } = require('ffi-rs');
    const kinds = [
      [DataType.I32, [DataType.I32, DataType.I32]],
      [DataType.Double, [DataType.Double]],
      [DataType.U64, [DataType.String]],
      [DataType.U64, [DataType.U64, DataType.U64]],
    ];
    return (names) => {
      open({ library, path: library });
      const made = define(
        Object.fromEntries(
          names.map((symbol, index) => {
            const [retType, paramsType] = kinds[index % 4];
            return [symbol, { library, retType, paramsType }];
          }),
        ),
      );
      return Object.fromEntries(names.map((symbol) => [symbol, (...args) => made[symbol](args)]));
    };
  },
  'node:ffi': () => {
    const { dlopen } = require('node:ffi');
    const kinds = [
      { arguments: ['int32', 'int32'], return: 'int32' },
      { arguments: ['double'], return: 'double' },
      { arguments: ['string'], return: 'uint64' },
      { arguments: ['pointer', 'uint64'], return: 'pointer' },
    ];
    return (names) =>
      dlopen(library, Object.fromEntries(names.map((symbol, index) => [symbol, kinds[index % 4]]))).functions;
  },
};

/** Calls each function once. */
function callAll(functions, names) {
  const wide = name === 'node:ffi' ? BigInt : Number;
  const given = [[1, 2], [1.5], ['hello'], [wide(4096), wide(1)]];
  names.forEach((symbol, index) => functions[symbol](...given[index % 4]));
}

const names = Array.from({ length: 1000 }, (_, index) => `f${index}`);
const milliseconds = (since) => Number(process.hrtime.bigint() - since) / 1e6;

function define() {
  const make = load[name]();
  const start = process.hrtime.bigint();
  const functions = make(names);
  const defined = milliseconds(start);
  callAll(functions, names);
  return { defined, called: milliseconds(start) };
}

/** The bytes of the process for each of ten thousand functions, defined, and when each has been called. */
function memory() {
  const make = load[name]();
  const kept = [];
  const resident = () => {
    gc();
    return process.memoryUsage.rss();
  };
  callAll(make(names), names);
  const before = resident();
  for (let library = 0; library < 10; library++) kept.push(make(names));
  const defined = (resident() - before) / 10_000;
  for (const functions of kept) callAll(functions, names);
  return { defined, called: (resident() - before) / 10_000, kept: kept.length };
}

if (what === 'load') load[name]();
else if (what === 'first') callAll(load[name]()(['f0']), ['f0']);
else if (what === 'define') console.log(JSON.stringify(define()));
else if (what === 'memory') console.log(JSON.stringify(memory()));
