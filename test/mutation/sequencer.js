// Stryker asks for the tests that reach a mutant by their names. Jest would load each file to find those in it, which takes
// longer than to run them: so the dry run writes down which file has which, and the others are not loaded.
const { existsSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

// Units before properties, the small before the large: most mutants are found by the first that reaches them.
const rank = ({ path }) => (/\.property\.|model/.test(path) ? 1e9 : 0) + statSync(path).size;

module.exports = class extends Sequencer {
  constructor({ globalConfig }) {
    super();
    this.pattern = globalConfig.testNamePattern && new RegExp(globalConfig.testNamePattern, 'i');
    this.file = join(globalConfig.rootDir, '.names.json');
  }

  sort(tests) {
    const known = this.pattern && existsSync(this.file) ? JSON.parse(readFileSync(this.file, 'utf8')) : {};
    const reaches = ({ path }) => known[path] === undefined || known[path].some((name) => this.pattern.test(name));
    return tests.filter(reaches).sort((a, b) => rank(a) - rank(b));
  }

  cacheResults(_, { testResults }) {
    if (this.pattern || !process.env.MUTATION_DIRECTORY) return;
    const names = testResults.map(({ testFilePath, testResults }) => [
      testFilePath,
      testResults.map((each) => each.fullName),
    ]);
    writeFileSync(this.file, JSON.stringify(Object.fromEntries(names)));
  }
};
