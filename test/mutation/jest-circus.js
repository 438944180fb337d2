// Jest's own runner, but for the files that are left once a test has failed: of a mutant that says all.
const circus = require('jest-circus/runner').default;

/** Runs in which a test has failed. */
const over = new WeakSet();

module.exports = async (globalConfig, config, environment, runtime, testPath, ...rest) => {
  if (over.has(globalConfig)) return nothing(testPath);
  const result = await circus(globalConfig, config, environment, runtime, testPath, ...rest);
  if (result.numFailingTests > 0 || result.testExecError) over.add(globalConfig);
  return result;
};

const perfStats = {
  end: 0,
  loadTestEnvironmentEnd: 0,
  loadTestEnvironmentStart: 0,
  runtime: 0,
  setupAfterEnvEnd: 0,
  setupAfterEnvStart: 0,
  setupFilesEnd: 0,
  setupFilesStart: 0,
  slow: false,
  start: 0,
};

/** One test, passed over: jest takes a file without any for a mistake. */
const nothing = (testFilePath) => ({
  leaks: false,
  numFailingTests: 0,
  numPassingTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  openHandles: [],
  perfStats,
  skipped: false,
  snapshot: { added: 0, fileDeleted: false, matched: 0, unchecked: 0, uncheckedKeys: [], unmatched: 0, updated: 0 },
  testFilePath,
  testResults: [
    {
      ancestorTitles: [],
      failureDetails: [],
      failureMessages: [],
      fullName: 'passed over',
      numPassingAsserts: 0,
      status: 'pending',
      title: 'passed over',
    },
  ],
});
