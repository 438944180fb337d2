import { execFileSync } from 'node:child_process';
import { peerDependencies } from '../../package.json';

/** What an app has beside the library. */
export interface Versions {
  readonly 'aws-cdk-lib': string;
  readonly constructs: string;
}

const lowest = (range: string): string => {
  const [, version] = /^\^(\d+\.\d+\.\d+)$/.exec(range) ?? [];
  if (version === undefined) throw new Error(`The lower bound of a peer is read from ^x.y.z; this is ${range}.`);
  return version;
};

const newestOf = (name: string): string => {
  try {
    return execFileSync('npm', ['view', name, 'version'], { encoding: 'utf8', timeout: 60_000 }).trim();
  } catch (cause) {
    throw new Error(`The newest ${name} is asked of the npm registry, which did not answer.`, { cause });
  }
};

/** The least that the peers of package.json allow. */
export const oldest = (): Versions => ({
  'aws-cdk-lib': lowest(peerDependencies['aws-cdk-lib']),
  constructs: lowest(peerDependencies.constructs),
});

/** The most that they allow today. */
export const newest = (): Versions => ({
  'aws-cdk-lib': newestOf('aws-cdk-lib'),
  constructs: newestOf('constructs'),
});
