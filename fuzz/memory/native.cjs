// The functions of C that are called.
'use strict';
const { join } = require('node:path');
const ffi = require('../../dist/index.js');

const fixture = join(__dirname, '..', '..', '__test__', 'fixtures', 'build', 'libfixture.so');
const { symbols } = ffi.dlopen(fixture, {
  pair: { symbol: 'ow_pair_of', args: ['i64', 'i64'], returns: ffi.Struct({ first: 'i64', second: 'i64' }) },
  page: { symbol: 'ow_page_of', args: ['u8'], returns: ffi.Struct({ bytes: ffi.array('u8', 3000) }) },
  late: { symbol: 'ow_sum_late', args: ['ptr', 'usize', 'i32'], returns: 'i64' },
  during: { symbol: 'ow_during', args: ['ptr', 'callback'], returns: 'i32' },
  make: { symbol: 'ow_make', args: ['usize'], returns: 'ptr' },
  free: { symbol: 'ow_free', args: ['ptr'] },
  malloc: { symbol: 'ow_malloc', args: ['ptr', 'usize'], returns: 'ptr' },
  calloc: { symbol: 'ow_calloc', args: ['ptr', 'usize', 'usize'], returns: 'ptr' },
  realloc: { symbol: 'ow_realloc', args: ['ptr', 'ptr', 'usize'], returns: 'ptr' },
  release: { symbol: 'ow_release', args: ['ptr', 'ptr'] },
});

module.exports = symbols;
