const { TestEnvironment } = require('jest-environment-node');

/** In milliseconds, whatever a test says. What waits for ever is a mutant that was noticed, and the sooner the better. */
const LONGEST_TEST = 2_000;

/** Of a mutant the first test that fails says all: the others of the file are skipped. */
module.exports = class extends TestEnvironment {
  failed = false;

  handleTestEvent({ name, test }) {
    if (name === 'test_fn_failure' || name === 'hook_failure') this.failed = true;
    if (name !== 'test_start') return;
    if (this.failed) test.mode = 'skip';
    test.timeout = LONGEST_TEST;
  }
};
