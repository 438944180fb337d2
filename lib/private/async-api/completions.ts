import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AsyncWorker } from '../../async-worker';
import { Backoff } from '../../backoff';
import type { FanOutTopic } from '../../fan-out-topic';
import { Handler } from '../../handler';
import type { Webhook } from '../../webhook';
import { alarm } from '../alarm';
import { type CompletionsSpec, JOB_ENDS, JOBS_ENV, JOBS_TABLE, type WebhookSpec } from '../contract';
import { ownFunction } from '../own-function';
import { shipped } from '../shipped';
import { sendStatements, streamStatements } from './statements';

export interface CompletionsProps {
  /** How operators know the API: its path. */
  readonly name: string;
  readonly table: dynamodb.Table;
  readonly topic?: FanOutTopic;
  readonly webhook?: Webhook;
  readonly encryptionKey?: kms.IKey;
  readonly alarmTopic?: sns.ITopic;
}

const TIMEOUT = Duration.seconds(30);
const MEMORY_MIB = 256;
/** The stream keeps changes for a day. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
const MAX_AGE = Duration.hours(23);
const DEAD_LETTER_RETENTION = Duration.days(14);

/** Tells of jobs that have ended: what the stream of the table says goes to a topic, to a webhook, or to both. */
export class Completions extends Construct {
  readonly function: lambda.Function;
  readonly deadLetterQueue: sqs.Queue;
  readonly deadLetterAlarm: cloudwatch.Alarm;
  readonly webhookWorker?: AsyncWorker;
  readonly webhookSecret?: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: CompletionsProps) {
    super(scope, id);
    const { name, table, topic, webhook, encryptionKey, alarmTopic } = props;
    if (webhook) {
      this.webhookSecret = webhook._secret ?? this.ownSecret(encryptionKey);
      this.webhookWorker = this.caller(webhook, this.webhookSecret, props);
    }
    const spec: CompletionsSpec = {
      name,
      topic: topic && { topicArn: topic.topic.topicArn, fifo: topic.topic.fifo },
      webhook: this.webhookWorker && { queueUrl: this.webhookWorker.queue.queueUrl, fifo: false },
      url: webhook?._url,
    };
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetterQueue', {
      retentionPeriod: DEAD_LETTER_RETENTION,
      encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
      encryptionMasterKey: encryptionKey,
      enforceSSL: true,
    });
    const hooks = this.webhookWorker?.queue;
    const { function: fn, permissions } = ownFunction(this, {
      code: 'job-completions',
      description: 'Tells of jobs that have ended',
      timeout: TIMEOUT,
      memorySize: MEMORY_MIB,
      environment: { [JOBS_ENV.completions]: Stack.of(this).toJsonString(spec) },
      encryptionKey,
      statements: [
        ...streamStatements(table),
        ...sendStatements('sqs:SendMessage', this.deadLetterQueue.queueArn, encryptionKey),
        ...(topic ? sendStatements('sns:Publish', topic.topic.topicArn, topic.topic.masterKey) : []),
        ...(hooks ? sendStatements('sqs:SendMessage', hooks.queueArn, hooks.encryptionMasterKey) : []),
      ],
    });
    this.function = fn;

    const stream = new lambda.EventSourceMapping(this, 'Stream', {
      target: fn,
      eventSourceArn: table.tableStreamArn!,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      filters: [
        lambda.FilterCriteria.filter({
          eventName: lambda.FilterRule.isEqual('MODIFY'),
          dynamodb: { NewImage: { [JOBS_TABLE.state]: { S: [...JOB_ENDS] } } },
        }),
      ],
      batchSize: 100,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      maxRecordAge: MAX_AGE,
      // Without the grant of the CDK's own: the policy allows it already, and an inline one is what auditors flag.
      onFailure: { bind: () => ({ destination: this.deadLetterQueue.queueArn }) },
    });
    stream.node.addDependency(permissions);

    this.deadLetterAlarm = alarm(this, 'DeadLetters', alarmTopic, {
      runbook: 'completions',
      alarmDescription:
        `${name}: ends of jobs could not be told for a day. The jobs themselves have ended and can be asked for. Runbook: ` +
        'the queue names the place in the stream of the table; may the function publish and send?',
      metric: this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'max',
      }),
      threshold: 1,
      evaluationPeriods: 1,
      // SQS stops reporting a queue that nobody has used for six hours: it is empty.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  private ownSecret(encryptionKey: kms.IKey | undefined): secretsmanager.Secret {
    return new secretsmanager.Secret(this, 'WebhookSecret', {
      description: 'Signs webhooks: base64, as https://www.standardwebhooks.com has it',
      // Letters and digits in groups of four are base64.
      generateSecretString: { passwordLength: 44, excludePunctuation: true },
      encryptionKey,
    });
  }

  private caller(webhook: Webhook, secret: secretsmanager.ISecret, props: CompletionsProps): AsyncWorker {
    const spec: WebhookSpec = { secretArn: secret.secretArn, timeout: webhook._timeout.toSeconds() };
    const worker = new AsyncWorker(this, 'Webhook', {
      handler: Handler._fromAsset(shipped('webhook-sender')),
      timeout: Duration.minutes(1),
      // A receiver that is down is called for some four hours.
      maxReceiveCount: 12,
      backoff: Backoff.exponential({ initial: Duration.seconds(10), max: Duration.minutes(60) }),
      encryptionKey: props.encryptionKey,
      alarmTopic: props.alarmTopic,
      environment: { [JOBS_ENV.webhook]: Stack.of(this).toJsonString(spec) },
    });
    allowToRead(worker, secret);
    return worker;
  }
}

/** What the CDK's own grant would add, to describe the secret, nobody uses. */
function allowToRead(worker: AsyncWorker, secret: secretsmanager.ISecret): void {
  // A name stands for an ARN that ends in six characters of Secrets Manager's choice.
  const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`;
  iam.Grant.addToPrincipal({ grantee: worker, actions: ['secretsmanager:GetSecretValue'], resourceArns: [arn] });
  const through = `secretsmanager.${Stack.of(worker).region}.amazonaws.com`;
  secret.encryptionKey?.grantDecrypt(new kms.ViaServicePrincipal(through, worker.grantPrincipal));
}
