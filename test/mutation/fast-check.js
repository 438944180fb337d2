// The same cases for every mutant, and not many of them.
const { dirname, join } = require('node:path');
const fc = require(join(dirname(require.resolve('fast-check/package.json')), 'lib', 'cjs', 'fast-check.js'));

const MOST_RUNS = 10;
const bounded = (options = {}) => ({ ...options, seed: 1, numRuns: Math.min(MOST_RUNS, options.numRuns ?? 100) });
const assert = (property, options) => fc.assert(property, bounded(options));

module.exports = { ...fc, assert, default: { ...(fc.default ?? fc), assert }, __esModule: true };
