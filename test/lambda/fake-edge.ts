import { hash } from 'node:crypto';
import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import type { BreakerCalls } from '../../lambda/runtime/breaker/breaker';
import type { Edge, StorePath } from '../../lambda/runtime/edge';
import type { SqsCalls } from '../../lambda/runtime/effects';
import { Guards } from '../../lambda/runtime/guards';
import type { StatementCalls } from '../../lambda/runtime/idempotency/store';
import { Opener } from '../../lambda/runtime/open';
import type { StoreCalls } from '../../lambda/runtime/producer/payload';
import { settle } from '../../lambda/runtime/settle';
import { Spans } from '../../lambda/runtime/spans';
import { ENV } from '../../lib/private/contract';

export const DLQ_URL = 'https://sqs.test/123456789012/dead';
export const QUEUE_URL = 'https://sqs.test/123456789012/queue';

export const CONNECTED = {
  [ENV.worker]: 'Test/Worker',
  [ENV.queueUrl]: QUEUE_URL,
  [ENV.deadLetterQueueUrl]: DLQ_URL,
};

const none = () => Promise.reject(new Error('no breaker in this test'));
const NO_BREAKER: BreakerCalls = { getItem: none, updateItem: none, batchGetItem: none, transactWriteItems: none };

/** An edge that records what the runtime asks of it, and answers as SQS would unless told to refuse. */
export class FakeEdge implements Edge {
  readonly lines: Record<string, any>[] = [];
  readonly sent: SendMessageBatchRequestEntry[][] = [];
  /** Those of them that were accepted. */
  readonly confirmed: SendMessageBatchRequestEntry[] = [];
  /** Seconds by receipt handle. */
  readonly visibility = new Map<string, number>();
  readonly order: string[] = [];
  loads = 0;
  storeLoads = 0;
  openLoads = 0;
  payloadLoads = 0;
  spanLoads = 0;
  uuids = 0;
  /** What answers for DynamoDB. */
  statements: StatementCalls & Partial<BreakerCalls> = {
    batchExecuteStatement: () => Promise.reject(new Error('no table in this test')),
  };
  /** What answers for S3. */
  getObject: StoreCalls['getObject'] = () => Promise.reject(new Error('no payload store in this test'));
  putObject: StoreCalls['putObject'] = () => Promise.reject(new Error('no payload store in this test'));
  refuseSend: (entry: SendMessageBatchRequestEntry) => boolean = () => false;
  failSend: Error | undefined;
  failVisibility: Error | undefined;
  hang = false;
  queueSize = 0;

  constructor(readonly env: Record<string, string> = CONNECTED) {}

  now = (): number => Date.now();
  random = (): number => 0.5;
  write = (line: string): void => {
    this.lines.push(JSON.parse(line));
  };

  failurePath = async () => {
    this.loads++;
    return { settle, calls: this.calls, queueSize: async () => this.queueSize };
  };

  storePath = async (): Promise<StorePath> => {
    this.storeLoads++;
    return {
      Guards,
      calls: {
        ...NO_BREAKER,
        ...this.statements,
        batchExecuteStatement: (...args) => this.statements.batchExecuteStatement(...args),
      },
    };
  };

  openPath = async () => {
    this.openLoads++;
    return { Opener };
  };

  payloadPath = async () => {
    this.payloadLoads++;
    const getObject: StoreCalls['getObject'] = (...args) => this.getObject(...args);
    const putObject: StoreCalls['putObject'] = (...args) => this.putObject(...args);
    return { calls: { getObject, putObject, sha256: (text: string) => hash('sha256', text) } };
  };

  spanPath = async () => {
    this.spanLoads++;
    return { Spans };
  };

  uuid = (): string => `attempt-${++this.uuids}`;

  private readonly calls: SqsCalls = {
    sendMessageBatch: async ({ QueueUrl, Entries = [] }) => {
      this.order.push('send');
      expect(QueueUrl).toBe(DLQ_URL);
      if (this.hang) return new Promise(() => {});
      if (this.failSend) throw this.failSend;
      this.sent.push(Entries);
      const refused = new Set(Entries.filter((entry) => this.refuseSend(entry)));
      const accepted = Entries.filter((entry) => !refused.has(entry));
      this.confirmed.push(...accepted);
      return {
        Successful: accepted.map(({ Id }) => ({ Id, MessageId: `new-${Id}`, MD5OfMessageBody: '' })),
        Failed: [...refused].map(({ Id }) => ({ Id, SenderFault: true, Code: 'Refused' })),
      };
    },
    changeMessageVisibilityBatch: async ({ QueueUrl, Entries = [] }) => {
      this.order.push('visibility');
      expect(QueueUrl).toBe(QUEUE_URL);
      if (this.hang) return new Promise(() => {});
      if (this.failVisibility) throw this.failVisibility;
      for (const { ReceiptHandle, VisibilityTimeout } of Entries) {
        this.visibility.set(ReceiptHandle!, VisibilityTimeout!);
      }
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    },
  };

  logs(level: string): Record<string, any>[] {
    return this.lines.filter((line) => line.level === level);
  }

  get metrics(): Record<string, any> | undefined {
    return this.lines.find((line) => '_aws' in line);
  }

  get deadLetters(): SendMessageBatchRequestEntry[] {
    return this.sent.flat();
  }
}
