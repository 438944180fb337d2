export { DependencyError } from './breaker/dependency-error';
export type { WorkerContext } from './context';
export { DeadlineError } from './context';
export { type Delay, PermanentError, RetryAfter } from './errors';
export {
  type Job,
  JobCancelledError,
  type JobContext,
  JobEndedError,
  JobError,
  JobExpiredError,
  JobFailedError,
  type JobState,
  type Jobs,
  type JobsApiHandler,
  type JobsApiOptions,
  type JobsOptions,
  type JobView,
  jobs,
  jobsApi,
  type Problem,
  type ResultOptions,
  type SubmitAllOptions,
  type SubmitCode,
  SubmitError,
  type SubmitOptions,
} from './jobs';
export type { Logger } from './log';
export {
  type Accepted,
  type AllOptions,
  type AttributeValue,
  type Origin,
  type PayloadSpec,
  type Producer,
  type Publisher,
  type PublishOptions,
  producer,
  publisher,
  type QueueConnection,
  type ScheduleSpec,
  SendAllError,
  SendError,
  type Sender,
  type SenderOptions,
  type SendOptions,
  type Tally,
  type TopicConnection,
} from './producer';
export { type WorkerHandler, type WorkerOptions, worker } from './worker';
