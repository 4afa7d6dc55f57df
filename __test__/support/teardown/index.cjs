// The cells of the teardown grid, and what runs one.
const grid = require('./grid.cjs');
const { runCell } = require('./run.cjs');
const variants = require('./variants.cjs');

module.exports = { grid, variants, runCell };
