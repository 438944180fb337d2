import { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type OwnFunction, ownFunction } from '../own-function';
import type { LogResources } from './statements';

export interface FeedProps extends LogResources {
  readonly code: string;
  readonly description: string;
  readonly environment: { [key: string]: string };
  readonly statements: iam.PolicyStatement[];
  readonly batchSize: number;
  readonly maxBatchingWindow?: Duration;
  readonly reportBatchItemFailures: boolean;
}

/**
 * A function of ours that reads the stream of the log's table. Each has a mapping of its own, so that one that fails does not
 * hold up the other. A batch is tried until it succeeds or is 24 hours old, since whatever came after it would be out of
 * order; what is then left out is named in the dead-letter queue.
 */
export class Feed extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: FeedProps) {
    super(scope, id);
    const made: OwnFunction = ownFunction(this, { ...props, timeout: Duration.minutes(1), memorySize: 512 });
    this.function = made.function;
    const { deadLetterQueue } = props;
    const mapping = new lambda.EventSourceMapping(this, 'Stream', {
      target: made.function,
      eventSourceArn: props.table.tableStreamArn!,
      // What was appended before the mapping was ready is not left out.
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      batchSize: props.batchSize,
      maxBatchingWindow: props.maxBatchingWindow,
      // One batch of a shard at a time: several would keep the order of each row only, not that of a stream of events.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
      parallelizationFactor: 1,
      reportBatchItemFailures: props.reportBatchItemFailures,
      // Its policy is in ours; the L2's would be inline.
      onFailure: { bind: () => ({ destination: deadLetterQueue.queueArn }) },
    });
    mapping.node.addDependency(made.permissions);
  }
}
