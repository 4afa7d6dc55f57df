const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  roots: ['<rootDir>/__test__'],
  testMatch: ['**/*.test.ts'],
  globalSetup: '<rootDir>/__test__/support/build-fixture.cjs',
  moduleNameMapper: {
    '^arkffi$': '<rootDir>/dist/index.js',
    '^arkffi/jest$': '<rootDir>/dist/jest/index.js',
    '^arkffi/jest/after-each$': '<rootDir>/dist/jest/each.js',
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  testTimeout: 60000,
  // Two on two cores: programs in processes of their own take much of the time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testSequencer: '<rootDir>/__test__/support/sequencer.cjs',
};
