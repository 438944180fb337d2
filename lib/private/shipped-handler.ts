import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';

const HANDLERS = join(__dirname, '..', '..', 'lambda', 'dist', 'handlers');

/** The code of a function of ours, as this package ships it. */
export function shippedHandler(name: string): lambda.Code {
  const directory = join(HANDLERS, name);
  if (existsSync(join(directory, 'index.js'))) return lambda.Code.fromAsset(directory);
  throw new Error(
    `the ${name.replace('-', ' ')} is missing: got no index.js in ${directory}, expected the file that this package ships ` +
      'there. Reinstall cdk-async-patterns (in its own repository: npm run build).',
  );
}
