import { Annotations, Duration } from 'aws-cdk-lib';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { StreamWorkerProps } from '../../stream-worker';
import { InvalidInput, type Problem, problemText } from '../problem';
import { MAX_TIMEOUT_SECONDS, MAX_WINDOW_SECONDS, within } from '../sizing';
import { known, seconds, timeoutOf } from '../worker-numbers';
import type { SourceBinding } from './source';

/** The numbers of a stream worker, which agree. */
export interface StreamNumbers {
  readonly timeout: Duration;
  readonly batchSize: number;
  readonly retryAttempts: number;
  readonly maxRecordAge: Duration;
  /** Seconds after which the last record of an invocation is an alarm; offsets of Kafka. */
  readonly maxLag: number;
}

const DEFAULT_BATCH_SIZE = 100;
/** There is no backoff to speak of between the attempts of a shard. */
const DEFAULT_RETRY_ATTEMPTS = 10;
/** Of the 24 hours that a stream keeps its records at least: in the six that are left they can be read back. */
const DEFAULT_RECORD_AGE = Duration.hours(18);
/** Topics keep their records for seven days when nothing else is said. */
const DEFAULT_KAFKA_RECORD_AGE = Duration.days(3);
const MAX_ALARM_AGE_SECONDS = 900;
const MAX_ALARM_BATCHES = 100;

// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
const MAX_BATCH_SIZE = 10_000;
const MAX_RETRIES = 10_000;
const MIN_RECORD_AGE_SECONDS = 60;
const MAX_RECORD_AGE_SECONDS = 7 * 86_400;
const MAX_PARALLELIZATION = 10;
const MAX_TUMBLING_SECONDS = 900;
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
const MAX_FILTERS = 10;
const MAX_PATTERN_CHARACTERS = 4_096;

interface Sizes {
  readonly timeout?: number;
  readonly memorySize?: number;
  readonly batchSize?: number;
  readonly maxBatchingWindow?: number;
  readonly parallelizationFactor?: number;
  readonly tumblingWindow?: number;
  readonly retryAttempts?: number;
  readonly maxRecordAge?: number;
  readonly reservedConcurrentExecutions?: number;
}

/** Fills in the defaults, refuses what cannot work and warns about what is seldom meant. */
export function streamNumbers(scope: Construct, props: StreamWorkerProps, source: SourceBinding): StreamNumbers {
  const { batchSize = DEFAULT_BATCH_SIZE, retryAttempts = DEFAULT_RETRY_ATTEMPTS } = props;
  const timeout = timeoutOf(scope, props);
  const maxRecordAge = props.maxRecordAge ?? (source.kind === 'kafka' ? DEFAULT_KAFKA_RECORD_AGE : DEFAULT_RECORD_AGE);
  const optional = (value: Duration | undefined) => value && seconds(value);
  const sizes: Sizes = {
    timeout: seconds(timeout),
    memorySize: known(props.memorySize),
    batchSize: known(batchSize),
    maxBatchingWindow: optional(props.maxBatchingWindow),
    parallelizationFactor: known(props.parallelizationFactor),
    tumblingWindow: optional(props.tumblingWindow),
    retryAttempts: known(retryAttempts),
    maxRecordAge: seconds(maxRecordAge),
    reservedConcurrentExecutions: known(props.reservedConcurrentExecutions),
  };
  for (const problem of [...limits(sizes), ...ofKind(props, source, sizes), ...filterProblems(props.filters)]) {
    throw new InvalidInput(problem, scope);
  }
  for (const { id, ...problem } of advice(sizes, source)) {
    Annotations.of(scope).addWarningV2(`cdk-async-patterns:${id}`, problemText(problem));
  }
  return { timeout, batchSize, retryAttempts, maxRecordAge, maxLag: maxLag(sizes, source) };
}

const maxLag = ({ batchSize, maxRecordAge }: Sizes, { kind }: SourceBinding): number =>
  kind === 'kafka'
    ? MAX_ALARM_BATCHES * (batchSize ?? DEFAULT_BATCH_SIZE)
    : Math.min(MAX_ALARM_AGE_SECONDS, Math.floor((maxRecordAge ?? MAX_RECORD_AGE_SECONDS) / 2));

const limits = (sizes: Sizes): Problem[] => [
  ...within('timeout', sizes.timeout, 1, MAX_TIMEOUT_SECONDS, 'give whole seconds; hand longer work to a queue'),
  ...within('memorySize', sizes.memorySize, 128, 10_240, 'give MiB'),
  ...within('batchSize', sizes.batchSize, 1, MAX_BATCH_SIZE, 'see the limits of event source mappings'),
  ...within('maxBatchingWindow', sizes.maxBatchingWindow, 0, MAX_WINDOW_SECONDS, 'give whole seconds'),
  ...within(
    'parallelizationFactor',
    sizes.parallelizationFactor,
    1,
    MAX_PARALLELIZATION,
    'for more at once add shards; keys of a batch run in parallel anyway',
  ),
  ...within('tumblingWindow', sizes.tumblingWindow, 1, MAX_TUMBLING_SECONDS, 'give whole seconds, or leave it out'),
  ...within(
    'retryAttempts',
    sizes.retryAttempts,
    0,
    MAX_RETRIES,
    'say after how many retries a record is dead: until then it holds up its shard',
  ),
  ...within(
    'maxRecordAge',
    sizes.maxRecordAge,
    MIN_RECORD_AGE_SECONDS,
    MAX_RECORD_AGE_SECONDS,
    'give whole seconds, from a minute to seven days',
  ),
  ...within(
    'reservedConcurrentExecutions',
    sizes.reservedConcurrentExecutions,
    1,
    100_000,
    'to stop a worker, disable its event source mapping',
  ),
];

function ofKind(props: StreamWorkerProps, { kind, retention }: SourceBinding, { maxRecordAge }: Sizes): Problem[] {
  const problems: Problem[] = [];
  for (const name of ['parallelizationFactor', 'tumblingWindow'] as const) {
    if (kind !== 'kafka' || props[name] === undefined) continue;
    problems.push({
      what: name,
      got: 'one',
      expected: 'none on Kafka',
      todo:
        name === 'tumblingWindow'
          ? 'gather in a table instead: Lambda has windows for Kinesis and DynamoDB only'
          : 'add partitions or pollers instead: Lambda has it for Kinesis and DynamoDB only',
    });
  }
  if (retention !== undefined && maxRecordAge !== undefined && maxRecordAge >= retention) {
    problems.push({
      what: 'maxRecordAge',
      got: `${maxRecordAge} s`,
      expected: `less than the stream keeps a record, ${retention} s`,
      todo: 'lower it or keep records longer: what leaves the stream before Lambda gives it up is lost without a trace',
    });
  }
  return problems;
}

function filterProblems(filters: StreamWorkerProps['filters']): Problem[] {
  if (filters === undefined) return [];
  const problems = within(
    'filters',
    filters.length,
    1,
    MAX_FILTERS,
    'make one pattern of several, or leave filters out',
  );
  for (const { pattern } of filters) {
    if (typeof pattern === 'string' && pattern.length <= MAX_PATTERN_CHARACTERS) continue;
    problems.push({
      what: 'a pattern of filters',
      got: typeof pattern === 'string' ? `${pattern.length} characters` : typeof pattern,
      expected: `what FilterCriteria.filter() makes, of at most ${MAX_PATTERN_CHARACTERS} characters`,
      todo: 'see event filtering of event source mappings',
    });
  }
  return problems;
}

function advice({ retryAttempts }: Sizes, { mapping }: SourceBinding): (Problem & { readonly id: string })[] {
  return [
    ...(retryAttempts === 0
      ? [
          {
            id: 'noRetries',
            what: 'retryAttempts',
            got: 0,
            expected: '1 or more',
            todo: 'raise it, or acknowledge this if the first failure of a record should be its last',
          },
        ]
      : []),
    ...(mapping.startingPosition === StartingPosition.LATEST
      ? [
          {
            id: 'startsLate',
            what: 'startingPosition',
            got: 'LATEST',
            expected: 'TRIM_HORIZON',
            todo: 'leave it out, or acknowledge this if records may be missed while the mapping is being made',
          },
        ]
      : []),
  ];
}
