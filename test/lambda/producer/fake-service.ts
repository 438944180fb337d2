import type { SendMessageBatchCommandInput } from '@aws-sdk/client-sqs';
import type { SenderEdge } from '../../../lambda/runtime/producer/edge';
import type { FailedEntry } from '../../../lambda/runtime/producer/retry';

export const QUEUE = 'https://sqs.test/123456789012/orders';
export const FIFO_QUEUE = `${QUEUE}.fifo`;
export const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders';

type Entry = NonNullable<SendMessageBatchCommandInput['Entries']>[number];

export const refusal = (Id: string, Code = 'InternalError', SenderFault = false): FailedEntry => ({
  Id,
  Code,
  Message: 'no',
  SenderFault,
});

export const serviceError = (name: string, $fault: 'client' | 'server' = 'client'): Error =>
  Object.assign(new Error('no'), { name, $fault });

/** By what FIFO tells a repetition. SNS has another name for the body. */
const identityOf = (entry: Entry): unknown =>
  entry.MessageDeduplicationId ?? entry.MessageBody ?? (entry as { Message?: string }).Message;

/** SQS, SNS, S3 and the scheduler, that take everything unless told otherwise. */
export class FakeService implements SenderEdge {
  readonly requests: Entry[][] = [];
  /** What was accepted, in order. */
  readonly accepted: Entry[] = [];
  readonly objects = new Map<string, string>();
  readonly schedules: any[] = [];
  readonly published: any[] = [];
  loads = 0;
  underWay = 0;
  mostUnderWay = 0;
  time = Date.parse('2026-11-24T10:00:00Z');
  draw: () => number = () => 0.5;
  span: string | undefined;
  /** Whether to refuse an entry, or to say nothing of it. */
  fails: (entry: Entry) => FailedEntry | 'forgotten' | undefined = () => undefined;
  /** Runs before a request is carried out, and before it is answered; may throw. */
  before: (entries: Entry[]) => unknown = () => {};
  after: () => unknown = () => {};
  failStore: () => unknown = () => {};
  failSchedule: () => unknown = () => {};

  constructor(readonly env: Record<string, string | undefined> = {}) {}

  now = (): number => this.time;
  random = (): number => this.draw();
  private ids = 0;
  uuid = (): string => `id-${++this.ids}`;
  traceparent = (): string | undefined => this.span;

  private answer = async (entries: Entry[]) => {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    this.requests.push(entries.map((entry) => ({ ...entry })));
    try {
      await this.before(entries);
      const Failed: FailedEntry[] = [];
      const Successful = [];
      for (const entry of entries) {
        const failed = this.fails(entry);
        if (failed === 'forgotten') continue;
        if (failed) Failed.push({ ...failed, Id: entry.Id });
        else {
          // FIFO: a repetition is confirmed, and delivered no second time.
          const seen =
            entry.MessageGroupId !== undefined && this.accepted.some((each) => identityOf(each) === identityOf(entry));
          if (!seen) this.accepted.push({ ...entry });
          Successful.push({ Id: entry.Id, MessageId: `m-${this.accepted.length}` });
        }
      }
      await this.after();
      return { Successful, Failed };
    } finally {
      this.underWay--;
    }
  };

  queueCalls: SenderEdge['queueCalls'] = async () => {
    this.loads++;
    return { sendMessageBatch: ({ Entries = [] }: SendMessageBatchCommandInput) => this.answer(Entries) };
  };

  topicCalls = async () => ({
    publishBatch: (input: any) => {
      this.published.push(input);
      return this.answer(input.PublishBatchRequestEntries);
    },
  });

  storeCalls = async () => ({
    putObject: async ({ Bucket, Key, Body }: any) => {
      this.failStore();
      this.objects.set(`${Bucket}/${Key}`, Body);
    },
    getObject: async ({ Bucket, Key }: any) => {
      const body = this.objects.get(`${Bucket}/${Key}`);
      if (body === undefined) throw serviceError('NoSuchKey');
      return body;
    },
    sha256: (text: string) => `hash-of-${text.length}`,
  });

  /** The row that tells of the backlog. */
  gauge: Record<string, { N: string }> | undefined;
  looks = 0;
  failTable: () => void = () => {};

  tableCalls = async () => ({
    getItem: async (input: any) => {
      this.looks++;
      expect(input).toEqual({ TableName: 'paces', Key: { pk: { S: 'pace' } } });
      this.failTable();
      return { Item: this.gauge };
    },
  });

  scheduleCalls = async () => ({
    createSchedule: async (input: any) => {
      this.failSchedule();
      this.schedules.push(input);
    },
  });

  get bodies(): unknown[] {
    return this.accepted.map(({ MessageBody }) => JSON.parse(MessageBody!));
  }
}

/** What SQS counts of an entry, counted independently of the code under test. */
export const sizeOf = ({ MessageBody, MessageAttributes = {} }: Entry): number => {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  let sum = bytes(MessageBody ?? '');
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(MessageAttributes)) {
    sum += bytes(name) + bytes(DataType ?? '') + (BinaryValue?.length ?? bytes(StringValue ?? ''));
  }
  return sum;
};

/** The error that a promise rejects with. */
export const thrown = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error,
  );

export const never = () => new Promise(() => {});
