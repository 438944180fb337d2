import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context } from 'aws-lambda/handler';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda/trigger/sqs';
import { abortAt } from './abort-at';
import { Batch } from './batch';
import { type Config, readConfig } from './config';
import { DeadlineError, type Invocation, originOf, type RecordContext, type WorkerContext } from './context';
import { parseJson, validate } from './decode';
import { describe } from './describe';
import { type Edge, lambdaEdge } from './edge';
import { isFifo, recordsOf } from './envelope';
import { flushed } from './flushed';
import type { Guards } from './guards';
import type { Identity } from './idempotency/prepare';
import { jsonLoggers, type Logger, loggersFor } from './log';
import { countsOf, metricsLine } from './metrics';
import { hasRoom, judge, type Outcome, receiveCountOf } from './outcome';
import { afterSends, hasSends } from './producer/pending';
import { tracing } from './telemetry';

export interface WorkerOptions<T> {
  /**
   * Handles one message. Returning (or resolving) acknowledges it; whatever is thrown hurts this message only:
   * `PermanentError` moves it to the dead-letter queue, `RetryAfter` and every other value bring it back later.
   */
  process(message: T, context: WorkerContext): unknown;
  /**
   * What a body must be: a schema of zod, valibot, arktype or any other that implements https://standardschema.dev.
   * A message that does not match goes to the dead-letter queue with the issues as its reason.
   * @default - bodies are not checked
   */
  readonly schema?: StandardSchemaV1<unknown, T>;
  /**
   * Reads a body. What it throws is treated as a failure of the message.
   * @default - JSON; anything else is a permanent error
   */
  parse?(body: string): unknown;
  /**
   * How many messages of a batch run at once, or, of a FIFO batch, how many groups.
   * @default - 10; with a pace, as many as that allows
   */
  readonly concurrency?: number;
  /**
   * Names the work of a message: two messages of one key are done once, however often they are delivered, as long as the key
   * is remembered. Needs `idempotency` on the construct. A key that is empty or no text is a permanent error.
   * @default - every delivery runs
   */
  idempotencyKey?(message: T): string;
  /**
   * What must be the same under one key. The same key with something else is a permanent error.
   * @default - the whole body
   */
  idempotencyPayload?(message: T): unknown;
  /**
   * Whose pace a message goes by, where the pace of the construct is per tenant.
   * @default - its message group: the tenant of a fair queue
   */
  paceKey?(message: T): string;
  /**
   * What counts as a failure of the dependency that the circuit breaker of the construct guards, beside `DependencyError`.
   * @default - nothing else
   */
  isDependencyFailure?(thrown: unknown): boolean;
  /**
   * Where lines go that the runtime and `context.log` write.
   * @default - one JSON line each on standard output
   */
  readonly logger?: Logger;
}

/** A Lambda function handler for an SQS event source mapping that reports batch item failures. */
export type WorkerHandler = (event: SQSEvent, context?: Context) => Promise<SQSBatchResponse>;

/** Time that is kept for what the outcomes ask of SQS, at most, in milliseconds: two calls and a client that loads. */
const RESERVE = 1_000;
const DEFAULT_CONCURRENCY = 10;

const check = <T>({ process, concurrency }: WorkerOptions<T>): void => {
  if (typeof process !== 'function') {
    throw new TypeError(`worker: got process of type ${typeof process}, expected a function (message, context) => …`);
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new RangeError(`worker: got concurrency ${concurrency}, expected a whole number of 1 or more`);
  }
};

/** Half of idempotency is none, and nobody would notice before the second charge. */
const checkIdempotency = (hasKey: boolean, { worker, idempotency }: Config): void => {
  if (worker === undefined || hasKey === (idempotency !== undefined)) return;
  const [got, expected] = hasKey
    ? ['idempotencyKey in the handler', 'idempotency on its AsyncWorker']
    : ['idempotency on its AsyncWorker', 'idempotencyKey in the handler'];
  throw new Error(`worker ${worker}: got ${got}, expected ${expected} too; one does nothing without the other`);
};

/** `worker` with its edge as a parameter: what the tests call. */
export function workerOn<T>(edge: Edge, options: WorkerOptions<T>): WorkerHandler {
  check(options);
  const config = readConfig(edge.env);
  const { schema, logger, concurrency = DEFAULT_CONCURRENCY } = options;
  const parse = options.parse?.bind(options) ?? parseJson;

  const identity: Identity<T> | undefined = options.idempotencyKey && {
    keyOf: options.idempotencyKey.bind(options),
    payloadOf: options.idempotencyPayload?.bind(options),
  };
  checkIdempotency(identity !== undefined, config);

  const read = ({ body }: SQSRecord): T | Promise<T> => {
    const parsed = parse(body);
    return schema ? validate(schema, parsed) : (parsed as T);
  };
  // What a handler sends on behalf of its message belongs to handling it.
  const process = (message: T, context: RecordContext): unknown =>
    afterSends(options.process(message, context), context);
  const handle = (record: SQSRecord, context: RecordContext): unknown => {
    const message = read(record);
    return message instanceof Promise ? message.then((valid) => process(valid, context)) : process(message, context);
  };

  const opens = config.payloads ?? config.envelopes;

  const makeLoggers = logger ? loggersFor(logger) : jsonLoggers(edge);

  let made: Promise<Guards<T>> | undefined;
  const makeGuards = async (): Promise<Guards<T>> => {
    const { Guards, calls } = await edge.storePath();
    return new Guards<T>({
      edge,
      calls,
      config,
      log: makeLoggers({ worker: config.worker }).own,
      identity,
      isDependencyFailure: options.isDependencyFailure?.bind(options),
      paceKey: options.paceKey?.bind(options),
      concurrency: options.concurrency,
      read,
      process,
    });
  };
  const guards = (identity || config.circuitBreaker || config.pace || config.jobs) && (() => (made ??= makeGuards()));

  const canMove = (record: SQSRecord): boolean => config.deadLetterQueueUrl !== undefined && hasRoom(record);

  return async (event, context) => {
    const records = recordsOf(event);
    const startedAt = edge.now();
    const end = startedAt + (context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY);
    const reserve = Math.min(RESERVE, (end - startedAt) / 4);
    const loggers = makeLoggers({ worker: config.worker, requestId: context?.awsRequestId });
    const opener = opens ? new (await edge.openPath()).Opener(config, edge) : undefined;
    const provider = tracing();
    const spans = provider && new (await edge.spanPath()).Spans(provider);
    const invocation: Invocation = {
      deadline: end - reserve,
      now: edge.now,
      logFor: (record) => loggers.of(originOf(opener?.shown(record) ?? record)),
      shown: opener?.shown,
    };
    const judgeRecord = (record: SQSRecord, thrown: unknown, receives?: number): Outcome => {
      const outcome = judge(record, thrown, { maxReceiveCount: config.maxReceiveCount, canMove }, receives);
      report(invocation.logFor(record), outcome, receiveCountOf(record), thrown);
      return outcome;
    };
    const { deadline } = invocation;
    const replyBy = end - reserve / 5;
    const handleOpened = opener?.handling(handle) ?? handle;
    const guard =
      guards &&
      (await (
        await guards()
      ).open({
        records,
        log: loggers.own,
        startedAt,
        deadline,
        replyBy,
        judge: judgeRecord,
        handle: handleOpened,
        open: opener?.open,
      }));
    const handleGuarded = guard
      ? (record: SQSRecord, recordContext: RecordContext, i: number) => guard.handle(record, recordContext, i)
      : handleOpened;
    const ran = await new Batch({
      records,
      fifo: isFifo(records),
      concurrency: () => guard?.concurrency(concurrency) ?? concurrency,
      invocation,
      handle: spans?.around(handleGuarded) ?? handleGuarded,
      decided: guard && ((i) => guard.decided(i)),
      judge: guard ? (record, thrown) => guard.judge(record, thrown) : judgeRecord,
    }).run();
    spans?.giveUp(new DeadlineError());

    const sent = hasSends() ? await flushed(ran, loggers.own, abortAt((deadline + replyBy) / 2, edge.now())) : ran;
    let outcomes: readonly Outcome[] = guard ? await guard.finish(sent) : sent;
    let failures: readonly string[] = [];
    if (outcomes.some(({ kind }) => kind !== 'done')) {
      const { settle, calls } = await edge.failurePath();
      const settlement = { edge, calls, config, log: loggers.own, replyBy };
      ({ outcomes, failures } = await settle(settlement, records, outcomes, startedAt));
    }
    if (config.worker !== undefined) {
      edge.write(metricsLine(config.worker, context?.awsRequestId, countsOf(records, outcomes, startedAt), startedAt));
    }
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** One line a failure. It names the message and says why, and holds nothing of the body. */
function report(log: Logger, outcome: Outcome, receiveCount: number, thrown: unknown): void {
  const error = describe(thrown);
  if (outcome.kind === 'dead') log.error('message is dead', { reason: outcome.reason, receiveCount, error });
  else log.warn('message will be retried', { receiveCount, error });
}

/**
 * Makes a Lambda handler of a function that handles one message.
 *
 * @throws TypeError, RangeError if an option is none
 */
export const worker = <T = unknown>(options: WorkerOptions<T>): WorkerHandler => workerOn(lambdaEdge, options);
