import { CloudFormationClient, GetTemplateCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, GetItemCommand, paginateScan, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Aws, BatchReply, Handle, LogLine, StackResource } from './aws';
import { Problem } from './problem';

const once = <R>(make: () => R): (() => R) => {
  let made: R | undefined;
  return () => (made ??= make());
};

interface Batch {
  readonly Successful?: readonly { readonly Id?: string | undefined }[];
  readonly Failed?: readonly {
    readonly Id?: string | undefined;
    readonly Code?: string | undefined;
    readonly Message?: string | undefined;
  }[];
}

/** What the reply does not mention has failed. */
const replyOf = (ids: readonly string[], { Successful = [], Failed = [] }: Batch): BatchReply => {
  const done = new Set(Successful.map(({ Id }) => Number(Id)));
  const why = new Map(Failed.map(({ Id, Code, Message }) => [Number(Id), `${Code}: ${Message ?? 'no reason given'}`]));
  return {
    done: ids.filter((_, i) => done.has(i)),
    failed: ids.flatMap((id, i) =>
      done.has(i) ? [] : [{ id, reason: why.get(i) ?? 'the reply does not mention it' }],
    ),
  };
};

const ids = (handles: readonly Handle[]): string[] => handles.map(({ id }) => id);

/** What takes long may be waited for: a queue is asked for a second before it counts as empty. */
const WAIT_SECONDS = 1;

/** Where AWS is, if not where the environment says. */
export interface Place {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The real AWS, of the region and the credentials that every tool of AWS's takes. */
export function sdkAws(place: Place = {}): Aws {
  const cloudFormation = once(() => new CloudFormationClient(place));
  const sqs = once(() => new SQSClient(place));
  const lambda = once(() => new LambdaClient(place));
  const dynamodb = once(() => new DynamoDBClient(place));
  const cloudWatchLogs = once(() => new CloudWatchLogsClient(place));
  return {
    async template(StackName) {
      const { TemplateBody } = await cloudFormation().send(new GetTemplateCommand({ StackName }));
      return TemplateBody ?? '{}';
    },
    async resources(StackName) {
      const found: StackResource[] = [];
      for await (const { StackResourceSummaries = [] } of paginateListStackResources(
        { client: cloudFormation() },
        { StackName },
      )) {
        for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of StackResourceSummaries) {
          if (LogicalResourceId && PhysicalResourceId) {
            found.push({ logicalId: LogicalResourceId, physicalId: PhysicalResourceId, type: ResourceType ?? '' });
          }
        }
      }
      return found;
    },
    async queueAttributes(QueueUrl) {
      const { Attributes = {} } = await sqs().send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return Attributes as Record<string, string>;
    },
    async receive(QueueUrl, MaxNumberOfMessages, VisibilityTimeout) {
      const { Messages = [] } = await sqs().send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages,
          VisibilityTimeout,
          WaitTimeSeconds: WAIT_SECONDS,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages;
    },
    async send(QueueUrl, entries) {
      const Entries = entries.map((entry, i) => ({ ...entry, Id: String(i) }));
      return replyOf(
        entries.map(({ Id }) => Id ?? ''),
        await sqs().send(new SendMessageBatchCommand({ QueueUrl, Entries })),
      );
    },
    async remove(QueueUrl, handles) {
      const Entries = handles.map(({ receiptHandle }, i) => ({ Id: String(i), ReceiptHandle: receiptHandle }));
      return replyOf(ids(handles), await sqs().send(new DeleteMessageBatchCommand({ QueueUrl, Entries })));
    },
    async release(QueueUrl, handles) {
      const Entries = handles.map(({ receiptHandle }, i) => ({
        Id: String(i),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: 0,
      }));
      return replyOf(ids(handles), await sqs().send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })));
    },
    async purge(QueueUrl) {
      await sqs().send(new PurgeQueueCommand({ QueueUrl }));
    },
    async invoke(FunctionName, payload, InvocationType) {
      const { Payload, FunctionError } = await lambda().send(
        new InvokeCommand({ FunctionName, InvocationType, Payload: Buffer.from(payload) }),
      );
      return { payload: Payload ? Buffer.from(Payload).toString() : '', functionError: FunctionError };
    },
    async mappingState(UUID) {
      const { State = 'unknown' } = await lambda().send(new GetEventSourceMappingCommand({ UUID }));
      return State;
    },
    async enableMapping(UUID, Enabled) {
      await lambda().send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    },
    async logs(logGroupName, text, startTime) {
      const found: LogLine[] = [];
      // A phrase in quotes; none can be said that holds one.
      if (/["\\]/.test(text)) throw new Problem(`got ${text}, expected an id without quotes and backslashes`);
      for await (const { events = [] } of paginateFilterLogEvents(
        { client: cloudWatchLogs() },
        { logGroupName, startTime, ...(text !== '' && { filterPattern: `"${text}"` }) },
      )) {
        for (const { timestamp = 0, message = '', eventId = '' } of events) found.push({ timestamp, message, eventId });
      }
      return found;
    },
    async environment(FunctionName) {
      const { Environment } = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
      return Environment?.Variables ?? {};
    },
    async *scan(TableName, columns) {
      const pages = paginateScan(
        { client: dynamodb() },
        {
          TableName,
          ConsistentRead: true,
          ProjectionExpression: columns.map((_, i) => `#${i}`).join(', '),
          ExpressionAttributeNames: Object.fromEntries(columns.map((column, i) => [`#${i}`, column])),
        },
      );
      for await (const { Items = [] } of pages) yield Items;
    },
    getItem: (input) => dynamodb().send(new GetItemCommand(input)),
    updateItem: (input) => dynamodb().send(new UpdateItemCommand(input)),
  };
}
