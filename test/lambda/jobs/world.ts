import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda/trigger/api-gateway-proxy';
import type { JobsEdge } from '../../../lambda/runtime/jobs/edge';
import { ENV, JOBS_ENV } from '../../../lib/private/contract';
import { CONNECTED, FakeEdge } from '../fake-edge';
import { FakeJobsTable } from './fake-jobs-table';
import { BACKOFF_NONE, JOBS_SPEC } from './spec';

export interface Sent {
  readonly body: unknown;
  readonly jobId: string;
  readonly tenant: string | undefined;
}

/** A table and a queue that are called as the SDK's clients are. */
export class World {
  readonly table = new FakeJobsTable();
  readonly sent: Sent[] = [];
  /** What lies in the payload store. */
  readonly objects = new Map<string, string>();
  readonly logged: [string, unknown][] = [];
  /** What becomes of a request to the queue or the table before it happens, or after. */
  sqsFails: (() => 'before' | 'after' | undefined) | undefined;
  tableFails: ((n: number) => 'before' | 'after' | undefined) | undefined;
  private calls = 0;

  readonly edge: JobsEdge = {
    log: {
      debug() {},
      info() {},
      warn: (message, fields) => void this.logged.push([message, fields]),
      error: (message, fields) => void this.logged.push([message, fields]),
    },
    calls: async () => this.tableCalls,
    sender: {
      env: { [JOBS_ENV.api]: JSON.stringify(JOBS_SPEC), [`${JOBS_ENV.client}INVOICES`]: JSON.stringify(JOBS_SPEC) },
      now: () => Date.now(),
      random: () => 0.5,
      uuid: () => crypto.randomUUID(),
      traceparent: () => undefined,
      queueCalls: async () => ({
        sendMessageBatch: async ({ Entries = [] }) => {
          const fate = this.sqsFails?.();
          if (fate === 'before') throw Object.assign(new Error('away'), { name: 'AccessDenied', $fault: 'client' });
          for (const entry of Entries) this.sent.push(sentOf(entry));
          if (fate === 'after') throw Object.assign(new Error('away'), { name: 'AccessDenied', $fault: 'client' });
          return {
            Successful: Entries.map(({ Id }) => ({ Id, MessageId: `m-${Id}`, MD5OfMessageBody: '' })),
            Failed: [],
          };
        },
      }),
      tableCalls: () => Promise.reject(new Error('no backlog to look at')),
      topicCalls: () => Promise.reject(new Error('no topic')),
      scheduleCalls: () => Promise.reject(new Error('no schedule')),
      storeCalls: async () => ({
        putObject: () => Promise.reject(new Error('only workers store')),
        getObject: async ({ Key }) => {
          const body = this.objects.get(Key!);
          if (body === undefined) throw Object.assign(new Error('gone'), { name: 'NoSuchKey' });
          return body;
        },
        sha256: () => '',
      }),
    },
  };

  /** The edge of a worker on the same table. */
  workerEdge(maxReceiveCount = 3, spec = JOBS_SPEC): FakeEdge {
    const edge = new FakeEdge({
      ...CONNECTED,
      [ENV.maxReceiveCount]: String(maxReceiveCount),
      [ENV.backoff]: JSON.stringify(BACKOFF_NONE),
      [JOBS_ENV.worker]: JSON.stringify(spec),
    });
    edge.uuid = () => crypto.randomUUID();
    edge.putObject = async ({ Key, Body }) => void this.objects.set(Key!, Body as string);
    edge.statements = this.tableCalls as unknown as typeof edge.statements;
    return edge;
  }

  readonly tableCalls = {
    batchExecuteStatement: this.faulty((statements: Parameters<FakeJobsTable['batchExecuteStatement']>[0]) =>
      this.table.batchExecuteStatement(statements),
    ),
    updateItem: this.faulty((input: Parameters<FakeJobsTable['updateItem']>[0]) => this.table.updateItem(input)),
    getItem: this.faulty((input: Parameters<FakeJobsTable['getItem']>[0]) => this.table.getItem(input)),
    batchGetItem: this.faulty((input: Parameters<FakeJobsTable['batchGetItem']>[0]) => this.table.batchGetItem(input)),
  };

  private faulty<I, O>(call: (input: I) => Promise<O>): (input: I) => Promise<O> {
    return async (input) => {
      const fate = this.tableFails?.(++this.calls);
      if (fate === 'before') throw new Error('the table is away');
      const output = await call(input);
      if (fate === 'after') throw new Error('no answer');
      return output;
    };
  }
}

const sentOf = ({ MessageBody, MessageAttributes, MessageGroupId }: SendMessageBatchRequestEntry): Sent => ({
  body: JSON.parse(MessageBody!),
  jobId: MessageAttributes!.JobId!.StringValue!,
  tenant: MessageGroupId,
});

export interface Call {
  readonly method?: string;
  readonly id?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly caller?: string | null;
}

/** The event that API Gateway makes of a call. */
export const proxyEvent = ({
  method = 'POST',
  id,
  body,
  headers,
  query,
  caller = 'alice',
}: Call): APIGatewayProxyEvent =>
  ({
    httpMethod: method,
    path: id === undefined ? '/jobs' : `/jobs/${id}`,
    pathParameters: id === undefined ? null : { id },
    queryStringParameters: query ?? null,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: body instanceof Buffer ? body.toString('base64') : (body ?? null),
    isBase64Encoded: body instanceof Buffer,
    requestContext: {
      path: id === undefined ? '/prod/jobs' : `/prod/jobs/${id}`,
      identity: { userArn: caller === null ? null : `arn:aws:iam::123456789012:user/${caller}` },
    },
  }) as unknown as APIGatewayProxyEvent;

export const read = ({ statusCode, headers = {}, body }: APIGatewayProxyResult) => ({
  status: statusCode,
  headers: headers as Record<string, string>,
  body: body === '' ? undefined : JSON.parse(body),
});
