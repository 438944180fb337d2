import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { pack } from '../../../lambda/runtime/pack';
import { ofRequest } from '../../../lambda/runtime/producer/retry';
import { MAX_MESSAGE_BYTES } from '../../../lib/private/contract';
import type { Aws } from '../aws';
import { BATCH } from '../browse';
import type { Letter } from '../letter';

/** A letter with the body under which it goes. */
export interface Outgoing {
  readonly letter: Letter;
  readonly body: string;
}

export interface Failure {
  readonly reason: string;
  /** There was no answer: it may have arrived all the same. */
  readonly uncertain: boolean;
}

/** Those that did not arrive for sure, by their ids. */
export type Failures = ReadonlyMap<string, Failure>;

export const failureOf = (error: unknown): Failure => {
  const { code, reason, uncertain } = ofRequest(error);
  return { reason: `${code}: ${reason}`, uncertain };
};

/** Where letters go again. */
export interface Target {
  /** How operators know it. */
  readonly name: string;
  /** What a letter holds that a transform may change. */
  content(letter: Letter): string;
  /** The letter with changed content, as `send` takes it. */
  withContent(letter: Letter, content: string): string;
  send(outgoing: readonly Outgoing[]): Promise<Failures>;
}

/**
 * The queue that the letters come from: as they were, with their attributes, their trace and their group. On FIFO a letter
 * that is sent twice within five minutes, because the first reply was lost, arrives once; nothing overtakes what failed.
 */
export class QueueTarget implements Target {
  constructor(
    private readonly aws: Aws,
    readonly name: string,
    private readonly url: string,
    private readonly fifo: boolean,
  ) {}

  content({ body }: Letter): string {
    return body;
  }

  withContent(_: Letter, content: string): string {
    return content;
  }

  async send(outgoing: readonly Outgoing[]): Promise<Failures> {
    const failures = new Map<string, Failure>();
    const blocked = new Set<string>();
    const entries = outgoing.map((each) => this.entryOf(each));
    for (const request of pack(entries, bytesOf, { count: BATCH, bytes: MAX_MESSAGE_BYTES })) {
      const open = request.filter(({ Id, MessageGroupId = '' }) => {
        if (!this.fifo || !blocked.has(MessageGroupId)) return true;
        failures.set(Id!, { reason: 'one before it in its group was not accepted', uncertain: false });
        return false;
      });
      for (const [id, failure] of await this.request(open)) failures.set(id, failure);
      for (const { Id, MessageGroupId = '' } of open) if (failures.has(Id!)) blocked.add(MessageGroupId);
    }
    return failures;
  }

  private async request(entries: SendMessageBatchRequestEntry[]): Promise<Failures> {
    if (entries.length === 0) return new Map();
    try {
      const { failed } = await this.aws.send(this.url, entries);
      return new Map(failed.map(({ id, reason }) => [id, { reason, uncertain: false }]));
    } catch (error) {
      const failure = failureOf(error);
      return new Map(entries.map(({ Id }) => [Id!, failure]));
    }
  }

  private entryOf({ letter, body }: Outgoing): SendMessageBatchRequestEntry {
    const { id, attributes, groupId, traceHeader } = letter;
    return {
      Id: id,
      MessageBody: body,
      ...(Object.keys(attributes).length > 0 && { MessageAttributes: { ...attributes } }),
      ...(traceHeader !== undefined && {
        MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
      }),
      ...(groupId !== undefined && { MessageGroupId: groupId }),
      ...(this.fifo && { MessageDeduplicationId: `redrive-${id}` }),
    };
  }
}

const bytesOf = ({ MessageBody = '', MessageAttributes = {} }: SendMessageBatchRequestEntry): number =>
  Buffer.byteLength(MessageBody) +
  Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      (BinaryValue?.byteLength ?? Buffer.byteLength(StringValue)),
    0,
  );
