import { Duration } from 'aws-cdk-lib';
import { concurrencyFor, defaultBatchSize, type PaceSpec } from '../contract';
import type { Problem } from '../problem';
import { MAX_TIMEOUT_SECONDS } from '../sizing';

/** What was given; a timeout that is not known at synth is missing. */
export interface PaceInput {
  readonly pace: PaceSpec;
  readonly perTenant: boolean;
  readonly changes: readonly PaceSpec[];
  readonly batchSize?: number;
  readonly maxConcurrency?: number;
  readonly timeout?: number;
  /** The timeout is somebody else's to set. */
  readonly hasOwnTimeout: boolean;
}

export interface PaceSizes {
  readonly batchSize: number;
  readonly maxConcurrency: number;
  readonly timeout?: Duration;
  /** Seconds that slots are taken ahead of their time. */
  readonly lookahead: number;
}

/** Where each tenant has its own pace, a batch must not wait for one while the others' messages are behind it. */
const LOOKAHEAD_PER_TENANT = 3;
const DEFAULT_TIMEOUT_SECONDS = 30;
/** What the runtime keeps of a wait for messages that come back for it: a quarter, five seconds at most. */
const withKept = (seconds: number): number => Math.min(seconds / 0.75, seconds + 5);
/** A wait is half of an invocation, which keeps a second for itself. */
const timeoutFor = (inHand: number): number => Math.ceil(2 * withKept(inHand)) + 1;

const round = (seconds: number): string => `${Math.round(seconds * 10) / 10} s`;

/** The numbers that follow from a pace, or why they do not. */
export function paceSizes(input: PaceInput): PaceSizes | Problem {
  const { pace, perTenant, changes } = input;
  const batchSize = input.batchSize ?? defaultBatchSize(pace, perTenant);
  const maxConcurrency = input.maxConcurrency ?? concurrencyFor(pace, batchSize, perTenant).maxConcurrency;
  const paces = [pace, ...changes].filter(({ kind }) => kind !== 'closed');
  const problem = paces.map((each) => concurrencyProblem(each, input, batchSize)).find((found) => found !== undefined);
  if (problem) return problem;
  if (pace.kind !== 'rate' || perTenant)
    return { batchSize, maxConcurrency, lookahead: perTenant ? LOOKAHEAD_PER_TENANT : MAX_TIMEOUT_SECONDS };

  const inHand = Math.max(...paces.map((each) => secondsInHand(each, input, batchSize)));
  const needed = timeoutFor(inHand);
  const timeout = input.timeout ?? (input.hasOwnTimeout ? undefined : Math.max(DEFAULT_TIMEOUT_SECONDS, needed));
  if (timeout !== undefined && (timeout < needed || needed > MAX_TIMEOUT_SECONDS)) {
    const sized = input.batchSize !== undefined || input.maxConcurrency !== undefined;
    return {
      what: 'pace',
      got: `${round(inHand)} until the last of the messages in hand has its turn`,
      expected: `less than half of the timeout of ${timeout} s`,
      todo:
        needed <= MAX_TIMEOUT_SECONDS
          ? `give a timeout of ${needed} s${sized ? ', or lower batchSize or maxConcurrency' : ''}: a message waits for its turn in the function`
          : sized
            ? 'lower batchSize or maxConcurrency'
            : 'let a schedule start work that is so rare: a function lives for 15 minutes',
    };
  }
  return {
    batchSize,
    maxConcurrency,
    lookahead: MAX_TIMEOUT_SECONDS,
    ...(input.timeout === undefined && timeout !== undefined && { timeout: Duration.seconds(timeout) }),
  };
}

function secondsInHand(pace: PaceSpec, input: PaceInput, batchSize: number): number {
  if (pace.kind !== 'rate') return 0;
  const { maxConcurrency = concurrencyFor(pace, batchSize).maxConcurrency } = input;
  return (maxConcurrency * batchSize * pace.per) / pace.count;
}

function concurrencyProblem(pace: PaceSpec, { maxConcurrency }: PaceInput, batchSize: number): Problem | undefined {
  if (pace.kind !== 'concurrency') return undefined;
  const { limit } = pace;
  if (
    maxConcurrency !== undefined &&
    limit > 1 &&
    (limit % maxConcurrency !== 0 || limit / maxConcurrency > batchSize)
  ) {
    return {
      what: 'maxConcurrency',
      got: maxConcurrency,
      expected: `a divisor of the pace's concurrency, ${limit}, of which a batch of ${batchSize} can run the rest`,
      todo: 'leave it out: it follows from the pace',
    };
  }
  const { maxConcurrency: most, each = 1 } = concurrencyFor(pace, batchSize);
  if (limit === 1 || maxConcurrency !== undefined || most * each === limit) return undefined;
  return {
    what: 'Pace concurrency',
    got: limit,
    expected: `a product of up to 1000 invocations with up to ${batchSize} messages each`,
    todo: `give ${most * each}, or a larger batchSize`,
  };
}
