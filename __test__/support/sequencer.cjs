// The order of the test files. Once a thread that is not arkffi's has called back, libraries stay mapped in that
// process: tests of their unloading come first.
const { default: Sequencer } = require('@jest/test-sequencer');

const unloads = ({ path }) => /__test__.(libraries.|.*close\.test)/.test(path);

module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(unloads), ...sorted.filter((test) => !unloads(test))];
  }
};
