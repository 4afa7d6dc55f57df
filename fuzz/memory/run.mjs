// `npm run fuzz:memory`: random operations on memory against a model of it, with exact accounts after each.
//   --operations N   how many (1,000,000)
//   --seed N         of the random numbers (the time)
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
require('../../__test__/support/build-fixture.cjs')();
const { check } = require('./check.cjs');

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
});
const [operations, seed] = [Number(values.operations), Number(values.seed)];
console.log(`${operations} operations, --seed ${seed}`);
const start = performance.now();
const done = await check({ operations, seed });
console.log(
  `${JSON.stringify(done)}\nas the model says, in ${((performance.now() - start) / 1000).toFixed(1)} s`,
);
