import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
export const BENCH = join(ROOT, 'test', 'bench');
/** A project with this package installed, made anew by `makeProject`. Below the repository, so that the CDK is found. */
export const WORK = join(ROOT, '.local', 'bench');
/** Bundled handlers, and beside them the clients that they load when they need one. */
export const HANDLERS = join(WORK, 'handlers');
