import { Annotations, Duration, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AsyncWorkerProps } from '../async-worker';
import { Backoff } from '../backoff';
import { type BackoffSpec, DEFAULT_MAX_RECEIVE_COUNT } from './contract';
import { InvalidInput, problemText } from './problem';
import {
  advice,
  defaultVisibilityTimeout,
  MAX_RECEIVE_COUNT,
  MAX_TIMEOUT_SECONDS,
  MAX_WINDOW_SECONDS,
  refusals,
} from './sizing';

export type NumberProps = Pick<
  AsyncWorkerProps,
  | 'handler'
  | 'timeout'
  | 'memorySize'
  | 'fifo'
  | 'batchSize'
  | 'maxBatchingWindow'
  | 'maxConcurrency'
  | 'reservedConcurrentExecutions'
  | 'maxReceiveCount'
  | 'visibilityTimeout'
  | 'backoff'
> & {
  /** Receives may be forgiven, so SQS must not be the first to count. */
  readonly forgiving: boolean;
  /** How many, at most; 100 by default. */
  readonly forgivenReceives?: number;
};

/** The numbers of a worker, which agree. */
export interface WorkerNumbers {
  readonly fifo: boolean;
  readonly timeout: Duration;
  readonly batchSize: number;
  readonly maxBatchingWindow?: Duration;
  readonly visibilityTimeout: Duration;
  readonly backoff: BackoffSpec;
  /** Attempts that a message has. */
  readonly maxReceiveCount: number;
  /** When SQS dead-letters by itself what the runtime did not. */
  readonly redriveCount: number;
  /** Seconds after which the oldest message is an alarm. */
  readonly maxAge: number;
}

const DEFAULT_TIMEOUT_SECONDS = 30;
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
export const LAMBDA_DEFAULT_TIMEOUT = Duration.seconds(3);
const DEFAULT_BATCH_SIZE = 10;
const FORGIVEN_RECEIVES = 100;
const MIN_AGE_SECONDS = 900;

export const known = (value: number | undefined): number | undefined => (Token.isUnresolved(value) ? undefined : value);
export const seconds = (value: Duration): number | undefined =>
  value.isUnresolved() ? undefined : value.toSeconds({ integral: false });

/** Fills in the defaults, refuses what cannot work and warns about what is seldom meant. */
export function workerNumbers(scope: Construct, props: NumberProps): WorkerNumbers {
  const { fifo = false, batchSize = DEFAULT_BATCH_SIZE, maxReceiveCount = DEFAULT_MAX_RECEIVE_COUNT } = props;
  const timeout = timeoutOf(scope, props);
  const backoff = (props.backoff ?? Backoff.exponential())._spec;
  const window = props.maxBatchingWindow ?? (batchSize > 10 && !fifo ? Duration.seconds(1) : undefined);
  const visibilityTimeout =
    props.visibilityTimeout ??
    Duration.seconds(
      defaultVisibilityTimeout(
        seconds(timeout) ?? MAX_TIMEOUT_SECONDS,
        window ? (seconds(window) ?? MAX_WINDOW_SECONDS) : 0,
      ),
    );
  const sizes = {
    fifo,
    timeout: seconds(timeout),
    visibilityTimeout: seconds(visibilityTimeout),
    batchSize: known(batchSize),
    maxBatchingWindow: window ? seconds(window) : 0,
    maxConcurrency: known(props.maxConcurrency),
    reservedConcurrentExecutions: known(props.reservedConcurrentExecutions),
    maxReceiveCount: known(maxReceiveCount),
    memorySize: known(props.memorySize),
    maxBackoff: known(backoff.max),
  };
  for (const problem of refusals(sizes)) throw new InvalidInput(problem, scope);
  for (const { id, ...problem } of advice(sizes)) {
    Annotations.of(scope).addWarningV2(`cdk-async-patterns:${id}`, problemText(problem));
  }
  return {
    fifo,
    timeout,
    batchSize,
    maxBatchingWindow: window,
    visibilityTimeout,
    backoff,
    maxReceiveCount,
    redriveCount: props.forgiving ? withForgiven(maxReceiveCount, props.forgivenReceives) : maxReceiveCount,
    maxAge: Math.max(MIN_AGE_SECONDS, 2 * (sizes.visibilityTimeout ?? 0)),
  };
}

/** The runtime counts attempts itself, leaving out the receives that were none; SQS's count is the net below. */
export const withForgiven = (maxReceiveCount: number, forgiven = FORGIVEN_RECEIVES): number =>
  Token.isUnresolved(maxReceiveCount) ? MAX_RECEIVE_COUNT : Math.min(MAX_RECEIVE_COUNT, maxReceiveCount + forgiven);

/** The timeout of a function: the one given, the default, or that of a function that exists already. */
export function timeoutOf(scope: Construct, { handler, timeout }: Pick<NumberProps, 'handler' | 'timeout'>): Duration {
  const fn = handler._function;
  if (!(fn instanceof lambda.Function)) return timeout ?? Duration.seconds(DEFAULT_TIMEOUT_SECONDS);
  if (timeout) {
    throw new InvalidInput(
      {
        what: 'timeout',
        got: `${timeout.toSeconds()} s`,
        expected: 'nothing with Handler.fromFunction',
        todo: 'set it on the function itself',
      },
      scope,
    );
  }
  return fn.timeout ?? LAMBDA_DEFAULT_TIMEOUT;
}
