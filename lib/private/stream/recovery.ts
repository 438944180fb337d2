import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract';
import { ownFunction } from '../own-function';
import { RECOVERY_TIMEOUT } from './queues';
import type { SourceBinding } from './source';

export interface StreamRecoveryProps {
  /** Path of the worker: its dead letters are counted under it. */
  readonly worker: string;
  readonly source: SourceBinding;
  readonly onFailureQueue: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
  readonly encryptionKey?: kms.IKey;
}

/** A page of Kinesis has up to 10 MB, and its letters as much again. */
const MEMORY_MIB = 512;

/** The function that reads what Lambda has given up back from its stream, while it is still there. */
export class StreamRecovery extends Construct {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, props: StreamRecoveryProps) {
    super(scope, id);
    const { worker, source, onFailureQueue, deadLetterQueue, encryptionKey } = props;
    const allow = (actions: string[], resource: string) => new iam.PolicyStatement({ actions, resources: [resource] });
    const made = ownFunction(this, {
      code: 'stream-recovery',
      description: 'Puts the records that Lambda has given up into the dead-letter queue of a stream worker',
      timeout: RECOVERY_TIMEOUT,
      memorySize: MEMORY_MIB,
      encryptionKey,
      environment: { [ENV.worker]: worker, [ENV.deadLetterQueueUrl]: deadLetterQueue.queueUrl },
      statements: [
        allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], onFailureQueue.queueArn),
        allow(['sqs:SendMessage'], deadLetterQueue.queueArn),
        ...source.recovery,
        ...(encryptionKey ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], encryptionKey.keyArn)] : []),
      ],
    });
    this.function = made.function;
    this.logGroup = made.logGroup;
    // For somebody who invokes it asynchronously. On the L1: the L2 would grant what the policy allows already.
    (made.function.node.defaultChild as lambda.CfnFunction).deadLetterConfig = { targetArn: deadLetterQueue.queueArn };
    const mapping = new lambda.EventSourceMapping(this, 'EventSourceMapping', {
      target: made.function,
      eventSourceArn: onFailureQueue.queueArn,
      // What fails comes back, and nothing else with it.
      batchSize: 1,
      // Two: a shard is read five times a second at most, by all who read it.
      maxConcurrency: 2,
    });
    mapping.node.addDependency(made.permissions);
  }
}

/** The mapping says where records are; told so in a form that grants nothing, since the policy of the worker does. */
export const destination = (queue: sqs.IQueue): lambda.IEventSourceDlq => ({
  bind: () => ({ destination: queue.queueArn }),
});
