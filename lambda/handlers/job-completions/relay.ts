import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import type { CompletionsSpec } from '../../../lib/private/contract';
import { describe } from '../../runtime/describe';
import type { JobRow } from '../../runtime/jobs/job';
import type { Logger } from '../../runtime/log';
import type { SenderEdge } from '../../runtime/producer/edge';
import { producerOn, publisherOn } from '../../runtime/producer/sender';
import type { Producer, Publisher } from '../../runtime/producer/types';
import { type Completion, completionOf, type Delivery, endedIn } from './completion';

/**
 * Tells of jobs that have ended, as the stream of their table has it: so an end that is written is told, whoever wrote it,
 * and nothing is told that was not written. What is not accepted comes again, and what follows with it.
 */
export class Relay {
  private readonly publisher: Publisher<Completion> | undefined;
  private readonly producer: Producer<Delivery> | undefined;

  constructor(
    edge: SenderEdge,
    private readonly spec: CompletionsSpec,
    private readonly log: Logger,
  ) {
    this.publisher = spec.topic && publisherOn(edge, spec.topic);
    this.producer = spec.webhook && producerOn(edge, spec.webhook);
  }

  async handle({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
    const told = await Promise.allSettled(
      Records.map((record) => {
        const row = endedIn(record);
        return row && this.tell(row);
      }),
    );
    const first = told.findIndex(({ status }) => status === 'rejected');
    if (first < 0) return { batchItemFailures: [] };
    this.log.error('completion not told', { error: describe((told[first] as PromiseRejectedResult).reason) });
    return { batchItemFailures: [{ itemIdentifier: Records[first]!.dynamodb!.SequenceNumber! }] };
  }

  private async tell(row: JobRow): Promise<void> {
    const { name, topic, url } = this.spec;
    const completion = completionOf(row, name);
    const id = `${row.id}.${row.ended}`;
    const urls = this.producer ? [...new Set([url, row.callback].filter((it) => it !== undefined))] : [];
    await Promise.all([
      this.publisher?.send(completion, {
        attributes: { status: row.state },
        correlationId: row.id,
        ...(topic?.fifo && { groupId: row.id, deduplicationId: id }),
      }),
      ...urls.map((to) => this.producer?.send({ id, url: to, completion }, { correlationId: row.id })),
    ]);
  }
}
