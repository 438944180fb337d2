// `npm run test:oldest`: the constructs' tests, snapshots included, with the oldest aws-cdk-lib that the peer allows.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { install } from './app';
import { oldest } from './versions';

const root = join(__dirname, '..', '..');
const versions = oldest();
const cdk = versions['aws-cdk-lib'];
console.log(`With aws-cdk-lib ${cdk} and constructs ${versions.constructs}`);

const config = join(__dirname, 'jest.config.js');
const { status } = spawnSync('npx', ['jest', '--ci', '--config', config, ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, CDK_AT: install(root, versions), CDK_VERSION: cdk },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
