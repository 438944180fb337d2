import type { InvokeCommandInput } from '@aws-sdk/client-lambda';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MAX_EVENT_BYTES } from '../../../lib/private/contract';
import { validate } from '../decode';
import { describe } from '../describe';
import { untilAborted } from '../parallel';
import type { ConnectedFunction, FunctionConnection } from '../producer/connection';
import { readConnection } from '../producer/connection';
import { CORRELATION_ID, jsonBody, TRACEPARENT } from '../producer/entry';
import { Refused, SendError } from '../producer/errors';
import { storePayload } from '../producer/payload';
import { type Departing, sendsOf } from '../producer/pending';
import { Persistent } from '../producer/persist';
import { pointerOf } from '../producer/pointer';
import { ofRequest } from '../producer/retry';
import { type Lineage, lineageOf, type Origin } from '../producer/trace';
import type { SenderOptions } from '../producer/types';
import { type InvokerEdge, lambdaInvokerEdge } from './edge';
import { eventOf } from './event';
import { Flights } from './flights';
import type { Invoked, InvokeOptions, Invoker } from './types';

/** The call, as the SDK's client takes it. */
export interface InvokeCalls {
  invoke(input: InvokeCommandInput): Promise<Invoked>;
}

/** On behalf of whom. */
interface Bound {
  readonly lineage: Lineage;
  readonly sends: Set<Departing>;
}

const NAMES = { correlationId: CORRELATION_ID, traceparent: TRACEPARENT };

/** The way to one function, from a payload to its event. */
class FunctionLine<T> {
  private readonly flights = new Flights();
  private readonly persistent: Persistent;

  constructor(
    private readonly edge: InvokerEdge,
    private readonly connection: ConnectedFunction,
    private readonly schema: StandardSchemaV1 | undefined,
  ) {
    this.persistent = new Persistent(edge.random);
  }

  invoke(payload: T, options: InvokeOptions, bound: Bound | undefined): Promise<Invoked> {
    return this.flights.run((signal) => this.fly(payload, options, bound?.lineage ?? {}, signal), bound?.sends);
  }

  private async fly(payload: T, options: InvokeOptions, lineage: Lineage, givenUp: AbortSignal): Promise<Invoked> {
    const correlationId = options.correlationId ?? lineage.correlationId ?? this.edge.uuid();
    const causationId = options.causationId ?? lineage.causationId;
    // Of its own: a signal that many calls listen to makes Node.js 20 warn of a leak.
    const signal = AbortSignal.any(options.signal ? [options.signal, givenUp] : [givenUp]);
    let uncertain = false;
    let flying = false;
    const attempt = async (calls: InvokeCalls, event: string): Promise<Invoked> => {
      flying = true;
      try {
        return await calls.invoke({
          FunctionName: this.connection.functionArn,
          InvocationType: 'Event',
          Payload: Buffer.from(event),
        });
      } catch (error) {
        uncertain ||= ofRequest(error).uncertain;
        throw error;
      } finally {
        flying = false;
      }
    };
    const run = async (): Promise<Invoked> => {
      const event = await this.event(payload, options, { ...lineage, correlationId, causationId }, signal);
      const calls = await this.edge.invokeCalls();
      return this.persistent.run(() => attempt(calls, event), signal);
    };
    try {
      signal.throwIfAborted();
      // A call under way is not recalled: it is no longer waited for.
      return await untilAborted(run(), signal);
    } catch (error) {
      const { name, message } = describe(error);
      throw new SendError({
        ...(signal.aborted
          ? { code: 'Aborted', reason: 'it was given up' }
          : { code: error instanceof Refused ? error.code : name, reason: message }),
        input: payload,
        correlationId,
        causationId,
        mayHaveArrived: uncertain || flying,
        cause: error,
      });
    }
  }

  private async event(
    payload: T,
    { traceparent }: InvokeOptions,
    lineage: Lineage,
    signal: AbortSignal,
  ): Promise<string> {
    const { edge, connection } = this;
    const { payloads, maxBytes = MAX_EVENT_BYTES } = connection;
    const body = jsonBody(payload);
    if (this.schema) await checked(this.schema, body);
    const origin = {
      ...lineage,
      traceparent: traceparent ?? edge.traceparent() ?? lineage.traceparent,
      sentAt: edge.now(),
    };
    const event = eventOf(origin, body);
    const bytes = Buffer.byteLength(event);
    const stored = Buffer.byteLength(body);
    if (payloads && (stored > payloads.threshold || bytes > maxBytes)) {
      const calls = await edge.storeCalls();
      const where = await this.persistent.run(() => storePayload(calls, payloads, body, signal), signal);
      return eventOf({ ...origin, stored }, pointerOf(where));
    }
    if (bytes > maxBytes) {
      throw new Refused(
        'MessageTooLong',
        `got an event of ${bytes} bytes, expected at most ${maxBytes}; a payload store takes larger payloads`,
      );
    }
    return event;
  }
}

/** Judges what the function will read. @throws Refused if it does not match */
async function checked(schema: StandardSchemaV1, body: string): Promise<void> {
  try {
    await validate(schema, JSON.parse(body));
  } catch (error) {
    throw new Refused('InvalidMessage', describe(error).message);
  }
}

class BoundInvoker<T> implements Invoker<T> {
  constructor(
    private readonly line: () => FunctionLine<T>,
    private readonly bound?: Bound,
  ) {}

  // Not async: nobody would answer for the failure of a promise around the one that a flush knows.
  invoke(payload: T, options: InvokeOptions = {}): Promise<Invoked> {
    try {
      return this.line().invoke(payload, options, this.bound);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  with(context: Origin): Invoker<T> {
    return new BoundInvoker(this.line, { lineage: lineageOf(context, NAMES), sends: sendsOf(context) });
  }
}

/** `invoker` with its edge as a parameter: what the tests call. */
export function invokerOn<T>(
  edge: InvokerEdge,
  to: string | ConnectedFunction,
  { schema }: SenderOptions<T> = {},
): Invoker<T> {
  let line: FunctionLine<T> | undefined;
  const connect = (): FunctionLine<T> =>
    (line ??= new FunctionLine(edge, typeof to === 'string' ? readConnection('invoker', to, edge.env) : to, schema));
  // In Lambda a missing connection is found at the deployment; a unit test may import what never invokes.
  if (edge.env.AWS_LAMBDA_FUNCTION_NAME !== undefined) connect();
  return new BoundInvoker(connect);
}

/**
 * Invokes a function asynchronously: by the name under which `asyncFunction.connectInvoker` connected this function to it, or
 * anywhere by its ARN. Make one, outside the handler.
 *
 * @throws Error if there is no connection of that name: in Lambda at once, elsewhere when it is used
 */
export const invoker = <T = unknown>(to: string | FunctionConnection, options?: SenderOptions<T>): Invoker<T> =>
  invokerOn(lambdaInvokerEdge(), to, options);
