import type { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Backoff } from './backoff';
import type { Backpressure } from './backpressure';
import type { CircuitBreaker } from './circuit-breaker';
import type { Handler } from './handler';
import type { Idempotency } from './idempotency';
import type { Pace } from './pace';
import type { PayloadStore } from './payload-store';

/** A change of pace at set times. */
export interface PaceChange {
  /** When: a cron expression, or once. */
  readonly at: ScheduleExpression;
  /** The pace from then on, until the next change. */
  readonly pace: Pace;
}

/** Properties of a `LoadLevelingQueue`. */
export interface LoadLevelingQueueProps {
  /** What handles the messages. */
  readonly handler: Handler;

  /** What the downstream bears. */
  readonly pace: Pace;

  /**
   * When producers are to slow down. Those that `connectProducer` has connected then wait or are told when to come again.
   * @default - never; the alarm fires at an hour to drain
   */
  readonly backpressure?: Backpressure;

  /**
   * Changes of pace at set times: faster at night, `Pace.closed()` in a window. Of the kind of `pace`, or closed. A deployment
   * that changes `pace` starts with that, until the next change.
   * @default - none
   */
  readonly schedule?: PaceChange[];

  /**
   * How long one invocation may take, 15 minutes at most. Half of it is for waiting for a turn, half for the work.
   * @default - 30 seconds, or as long as the pace needs; with Handler.fromFunction, the function's own
   */
  readonly timeout?: Duration;

  /**
   * Memory of the function in MiB; CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * The most messages that one invocation gets, up to 10,000.
   * @default - as the pace needs: 1 to 100
   */
  readonly batchSize?: number;

  /**
   * The most invocations that the queue has at once, 2 to 1,000. More, or a larger `batchSize`, lets handlers take longer
   * without leaving a slot unused.
   * @default - as the pace needs: with a rate, 5 seconds' worth of messages in hand
   */
  readonly maxConcurrency?: number;

  /**
   * Concurrency set aside for the function, which is also its limit. At least `maxConcurrency`.
   * @default - shared with the account
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * How often a message is tried before it is dead, 1 to 1,000. Waiting for a turn is no try.
   * @default 5
   */
  readonly maxReceiveCount?: number;

  /**
   * How long a failed message rests before its next attempt.
   * @default Backoff.exponential()
   */
  readonly backoff?: Backoff;

  /**
   * Do work with the same key once; the handler says what the key is. Duplicates take no slots.
   * @default - every delivery runs
   */
  readonly idempotency?: Idempotency;

  /**
   * Pauses the worker while what it calls is down. Not together with a `schedule`: both change the event source mapping.
   * @default - none
   */
  readonly circuitBreaker?: CircuitBreaker;

  /**
   * Where bodies lie that are too large to travel. Who is connected puts them there, the handler gets them as if they had
   * come with the message.
   * @default - none: SQS takes 1 MiB
   */
  readonly payloadStore?: PayloadStore;

  /**
   * Customer-managed key for the queues, the log groups, the functions' environments and the tables.
   * @default - SQS-managed encryption of the queues, AWS-owned keys for the rest
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Who hears of alarms.
   * @default - the alarms exist and notify nobody
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Environment variables of the function, beside those that the runtime reads.
   * @default - none
   */
  readonly environment?: { [key: string]: string };
}
