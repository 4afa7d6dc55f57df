// Loads the native binary of this platform. Its types stand in binding.d.ts.
'use strict';

const { fileName } = require('./binding-name.js');

module.exports = require(`./${fileName()}`);
