import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import type { PayloadPlace } from '../../lib/private/contract';
import type { Config } from './config';
import type { RecordContext } from './context';
import { describe, sentence } from './describe';
import type { Edge } from './edge';
import { isPermanent } from './errors';
import { Slots, untilAborted } from './parallel';
import { fetchPayload } from './producer/payload';
import { persist } from './producer/persist';
import { isPointerMark, type Pointer, readPointer } from './producer/pointer';
import { type Opened, openEnvelope } from './producer/sns-envelope';

/** Something that may be given up. */
export interface Abortable {
  readonly signal: AbortSignal;
}

type Handle = (record: SQSRecord, context: RecordContext) => unknown;

/** Fetches under way at once in a batch, which may hold thousands of pointers: the client has 50 sockets. */
const IN_FLIGHT = 16;

/**
 * Makes of the records of one batch what their senders sent. The records themselves stay as they came: they are what goes to
 * the dead-letter queue, and from there may come again.
 */
export class Opener {
  private readonly unwrapped = new Map<SQSRecord, { readonly opened: Opened; readonly shown: SQSRecord }>();
  private readonly slots = new Slots(IN_FLIGHT);
  private readonly places: readonly PayloadPlace[];
  private readonly topicArns: readonly string[];

  constructor(
    { payloads, envelopes }: Pick<Config, 'payloads' | 'envelopes'>,
    private readonly edge: Pick<Edge, 'payloadPath' | 'random'>,
  ) {
    this.places = payloads ?? [];
    this.topicArns = envelopes ?? [];
  }

  /** A record out of its envelope, without the marks of a pointer. Its body may still be stored. Never throws. */
  readonly shown = (record: SQSRecord): SQSRecord => this.unwrap(record).shown;

  /**
   * A record with the body that its sender wrote, now or, if it is stored, later. Asks for a signal only if it is.
   *
   * @throws PermanentError if there is no such body
   */
  readonly open = (record: SQSRecord, abortable: Abortable): SQSRecord | Promise<SQSRecord> => {
    const { opened, shown } = this.unwrap(record);
    const pointer = readPointer(opened.body, opened.attributes, this.places);
    return pointer ? this.fetch(pointer, abortable.signal).then((body) => ({ ...shown, body })) : shown;
  };

  /** Handles records opened. */
  handling(handle: Handle): Handle {
    return (record, context) => {
      const opened = this.open(record, context);
      return opened instanceof Promise ? opened.then((whole) => handle(whole, context)) : handle(opened, context);
    };
  }

  private unwrap(record: SQSRecord) {
    let unwrapped = this.unwrapped.get(record);
    if (!unwrapped) {
      const own = record.messageAttributes ?? {};
      const opened = openEnvelope({ body: record.body, messageAttributes: own }, this.topicArns);
      const messageAttributes =
        this.places.length > 0
          ? Object.fromEntries(Object.entries(opened.attributes).filter(([name]) => !isPointerMark(name)))
          : opened.attributes;
      unwrapped = { opened, shown: { ...record, body: opened.body, messageAttributes } };
      this.unwrapped.set(record, unwrapped);
    }
    return unwrapped;
  }

  private fetch(pointer: Pointer, signal: AbortSignal): Promise<string> {
    return this.slots.run(async () => {
      try {
        // Also when it has waited for its turn beyond the end.
        signal.throwIfAborted();
        // Of its own: a signal that many fetches listen to makes Node.js 20 warn of a leak.
        const own = AbortSignal.any([signal]);
        const { calls } = await this.edge.payloadPath();
        // One that S3 throttles must not cost its message a receive.
        const fetching = persist(() => fetchPayload(calls, pointer, own), this.edge.random, own);
        return await untilAborted(fetching, own);
      } catch (error) {
        if (isPermanent(error)) throw error;
        const { bucket, key } = pointer;
        // Not as it is: S3's errors must not pass for those of what the handler itself depends on.
        throw new Error(`its body was not fetched from ${bucket}/${key}: ${sentence(describe(error))}`, {
          cause: error,
        });
      }
    });
  }
}
