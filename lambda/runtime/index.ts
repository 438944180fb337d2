export { DependencyError } from './breaker/dependency-error';
export type { WorkerContext } from './context';
export { DeadlineError } from './context';
export { type Delay, PermanentError, RetryAfter } from './errors';
export type { Logger } from './log';
export { type WorkerHandler, type WorkerOptions, worker } from './worker';
