const { version } = require('aws-cdk-lib/package.json');

if (version !== process.env.CDK_VERSION)
  throw new Error(`aws-cdk-lib is ${version}, expected ${process.env.CDK_VERSION}`);
