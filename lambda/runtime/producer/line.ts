import type { StandardSchemaV1 } from '@standard-schema/spec';
import { validate } from '../decode';
import { describe } from '../describe';
import type { QueueConnection, TopicConnection } from './connection';
import type { SenderEdge } from './edge';
import { type Draft, type DraftEdge, draftOf, type Target } from './entry';
import { Refused, SendError } from './errors';
import { Item, type Receiver } from './item';
import { Outbox, type Transport } from './outbox';
import { storePayload } from './payload';
import type { Departing } from './pending';
import { Persistent } from './persist';
import { pointerOf } from './pointer';
import { ofRequest } from './retry';
import { scheduleOf } from './schedule';
import type { Lineage } from './trace';
import { toQueue, toTopic } from './transport';
import type { Accepted, SendOptions } from './types';

/** Of a message and of a request. https://docs.aws.amazon.com/general/latest/gr/sns.html */
const MAX_TOPIC_BYTES = 262_144;
const MAX_QUEUE_BYTES = 1_048_576;

/** What is on behalf of whom. */
export interface Bound {
  readonly lineage: Lineage;
  readonly sends: Set<Departing>;
}

const once = <R>(make: () => Promise<R>): (() => Promise<R>) => {
  let made: Promise<R> | undefined;
  return () => (made ??= make());
};

/** Ids that begin alike and count on: a UUID a message is a fortieth of what it costs to send it. */
const sequence = (uuid: () => string): (() => string) => {
  let base: string | undefined;
  let count = 0;
  return () => {
    base ??= uuid();
    return `${base}-${count++}`;
  };
};

/** The way to one queue or topic, from a message to its request. */
export class Line {
  readonly outbox: Outbox;
  private readonly target: Target;
  private readonly persistent: Persistent;
  private readonly drafting: DraftEdge;

  constructor(
    private readonly edge: SenderEdge,
    private readonly connection: QueueConnection | TopicConnection,
    private readonly schema: StandardSchemaV1 | undefined,
  ) {
    const isQueue = 'queueUrl' in connection;
    const name = isQueue ? connection.queueUrl : connection.topicArn;
    const { fifo = name.endsWith('.fifo'), payloads } = connection;
    const maxBytes = isQueue ? MAX_QUEUE_BYTES : MAX_TOPIC_BYTES;
    this.target = isQueue
      ? { kind: 'queue', fifo, maxBytes, payloads, schedule: connection.schedule }
      : { kind: 'topic', fifo, maxBytes, payloads };
    const transport = once(
      async (): Promise<Transport> =>
        isQueue
          ? toQueue(await edge.queueCalls(), name, () => edge.env._X_AMZN_TRACE_ID)
          : toTopic(await edge.topicCalls(), name),
    );
    this.outbox = new Outbox({ maxBytes, random: edge.random, transport });
    this.drafting = { now: edge.now, traceparent: edge.traceparent, newId: sequence(edge.uuid) };
    this.persistent = new Persistent(edge.random);
  }

  /** A message that is ready to be added to the outbox, or why it is none. */
  item(
    message: unknown,
    options: SendOptions,
    bound: Bound | undefined,
    receiver: Receiver,
    index?: number,
  ): Item | SendError {
    try {
      const draft = draftOf(this.target, message, options, bound?.lineage, this.drafting);
      const valid = this.schema && checked(this.schema, draft);
      const item = new Item({
        draft,
        receiver,
        input: message,
        index,
        group: this.target.fifo ? draft.entry.MessageGroupId : undefined,
        signal: options.signal,
        sends: bound?.sends,
      });
      if (valid instanceof Promise || draft.offload || draft.scheduleAt !== undefined) {
        item.preparing = this.prepare(item, valid);
        // It may fail while another of its group is on its way, and nobody waits for it yet.
        item.preparing.catch(() => {});
      }
      return item;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { code, message: reason } = error;
      return new SendError({ code, reason, input: message, index });
    }
  }

  private async prepare(item: Item, valid: unknown): Promise<Accepted | undefined> {
    const { draft } = item;
    await valid;
    if (draft.offload) await this.store(draft);
    if (draft.scheduleAt === undefined) return undefined;
    try {
      return await this.schedule(draft, draft.scheduleAt);
    } catch (error) {
      item.uncertain = !(error instanceof Refused) && ofRequest(error).uncertain;
      throw error;
    }
  }

  private async store(draft: Draft): Promise<void> {
    const { edge, target, outbox } = this;
    const calls = await edge.storeCalls();
    const { entry } = draft;
    const { signal } = outbox;
    const stored = await this.persistent.run(
      () => storePayload(calls, target.payloads!, entry.MessageBody, signal),
      signal,
    );
    draft.bytes -= Buffer.byteLength(entry.MessageBody);
    entry.MessageBody = pointerOf(stored);
    draft.bytes += Buffer.byteLength(entry.MessageBody);
  }

  private async schedule(draft: Draft, at: number): Promise<Accepted> {
    const { edge, target, outbox, connection } = this;
    const name = edge.uuid();
    const input = scheduleOf(draft, target.schedule!, (connection as QueueConnection).queueUrl, name, at);
    const calls = await edge.scheduleCalls();
    const { signal } = outbox;
    await this.persistent.run(() => calls.createSchedule(input, signal), signal);
    return { messageId: name };
  }
}

/** Judges what the receivers will read, which is the message as JSON. @throws Refused if it does not match */
const checked = (schema: StandardSchemaV1, { entry }: Draft): unknown => {
  const refuse = (error: unknown): never => {
    throw new Refused('InvalidMessage', describe(error).message);
  };
  try {
    const result = validate(schema, JSON.parse(entry.MessageBody));
    return result instanceof Promise ? result.catch(refuse) : result;
  } catch (error) {
    return refuse(error);
  }
};
