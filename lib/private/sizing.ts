import type { Problem } from './problem';

/**
 * The numbers of a worker that must agree, in seconds where they are times. A number that is not known at synth (a token)
 * or was not given is missing, and no rule looks at it.
 */
export interface Sizes {
  readonly fifo: boolean;
  readonly timeout?: number;
  readonly visibilityTimeout?: number;
  readonly batchSize?: number;
  readonly maxBatchingWindow?: number;
  readonly maxConcurrency?: number;
  readonly reservedConcurrentExecutions?: number;
  readonly maxReceiveCount?: number;
  readonly memorySize?: number;
  readonly maxBackoff?: number;
}

export interface Advice extends Problem {
  /** Stable: users acknowledge it. */
  readonly id: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export const VISIBILITY_FACTOR = 6;
export const MAX_TIMEOUT_SECONDS = 900;
export const MAX_RECEIVE_COUNT = 1000;
export const MAX_WINDOW_SECONDS = 300;
export const SOURCE_RETENTION_DAYS = 4;
export const DEAD_LETTER_RETENTION_DAYS = 14;
/** A message that the runtime dead-letters is a new one for the dead-letter queue, and its time there begins anew. */
export const MESSAGE_LIFETIME_DAYS = SOURCE_RETENTION_DAYS + DEAD_LETTER_RETENTION_DAYS;
const MAX_VISIBILITY_SECONDS = 12 * 3600;

export const defaultVisibilityTimeout = (timeout: number, window: number): number =>
  VISIBILITY_FACTOR * timeout + window;

const within = (what: string, value: number | undefined, min: number, max: number, todo: string): Problem[] =>
  value === undefined || (Number.isInteger(value) && value >= min && value <= max)
    ? []
    : [{ what, got: value, expected: `a whole number from ${min} to ${max}`, todo }];

/** What cannot work. AWS would refuse some of it at deployment; the rest would lose or repeat messages without a word. */
export function refusals(sizes: Sizes): Problem[] {
  const { fifo, timeout, visibilityTimeout, batchSize, maxBatchingWindow: window } = sizes;
  const problems = [
    ...within(
      'timeout',
      timeout,
      1,
      MAX_TIMEOUT_SECONDS,
      'give whole seconds; longer work belongs in a durable function or a step function',
    ),
    ...within('memorySize', sizes.memorySize, 128, 10_240, 'give MiB'),
    ...within('batchSize', batchSize, 1, fifo ? 10 : 10_000, 'see the limits of SQS event source mappings'),
    ...within('maxBatchingWindow', window, 0, MAX_WINDOW_SECONDS, 'give whole seconds'),
    ...within(
      'maxConcurrency',
      sizes.maxConcurrency,
      2,
      1000,
      'for one at a time use a FIFO queue with one message group',
    ),
    ...within(
      'reservedConcurrentExecutions',
      sizes.reservedConcurrentExecutions,
      1,
      100_000,
      'to stop a worker, disable its event source mapping',
    ),
    ...within(
      'maxReceiveCount',
      sizes.maxReceiveCount,
      1,
      MAX_RECEIVE_COUNT,
      'say how often a message is tried before it is dead',
    ),
    ...within(
      'visibilityTimeout',
      visibilityTimeout,
      0,
      MAX_VISIBILITY_SECONDS,
      'give whole seconds, 12 hours at most',
    ),
  ];
  if (fifo && window !== undefined && window > 0) {
    problems.push({
      what: 'maxBatchingWindow',
      got: `${window} s`,
      expected: 'none on a FIFO queue',
      todo: 'leave it out: Lambda does not take one there',
    });
  }
  if (!fifo && batchSize !== undefined && batchSize > 10 && window === 0) {
    problems.push({
      what: 'batchSize',
      got: batchSize,
      expected: 'at most 10 without a batching window',
      todo: 'give a maxBatchingWindow of 1 s or more',
    });
  }
  if (visibilityTimeout !== undefined && timeout !== undefined && visibilityTimeout < timeout + (window ?? 0)) {
    problems.push({
      what: 'visibilityTimeout',
      got: `${visibilityTimeout} s`,
      expected: `at least timeout + maxBatchingWindow, ${timeout + (window ?? 0)} s`,
      todo: 'raise it, or messages come back while they are being processed',
    });
  }
  const { maxConcurrency, reservedConcurrentExecutions: reserved } = sizes;
  if (maxConcurrency !== undefined && reserved !== undefined && reserved < maxConcurrency) {
    problems.push({
      what: 'reservedConcurrentExecutions',
      got: reserved,
      expected: `at least maxConcurrency, ${maxConcurrency}`,
      todo: 'raise it or lower maxConcurrency: throttled batches spend the receive counts of healthy messages',
    });
  }
  return problems;
}

/** What works, though seldom as meant. */
export function advice(sizes: Sizes): Advice[] {
  const { timeout, visibilityTimeout, maxBatchingWindow: window = 0, maxReceiveCount, maxBackoff = 0 } = sizes;
  const found: Advice[] = [];
  if (timeout !== undefined && visibilityTimeout !== undefined) {
    const advised = defaultVisibilityTimeout(timeout, window);
    if (visibilityTimeout < advised) {
      found.push({
        id: 'shortVisibilityTimeout',
        what: 'visibilityTimeout',
        got: `${visibilityTimeout} s`,
        expected: `${VISIBILITY_FACTOR} x timeout + maxBatchingWindow, ${advised} s, as AWS advises`,
        todo: 'leave it out, or acknowledge this if throttled batches may be received twice',
      });
    }
  }
  if (maxReceiveCount === 1) {
    found.push({
      id: 'noRetries',
      what: 'maxReceiveCount',
      got: 1,
      expected: '2 or more',
      todo: 'raise it, or acknowledge this if the first failure, a throttle included, should be the last',
    });
  }
  if (maxReceiveCount !== undefined && visibilityTimeout !== undefined) {
    const longest = (maxReceiveCount - 1) * Math.max(visibilityTimeout, maxBackoff);
    if (longest > SOURCE_RETENTION_DAYS * 86_400) {
      found.push({
        id: 'retriesOutliveRetention',
        what: 'maxReceiveCount x the longest delay',
        got: `${Math.round(longest / 3600)} h`,
        expected: `less than the queue's retention of ${SOURCE_RETENTION_DAYS} days`,
        todo: 'lower one of them, or SQS deletes a message that still fails before it is dead-lettered',
      });
    }
  }
  return found;
}
