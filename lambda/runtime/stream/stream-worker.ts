import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context } from 'aws-lambda/handler';
import { abortAt } from '../abort-at';
import { parseJson, validate } from '../decode';
import { describe, sentence } from '../describe';
import { type Edge, lambdaEdge } from '../edge';
import { isPermanent } from '../errors';
import { flushed } from '../flushed';
import { jsonLoggers, type Logger, loggersFor } from '../log';
import { metricsLine } from '../metrics';
import type { Outcome } from '../outcome';
import { afterSends, flushAll, hasSends } from '../producer/pending';
import { Burial, type Buried } from './burial';
import { checkpointOf } from './checkpoint';
import { readStreamConfig, type StreamConfig } from './config';
import type { RecordContext, StreamContext, StreamInvocation } from './context';
import { batchOf, type StreamEvent } from './envelope';
import { streamCountsOf } from './metrics';
import type { ItemIdentifier, StreamBatch, StreamRecord } from './record';
import { ShardBatch, type Verdict } from './shard-batch';
import { textOf } from './text';
import { Gathering, type WindowOptions } from './window';

export interface StreamWorkerCommon<T> {
  /**
   * What a message must be: a schema of zod, valibot, arktype or any other that implements https://standardschema.dev. Of
   * DynamoDB that is the whole `Change`. One that does not match goes to the dead-letter queue with the issues as its reason.
   * @default - messages are not checked
   */
  readonly schema?: StandardSchemaV1<unknown, T>;
  /**
   * Reads the data of a record of Kinesis, or the value of one of Kafka. What it throws is treated as a failure of the record.
   * Not asked for DynamoDB, nor for a tombstone of Kafka, which is the message `null`.
   * @default - JSON in UTF-8; anything else is a permanent error
   */
  parse?(data: Buffer): unknown;
  /**
   * How many records of a batch run at once, each of another key.
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * Writes the lines of the runtime and of `context.log`, with worker, request and message id as fields.
   * @default - JSON lines on stdout, by Lambda's log level
   */
  readonly logger?: Logger;
}

/** A handler of single records, or of what tumbling windows gather. */
export type StreamWorkerOptions<T, S = unknown> = StreamWorkerCommon<T> &
  (
    | {
        /**
         * Handles one record; those of one key come in their order. Returning (or resolving) passes it; `PermanentError` moves
         * it to the dead-letter queue and the shard goes on; whatever else is thrown brings it back, with all behind it.
         */
        process(message: T, context: StreamContext): unknown;
        readonly window?: undefined;
      }
    | {
        /** Gathers what comes within a tumbling window. Needs `tumblingWindow` on the construct. */
        readonly window: WindowOptions<T, S>;
        readonly process?: undefined;
      }
  );

/** What Lambda is told. */
export interface StreamReply {
  readonly batchItemFailures: readonly { readonly itemIdentifier: ItemIdentifier }[];
  /** With tumbling windows. */
  readonly state?: unknown;
}

export type StreamWorkerHandler = (event: StreamEvent, context?: Context) => Promise<StreamReply>;

/** Kept back from the function's timeout for dead letters, metrics and the reply, in milliseconds. */
const RESERVE = 1_000;
const DEFAULT_CONCURRENCY = 10;

const check = <T, S>(
  { process, window, concurrency }: StreamWorkerOptions<T, S>,
  { worker, spec }: StreamConfig,
): void => {
  if ((typeof process === 'function') === (window !== undefined)) {
    throw new TypeError(
      `streamWorker: got process of type ${typeof process} and window of type ${typeof window}, expected one of them`,
    );
  }
  for (const name of ['initial', 'reduce', 'end'] as const) {
    if (window && typeof window[name] !== 'function') {
      throw new TypeError(`streamWorker: got window.${name} of type ${typeof window[name]}, expected a function`);
    }
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new RangeError(`streamWorker: got concurrency ${concurrency}, expected a whole number of 1 or more`);
  }
  if (spec !== undefined && spec.window !== (window !== undefined)) {
    const [got, expected] = spec.window
      ? ['tumblingWindow on its StreamWorker', 'window in the handler']
      : ['window in the handler', 'tumblingWindow on its StreamWorker'];
    throw new Error(`worker ${worker}: got ${got}, expected ${expected} too; one does nothing without the other`);
  }
};

/** Nothing of the batch could be passed. Thrown, it has Lambda split the batch, until what cannot be handled stands alone. */
class BatchError extends Error {
  override readonly name = 'BatchError';
}

const checkWindow = (window: StreamBatch['window'], wanted: boolean): void => {
  if ((window !== undefined) !== wanted) {
    throw new TypeError(
      `not the event that this handler is for: got ${window ? 'a' : 'no'} tumbling window, expected ${wanted ? 'one' : 'none'}; ` +
        'set tumblingWindow on the event source mapping and window in the handler, or neither',
    );
  }
};

const remainsOf = ({ bounds, shardId }: NonNullable<StreamBatch['window']>, state: Buffer): Buried => ({
  id: `window ${bounds.start}`,
  bytes: () => state,
  location: { source: '', shardId, sequenceNumber: '' },
  details: { window: bounds },
});

/** `streamWorker` with its edge as a parameter: what the tests call. */
export function streamWorkerOn<T, S = unknown>(edge: Edge, options: StreamWorkerOptions<T, S>): StreamWorkerHandler {
  const config = readStreamConfig(edge.env);
  check(options, config);
  const { schema, logger } = options;
  const parse = options.parse?.bind(options) ?? ((data: Buffer) => parseJson(textOf(data)));
  const makeLoggers = logger ? loggersFor(logger) : jsonLoggers(edge);

  const read = (record: StreamRecord): T | Promise<T> => {
    const message = record.read(parse);
    return schema ? validate(schema, message) : (message as T);
  };
  const handleWith =
    (take: (message: T, context: RecordContext) => unknown) =>
    (record: StreamRecord, context: RecordContext): unknown => {
      const message = read(record);
      // What a handler sends on behalf of its message belongs to handling it.
      return message instanceof Promise
        ? message.then((valid) => afterSends(take(valid, context), context))
        : afterSends(take(message, context), context);
    };

  return async (event, context) => {
    const { records, window } = batchOf(event);
    checkWindow(window, options.window !== undefined);
    const startedAt = edge.now();
    const end = startedAt + (context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY);
    const reserve = Math.min(RESERVE, (end - startedAt) / 4);
    const deadline = end - reserve;
    const replyBy = end - reserve / 5;
    const loggers = makeLoggers({ worker: config.worker, requestId: context?.awsRequestId });
    const invocation: StreamInvocation = {
      deadline,
      now: edge.now,
      logFor: ({ id }) => loggers.of({ messageId: id }),
    };

    const gathering = options.window && new Gathering<T, S>(options.window, window!);
    const take = gathering
      ? (message: T, recordContext: RecordContext) => gathering.add(message, recordContext)
      : (message: T, recordContext: RecordContext) => options.process!(message, recordContext);
    const alarm = abortAt(replyBy, startedAt);
    const burial = new Burial({ edge, queueUrl: config.deadLetterQueueUrl, log: loggers.own, alarm });

    const retry = (record: StreamRecord, thrown: unknown): Outcome => {
      const error = describe(thrown);
      invocation.logFor(record).warn('message will be retried', { error });
      return { kind: 'retry', reason: sentence(error) };
    };
    const judge = (record: StreamRecord, thrown: unknown): Verdict => {
      if (!isPermanent(thrown)) return retry(record, thrown);
      return async () => {
        const error = describe(thrown);
        const reason = error.message;
        invocation.logFor(record).error('message is dead', { reason, error });
        const { id, location } = record;
        const buried = await burial.bury({ id, location, bytes: () => record.bytes() }, reason);
        return buried
          ? { kind: 'dead', reason }
          : { kind: 'retry', reason: `the dead-letter queue did not take it: ${reason}` };
      };
    };

    try {
      const ran = await new ShardBatch({
        // What a window has gathered depends on the order of all.
        records: gathering ? records.map((record) => ({ ...record, key: '' })) : records,
        concurrency: gathering ? 1 : (options.concurrency ?? DEFAULT_CONCURRENCY),
        invocation,
        handle: handleWith(take),
        judge,
        giveUp: retry,
      }).run();
      const flushBy = abortAt((deadline + replyBy) / 2, edge.now());
      const outcomes = hasSends() ? await flushed(ran, loggers.own, flushBy) : ran;
      flushBy.clear();
      const { failures, blocked } = checkpointOf(records, outcomes);
      if (config.worker !== undefined) {
        const counts = streamCountsOf(records, outcomes, startedAt);
        edge.write(metricsLine(config.worker, context?.awsRequestId, counts, startedAt));
      }
      if (blocked !== undefined && config.spec !== undefined) {
        const outcome = outcomes[blocked]!;
        throw new BatchError(
          `nothing before ${records[blocked]!.id} could be passed: ${'reason' in outcome ? outcome.reason : 'there was no time to start'}`,
        );
      }
      if (gathering && failures.length === 0) {
        await gathering.end({ log: loggers.own, deadline, now: edge.now() }, (state, thrown) => {
          const error = describe(thrown);
          loggers.own.error('window is dead', { reason: error.message, error, window: window!.bounds });
          return burial.bury(remainsOf(window!, state), error.message);
        });
        // What `end` has sent belongs to it.
        const [lost] = await flushAll(alarm.signal);
        if (lost) throw lost;
      }
      return {
        batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })),
        ...(gathering && { state: gathering.carried }),
      };
    } finally {
      alarm.clear();
    }
  };
}

/**
 * Makes a Lambda handler for Kinesis, DynamoDB streams or Kafka of a function that handles one record.
 *
 * @throws TypeError, RangeError if an option is none
 */
export const streamWorker = <T = unknown, S = unknown>(options: StreamWorkerOptions<T, S>): StreamWorkerHandler =>
  streamWorkerOn(lambdaEdge, options);
