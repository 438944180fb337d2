export type { Aggregate, AggregateOptions, ExecuteOptions, Loaded } from './aggregate';
export { InvalidEventError, UnreadableEventError, VersionConflictError } from './errors';
export { type EventLog, type EventLogConnection, eventLog } from './event-log';
export type { Projection, ProjectionOptions } from './projection';
export type { ReplayOptions, ReplayProgress, ReplayState } from './replay';
export type { Replay } from './replay-handle';
export type {
  Appended,
  AppendOptions,
  EventLogDefinition,
  NewEvent,
  ReadOptions,
  Recorded,
  RecordedEvent,
  Reducer,
} from './types';
