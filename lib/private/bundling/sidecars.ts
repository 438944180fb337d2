import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DYNAMODB_CLIENT_FILE,
  OPEN_FILE,
  S3_CLIENT_FILE,
  SCHEDULER_CLIENT_FILE,
  SNS_CLIENT_FILE,
  SPANS_FILE,
  SQS_CLIENT_FILE,
} from '../contract';
import { BundlingError } from './errors';
import { type AssetFile, digest } from './files';

/** Files that the runtime loads only when it needs them: they lie beside a bundle that mentions them, never inside it. */
export const SIDECARS: readonly string[] = [
  SQS_CLIENT_FILE,
  DYNAMODB_CLIENT_FILE,
  SNS_CLIENT_FILE,
  SCHEDULER_CLIENT_FILE,
  S3_CLIENT_FILE,
  OPEN_FILE,
  SPANS_FILE,
];

export const sidecarImport = (file: string): string => `./${file}`;

export interface Sidecar extends AssetFile {
  readonly digest: string;
}

const DIRECTORY = join(__dirname, '..', '..', '..', 'lambda', 'dist', 'runtime');

export function readSidecar(name: string): Sidecar {
  try {
    const content = readFileSync(join(DIRECTORY, name));
    return { name, content, digest: digest(content) };
  } catch {
    throw new BundlingError(
      `the runtime is incomplete: got no ${name} in ${DIRECTORY}, expected the file that this package ships there. ` +
        'Reinstall cdk-async-patterns (in its own repository: npm run build).',
    );
  }
}
