import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { Relay } from '../../../lambda/handlers/job-completions/relay';
import { PermanentError } from '../../../lambda/runtime/errors';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import type { JobsEdge } from '../../../lambda/runtime/jobs/edge';
import { workerOn } from '../../../lambda/runtime/worker';
import { proxyEvent, World } from '../../lambda/jobs/world';
import { SILENT, sqsRecordOf } from './common';

export const ORDER = { orderId: 'o-1', note: 'Grüße' };

/** The world of jobs, with the messages as the queue got them. */
export class JobsWorld extends World {
  readonly entries: SendMessageBatchRequestEntry[] = [];

  get recording(): JobsEdge {
    const queueCalls: JobsEdge['sender']['queueCalls'] = async () => ({
      sendMessageBatch: async ({ Entries = [] }) => {
        this.entries.push(...Entries);
        return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: 'm', MD5OfMessageBody: '' })), Failed: [] };
      },
    });
    return { ...this.edge, sender: { ...this.edge.sender, queueCalls } };
  }

  get rows(): Record<string, unknown>[] {
    return [...this.table.items.values()].map((row) => structuredClone(row));
  }

  /** As a function has it whose attempts have names that do not change. */
  worker(process: (message: unknown) => unknown) {
    const edge = this.workerEdge();
    edge.uuid = () => 'process';
    return { edge, handler: workerOn<unknown>(edge, { process }) };
  }
}

const post = (key: string): ReturnType<typeof proxyEvent> =>
  proxyEvent({
    body: JSON.stringify(ORDER),
    headers: { 'Idempotency-Key': key, 'Callback-Url': 'https://example.org/hook' },
  });

export const askFor = (world: JobsWorld, id: string) =>
  jobsApiOn(world.recording, { schema: z.looseObject({}) })(proxyEvent({ method: 'GET', id }));

/** What is told of a job whose row has changed so. */
export async function toldOf(before: unknown, after: unknown): Promise<{ published: unknown[]; calls: unknown[] }> {
  const world = new JobsWorld();
  const published: unknown[] = [];
  const edge = {
    ...world.recording.sender,
    uuid: () => 'u',
    topicCalls: async () => ({
      publishBatch: async ({ PublishBatchRequestEntries = [] }: any) => {
        published.push(...PublishBatchRequestEntries);
        return { Successful: PublishBatchRequestEntries.map(({ Id }: any) => ({ Id, MessageId: 'm' })), Failed: [] };
      },
    }),
  };
  const spec = {
    name: 'Test/Api',
    topic: { topicArn: 'arn:aws:sns:us-east-1:1:ended', fifo: false },
    webhook: { queueUrl: 'https://sqs.test/1/hooks', fifo: false },
  };
  const Records: any[] = [{ dynamodb: { SequenceNumber: '1', OldImage: before, NewImage: after } }];
  await new Relay(edge as never, spec, SILENT).handle({ Records });
  return { published, calls: world.entries };
}

/** Rows of jobs at each stage, their message, what the API answers, and what is told of their end. */
export async function jobs() {
  const world = new JobsWorld();
  const api = jobsApiOn(world.recording, { schema: z.looseObject({}) });
  const accepted = await api(post('k-1'));
  await api(post('k-2'));
  const id = JSON.parse(accepted.body).id;
  const acceptedRows = world.rows;
  const records = world.entries.map(sqsRecordOf);
  let running: unknown;
  const { handler } = world.worker(() => {
    running = world.rows[0];
    return { invoiceId: 'i-1' };
  });
  await handler({ Records: [records[0]!] });
  const failing = world.worker(() => {
    throw new PermanentError('no such customer');
  });
  await failing.handler({ Records: [records[1]!] });
  return {
    messages: world.entries,
    rows: { accepted: acceptedRows, running: [running], ended: world.rows },
    deadLetters: failing.edge.deadLetters,
    answers: { accepted, succeeded: await askFor(world, id) },
    told: await toldOf(running, world.rows[0]),
  };
}
