// Where things are in the project of project.ts, relative to it: the scripts run there.
import { join } from 'node:path';

export const WORKERS = 50;

/** Where the library keeps bundles of earlier synths. */
export const CACHE = join('node_modules', '.cache', 'cdk-async-patterns');
/** Code that is ready to deploy, for the floor. */
export const READY_ASSET = 'ready';

export const entry = (n: number): string => join('entries', `worker-${n}.ts`);
