export {
  type AsyncFunctionContext,
  type AsyncFunctionHandler,
  type AsyncFunctionOptions,
  asyncFunction,
  type InvocationRecord,
} from './async-function';
export { DependencyError } from './breaker/dependency-error';
export type { WorkerContext } from './context';
export { DeadlineError } from './context';
export { type Delay, PermanentError, RetryAfter } from './errors';
export {
  type Aggregate,
  type AggregateOptions,
  type Appended,
  type AppendOptions,
  type EventLog,
  type EventLogConnection,
  type EventLogDefinition,
  type ExecuteOptions,
  eventLog,
  InvalidEventError,
  type Loaded,
  type NewEvent,
  type Projection,
  type ProjectionOptions,
  type ReadOptions,
  type Recorded,
  type RecordedEvent,
  type Reducer,
  type Replay,
  type ReplayOptions,
  type ReplayProgress,
  type ReplayState,
  UnreadableEventError,
  VersionConflictError,
} from './event-log';
export { type FunctionConnection, type Invoked, type InvokeOptions, type Invoker, invoker } from './invoker';
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
  BackpressureError,
  type BackpressureSpec,
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
export type { StreamContext } from './stream/context';
export type { Change } from './stream/dynamodb';
export type { StreamEvent } from './stream/envelope';
export {
  type StreamReply,
  type StreamWorkerCommon,
  type StreamWorkerHandler,
  type StreamWorkerOptions,
  streamWorker,
} from './stream/stream-worker';
export type { WindowContext, WindowOptions } from './stream/window';
export { type WorkerHandler, type WorkerOptions, worker } from './worker';
