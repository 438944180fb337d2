// Started by main.ts, for one idea at a time.
const { MUTATION_FILES, MUTATION_DIRECTORY, MUTATION_CONCURRENCY } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: JSON.parse(MUTATION_FILES),
  testRunner: 'jest',
  jest: { projectType: 'custom', configFile: 'test/mutation/jest.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  // swc takes no notice of types.
  disableTypeChecks: false,
  checkers: [],
  concurrency: Number(MUTATION_CONCURRENCY ?? 1),
  timeoutMS: 3_000,
  timeoutFactor: 1.5,
  // The copy that is mutated, as small as the tests let it be.
  ignorePatterns: [
    '**',
    '!lambda/**',
    '!lib/private/contract*',
    '!lib/private/contract/**',
    '!test/lambda/**',
    '!test/mutation/**',
    '!bin/local/random.ts',
    '!package.json',
    '!jest.config.js',
    '!test/setup.js',
    '!tsconfig.json',
    'lambda/dist',
  ],
  tempDirName: `${MUTATION_DIRECTORY}/sandbox`,
  incremental: true,
  incrementalFile: `${MUTATION_DIRECTORY}/incremental.json`,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: `${MUTATION_DIRECTORY}/report.json` },
  allowEmpty: false,
  cleanTempDir: 'always',
  // Ours to judge: main.ts does.
  thresholds: { high: 100, low: 90, break: null },
};
