import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import type { BreakerCalls } from './breaker/breaker';
import type { Config } from './config';
import type { RecordContext } from './context';
import type { Edge } from './edge';
import type { Identity } from './idempotency/prepare';
import type { StatementCalls } from './idempotency/store';
import type { Logger } from './log';
import type { Abortable } from './open';
import type { Outcome } from './outcome';
import type { PaceCalls } from './pace/pacer';

export interface GuardsOptions<T> {
  readonly edge: Edge;
  readonly calls: StatementCalls & BreakerCalls & PaceCalls;
  readonly config: Config;
  readonly log: Logger;
  readonly identity?: Identity<T>;
  /** Of the handler, if it says. */
  readonly concurrency?: number;
  paceKey?(message: T): string;
  isDependencyFailure?(thrown: unknown): boolean;
  read(record: SQSRecord): T | Promise<T>;
  process(message: T, context: RecordContext): unknown;
}

/** What is of one batch. Times are milliseconds since the epoch. */
export interface GuardedBatch {
  readonly records: readonly SQSRecord[];
  readonly log: Logger;
  readonly startedAt: number;
  /** When running records are given up. */
  readonly deadline: number;
  /** When the reply can wait no longer. */
  readonly replyBy: number;
  /** What a failure makes of a record that has been handed out so often. */
  judge(record: SQSRecord, thrown: unknown, receives: number): Outcome;
  /** Opens, reads and handles a record. */
  handle(record: SQSRecord, context: RecordContext): unknown;
  /** Makes of a record what its sender sent; missing where that is the record. */
  open?(record: SQSRecord, abortable: Abortable): SQSRecord | Promise<SQSRecord>;
}
