import type { Finding, Tool } from './finding';

/** A rule that the scan lets pass, and why. One that matches nothing fails the scan, like a finding that none covers. */
export interface Acknowledgement {
  readonly tool: Tool;
  readonly rule: string;
  /** Resource types. */
  readonly where: readonly string[];
  /** Only these of them. */
  readonly only?: { readonly what: string; readonly id: RegExp };
  readonly reason: string;
  /** The property that takes the rule to zero: a finding where it is set is not acknowledged. */
  readonly optIn?: string;
}

const FUNCTION = 'AWS::Lambda::Function';
const QUEUE = 'AWS::SQS::Queue';
const TOPIC = 'AWS::SNS::Topic';
/** By their names in the variants and in the reference app. */
const FIFO = {
  what: 'functions of FIFO workers',
  id: /^(Fifo|OrderedEventsFifo|Shipments|OrderEventsTimeline|LogTopicProjection|AccountLogTopicBalances)/,
};
const STORE_OR_SCHEDULE = {
  what: 'workers with a payload store or schedules',
  id: /^(LargeEventsSubscriber|FifoLater)(Policy|Grants)/,
};
const BUCKET = 'AWS::S3::Bucket';
const ASYNC = { what: 'asynchronous functions', id: /^(Async|Receipts)/ };
const CONTROLLER = { what: 'controllers of circuit breakers and paces', id: /ControllerFunction/ };
const RECOVERY = { what: 'recoveries of stream workers', id: /RecoveryFunction/ };
const KAFKA = { what: 'policies of workers of Kafka', id: /^Kafka.*Policy/ };
const ARCHIVE = { what: 'archives of event logs', id: /Archive/ };
const LOG = { what: 'functions of event logs', id: /(Outbox|Archiver|Replayer)Function/ };
/** By their names in the variants and in the reference app. */
const JOBS_FUNCTION = {
  what: 'functions of async APIs',
  id: /^((Paced)?Jobs|InvoicesApi)(Completions(Webhook)?)?Function/,
};
const DOOR_OR_RELAY = { what: 'functions of async APIs', id: /^((Paced)?Jobs|InvoicesApi)(Completions)?Function/ };
const JOBS_POLICY = {
  what: 'workers, functions and clients of async APIs',
  id: /^Jobs(Worker|Client)?(Policy|Grants)/,
};
const STAGE = 'AWS::ApiGateway::Stage';
const METHOD = 'AWS::ApiGateway::Method';
const SECRET = 'AWS::SecretsManager::Secret';

export const ACKNOWLEDGED: readonly Acknowledgement[] = [
  {
    tool: 'cdk-nag',
    rule: 'APIG3',
    where: [STAGE],
    reason: 'A firewall has a price and rules of its own; associate yours with the stage.',
  },
  {
    tool: 'cdk-nag',
    rule: 'APIGWAssociatedWithWAF',
    where: [STAGE],
    reason: 'As APIG3.',
  },
  {
    tool: 'cdk-nag',
    rule: 'APIGWCacheEnabledAndEncrypted',
    where: [STAGE],
    reason: 'What changes from one request to the next must not be cached.',
  },
  {
    tool: 'cdk-nag',
    rule: 'APIGWSSLEnabled',
    where: [STAGE],
    reason: 'A client certificate is for HTTP backends; the function is invoked under IAM.',
  },
  {
    tool: 'cdk-nag',
    rule: 'CloudWatchAlarmAction',
    where: ['AWS::CloudWatch::Alarm'],
    reason: 'An alarm without a topic still shows in the console; only you know whom to tell.',
    optIn: 'alarmTopic',
  },
  {
    tool: 'cdk-nag',
    rule: 'CloudWatchLogGroupEncrypted',
    where: ['AWS::Logs::LogGroup'],
    reason: 'CloudWatch Logs encrypts with a key of its own; one of yours costs money and needs a key policy.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'cdk-nag',
    rule: 'COG4',
    where: [METHOD],
    reason: 'Every method is authorized, by IAM unless another way is chosen.',
  },
  {
    tool: 'cdk-nag',
    rule: 'DynamoDBInBackupPlan',
    where: ['AWS::DynamoDB::Table'],
    reason: 'Keys of idempotency are worth days, the state of a breaker minutes, and point-in-time recovery is on.',
  },
  {
    tool: 'cdk-nag',
    rule: 'EventBusDLQ',
    where: ['AWS::Events::Rule'],
    only: { what: 'schedules of these controllers', id: /ControllerSchedule/ },
    reason: 'Its event says no more than that a minute has passed: the next one does what a lost one would have done.',
  },
  {
    tool: 'cdk-nag',
    rule: 'EventBusDLQ',
    where: ['AWS::Events::Rule'],
    only: { what: 'schedules of event logs', id: /ReplayerSchedule/ },
    reason: 'As those of circuit breakers.',
  },
  {
    tool: 'cdk-nag',
    rule: 'IAM5',
    where: ['AWS::IAM::ManagedPolicy'],
    only: JOBS_POLICY,
    reason: 'The results below one prefix, and the paths of jobs: their names are not known before they are made.',
  },
  {
    tool: 'cdk-nag',
    rule: 'IAM5',
    where: ['AWS::IAM::ManagedPolicy'],
    only: STORE_OR_SCHEDULE,
    reason:
      'The bodies below one prefix, and the schedules of one group: their names are not known before they are made.',
  },
  {
    tool: 'cdk-nag',
    rule: 'IAM5',
    where: ['AWS::IAM::ManagedPolicy'],
    only: KAFKA,
    reason: 'Lambda reaches the brokers by network interfaces, and EC2 knows no narrower resource for most of that.',
  },
  {
    tool: 'cdk-nag',
    rule: 'IAM5',
    where: ['AWS::IAM::ManagedPolicy'],
    only: { what: 'archivers and replayers of event logs', id: /(Archiver|Replayer)Policy/ },
    reason: 'The objects of the archive below one prefix, as above.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaConcurrency',
    where: [FUNCTION],
    only: LOG,
    reason: 'One invocation a shard of the stream at a time, and one a minute.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaConcurrency',
    where: [FUNCTION],
    only: JOBS_FUNCTION,
    reason: 'The throttle of the API bounds them, and with it the ends that there are to tell.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaConcurrency',
    where: [FUNCTION],
    only: CONTROLLER,
    reason: 'It runs once a minute and at changes of what it controls, whatever the load.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaConcurrency',
    where: [FUNCTION],
    reason: 'Reserved concurrency takes from the account; maxConcurrency bounds a worker without it.',
    optIn: 'reservedConcurrentExecutions',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaConcurrency',
    where: [FUNCTION],
    only: RECOVERY,
    reason: 'Its queue hands it two batches at once, and no more.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaDLQ',
    where: [FUNCTION],
    only: DOOR_OR_RELAY,
    reason: 'Nobody invokes them asynchronously: an API waits for its answer, a stream has its own destination.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaDLQ',
    where: [FUNCTION],
    only: CONTROLLER,
    reason: 'As EventBusDLQ.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaDLQ',
    where: [FUNCTION],
    only: LOG,
    reason: 'Their mappings have a failure destination, and a lost event of the schedule says no more than the next.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaDLQ',
    where: [FUNCTION],
    only: FIFO,
    reason: 'It asks for a queue for asynchronous invocations, and Lambda takes no FIFO queue there.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaDLQ',
    where: [FUNCTION],
    only: ASYNC,
    reason: 'Failures go to a destination, which says why; with a dead-letter queue as well they would arrive twice.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaInsideVPC',
    where: [FUNCTION],
    reason: 'A VPC guards what is in it. A worker that reaches nothing there gains only a NAT gateway.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaTracing',
    where: [FUNCTION],
    reason: 'X-Ray cannot be granted without a wildcard resource, which IAM5 forbids.',
  },
  {
    tool: 'cdk-nag',
    rule: 'LambdaEventSourceMappingDestination',
    where: ['AWS::Lambda::EventSourceMapping'],
    reason: 'Lambda takes no failure destination on an SQS mapping: the dead-letter queue belongs to the queue.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S1',
    where: [BUCKET],
    reason: 'A log needs a bucket of its own, for you to choose: give the store a bucket that has one.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3BucketDefaultLockEnabled',
    where: [BUCKET],
    only: ARCHIVE,
    reason: 'For how long nobody may delete what happened is for you to say: give the log a bucket that has a lock.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3BucketDefaultLockEnabled',
    where: [BUCKET],
    reason: 'Bodies are to be forgotten with their messages; a lock would keep them.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3BucketLoggingEnabled',
    where: [BUCKET],
    reason: 'As S1.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3BucketReplicationEnabled',
    where: [BUCKET],
    only: ARCHIVE,
    reason: 'It takes a bucket in another region: give the log one that is replicated.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3BucketReplicationEnabled',
    where: [BUCKET],
    reason: 'A body is worth no more than the message that points to it, and that is in one region.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3BucketVersioningEnabled',
    where: [BUCKET],
    reason: 'A body lies under its hash and never changes; an old version would outlive its expiration.',
  },
  {
    tool: 'cdk-nag',
    rule: 'S3DefaultEncryptionKMS',
    where: [BUCKET],
    reason: 'S3 encrypts with a key of its own.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'cdk-nag',
    rule: 'SecretsManagerRotationEnabled',
    where: [SECRET],
    reason: 'Receivers check by the secret: it changes when they are told, not on a schedule.',
  },
  {
    tool: 'cdk-nag',
    rule: 'SecretsManagerUsingKMSKey',
    where: [SECRET],
    reason: 'Secrets Manager encrypts with a key of its own.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'cdk-nag',
    rule: 'SMG4',
    where: [SECRET],
    reason: 'As SecretsManagerRotationEnabled.',
  },
  {
    tool: 'cdk-nag',
    rule: 'SNSEncryptedKMS',
    where: [TOPIC],
    reason: 'SNS encrypts no topic by itself, and a key of yours costs money and needs a policy.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'cdk-nag',
    rule: 'SQS3',
    where: [QUEUE],
    only: { what: 'dead-letter queues of subscriptions, schedules and functions', id: /DeadLetterQueue/ },
    reason: 'It is a dead-letter queue; the rule knows only those of queues.',
  },
  {
    tool: 'cdk-nag',
    rule: 'SQSRedrivePolicy',
    where: [QUEUE],
    only: { what: 'dead-letter queues', id: /DeadLetterQueue/ },
    reason: 'It is the dead-letter queue: its messages have nowhere further to go.',
  },
  {
    tool: 'cfn-lint',
    rule: 'I1022',
    where: [
      ...[STAGE, METHOD, 'AWS::CloudWatch::Dashboard', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role', 'AWS::KMS::Key'],
      ...[FUNCTION, 'AWS::Lambda::Permission', 'AWS::S3::BucketPolicy'],
    ],
    reason: 'A matter of style: the CDK writes Fn::Join where it could write Fn::Sub.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_18',
    where: [BUCKET],
    reason: 'As S1.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_21',
    where: [BUCKET],
    reason: 'As S3BucketVersioningEnabled.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_26',
    where: [TOPIC],
    reason: 'As SNSEncryptedKMS.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_27',
    where: [QUEUE],
    reason: 'Every queue is encrypted with a key of SQS itself, which the rule does not see.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_111',
    where: ['AWS::IAM::ManagedPolicy'],
    only: KAFKA,
    reason: 'As IAM5.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_115',
    where: [FUNCTION],
    only: JOBS_FUNCTION,
    reason: 'As LambdaConcurrency.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_115',
    where: [FUNCTION],
    only: CONTROLLER,
    reason: 'As LambdaConcurrency.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_115',
    where: [FUNCTION],
    only: LOG,
    reason: 'As LambdaConcurrency.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_115',
    where: [FUNCTION],
    reason: 'As LambdaConcurrency.',
    optIn: 'reservedConcurrentExecutions',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_115',
    where: [FUNCTION],
    only: RECOVERY,
    reason: 'As LambdaConcurrency.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_116',
    where: [FUNCTION],
    only: DOOR_OR_RELAY,
    reason: 'As LambdaDLQ.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_116',
    where: [FUNCTION],
    only: CONTROLLER,
    reason: 'As EventBusDLQ.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_116',
    where: [FUNCTION],
    only: LOG,
    reason: 'As LambdaDLQ.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_116',
    where: [FUNCTION],
    only: FIFO,
    reason: 'As LambdaDLQ.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_116',
    where: [FUNCTION],
    only: ASYNC,
    reason: 'As LambdaDLQ.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_117',
    where: [FUNCTION],
    reason: 'As LambdaInsideVPC.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_119',
    where: ['AWS::DynamoDB::Table'],
    reason: 'DynamoDB encrypts with a key of its own.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_120',
    where: [STAGE],
    reason: 'As APIGWCacheEnabledAndEncrypted.',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_149',
    where: [SECRET],
    reason: 'As SecretsManagerUsingKMSKey.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_158',
    where: ['AWS::Logs::LogGroup'],
    reason: 'As CloudWatchLogGroupEncrypted.',
    optIn: 'encryptionKey',
  },
  {
    tool: 'checkov',
    rule: 'CKV_AWS_173',
    where: [FUNCTION],
    reason: 'Lambda encrypts variables with a key of its own, and ours hold no secrets.',
    optIn: 'encryptionKey',
  },
];

/** What the library takes to zero by default: one of these may be left only until an opt-in, or on some resources. */
export const ZERO_BY_DEFAULT = new Set([
  ...['SQS3', 'SQS4', 'SNS3', 'IAM4', 'IAM5', 'IAMNoInlinePolicy', 'SNSRedrivePolicy'],
  ...['LambdaDLQ', 'LambdaDefaultMemorySize', 'LambdaDefaultTimeout', 'CloudWatchLogGroupRetentionPeriod'],
  ...['CloudWatchAlarmAction', 'APIG1', 'APIG2', 'APIG4', 'APIG6'],
  ...['I3013', 'W3005', 'W3037', 'CKV_AWS_43', 'CKV_AWS_66', 'CKV_AWS_116'],
]);

/** IAM5 names what it found, as in `IAM5[Resource::*]`. */
const bare = (rule: string): string => rule.replace(/\[.*$/, '');

export const covers = (acknowledgement: Acknowledgement, finding: Finding): boolean =>
  acknowledgement.tool === finding.tool &&
  [finding.rule, bare(finding.rule)].includes(acknowledgement.rule) &&
  acknowledgement.where.includes(finding.resourceType) &&
  (acknowledgement.only?.id.test(finding.resource) ?? true) &&
  !(acknowledgement.optIn !== undefined && finding.template.optIn);

export const mistakes = (acknowledgements: readonly Acknowledgement[]): readonly Acknowledgement[] =>
  acknowledgements.filter(({ rule, optIn, only }) => ZERO_BY_DEFAULT.has(bare(rule)) && !optIn && !only);
