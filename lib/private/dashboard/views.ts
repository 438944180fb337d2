import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { AsyncApi } from '../../async-api';
import type { AsyncFunction } from '../../async-function';
import type { AsyncWorker } from '../../async-worker';
import type { CircuitBreaker } from '../../circuit-breaker';
import type { EventLog } from '../../event-log';
import type { FanOutTopic } from '../../fan-out-topic';
import type { LoadLevelingQueue } from '../../load-leveling-queue';
import type { StreamWorker } from '../../stream-worker';
import type { PaceSpec } from '../contract';
import type { Outcomes, PaceView, View } from './view';

type Worker = AsyncWorker | LoadLevelingQueue | StreamWorker;

const outcomesOf = (worker: Worker): Outcomes => ({
  processed: worker.metricProcessed(),
  retried: worker.metricRetried(),
  dead: worker.metricDead(),
  deferred: worker.metricDeferred(),
});

export const workerView = (worker: AsyncWorker | LoadLevelingQueue): View => ({
  queue: worker.queue,
  outcomes: outcomesOf(worker),
  deadLetterQueues: [worker.deadLetterQueue],
  functions: [worker.function],
  tables: worker.idempotencyTable ? [worker.idempotencyTable] : [],
});

export function leveledView(worker: LoadLevelingQueue, pace: PaceSpec, perTenant: boolean): View {
  const common = workerView(worker);
  return {
    ...common,
    timeToDrain: worker.metricTimeToDrain(),
    pace: paceView(worker, pace, perTenant),
    functions: [worker.function, worker.controller],
    tables: [...(common.tables ?? []), worker.paceTable],
  };
}

function paceView(worker: LoadLevelingQueue, pace: PaceSpec, perTenant: boolean): PaceView {
  if (pace.kind === 'concurrency') {
    const mapping = worker.eventSourceMapping.node.defaultChild as lambda.CfnEventSourceMapping;
    const scaling = mapping.scalingConfig as lambda.CfnEventSourceMapping.ScalingConfigProperty | undefined;
    return {
      actual: worker.function.metric('ConcurrentExecutions', { statistic: 'max' }),
      limit: scaling?.maximumConcurrency,
      unit: 'invocations at once',
    };
  }
  const limit = pace.kind === 'rate' && !perTenant ? pace.count / pace.per : undefined;
  return { actual: worker.metricRate(), limit, unit: 'messages a second' };
}

export const streamView = (worker: StreamWorker): View => ({
  outcomes: outcomesOf(worker),
  age: worker.metricAge(),
  deadLetterQueues: [worker.deadLetterQueue, worker.onFailureQueue],
  functions: [worker.function, worker.recoveryFunction],
});

export const functionView = (fn: AsyncFunction): View => ({
  outcomes: { processed: fn.metricProcessed(), retried: fn.metricRetried(), dead: fn.metricDead() },
  counts: [fn.metricEventsDropped(), fn.metricDestinationDeliveryFailures()],
  age: fn.metricEventAge(),
  deadLetterQueues: fn.deadLetterQueue ? [fn.deadLetterQueue] : [],
  functions: [fn.function],
});

export const topicView = (topic: FanOutTopic): View => ({
  counts: [
    topic.metricNumberOfMessagesPublished(),
    topic.metricNumberOfNotificationsDelivered(),
    topic.metricNumberOfNotificationsFailed(),
    topic.metricNumberOfNotificationsFilteredOut(),
  ],
  topic: topic.topic,
});

export const logView = (log: EventLog): View => ({
  counts: [log.metricPublished(), log.metricArchived(), log.metricReplayed(), log.metricTampered()],
  deadLetterQueues: [log.deadLetterQueue],
  functions: [log.outbox, log.archiver, log.replayer],
  tables: [log.table, log.snapshotTable, log.replayTable],
});

export const apiView = (api: AsyncApi): View => ({
  counts: [api.metricCount(), api.metricClientError(), api.metricServerError()],
  functions: [api.function],
  tables: [api.table],
  requests: api.metricCount(),
});

export const breakerView = (breaker: CircuitBreaker): View => ({
  open: breaker.metricOpen(),
  functions: [breaker.controller],
  tables: [breaker.table],
});
