import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TABLE as BREAKERS, FakeTable as BreakerTable } from '../../lambda/breaker/fake-table';
import { FakeDynamoDB, LOG, REPLAYS, SNAPSHOTS } from '../../lambda/event-log/fake-table';
import { FakeTable as KeyTable } from '../../lambda/idempotency/fake-table';
import { FakeJobsTable } from '../../lambda/jobs/fake-jobs-table';
import { TABLE as PACES, FakeTable as PaceTable } from '../../lambda/pace/fake-table';

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(value ?? {}),
});

/** The part of AWS that a runtime reaches, over HTTP: so bundles of any version run on it, with the clients that they have. */
export class Cloud {
  readonly keys = new KeyTable();
  readonly jobs = new FakeJobsTable();
  readonly breakers = new BreakerTable();
  readonly paces = new PaceTable();
  readonly log = new FakeDynamoDB();
  /** What queues, topics and functions were sent, by URL, ARN or name, as the requests had it. */
  readonly sent = new Map<string, any[]>();
  readonly objects = new Map<string, string>();
  readonly schedules: any[] = [];
  private readonly server: Server;
  private readonly tables = new Map<string, Record<string, any>>([
    ['keys', this.keys as never],
    ['jobs', this.jobs as never],
    [BREAKERS, this.breakers as never],
    [PACES, this.paces as never],
    ...[LOG, SNAPSHOTS, REPLAYS].map((name): [string, Record<string, any>] => [name, this.log as never]),
  ]);

  constructor() {
    this.server = createServer(async (request, response) => {
      const { status = 200, headers, body } = await this.answer(request).catch(failure);
      response.writeHead(status, { 'x-amzn-requestid': 'r-1', ...headers }).end(body);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  of(target: string): any[] {
    const known = this.sent.get(target) ?? [];
    this.sent.set(target, known);
    return known;
  }

  private async answer(request: IncomingMessage): Promise<Reply> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    const [service, operation] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (service === 'DynamoDB_20120810') return json(await this.dynamodb(operation!, JSON.parse(body)));
    if (service === 'AmazonSQS') return json(this.sqs(operation!, JSON.parse(body)));
    const [, name] = /^\/2015-03-31\/functions\/(.+)\/invocations$/.exec(path) ?? [];
    if (name !== undefined) {
      this.of(name).push(body);
      return { status: 202 };
    }
    if (path.startsWith('/schedules/')) {
      this.schedules.push({ Name: path.slice('/schedules/'.length), ...JSON.parse(body) });
      return json({ ScheduleArn: 'arn:schedule' });
    }
    if (body.includes('Action=PublishBatch')) return this.publish(new URLSearchParams(body));
    return this.s3(request.method!, path, body);
  }

  private async dynamodb(operation: string, input: any): Promise<unknown> {
    const call = operation[0]!.toLowerCase() + operation.slice(1);
    const table: string =
      input.TableName ??
      /"(\w+)"/.exec(input.Statements?.[0].Statement)?.[1] ??
      Object.keys(input.RequestItems ?? {})[0] ??
      Object.values<any>(input.TransactItems[0])[0].TableName;
    const handler = this.tables.get(table);
    if (typeof handler?.[call] !== 'function') throw new Error(`no ${operation} of ${table}`);
    if (call !== 'batchExecuteStatement') return handler[call](input, new AbortController().signal);
    return { Responses: await handler[call](input.Statements) };
  }

  private sqs(operation: string, { QueueUrl, Entries = [] }: any): unknown {
    if (operation === 'SendMessageBatch') this.of(QueueUrl).push(...Entries);
    if (operation === 'GetQueueAttributes') return { Attributes: { ApproximateNumberOfMessages: '0' } };
    return {
      Successful: Entries.map(({ Id }: any) => ({ Id, MessageId: `m-${Id}`, MD5OfMessageBody: '' })),
      Failed: [],
    };
  }

  private publish(form: URLSearchParams): Reply {
    const made: Record<string, any> = {};
    for (const [name, value] of form) {
      const path = name.split('.');
      const last = path.pop()!;
      let at = made;
      for (const part of path) at = at[part] ??= {};
      at[last] = value;
    }
    const entries = Object.values<any>(made.PublishBatchRequestEntries.member);
    this.of(made.TopicArn).push(
      ...entries.map(({ MessageAttributes, ...entry }) => ({
        ...entry,
        MessageAttributes: Object.fromEntries(
          Object.values<any>(MessageAttributes?.entry ?? {}).map(({ Name, Value }) => [Name, Value]),
        ),
      })),
    );
    const members = entries.map(({ Id }) => `<member><Id>${Id}</Id><MessageId>m-${Id}</MessageId></member>`).join('');
    return {
      headers: { 'content-type': 'text/xml' },
      body: `<PublishBatchResponse><PublishBatchResult><Successful>${members}</Successful><Failed/></PublishBatchResult></PublishBatchResponse>`,
    };
  }

  private s3(method: string, path: string, body: string): Reply {
    if (method === 'PUT') {
      this.objects.set(path, body);
      return { headers: { etag: '"x"' } };
    }
    const found = this.objects.get(path);
    if (found !== undefined) return { body: found };
    return { status: 404, headers: { 'content-type': 'text/xml' }, body: '<Error><Code>NoSuchKey</Code></Error>' };
  }
}

/** As DynamoDB answers what its conditions refuse. */
const failure = (error: any): Reply =>
  json(
    {
      __type: `com.amazonaws.dynamodb.v20120810#${error.name}`,
      message: error.message,
      Item: error.Item,
      CancellationReasons: error.CancellationReasons,
    },
    400,
  );
