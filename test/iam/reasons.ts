/** Why the local target cannot show what a permission is for, and where AWS says that it is needed. */
interface Reason {
  readonly why: string;
  readonly see: string;
  fits(holder: string, action: string, on: string): boolean;
}

const AWS = 'https://docs.aws.amazon.com';
const STREAM_READERS = /^(AsyncApi Completions|CircuitBreaker Controller|EventLog (Archiver|Outbox)|StreamWorker)$/;

const DELIVERIES = /^(sqs:SendMessage|sns:Publish|lambda:InvokeFunction|events:PutEvents)$/;

export const REASONS: readonly Reason[] = [
  {
    why: 'Lambda writes what a function prints; the local target keeps it without asking.',
    see: `${AWS}/lambda/latest/dg/lambda-intro-execution-role.html`,
    fits: (_, action) => action.startsWith('logs:'),
  },
  {
    why: 'The services that encrypt ask for the key on behalf of the caller; the local target does not.',
    see: `${AWS}/kms/latest/developerguide/services-sqs.html`,
    fits: (_, action) => action.startsWith('kms:'),
  },
  {
    why: "Lambda's poller of a queue uses the role of the function; that of the local target asks nobody.",
    see: `${AWS}/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions`,
    fits: (holder, action, on) =>
      /^(a worker|StreamWorker Recovery)$/.test(holder) &&
      /^sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes)$/.test(action) &&
      /Queue$/.test(on),
  },
  {
    why: "Lambda's poller of a stream uses the role of the function; that of the local target asks nobody.",
    see: `${AWS}/lambda/latest/dg/services-ddb-eventsourcemapping.html`,
    fits: (holder, action) =>
      STREAM_READERS.test(holder) &&
      (action.startsWith('kinesis:') ||
        /^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/.test(action)),
  },
  {
    why: 'Lambda itself delivers what it gives up or has done, with the role of the function; the local target asks nobody.',
    see: `${AWS}/lambda/latest/dg/invocation-async-retain-records.html`,
    fits: (holder, action, on) =>
      (holder === 'AsyncFunction' && on !== 'AsyncFunction DeadLetterQueue' && DELIVERIES.test(action)) ||
      (/^(AsyncApi Completions|EventLog (Archiver|Outbox))$/.test(holder) && /DeadLetterQueue$/.test(on)) ||
      (holder === 'StreamWorker' && on === 'StreamWorker OnFailureQueue'),
  },
  {
    why: 'EventBridge Scheduler uses this role to do what is scheduled; that of the local target asks nobody.',
    see: `${AWS}/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role`,
    fits: (holder) => /(Schedules|Changes)$/.test(holder),
  },
  {
    why: 'A webhook to this machine is refused before it would be signed, and there is no other here.',
    see: `${AWS}/secretsmanager/latest/apireference/API_GetSecretValue.html`,
    fits: (_, action, on) => action === 'secretsmanager:GetSecretValue' && on === 'AsyncApi Completions WebhookSecret',
  },
  {
    why: 'S3 asks for it when an object is gone, and else says that access is denied; the local target says that it is gone.',
    see: `${AWS}/AmazonS3/latest/API/API_GetObject.html`,
    fits: (_, action, on) => action === 's3:ListBucket' && on === 'PayloadStore Bucket',
  },
  {
    why: 'Lambda reads Kafka with the role of the function, in the VPC of the brokers; the local target has neither.',
    see: `${AWS}/lambda/latest/dg/with-msk-permissions.html`,
    fits: (_, action) => /^(kafka|kafka-cluster|ec2):/.test(action),
  },
];

export const reasonFor = (kind: string): Reason | undefined => {
  const [holder = '', action = '', on = ''] = kind.split(' | ');
  return REASONS.find((reason) => reason.fits(holder, action, on));
};
