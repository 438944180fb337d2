import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context } from 'aws-lambda/handler';
import { ENV, type FailureSpec, FUNCTION_ENV, type PayloadPlace } from '../../../lib/private/contract';
import { abortAt } from '../abort-at';
import { DeadlineError } from '../context';
import { parseJson, validate, withoutProto } from '../decode';
import { describe, sentence } from '../describe';
import { isPermanent } from '../errors';
import { type ReceivedEvent, readEvent, storedPayload } from '../invoker/event';
import { jsonLoggers, type Logger, loggersFor } from '../log';
import { metricsLine } from '../metrics';
import { fetchPayload } from '../producer/payload';
import { afterSends, flushAll, hasSends } from '../producer/pending';
import { persist } from '../producer/persist';
import type { Pointer } from '../producer/pointer';
import { type AsyncFunctionContext, EventContext, invocationOf } from './context';
import { type FunctionEdge, lambdaFunctionEdge } from './edge';
import { type Failure, moveToFailures } from './failure';
import { permanentRecord } from './record';

export interface AsyncFunctionOptions<T, R = unknown> {
  /**
   * Handles one event. What it returns is what a destination for successes gets as `responsePayload`. Whatever it throws has
   * Lambda try again, as often as `retryAttempts` says; `PermanentError` does not.
   */
  process(payload: T, context: AsyncFunctionContext): R | Promise<R>;
  /**
   * What a payload must be: any Standard Schema. One that does not match is a permanent error.
   * @default - payloads are not checked
   */
  readonly schema?: StandardSchemaV1<unknown, T>;
  /**
   * Where lines go that the runtime and `context.log` write.
   * @default - one JSON line each on standard output
   */
  readonly logger?: Logger;
}

/** A Lambda function handler for asynchronous invocations. */
export type AsyncFunctionHandler<R = unknown> = (event: unknown, context?: Context) => Promise<R | undefined>;

/** Time that is kept for moving an event to the failure destination, at most, in milliseconds. */
const RESERVE = 1_000;

interface Config {
  readonly name: string | undefined;
  readonly failure: FailureSpec | undefined;
  readonly places: readonly PayloadPlace[];
}

const json = <T>(env: FunctionEdge['env'], name: string): T | undefined => {
  const value = env[name];
  if (value === undefined) return undefined;
  try {
    return JSON.parse(value) as T;
  } catch {
    throw new Error(`environment variable ${name}: got ${JSON.stringify(value)}, expected the JSON of its construct`);
  }
};

/** `asyncFunction` with its edge as a parameter: what the tests call. */
export function asyncFunctionOn<T, R>(
  edge: FunctionEdge,
  options: AsyncFunctionOptions<T, R>,
): AsyncFunctionHandler<R> {
  const { schema, logger } = options;
  if (typeof options.process !== 'function') {
    throw new TypeError(
      `asyncFunction: got process of type ${typeof options.process}, expected a function (payload, context) => …`,
    );
  }
  const config: Config = {
    name: edge.env[ENV.worker],
    failure: json<FailureSpec>(edge.env, FUNCTION_ENV.failure),
    places: json<PayloadPlace[]>(edge.env, ENV.payloads) ?? [],
  };
  const makeLoggers = logger ? loggersFor(logger) : jsonLoggers(edge);

  /** Attempts are three at most: one that S3 throttles must not cost one. */
  const fetched = async (pointer: Pointer, signal: AbortSignal): Promise<string> => {
    const calls = await edge.storeCalls();
    return persist(() => fetchPayload(calls, pointer, signal), edge.random, signal);
  };

  const read = async (event: ReceivedEvent, signal: AbortSignal): Promise<T> => {
    const pointer = storedPayload(event, config.places);
    const payload = pointer === undefined ? withoutProto(event.payload) : parseJson(await fetched(pointer, signal));
    return schema ? validate(schema, payload) : (payload as T);
  };

  return async (event, lambdaContext) => {
    const startedAt = edge.now();
    const end = startedAt + (lambdaContext?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY);
    const reserve = Math.min(RESERVE, (end - startedAt) / 4);
    const deadline = end - reserve;
    const replyBy = end - reserve / 5;
    const invocation = invocationOf(lambdaContext);
    const { requestId } = invocation;
    const received = readEvent(event);
    const { correlationId = requestId, sentAt = startedAt } = received.origin;
    const { own: log } = makeLoggers({ function: config.name, requestId, correlationId });
    const context = new EventContext({ event, origin: received.origin, requestId, log, deadline, now: edge.now });
    const report = (outcome: 'processed' | 'retried' | 'dead'): void => {
      if (config.name === undefined) return;
      const counts = { processed: 0, retried: 0, dead: 0, deferred: 0, age: Math.max(0, startedAt - sentAt) };
      edge.write(metricsLine(config.name, lambdaContext?.awsRequestId, { ...counts, [outcome]: 1 }, startedAt));
    };

    const alarm = abortAt(deadline, startedAt);
    const giveUp = (): void => context.abort(new DeadlineError());
    alarm.signal.addEventListener('abort', giveUp);
    try {
      const work = async (): Promise<R> => {
        const payload = await read(received, alarm.signal);
        return (await afterSends(options.process(payload, context), context)) as R;
      };
      const result = await alarm.race(work());
      if (hasSends()) await flushed(deadline, replyBy, edge.now());
      report('processed');
      return result;
    } catch (thrown) {
      const error = alarm.signal.aborted && !isPermanent(thrown) ? new DeadlineError() : thrown;
      const description = describe(error);
      if (isPermanent(error)) {
        const failed = {
          record: permanentRecord({
            ...invocation,
            event,
            errorType: description.name,
            reason: description.message,
            now: edge.now(),
          }),
          reason: description.message,
          correlationId,
        };
        if (config.failure && (await moved(edge, config.failure, failed, replyBy, log))) {
          log.error('event is dead', { reason: description.message, error: description });
          report('dead');
          return undefined;
        }
      }
      log.warn('attempt failed; Lambda tries again unless it was the last', { error: description });
      report('retried');
      throw error instanceof Error ? error : new Error(sentence(description));
    } finally {
      alarm.signal.removeEventListener('abort', giveUp);
      alarm.clear();
    }
  };
}

/** Waits for what the handler sent without its context. @throws the first error */
async function flushed(deadline: number, replyBy: number, now: number): Promise<void> {
  const alarm = abortAt((deadline + replyBy) / 2, now);
  const [error] = await flushAll(alarm.signal);
  alarm.clear();
  if (error) throw error;
}

/** Whether an event is where failures go. If not, Lambda brings it there when its attempts are spent. */
async function moved(
  edge: FunctionEdge,
  spec: FailureSpec,
  failure: Failure,
  replyBy: number,
  log: Logger,
): Promise<boolean> {
  const alarm = abortAt(replyBy, edge.now());
  try {
    await alarm.race(persist(() => moveToFailures(edge, spec, failure), edge.random, alarm.signal));
    return true;
  } catch (error) {
    log.error('event not moved to the failure destination', { error: describe(error) });
    return false;
  } finally {
    alarm.clear();
  }
}

/**
 * Makes a Lambda handler of a function that handles one asynchronous invocation. For an `AsyncFunction`.
 *
 * @throws TypeError if an option is none
 */
export const asyncFunction = <T = unknown, R = unknown>(options: AsyncFunctionOptions<T, R>): AsyncFunctionHandler<R> =>
  asyncFunctionOn(lambdaFunctionEdge(), options);
