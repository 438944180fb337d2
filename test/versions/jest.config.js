// The constructs' tests against another aws-cdk-lib: main.ts installs it and says where it is.
const { join } = require('node:path');
const base = require('../../jest.config.js');

const modules = join(process.env.CDK_AT, 'node_modules');
const [unit] = base.projects;

module.exports = {
  ...unit,
  rootDir: join(__dirname, '..', '..'),
  testMatch: ['<rootDir>/test/lib/**/*.test.ts'],
  setupFiles: [...unit.setupFiles, '<rootDir>/test/versions/setup.js'],
  moduleNameMapper: {
    '^aws-cdk-lib$': join(modules, 'aws-cdk-lib', 'index.js'),
    '^aws-cdk-lib/(.*)$': join(modules, 'aws-cdk-lib', '$1'),
    '^constructs$': join(modules, 'constructs'),
  },
};
