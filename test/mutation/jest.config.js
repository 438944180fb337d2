// The unit tests of one idea, as fast as a mutant needs them: it runs them thousands of times.
const { join } = require('node:path');
const { displayName: _, testPathIgnorePatterns: __, ...unit } = require('../../jest.config.js').projects[0];

module.exports = {
  ...unit,
  rootDir: join(__dirname, '..', '..'),
  testMatch: JSON.parse(process.env.MUTATION_TESTS ?? '["*.test.ts"]').map((file) => `<rootDir>/test/lambda/${file}`),
  moduleNameMapper: { '^fast-check$': '<rootDir>/test/mutation/fast-check.js' },
  testRunner: '<rootDir>/test/mutation/jest-circus.js',
  testEnvironment: join(__dirname, 'environment.js'),
  testSequencer: '<rootDir>/test/mutation/sequencer.js',
};
