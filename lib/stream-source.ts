import { Token } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { KafkaAuthentication } from './kafka-authentication';
import { InvalidInput } from './private/problem';
import { bindKafka, bindMsk } from './private/stream/kafka';
import type { SourceBinding } from './private/stream/source';
import { startOf } from './private/stream/start';
import {
  decryptStatements,
  dynamodbRecovery,
  dynamodbStatements,
  kinesisRecovery,
  kinesisStatements,
} from './private/stream/statements';

/** Where to begin reading a stream. */
export interface StreamStartOptions {
  /**
   * Where to begin. `LATEST` misses what comes while the mapping is being made.
   * @default - TRIM_HORIZON, the oldest record that there is; AT_TIMESTAMP with startingPositionTimestamp
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
   */
  readonly startingPosition?: StartingPosition;

  /**
   * Begin with the first record of this time.
   * @default - begin at startingPosition
   */
  readonly startingPositionTimestamp?: Date;
}

/** How a stream of Kinesis is read. */
export interface KinesisSourceOptions extends StreamStartOptions {
  /**
   * A consumer with throughput of its own (enhanced fan-out). Of the same stream.
   * @default - the stream's throughput is shared with who else reads it
   */
  readonly consumer?: kinesis.IStreamConsumer;
}

/** How the stream of a table is read. */
export interface DynamodbSourceOptions {
  /**
   * Where to begin: DynamoDB knows `TRIM_HORIZON` and `LATEST`.
   * @default - TRIM_HORIZON, the oldest record that there is
   */
  readonly startingPosition?: StartingPosition;
}

/** How a topic of MSK is read. */
export interface MskSourceOptions extends StreamStartOptions {
  /**
   * How Lambda proves who it is.
   * @default KafkaAuthentication.iam()
   */
  readonly authentication?: KafkaAuthentication;

  /**
   * Name of the consumer group, unique among all who read from the cluster. Whoever has it goes on where it was.
   * @default - made of the path of the worker
   */
  readonly consumerGroupId?: string;

  /**
   * The least pollers that are kept ready, 1 to 200. Retries, splitting and partial batches of Kafka need provisioned pollers,
   * which cost by the hour.
   * @default 1
   * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
   */
  readonly minimumPollers?: number;

  /**
   * The most pollers, 1 to 2,000.
   * @default - 200, Lambda's own
   */
  readonly maximumPollers?: number;
}

/** How a topic of a cluster of your own is read. */
export interface KafkaSourceOptions extends MskSourceOptions {
  /**
   * The VPC of the brokers.
   * @default - they are reached over the internet
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of the VPC from which the brokers are reached.
   * @default - its private subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security group with which the brokers are reached. Needed with `vpc`.
   * @default - none
   */
  readonly securityGroup?: ec2.ISecurityGroup;

  /**
   * Certificate of a private authority that signed the brokers'. The secret has `certificate`.
   * @default - a public authority
   */
  readonly rootCertificate?: secretsmanager.ISecret;
}

/** Hours that a stream keeps records when nothing else is said. */
const DEFAULT_RETENTION_HOURS = 24;
const HOUR = 3_600;

/** What a stream worker reads. */
export class StreamSource {
  /** A stream of Kinesis. */
  public static kinesis(stream: kinesis.IStream, options: KinesisSourceOptions = {}): StreamSource {
    const { consumer } = options;
    return new StreamSource(() => ({
      kind: 'kinesis',
      mapping: { eventSourceArn: consumer?.streamConsumerArn ?? stream.streamArn, ...startOf(options) },
      statements: [
        ...kinesisStatements(stream.streamArn, consumer?.streamConsumerArn),
        ...decryptStatements(stream.encryptionKey),
      ],
      recovery: [...kinesisRecovery(stream.streamArn), ...decryptStatements(stream.encryptionKey)],
      retention: retentionOf(stream),
    }));
  }

  /**
   * The changes in a table of DynamoDB. The table must have a stream; what a change tells is up to its view type.
   *
   * @throws if the table has no stream, or the starting position is AT_TIMESTAMP
   */
  public static dynamodb(table: dynamodb.ITable, options: DynamodbSourceOptions = {}): StreamSource {
    return new StreamSource((scope) => {
      const { tableStreamArn } = table;
      if (tableStreamArn === undefined) {
        throw new InvalidInput(
          {
            what: 'source',
            got: `the table ${table.node.path} without a stream`,
            expected: 'a table with one',
            todo: 'set stream (dynamoStream of a TableV2) on the table, or import it with its tableStreamArn',
          },
          scope,
        );
      }
      if (options.startingPosition === StartingPosition.AT_TIMESTAMP) {
        throw new InvalidInput(
          {
            what: 'startingPosition',
            got: 'AT_TIMESTAMP',
            expected: 'TRIM_HORIZON or LATEST',
            todo: 'leave it out: a stream of DynamoDB cannot be read from a time on',
          },
          scope,
        );
      }
      return {
        kind: 'dynamodb',
        mapping: { eventSourceArn: tableStreamArn, ...startOf(options) },
        statements: [...dynamodbStatements(tableStreamArn), ...decryptStatements(table.encryptionKey)],
        recovery: [...dynamodbRecovery(tableStreamArn), ...decryptStatements(table.encryptionKey)],
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
        retention: DEFAULT_RETENTION_HOURS * HOUR,
      };
    });
  }

  /**
   * A topic of Amazon MSK.
   *
   * @param clusterArn the ARN of the cluster
   * @param topic the name of the topic
   */
  public static msk(clusterArn: string, topic: string, options: MskSourceOptions = {}): StreamSource {
    const authentication = options.authentication ?? KafkaAuthentication.iam();
    return new StreamSource((scope) => bindMsk(scope, clusterArn, topic, options, authentication));
  }

  /**
   * A topic of a cluster of Kafka that you run.
   *
   * @param bootstrapServers some of its brokers, as in `broker-1.example.com:9092`; 10 at most
   * @param topic the name of the topic
   */
  public static kafka(bootstrapServers: string[], topic: string, options: KafkaSourceOptions = {}): StreamSource {
    return new StreamSource((scope) => bindKafka(scope, bootstrapServers, topic, options));
  }

  /**
   * What it makes of a worker.
   *
   * @internal
   */
  public readonly _bind: (scope: Construct) => SourceBinding;

  private constructor(bind: (scope: Construct) => SourceBinding) {
    this._bind = bind;
  }
}

/** Seconds that a stream made here keeps its records; of an imported one nothing is known. */
function retentionOf(stream: kinesis.IStream): number | undefined {
  const resource = stream.node.defaultChild;
  if (!(resource instanceof kinesis.CfnStream)) return undefined;
  const hours = resource.retentionPeriodHours ?? DEFAULT_RETENTION_HOURS;
  return Token.isUnresolved(hours) ? undefined : hours * HOUR;
}
