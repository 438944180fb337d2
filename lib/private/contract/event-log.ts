/** What `eventLog(name)` of the runtime reads, as JSON: names of tables. */
export interface EventLogSpec {
  readonly table: string;
  /** Where aggregates are remembered. */
  readonly snapshots?: string;
  /** Whether this function may remember them. */
  readonly savesSnapshots?: boolean;
  /** Where replays are asked for; missing where the function may not. */
  readonly replays?: string;
}

/** Environment variables of the functions of an event log: its outbox, its archiver and its replayer. */
export const EVENT_LOG_ENV = {
  /** Its path in the construct tree, the value of the metrics' dimension. */
  name: 'ASYNC_LOG',
  table: 'ASYNC_LOG_TABLE',
  topicArn: 'ASYNC_LOG_TOPIC_ARN',
  bucket: 'ASYNC_LOG_BUCKET',
  replays: 'ASYNC_LOG_REPLAYS',
  /** `SubscriberSpec`s by name, as JSON. */
  subscribers: 'ASYNC_LOG_SUBSCRIBERS',
} as const;

/** Who can be sent events again. */
export interface SubscriberSpec {
  readonly queueUrl: string;
  /** The only types that it gets; missing: all. */
  readonly types?: readonly string[];
}

/** The subscriber that stands for the topic itself, and so for everybody. */
export const ALL_SUBSCRIBERS = '*';

/** The table of events: a row is one version of one stream. */
export const EVENT_LOG_TABLE = {
  stream: 'pk',
  /** Its number, with zeros in front. */
  version: 'sk',
  /** What no row has but those that hold an event. */
  type: 'type',
  /** Index of all events by time. A stream is in one shard of it, in the order of its versions. */
  index: 'byTime',
  shard: 'shard',
  time: 'time',
} as const;

/** Writes that the index takes at most, a second: 1,000 for each. Part of what is stored; must not change. */
export const EVENT_LOG_SHARDS = 16;

export const EVENT_LOG_SNAPSHOTS = { stream: 'pk', aggregate: 'sk' } as const;
export const EVENT_LOG_REPLAYS = { id: 'id', ttl: 'ttl' } as const;

/** What the keys of archived objects begin with; then come year, month, day and hour. */
export const EVENT_LOG_ARCHIVE_PREFIX = 'events/';

export const EVENT_LOG_METRIC = {
  dimension: 'EventLog',
  published: 'Published',
  archived: 'Archived',
  replayed: 'Replayed',
  /** Events that were changed or deleted after they were appended. */
  tampered: 'Tampered',
} as const;

/** Message attributes of an event, beside those that say where it comes from. */
export const EVENT_ATTRIBUTE = { type: 'type', streamId: 'streamId', version: 'version' } as const;
