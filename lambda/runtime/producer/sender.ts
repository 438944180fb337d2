import type { QueueConnection, TopicConnection } from './connection';
import { readConnection } from './connection';
import { lambdaSenderEdge, type SenderEdge } from './edge';
import { CORRELATION_ID, TRACEPARENT } from './entry';
import { SendError } from './errors';
import type { Item, Receiver } from './item';
import { type Bound, Line } from './line';
import { sendsOf } from './pending';
import { Stream } from './stream';
import { lineageOf, type Origin } from './trace';
import type {
  Accepted,
  AllOptions,
  Producer,
  Publisher,
  PublishOptions,
  Sender,
  SenderOptions,
  SendOptions,
  Tally,
} from './types';

class Promised implements Receiver {
  readonly promise: Promise<Accepted>;
  private resolve!: (accepted: Accepted) => void;
  private reject!: (error: SendError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  accepted(_: Item, accepted: Accepted): void {
    this.resolve(accepted);
  }

  refused(_: Item, error: SendError): void {
    this.reject(error);
  }

  relieved(): void {
    this.promise.catch(() => {});
  }
}

const NO_OPTIONS: SendOptions = {};
const NAMES = { correlationId: CORRELATION_ID, traceparent: TRACEPARENT };

class LineSender<T, O extends PublishOptions> implements Sender<T, O> {
  constructor(
    private readonly line: () => Line,
    private readonly bound?: Bound,
  ) {}

  // Not async: a promise less a message.
  send(message: T, options?: O): Promise<Accepted> {
    try {
      const receiver = new Promised();
      const line = this.line();
      const item = line.item(message, options ?? NO_OPTIONS, this.bound, receiver);
      if (item instanceof SendError) return Promise.reject(item);
      line.outbox.add(item);
      return receiver.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async sendAll(messages: Iterable<T> | AsyncIterable<T>, options?: AllOptions<T, O>): Promise<Tally> {
    const { each, onFailure, signal, ...shared } = (options ?? {}) as AllOptions<T, PublishOptions>;
    const line = this.line();
    const optionsOf = (message: T, index: number): SendOptions =>
      each ? { ...shared, ...each(message, index) } : shared;
    return new Stream<T>({
      item: (message, index, receiver) => line.item(message, optionsOf(message, index), this.bound, receiver, index),
      add: (item) => line.outbox.add(item),
      withdraw: (items) => line.outbox.withdraw(items),
      onFailure,
      signal,
    }).run(messages);
  }

  with(context: Origin): Sender<T, O> {
    return new LineSender(this.line, { lineage: lineageOf(context, NAMES), sends: sendsOf(context) });
  }

  async flush({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const errors = await this.line().outbox.flush(signal);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} messages were not accepted, the first: ${errors[0]!.message}`);
  }
}

function senderOn<T, O extends PublishOptions>(
  edge: SenderEdge,
  kind: 'producer' | 'publisher',
  to: string | QueueConnection | TopicConnection,
  { schema }: SenderOptions<T>,
): Sender<T, O> {
  let line: Line | undefined;
  const connect = (): Line =>
    (line ??= new Line(edge, typeof to === 'string' ? readConnection(kind, to, edge.env) : to, schema));
  // In Lambda a missing connection is found at the deployment; a unit test may import what never sends.
  if (edge.env.AWS_LAMBDA_FUNCTION_NAME !== undefined) connect();
  return new LineSender(connect);
}

/** `producer` with its edge as a parameter: what the tests call. */
export const producerOn = <T>(
  edge: SenderEdge,
  to: string | QueueConnection,
  options: SenderOptions<T> = {},
): Producer<T> => senderOn<T, SendOptions>(edge, 'producer', to, options);

/** `publisher` with its edge as a parameter. */
export const publisherOn = <T>(
  edge: SenderEdge,
  to: string | TopicConnection,
  options: SenderOptions<T> = {},
): Publisher<T> => senderOn<T, PublishOptions>(edge, 'publisher', to, options);

/**
 * Sends messages to a queue: by the name under which `worker.connectProducer` connected this function to it, or anywhere by
 * its URL. Make one, outside the handler.
 *
 * @throws Error if there is no connection of that name: in Lambda at once, elsewhere when it is used
 */
export const producer = <T = unknown>(to: string | QueueConnection, options?: SenderOptions<T>): Producer<T> =>
  producerOn(lambdaSenderEdge(), to, options);

/**
 * Publishes messages to a topic: by the name under which `topic.connectPublisher` connected this function to it, or anywhere
 * by its ARN. Make one, outside the handler.
 *
 * @throws Error if there is no connection of that name: in Lambda at once, elsewhere when it is used
 */
export const publisher = <T = unknown>(to: string | TopicConnection, options?: SenderOptions<T>): Publisher<T> =>
  publisherOn(lambdaSenderEdge(), to, options);
